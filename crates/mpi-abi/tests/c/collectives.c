// ranks: 1 2 3 5
/* Every collective in its three forms, with blocks of one and of many sizes, in place and not. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures, rank, size;

#define EXPECT(what)                                                                           \
    do {                                                                                       \
        if (!(what)) {                                                                         \
            printf("rank %d, line %d: %s (form %d, count %d)\n", rank, __LINE__, #what, form, count); \
            failures++;                                                                        \
        }                                                                                      \
    } while (0)

/* The same call in form 0 (blocking), 1 (non-blocking), 2 (persistent, started twice). */
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

static void *room(int ints)
{
    int *at = malloc((ints + 1) * sizeof(int));
    for (int i = 0; i <= ints; i++)
        at[i] = -7;
    return at;
}

static void swap(void *in, void *inout, int *length, MPI_Datatype *datatype)
{
    /* Composition of a*x+b: associative, not commutative. */
    int *left = in, *right = inout;
    (void) datatype;
    for (int i = 0; i < *length; i++) {
        int a = left[2 * i] * right[2 * i], b = left[2 * i + 1] * right[2 * i] + right[2 * i + 1];
        right[2 * i] = a % 1009;
        right[2 * i + 1] = b % 1009;
    }
}

static void compose(int from, int to, int i, int *a, int *b)
{
    *a = 1;
    *b = 0;
    for (int r = from; r <= to; r++) {
        int x = (r + 2 + i) % 1009, y = 3 * r + 1;
        *b = (*b * x + y) % 1009;
        *a = *a * x % 1009;
    }
}

static void blocks(int form, int count)
{
    MPI_Comm world = MPI_COMM_WORLD;
    int *one = room(count), *all = room(count * size), *more = room(count * size);
    for (int root = 0; root < size; root++) {
        for (int i = 0; i < count; i++)
            one[i] = rank == root ? root * 1000 + i : -1;
        CALL(bcast, Bcast, one, count, MPI_INT, root, world);
        for (int i = 0; i < count; i++)
            EXPECT(one[i] == root * 1000 + i);
        for (int i = 0; i < count; i++)
            one[i] = rank * 1000 + i;
        CALL(gather, Gather, one, count, MPI_INT, all, count, MPI_INT, root, world);
        if (rank == root)
            for (int i = 0; i < count * size; i++)
                EXPECT(all[i] == i / count * 1000 + i % count);
        for (int i = 0; i < count; i++)
            all[rank * count + i] = rank * 1000 + i;
        if (rank == root)
            CALL(gather, Gather, MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, count, MPI_INT, root, world);
        else
            CALL(gather, Gather, one, count, MPI_INT, NULL, 0, MPI_DATATYPE_NULL, root, world);
        if (rank == root)
            for (int i = 0; i < count * size; i++)
                EXPECT(all[i] == i / count * 1000 + i % count);
        for (int i = 0; i < count * size; i++)
            all[i] = root + i * 3;
        CALL(scatter, Scatter, all, count, MPI_INT, one, count, MPI_INT, root, world);
        for (int i = 0; i < count; i++)
            EXPECT(one[i] == root + (rank * count + i) * 3);
        if (rank == root)
            CALL(scatter, Scatter, all, count, MPI_INT, MPI_IN_PLACE, 0, MPI_INT, root, world);
        else
            CALL(scatter, Scatter, NULL, 0, MPI_INT, one, count, MPI_INT, root, world);
        for (int i = 0; i < count; i++)
            EXPECT(one[i] == root + (rank * count + i) * 3);
    }
    for (int i = 0; i < count; i++)
        one[i] = rank * 1000 + i;
    memset(all, 0, count * size * sizeof(int));
    CALL(allgather, Allgather, one, count, MPI_INT, all, count, MPI_INT, world);
    for (int i = 0; i < count * size; i++)
        EXPECT(all[i] == i / count * 1000 + i % count);
    for (int i = 0; i < count * size; i++)
        if (i / count != rank)
            all[i] = -1;
    CALL(allgather, Allgather, MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, count, MPI_INT, world);
    for (int i = 0; i < count * size; i++)
        EXPECT(all[i] == i / count * 1000 + i % count);
    for (int i = 0; i < count * size; i++)
        all[i] = rank * 10000 + i;
    CALL(alltoall, Alltoall, all, count, MPI_INT, more, count, MPI_INT, world);
    for (int i = 0; i < count * size; i++)
        EXPECT(more[i] == i / count * 10000 + rank * count + i % count);
    CALL(alltoall, Alltoall, MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, count, MPI_INT, world);
    for (int i = 0; i < count * size; i++)
        EXPECT(all[i] == i / count * 10000 + rank * count + i % count);
    EXPECT(one[count] == -7 && all[count * size] == -7 && more[count * size] == -7);
    free(one);
    free(all);
    free(more);
}

