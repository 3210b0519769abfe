// ranks: 1 3 4
/* Every collective in its blocking, started and persistent form, with counts of both widths, in place and with a datatype of its own. */
#include "case.h"

enum { ROOM = 64 };

static int in[ROOM * 8], out[ROOM * 8];
static int counts[ROOM], places[ROOM], bytes[ROOM], more[ROOM];
static MPI_Count large[ROOM];
static MPI_Aint far[ROOM], far_bytes[ROOM];
static MPI_Datatype types[ROOM], pair;
static MPI_Comm comm;

static void filled(void)
{
    for (int at = 0; at < ROOM * 8; at++)
        in[at] = 1000 * rank + at, out[at] = -1;
}

static void result(const char *what)
{
    say("%s: %d %d %d %d, %08x", what, out[0], out[1], out[2], out[3], hash(out, sizeof out));
}

/* The three forms with either width: arguments without the communicator. */
#define ALL(what, started, persistent, ...)                                          \
    do {                                                                             \
        MPI_Request request;                                                         \
        filled();                                                                    \
        GIVES(what(__VA_ARGS__, comm));                                              \
        result(#what);                                                               \
        filled();                                                                    \
        GIVES(started(__VA_ARGS__, comm, &request));                                 \
        GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));                                \
        result(#started);                                                            \
        GIVES(persistent(__VA_ARGS__, comm, MPI_INFO_NULL, &request));               \
        for (int round = 0; round < 2; round++) {                                    \
            filled();                                                                \
            in[0] += round;                                                          \
            MPI_Start(&request);                                                     \
            MPI_Wait(&request, MPI_STATUS_IGNORE);                                   \
            result(#persistent);                                                     \
        }                                                                            \
        GIVES(MPI_Request_free(&request));                                           \
    } while (0)

static void equal(void)
{
    for (int root = 0; root < size; root += 2) {
        ALL(MPI_Bcast, MPI_Ibcast, MPI_Bcast_init, rank == root ? in : out, 9, MPI_INT, root);
        ALL(MPI_Bcast_c, MPI_Ibcast_c, MPI_Bcast_init_c, rank == root ? in : out, 9, pair, root);
        ALL(MPI_Gather, MPI_Igather, MPI_Gather_init, in, 3, MPI_INT, out, 3, MPI_INT, root);
        ALL(MPI_Gather_c, MPI_Igather_c, MPI_Gather_init_c, in, 2, pair, out, 4, MPI_INT, root);
        ALL(MPI_Scatter, MPI_Iscatter, MPI_Scatter_init, in, 3, MPI_INT, out, 3, MPI_INT, root);
        ALL(MPI_Scatter_c, MPI_Iscatter_c, MPI_Scatter_init_c, in, 4, MPI_INT, out, 2, pair, root);
        ALL(MPI_Reduce, MPI_Ireduce, MPI_Reduce_init, in, out, 5, MPI_INT, MPI_SUM, root);
        ALL(MPI_Reduce_c, MPI_Ireduce_c, MPI_Reduce_init_c, in, out, 5, MPI_INT, MPI_MAX, root);
    }
    ALL(MPI_Allgather, MPI_Iallgather, MPI_Allgather_init, in, 3, MPI_INT, out, 3, MPI_INT);
    ALL(MPI_Allgather_c, MPI_Iallgather_c, MPI_Allgather_init_c, in, 2, pair, out, 2, pair);
    ALL(MPI_Alltoall, MPI_Ialltoall, MPI_Alltoall_init, in, 3, MPI_INT, out, 3, MPI_INT);
    ALL(MPI_Alltoall_c, MPI_Ialltoall_c, MPI_Alltoall_init_c, in, 2, pair, out, 2, pair);
    ALL(MPI_Allreduce, MPI_Iallreduce, MPI_Allreduce_init, in, out, 7, MPI_INT, MPI_SUM);
    ALL(MPI_Allreduce_c, MPI_Iallreduce_c, MPI_Allreduce_init_c, in, out, 7, MPI_INT, MPI_BXOR);
    ALL(MPI_Scan, MPI_Iscan, MPI_Scan_init, in, out, 7, MPI_INT, MPI_SUM);
    ALL(MPI_Scan_c, MPI_Iscan_c, MPI_Scan_init_c, in, out, 7, MPI_INT, MPI_MIN);
    ALL(MPI_Exscan, MPI_Iexscan, MPI_Exscan_init, in, out, 7, MPI_INT, MPI_SUM);
    ALL(MPI_Exscan_c, MPI_Iexscan_c, MPI_Exscan_init_c, in, out, 7, MPI_INT, MPI_SUM);
    ALL(MPI_Reduce_scatter_block, MPI_Ireduce_scatter_block, MPI_Reduce_scatter_block_init, in, out, 3, MPI_INT, MPI_SUM);
    ALL(MPI_Reduce_scatter_block_c, MPI_Ireduce_scatter_block_c, MPI_Reduce_scatter_block_init_c, in, out, 3, MPI_INT,
        MPI_SUM);
}

static void unequal(void)
{
    int place = 0;
    for (int peer = 0; peer < size; peer++) {
        counts[peer] = peer + 1;
        places[peer] = place + peer;
        place = places[peer] + counts[peer];
        large[peer] = counts[peer];
        far[peer] = places[peer];
    }
    for (int root = 0; root < size; root += 2) {
        ALL(MPI_Gatherv, MPI_Igatherv, MPI_Gatherv_init, in, rank + 1, MPI_INT, out, counts, places, MPI_INT, root);
        ALL(MPI_Gatherv_c, MPI_Igatherv_c, MPI_Gatherv_init_c, in, rank + 1, MPI_INT, out, large, far, MPI_INT, root);
        ALL(MPI_Scatterv, MPI_Iscatterv, MPI_Scatterv_init, in, counts, places, MPI_INT, out, rank + 1, MPI_INT, root);
        ALL(MPI_Scatterv_c, MPI_Iscatterv_c, MPI_Scatterv_init_c, in, large, far, MPI_INT, out, rank + 1, MPI_INT, root);
    }
    ALL(MPI_Allgatherv, MPI_Iallgatherv, MPI_Allgatherv_init, in, rank + 1, MPI_INT, out, counts, places, MPI_INT);
    ALL(MPI_Allgatherv_c, MPI_Iallgatherv_c, MPI_Allgatherv_init_c, in, rank + 1, MPI_INT, out, large, far, MPI_INT);
    ALL(MPI_Reduce_scatter, MPI_Ireduce_scatter, MPI_Reduce_scatter_init, in, out, counts, MPI_INT, MPI_SUM);
    ALL(MPI_Reduce_scatter_c, MPI_Ireduce_scatter_c, MPI_Reduce_scatter_init_c, in, out, large, MPI_INT, MPI_SUM);
    /* To each as many as its rank and ours say. */
    for (int peer = 0; peer < size; peer++) {
        counts[peer] = (rank + peer) % 3;
        places[peer] = 4 * peer;
        bytes[peer] = 4 * (int) sizeof(int) * peer;
        more[peer] = (rank + peer) % 3;
        large[peer] = counts[peer];
        far[peer] = places[peer];
        far_bytes[peer] = bytes[peer];
        types[peer] = MPI_INT;
    }
    ALL(MPI_Alltoallv, MPI_Ialltoallv, MPI_Alltoallv_init, in, counts, places, MPI_INT, out, more, places, MPI_INT);
    ALL(MPI_Alltoallv_c, MPI_Ialltoallv_c, MPI_Alltoallv_init_c, in, large, far, MPI_INT, out, large, far, MPI_INT);
    ALL(MPI_Alltoallw, MPI_Ialltoallw, MPI_Alltoallw_init, in, counts, bytes, types, out, more, bytes, types);
    ALL(MPI_Alltoallw_c, MPI_Ialltoallw_c, MPI_Alltoallw_init_c, in, large, far_bytes, types, out, large, far_bytes, types);
}

static void in_place(void)
{
#define PLACED(call)                            \
    do {                                        \
        filled();                               \
        for (int at = 0; at < ROOM; at++)       \
            out[at] = 100 * rank + at;          \
        GIVES(call);                            \
        result(#call);                          \
    } while (0)
    PLACED(MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, out, 2, MPI_INT, comm));
    PLACED(MPI_Alltoall(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, out, 2, MPI_INT, comm));
    PLACED(MPI_Allreduce(MPI_IN_PLACE, out, 4, MPI_INT, MPI_SUM, comm));
    PLACED(MPI_Scan(MPI_IN_PLACE, out, 4, MPI_INT, MPI_SUM, comm));
    PLACED(MPI_Exscan(MPI_IN_PLACE, out, 4, MPI_INT, MPI_SUM, comm));
    PLACED(MPI_Reduce_scatter_block(MPI_IN_PLACE, out, 2, MPI_INT, MPI_SUM, comm));
    for (int root = 0; root < size; root++) {
        PLACED(MPI_Gather(rank == root ? MPI_IN_PLACE : in, 2, MPI_INT, out, 2, MPI_INT, root, comm));
        PLACED(MPI_Scatter(out, 2, MPI_INT, rank == root ? MPI_IN_PLACE : in, 2, MPI_INT, root, comm));
        PLACED(MPI_Reduce(rank == root ? MPI_IN_PLACE : in, out, 3, MPI_INT, MPI_SUM, root, comm));
    }
}

/* Puts maps x -> a x + b one after the other, so that order counts. */
static void last(void *from, void *into, int *count, MPI_Datatype *type)
{
    (void) type;
    for (int at = 0; at < *count; at++) {
        int *mine = (int *) into + at, theirs = ((int *) from)[at];
        int a = theirs / 97 % 97, b = theirs % 97, c = *mine / 97 % 97, d = *mine % 97;
        *mine = a * c % 97 * 97 + (b * c + d) % 97;
    }
}

static void last_c(void *from, void *into, MPI_Count *count, MPI_Datatype *type)
{
    int small = (int) *count;
    last(from, into, &small, type);
}

static void operators(void)
{
    MPI_Op ordered, large_op;
    int commutes = -1;
    MPI_Op_create(last, 0, &ordered);
    MPI_Op_create_c(last_c, 0, &large_op);
    MPI_Op_commutative(ordered, &commutes);
    say("commutes: %d", commutes);
    MPI_Op_commutative(MPI_SUM, &commutes);
    say("commutes: %d", commutes);
    ALL(MPI_Scan, MPI_Iscan, MPI_Scan_init, in, out, 3, MPI_INT, large_op);
    ALL(MPI_Exscan, MPI_Iexscan, MPI_Exscan_init, in, out, 3, MPI_INT, ordered);
    filled();
    GIVES(MPI_Reduce_local(in, out, 3, MPI_INT, ordered));
    result("local");
    GIVES(MPI_Op_free(&ordered));
    say("null: %d", ordered == MPI_OP_NULL);
    GIVES(MPI_Op_free(&large_op));
}

static void barriers(void)
{
    MPI_Request request;
    GIVES(MPI_Barrier(comm));
    GIVES(MPI_Ibarrier(comm, &request));
    GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));
    GIVES(MPI_Barrier_init(comm, MPI_INFO_NULL, &request));
    GIVES(MPI_Start(&request));
    GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));
    GIVES(MPI_Request_free(&request));
}

