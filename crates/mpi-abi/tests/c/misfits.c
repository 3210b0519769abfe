/* A root whose block for itself is longer or shorter than its place: it takes part all the same, and fails at the end; so does a member
 * of an all-to-all of unequal blocks. The others get theirs, and the communicator goes on. */
#include "expect.h"
#include <string.h>

enum { ROOM = 64 };

static int in[ROOM], out[ROOM], counts[ROOM], places[ROOM], own[ROOM], root, gathers, everybody, step;
static MPI_Comm comm;

static void filled(void)
{
    for (int at = 0; at < ROOM; at++)
        in[at] = 100 * rank + at, out[at] = -1;
}

/* What came from and for others: nobody says what became of the misfit. */
static void came(int code)
{
    EXPECT(class_of(code) == (rank == root || everybody ? MPI_ERR_TRUNCATE : MPI_SUCCESS));
    for (int peer = 0; gathers && (rank == root || everybody) && peer < size; peer++)
        if (peer != rank) {
            int first = everybody ? 2 * rank : 0;
            EXPECT(out[2 * step * peer] == 100 * peer + first && out[2 * step * peer + step] == 100 * peer + first + 1);
        }
    if (!gathers && rank != root)
        EXPECT(out[0] == 100 * root + 2 * step * rank && out[1] == 100 * root + 2 * step * rank + step);
    int sum = 0;
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, comm);
    EXPECT(sum == size * (size - 1) / 2);
}

/* The three forms: arguments without the communicator. */
#define ALL(what, started, persistent, ...)                                  \
    do {                                                                     \
        MPI_Request request;                                                 \
        filled();                                                            \
        came(what(__VA_ARGS__, comm));                                       \
        filled();                                                            \
        EXPECT(started(__VA_ARGS__, comm, &request) == MPI_SUCCESS);         \
        came(MPI_Wait(&request, MPI_STATUS_IGNORE));                         \
        EXPECT(persistent(__VA_ARGS__, comm, MPI_INFO_NULL, &request) == MPI_SUCCESS); \
        for (int round = 0; round < 2; round++) {                            \
            filled();                                                        \
            MPI_Start(&request);                                             \
            came(MPI_Wait(&request, MPI_STATUS_IGNORE));                     \
        }                                                                    \
        MPI_Request_free(&request);                                          \
    } while (0)

static void rows(int mine, MPI_Datatype type)
{
    gathers = 1;
    ALL(MPI_Gather, MPI_Igather, MPI_Gather_init, in, mine, MPI_INT, out, 2, type, root);
    ALL(MPI_Gatherv, MPI_Igatherv, MPI_Gatherv_init, in, mine, MPI_INT, out, counts, places, type, root);
    gathers = 0;
    ALL(MPI_Scatter, MPI_Iscatter, MPI_Scatter_init, in, 2, type, out, mine, MPI_INT, root);
    ALL(MPI_Scatterv, MPI_Iscatterv, MPI_Scatterv_init, in, counts, places, type, out, mine, MPI_INT, root);
    /* Each has such a block for itself. */
    gathers = everybody = 1;
    memcpy(own, counts, sizeof own);
    own[rank] = mine == 2 ? 5 : mine;
    ALL(MPI_Alltoallv, MPI_Ialltoallv, MPI_Alltoallv_init, in, own, places, MPI_INT, out, counts, places, type);
    everybody = 0;
}

int main(int argc, char **argv)
{
    MPI_Datatype wide;
    int total = 0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    /* With gaps: packed on the way. */
    MPI_Type_create_resized(MPI_INT, 0, 2 * sizeof(int), &wide);
    MPI_Type_commit(&wide);
    for (int peer = 0; peer < size; peer++)
        counts[peer] = 2, places[peer] = 2 * peer;
    for (root = 0; root < size; root++)
        /* One more, and none at all. */
        for (int share = 3; share >= 0; share -= 3) {
            step = 1;
            rows(rank == root ? share : 2, MPI_INT);
            step = 2;
            rows(rank == root ? share : 2, wide);
        }
    MPI_Type_free(&wide);
    MPI_Comm_free(&comm);
    MPI_Reduce(&failures, &total, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("%d failures\n", total);
    MPI_Finalize();
    return failures != 0;
}