static void vectors(int form, int count)
{
    MPI_Comm world = MPI_COMM_WORLD;
    int counts[32], displs[32], given[32], to[32], bytes[32], bytes_to[32], total = 0;
    MPI_Datatype types[32];
    /* Rank r has count + r elements, and the blocks lie backwards with a gap of one. */
    for (int r = size - 1; r >= 0; r--) {
        counts[r] = count + r;
        displs[r] = total;
        total += counts[r] + 1;
        types[r] = MPI_INT;
    }
    int mine = count + rank;
    int *one = room(mine), *all = room(total), *out = room(size * mine + size);
    for (int root = 0; root < size; root++) {
        for (int i = 0; i < mine; i++)
            one[i] = rank * 1000 + i;
        CALL(gatherv, Gatherv, one, mine, MPI_INT, all, counts, displs, MPI_INT, root, world);
        if (rank == root)
            for (int r = 0; r < size; r++) {
                for (int i = 0; i < counts[r]; i++)
                    EXPECT(all[displs[r] + i] == r * 1000 + i);
                EXPECT(all[displs[r] + counts[r]] == -7);
            }
        memset(one, 0, mine * sizeof(int));
        CALL(scatterv, Scatterv, all, counts, displs, MPI_INT, one, mine, MPI_INT, root, world);
        for (int i = 0; i < mine; i++)
            EXPECT(one[i] == rank * 1000 + i);
        /* In place at the root, which keeps its block where it is. */
        for (int r = 0; r < size; r++)
            for (int i = 0; i < counts[r]; i++)
                all[displs[r] + i] = r == rank ? r * 1000 + i : 0;
        if (rank == root)
            CALL(gatherv, Gatherv, MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, counts, displs, MPI_INT, root, world);
        else
            CALL(gatherv, Gatherv, one, mine, MPI_INT, NULL, NULL, NULL, MPI_DATATYPE_NULL, root, world);
        if (rank == root)
            for (int r = 0; r < size; r++)
                for (int i = 0; i <= counts[r]; i++)
                    EXPECT(all[displs[r] + i] == (i == counts[r] ? -7 : r * 1000 + i));
        memset(one, 0, mine * sizeof(int));
        if (rank == root)
            CALL(scatterv, Scatterv, all, counts, displs, MPI_INT, MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, root, world);
        else
            CALL(scatterv, Scatterv, NULL, NULL, NULL, MPI_DATATYPE_NULL, one, mine, MPI_INT, root, world);
        for (int i = 0; i < mine; i++)
            EXPECT((rank == root ? all[displs[rank] + i] : one[i]) == rank * 1000 + i);
        for (int i = 0; i < mine; i++)
            one[i] = rank * 1000 + i;
    }
    for (int r = 0; r < size; r++)
        for (int i = 0; i < counts[r]; i++)
            all[displs[r] + i] = 0;
    CALL(allgatherv, Allgatherv, one, mine, MPI_INT, all, counts, displs, MPI_INT, world);
    for (int r = 0; r < size; r++)
        for (int i = 0; i <= counts[r]; i++)
            EXPECT(all[displs[r] + i] == (i == counts[r] ? -7 : r * 1000 + i));
    for (int r = 0; r < size; r++)
        for (int i = 0; i < counts[r]; i++)
            if (r != rank)
                all[displs[r] + i] = 0;
    CALL(allgatherv, Allgatherv, MPI_IN_PLACE, 0, MPI_INT, all, counts, displs, MPI_INT, world);
    for (int r = 0; r < size; r++)
        for (int i = 0; i <= counts[r]; i++)
            EXPECT(all[displs[r] + i] == (i == counts[r] ? -7 : r * 1000 + i));
    /* Rank r gives mine elements to each, and gets count + r of each r. */
    for (int r = 0; r < size; r++) {
        given[r] = mine;
        to[r] = r * (mine + 1);
        bytes[r] = displs[r] * (int) sizeof(int);
        bytes_to[r] = to[r] * (int) sizeof(int);
    }
    for (int i = 0; i < size * (mine + 1); i++)
        out[i] = rank * 1000 + i;
    CALL(alltoallv, Alltoallv, out, given, to, MPI_INT, all, counts, displs, MPI_INT, world);
    for (int r = 0; r < size; r++)
        for (int i = 0; i < counts[r]; i++)
            EXPECT(all[displs[r] + i] == r * 1000 + rank * (count + r + 1) + i);
    memset(all, 0, total * sizeof(int));
    CALL(alltoallw, Alltoallw, out, given, bytes_to, types, all, counts, bytes, types, world);
    for (int r = 0; r < size; r++)
        for (int i = 0; i < counts[r]; i++)
            EXPECT(all[displs[r] + i] == r * 1000 + rank * (count + r + 1) + i);
    /* In place: both ways of a pair have one length. */
    for (int r = 0; r < size; r++) {
        given[r] = count + (r + rank) % 3;
        to[r] = r * (count + 3);
    }
    int *place = room(size * (count + 3));
    for (int r = 0; r < size; r++)
        for (int i = 0; i < given[r]; i++)
            place[to[r] + i] = rank * 1000 + r * 100 + i;
    CALL(alltoallv, Alltoallv, MPI_IN_PLACE, NULL, NULL, MPI_DATATYPE_NULL, place, given, to, MPI_INT, world);
    for (int r = 0; r < size; r++)
        for (int i = 0; i < given[r]; i++)
            EXPECT(place[to[r] + i] == r * 1000 + rank * 100 + i);
    for (int r = 0; r < size; r++) {
        bytes_to[r] = to[r] * (int) sizeof(int);
        for (int i = 0; i < given[r]; i++)
            place[to[r] + i] = rank * 1000 + r * 100 + i;
    }
    CALL(alltoallw, Alltoallw, MPI_IN_PLACE, NULL, NULL, NULL, place, given, bytes_to, types, world);
    for (int r = 0; r < size; r++)
        for (int i = 0; i < given[r]; i++)
            EXPECT(place[to[r] + i] == r * 1000 + rank * 100 + i);
    free(place);
    free(one);
    free(all);
    free(out);
}

