// ranks: 2 3
/* Two groups that talk to each other: messages, and every collective in its three forms. (Another library's persistent broadcast goes
 * wrong as soon as a group has three members, so that it isn't compared on more ranks.) */
#include <mpi.h>
#include <stdio.h>
#include <string.h>

static int failures;

#define EXPECT(what)                                                                           \
    do {                                                                                       \
        if (!(what)) {                                                                         \
            printf("rank %d of side %d, line %d: %s (form %d)\n", rank, side, __LINE__, #what, form); \
            failures++;                                                                        \
        }                                                                                      \
    } while (0)

#define CALL(name, Name, ...)                                                                  \
    do {                                                                                       \
        MPI_Request request;                                                                   \
        if (form == 0)                                                                         \
            MPI_##Name(__VA_ARGS__);                                                           \
        else if (form == 1) {                                                                  \
            MPI_I##name(__VA_ARGS__, &request);                                                \
            MPI_Wait(&request, MPI_STATUS_IGNORE);                                             \
        } else {                                                                               \
            MPI_##Name##_init(__VA_ARGS__, MPI_INFO_NULL, &request);                           \
            MPI_Start(&request);                                                               \
            MPI_Wait(&request, MPI_STATUS_IGNORE);                                             \
            MPI_Request_free(&request);                                                        \
        }                                                                                      \
    } while (0)

int main(int argc, char **argv)
{
    int world_rank, world_size, form = 0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &world_rank);
    MPI_Comm_size(MPI_COMM_WORLD, &world_size);
    /* The first third against the others. */
    int first = (world_size + 2) / 3, side = world_rank >= first, rank, size, others;
    MPI_Comm local, inter, merged;
    MPI_Comm_split(MPI_COMM_WORLD, side, 0, &local);
    MPI_Intercomm_create(local, 0, MPI_COMM_WORLD, side ? 0 : first, 5, &inter);
    MPI_Comm_rank(inter, &rank);
    MPI_Comm_size(inter, &size);
    MPI_Comm_remote_size(inter, &others);
    EXPECT(size == (side ? world_size - first : first) && others == world_size - size);
    int flag, result;
    MPI_Comm_test_inter(inter, &flag);
    EXPECT(flag);
    MPI_Comm copy;
    MPI_Comm_dup(inter, &copy);
    MPI_Comm_compare(inter, copy, &result);
    EXPECT(result == MPI_CONGRUENT);
    MPI_Comm_compare(inter, local, &result);
    EXPECT(result == MPI_UNEQUAL);
    MPI_Comm_free(&copy);
    /* A message from each to the same rank of the other side, where there is one. */
    int sent = world_rank, got = -1, to = rank < others ? rank : MPI_PROC_NULL;
    MPI_Sendrecv(&sent, 1, MPI_INT, to, 1, &got, 1, MPI_INT, to, 1, inter, MPI_STATUS_IGNORE);
    EXPECT(to == MPI_PROC_NULL || got == (side ? rank : first + rank));
    for (form = 0; form < 3; form++) {
        int block[64], all[64], counts[16], displs[16], base = side ? 0 : first;
        MPI_Request request;
        if (form == 1) {
            MPI_Ibarrier(inter, &request);
            MPI_Wait(&request, MPI_STATUS_IGNORE);
        } else
            MPI_Barrier(inter);
        for (int from = 0; from < 2; from++) {
            int mine = side == from, leaders = from ? world_size - first : first;
            for (int r = 0; r < leaders; r++) {
                int root = !mine ? r : r == rank ? MPI_ROOT : MPI_PROC_NULL;
                int value = mine && r == rank ? 77 + r : -1;
                CALL(bcast, Bcast, &value, 1, MPI_INT, root, inter);
                if (!mine)
                    EXPECT(value == 77 + r);
                block[0] = world_rank * 10;
                CALL(gather, Gather, block, 1, MPI_INT, all, 1, MPI_INT, root, inter);
                if (root == MPI_ROOT)
                    for (int i = 0; i < others; i++)
                        EXPECT(all[i] == (base + i) * 10);
                for (int i = 0; i < others; i++)
                    all[i] = 500 + i;
                CALL(scatter, Scatter, all, 1, MPI_INT, block, 1, MPI_INT, root, inter);
                if (!mine)
                    EXPECT(block[0] == 500 + rank);
                value = world_rank + 1;
                int sum = -1;
                CALL(reduce, Reduce, &value, &sum, 1, MPI_INT, MPI_SUM, root, inter);
                if (root == MPI_ROOT) {
                    int expected = 0;
                    for (int i = 0; i < others; i++)
                        expected += base + i + 1;
                    EXPECT(sum == expected);
                }
                for (int i = 0; i < others; i++) {
                    counts[i] = i + 1;
                    displs[i] = i * (i + 1) / 2;
                }
                for (int i = 0; i <= rank; i++)
                    block[i] = world_rank * 10 + i;
                CALL(gatherv, Gatherv, block, rank + 1, MPI_INT, all, counts, displs, MPI_INT, root, inter);
                if (root == MPI_ROOT)
                    for (int i = 0; i < others; i++)
                        EXPECT(all[displs[i] + i] == (base + i) * 10 + i);
                CALL(scatterv, Scatterv, all, counts, displs, MPI_INT, block, rank + 1, MPI_INT, root, inter);
                if (!mine)
                    EXPECT(block[rank] == world_rank * 10 + rank);
            }
        }
        /* The sides give blocks of different sizes. */
        int give = side ? 2 : 3, take = side ? 3 : 2;
        for (int i = 0; i < give; i++)
            block[i] = world_rank * 10 + i;
        CALL(allgather, Allgather, block, give, MPI_INT, all, take, MPI_INT, inter);
        for (int i = 0; i < others * take; i++)
            EXPECT(all[i] == (base + i / take) * 10 + i % take);
        for (int i = 0; i < others; i++) {
            counts[i] = take;
            displs[i] = (others - 1 - i) * take;
        }
        CALL(allgatherv, Allgatherv, block, give, MPI_INT, all, counts, displs, MPI_INT, inter);
        for (int i = 0; i < others; i++)
            EXPECT(all[displs[i] + 1] == (base + i) * 10 + 1);
        for (int i = 0; i < others * give; i++)
            block[i] = world_rank * 100 + i;
        CALL(alltoall, Alltoall, block, give, MPI_INT, all, take, MPI_INT, inter);
        for (int i = 0; i < others * take; i++)
            EXPECT(all[i] == (base + i / take) * 100 + rank * take + i % take);
        /* Parts of any lengths, as many both ways, three apart. */
        int bytes[64];
        MPI_Datatype types[64];
        for (int i = 0; i < others; i++) {
            counts[i] = (rank + i) % 3;
            displs[i] = 3 * i;
            bytes[i] = displs[i] * (int) sizeof(int);
            types[i] = MPI_INT;
            for (int k = 0; k < 3; k++) {
                block[3 * i + k] = world_rank * 100 + 10 * i + k;
                all[3 * i + k] = -1;
            }
        }
        CALL(alltoallv, Alltoallv, block, counts, displs, MPI_INT, all, counts, displs, MPI_INT, inter);
        for (int i = 0; i < 3 * others; i++)
            EXPECT(all[i] == (i % 3 < counts[i / 3] ? (base + i / 3) * 100 + 10 * rank + i % 3 : -1));
        for (int i = 0; i < 3 * others; i++)
            all[i] = -1;
        CALL(alltoallw, Alltoallw, block, counts, bytes, types, all, counts, bytes, types, inter);
        for (int i = 0; i < 3 * others; i++)
            EXPECT(all[i] == (i % 3 < counts[i / 3] ? (base + i / 3) * 100 + 10 * rank + i % 3 : -1));
        int value = world_rank, sum, expected = 0;
        for (int i = 0; i < others; i++)
            expected += base + i;
        CALL(allreduce, Allreduce, &value, &sum, 1, MPI_INT, MPI_SUM, inter);
        EXPECT(sum == expected);
        /* Vectors of both sides are of one length. */
        int each = side ? first : world_size - first;
        for (int i = 0; i < size * each; i++)
            block[i] = world_rank + i;
        CALL(reduce_scatter_block, Reduce_scatter_block, block, all, each, MPI_INT, MPI_SUM, inter);
        for (int i = 0; i < each; i++)
            EXPECT(all[i] == expected + others * (rank * each + i));
        /* The first has what the last hasn't. */
        int before = 0;
        for (int i = 0; i < size; i++) {
            counts[i] = each + (i == 0) - (i == size - 1);
            before += i < rank ? counts[i] : 0;
        }
        CALL(reduce_scatter, Reduce_scatter, block, all, counts, MPI_INT, MPI_SUM, inter);
        for (int i = 0; i < counts[rank]; i++)
            EXPECT(all[i] == expected + others * (before + i));
    }
    MPI_Intercomm_merge(inter, side == 0, &merged);
    int merged_rank, merged_size;
    MPI_Comm_rank(merged, &merged_rank);
    MPI_Comm_size(merged, &merged_size);
    EXPECT(merged_size == world_size && merged_rank == (side ? rank : world_size - first + rank));
    MPI_Comm_free(&merged);
    MPI_Comm_free(&inter);
    MPI_Comm_free(&local);
    int total;
    MPI_Reduce(&failures, &total, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    if (world_rank == 0)
        printf("%d failures\n", total);
    MPI_Finalize();
    return failures != 0;
}