/* Between two sides: each gets what the other gives. */
static void between(void)
{
    if (size < 2)
        return;
    MPI_Comm half, kept = comm;
    int side = rank % 2, there;
    MPI_Comm_split(MPI_COMM_WORLD, side, 0, &half);
    MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, 1 - side, 3, &comm);
    MPI_Comm_remote_size(comm, &there);
    say("%d on the other side", there);
    int root = side ? 0 : rank == 0 ? MPI_ROOT : MPI_PROC_NULL;
    ALL(MPI_Bcast, MPI_Ibcast, MPI_Bcast_init, side ? out : in, 3, MPI_INT, root);
    ALL(MPI_Gather, MPI_Igather, MPI_Gather_init, in, 3, MPI_INT, out, 3, MPI_INT, root);
    ALL(MPI_Scatter, MPI_Iscatter, MPI_Scatter_init, in, 3, MPI_INT, out, 3, MPI_INT, root);
    ALL(MPI_Reduce, MPI_Ireduce, MPI_Reduce_init, in, out, 3, MPI_INT, MPI_SUM, root);
    ALL(MPI_Allgather, MPI_Iallgather, MPI_Allgather_init, in, 3, MPI_INT, out, 3, MPI_INT);
    ALL(MPI_Alltoall, MPI_Ialltoall, MPI_Alltoall_init, in, 3, MPI_INT, out, 3, MPI_INT);
    ALL(MPI_Allreduce, MPI_Iallreduce, MPI_Allreduce_init, in, out, 3, MPI_INT, MPI_SUM);
    MPI_Comm_free(&comm);
    MPI_Comm_free(&half);
    comm = kept;
}

int main(void)
{
    begin();
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Type_vector(2, 1, 2, MPI_INT, &pair);
    MPI_Type_commit(&pair);
    barriers();
    equal();
    unequal();
    in_place();
    operators();
    between();
    MPI_Type_free(&pair);
    MPI_Comm_free(&comm);
    return end();
}