static void reductions(int form, int count)
{
    MPI_Comm world = MPI_COMM_WORLD;
    int *in = room(2 * count * size), *out = room(2 * count * size), counts[32], a, b, mine = 0, before = 0, total = 0;
    MPI_Op op;
    MPI_Datatype pair;
    MPI_Type_contiguous(2, MPI_INT, &pair);
    MPI_Type_commit(&pair);
    MPI_Op_create(swap, 0, &op);
    for (int r = 0; r < size; r++) {
        counts[r] = r % 2 ? count : count / 2;
        if (r < rank)
            before += counts[r];
        total += counts[r];
    }
    mine = counts[rank];
#define GIVE(to, n)                                                                            \
    for (int i = 0; i < (n); i++) {                                                            \
        (to)[2 * i] = (rank + 2 + i) % 1009;                                                         \
        (to)[2 * i + 1] = 3 * rank + 1;                                                        \
    }
#define GOT(in, n, first, from, last)                                                          \
    for (int i = 0; i < (n); i++) {                                                            \
        compose(from, last, i + (first), &a, &b);                                              \
        EXPECT((in)[2 * i] == a && (in)[2 * i + 1] == b);                                      \
    }
    for (int root = 0; root < size; root++) {
        GIVE(in, count);
        CALL(reduce, Reduce, in, out, count, pair, op, root, world);
        if (rank == root)
            GOT(out, count, 0, 0, size - 1);
        GIVE(out, count);
        if (rank == root)
            CALL(reduce, Reduce, MPI_IN_PLACE, out, count, pair, op, root, world);
        else
            CALL(reduce, Reduce, in, NULL, count, pair, op, root, world);
        if (rank == root)
            GOT(out, count, 0, 0, size - 1);
    }
    CALL(allreduce, Allreduce, in, out, count, pair, op, world);
    GOT(out, count, 0, 0, size - 1);
    GIVE(out, count);
    CALL(allreduce, Allreduce, MPI_IN_PLACE, out, count, pair, op, world);
    GOT(out, count, 0, 0, size - 1);
    CALL(scan, Scan, in, out, count, pair, op, world);
    GOT(out, count, 0, 0, rank);
    GIVE(out, count);
    CALL(scan, Scan, MPI_IN_PLACE, out, count, pair, op, world);
    GOT(out, count, 0, 0, rank);
    out[0] = -5;
    CALL(exscan, Exscan, in, out, count, pair, op, world);
    if (rank == 0)
        EXPECT(out[0] == -5);
    else
        GOT(out, count, 0, 0, rank - 1);
    GIVE(out, count);
    CALL(exscan, Exscan, MPI_IN_PLACE, out, count, pair, op, world);
    if (rank == 0) {
        GOT(out, count, 0, 0, 0);
    } else
        GOT(out, count, 0, 0, rank - 1);
    GIVE(in, count * size);
    CALL(reduce_scatter_block, Reduce_scatter_block, in, out, count, pair, op, world);
    GOT(out, count, rank * count, 0, size - 1);
    GIVE(out, count * size);
    CALL(reduce_scatter_block, Reduce_scatter_block, MPI_IN_PLACE, out, count, pair, op, world);
    GOT(out, count, rank * count, 0, size - 1);
    CALL(reduce_scatter, Reduce_scatter, in, out, counts, pair, op, world);
    GOT(out, mine, before, 0, size - 1);
    GIVE(out, total);
    CALL(reduce_scatter, Reduce_scatter, MPI_IN_PLACE, out, counts, pair, op, world);
    GOT(out, mine, before, 0, size - 1);
    MPI_Type_free(&pair);
    MPI_Op_free(&op);
    EXPECT(op == MPI_OP_NULL && pair == MPI_DATATYPE_NULL);
    free(in);
    free(out);
}

