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

/* A member that is its own neighbour gives itself more, or less, than it takes: it is told, and nothing is written behind the room. */
static void neighbours(MPI_Datatype type, int gap)
{
    int one = 1, given[2] = {50, 50}, taken[2] = {2, 2}, from[2] = {0, 50}, to[2] = {0, 2};
    int data[128] = {0}, room[128];
    MPI_Request request;
    MPI_Comm ring;
    for (int way = 0; way < 10; way++) {
        /* It takes no more collectives after such a one. */
        MPI_Cart_create(MPI_COMM_SELF, 1, &one, &one, 0, &ring);
        MPI_Comm_set_errhandler(ring, MPI_ERRORS_RETURN);
        int error = MPI_SUCCESS, class, many = way % 2 ? 50 : 1;
        given[0] = given[1] = many;
        memset(room, 0x7f, sizeof room);
        switch (way / 2) {
        case 0: error = MPI_Neighbor_allgather(data, many, MPI_INT, room, 2, type, ring); break;
        case 1: error = MPI_Neighbor_alltoall(data, many, MPI_INT, room, 2, type, ring); break;
        case 2: error = MPI_Neighbor_alltoallv(data, given, from, MPI_INT, room, taken, to, type, ring); break;
        case 3:
            error = MPI_Ineighbor_allgatherv(data, many, MPI_INT, room, taken, to, type, ring, &request);
            error = error ? error : MPI_Wait(&request, MPI_STATUS_IGNORE);
            break;
        default:
            MPI_Neighbor_allgather_init(data, many, MPI_INT, room, 2, type, ring, MPI_INFO_NULL, &request);
            MPI_Start(&request);
            error = MPI_Wait(&request, MPI_STATUS_IGNORE);
            MPI_Request_free(&request);
        }
        EXPECT(error != MPI_SUCCESS && !MPI_Error_class(error, &class) && class == MPI_ERR_COUNT);
        for (int at = 4 * gap; at < 128; at++)
            EXPECT(room[at] == 0x7f7f7f7f);
        MPI_Comm_free(&ring);
    }
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
    neighbours(MPI_INT, 1);
    neighbours(wide, 2);
    MPI_Type_free(&wide);
    MPI_Comm_free(&comm);
    MPI_Reduce(&failures, &total, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("%d failures\n", total);
    MPI_Finalize();
    return failures != 0;
}