static void operators(void)
{
    int form = 0, count = 1;
    struct { double value; int at; } in = {(rank * 7) % size, rank}, out;
    MPI_Allreduce(&in, &out, 1, MPI_DOUBLE_INT, MPI_MAXLOC, MPI_COMM_WORLD);
    double most = -1;
    int at = -1;
    for (int r = 0; r < size; r++)
        if ((r * 7) % size > most) {
            most = (r * 7) % size;
            at = r;
        }
    EXPECT(out.value == most && out.at == at);
    double sum, number = rank + 0.5;
    MPI_Allreduce(&number, &sum, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    EXPECT(sum == size * (size - 1) / 2.0 + size * 0.5);
    int flag = rank != 0, both;
    MPI_Allreduce(&flag, &both, 1, MPI_INT, MPI_LAND, MPI_COMM_WORLD);
    EXPECT(both == 0);
    unsigned char byte = 1 << (rank % 8), any;
    MPI_Allreduce(&byte, &any, 1, MPI_BYTE, MPI_BOR, MPI_COMM_WORLD);
    EXPECT(any & 1);
    long double large = rank + 1, product;
    MPI_Allreduce(&large, &product, 1, MPI_LONG_DOUBLE, MPI_PROD, MPI_COMM_WORLD);
    EXPECT(product >= size);
    int left[3] = {1, 2, 3}, right[3] = {10, 20, 30}, commutes;
    MPI_Reduce_local(left, right, 3, MPI_INT, MPI_SUM);
    EXPECT(right[0] == 11 && right[2] == 33);
    MPI_Op_commutative(MPI_SUM, &commutes);
    EXPECT(commutes);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    int class;
    MPI_Error_class(MPI_Allreduce(&number, &sum, 1, MPI_DOUBLE, MPI_BAND, MPI_COMM_WORLD), &class);
    EXPECT(class == MPI_ERR_OP);
    MPI_Error_class(MPI_Allreduce(&number, &sum, 1, MPI_DOUBLE, MPI_OP_NULL, MPI_COMM_WORLD), &class);
    EXPECT(class == MPI_ERR_OP);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ARE_FATAL);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    for (int form = 0; form < 3; form++) {
        MPI_Request request;
        if (form == 0)
            MPI_Barrier(MPI_COMM_WORLD);
        else if (form == 1) {
            MPI_Ibarrier(MPI_COMM_WORLD, &request);
            MPI_Wait(&request, MPI_STATUS_IGNORE);
        }
        for (int count = 1; count < 3000; count = count * 13 + 2) {
            blocks(form, count);
            vectors(form, count);
            reductions(form, count);
        }
    }
    operators();
    int total;
    MPI_Reduce(&failures, &total, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("%d failures\n", total);
    MPI_Finalize();
    return failures != 0;
}
