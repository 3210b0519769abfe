// ranks: 2 3 5
/* Collectives between two groups: every one that there is, in its three forms and both widths, from each root of either side, with
 * blocks equal and unequal; and what communicators are made of such ones. */
#include "case.h"

enum { ROOM = 128 };

static int in[ROOM], out[ROOM], counts[ROOM], places[ROOM], more[ROOM], more_places[ROOM], bytes[ROOM], more_bytes[ROOM];
static MPI_Count large[ROOM], more_large[ROOM];
static MPI_Aint far[ROOM], more_far[ROOM], far_bytes[ROOM], more_far_bytes[ROOM];
static MPI_Datatype types[ROOM];
static MPI_Comm comm, half;
static int side, here, there, mine;

static void filled(void)
{
    for (int at = 0; at < ROOM; at++)
        in[at] = 1000 * rank + at, out[at] = -1;
}

static void result(const char *what)
{
    say("%s: %d %d %d %d, %08x", what, out[0], out[1], out[2], out[3], hash(out, sizeof out));
}

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

/* As the members of a side see a root of theirs, or of the other one. */
static void rooted(int of, int which)
{
    int root = side != of ? which : mine == which ? MPI_ROOT : MPI_PROC_NULL;
    say("root %d of side %d", which, of);
    ALL(MPI_Bcast, MPI_Ibcast, MPI_Bcast_init, root == MPI_ROOT ? in : out, 5, MPI_INT, root);
    ALL(MPI_Bcast_c, MPI_Ibcast_c, MPI_Bcast_init_c, root == MPI_ROOT ? in : out, 6, MPI_INT, root);
    ALL(MPI_Gather, MPI_Igather, MPI_Gather_init, in, 3, MPI_INT, out, 3, MPI_INT, root);
    ALL(MPI_Gather_c, MPI_Igather_c, MPI_Gather_init_c, in, 2, MPI_INT, out, 2, MPI_INT, root);
    ALL(MPI_Scatter, MPI_Iscatter, MPI_Scatter_init, in, 3, MPI_INT, out, 3, MPI_INT, root);
    ALL(MPI_Scatter_c, MPI_Iscatter_c, MPI_Scatter_init_c, in, 2, MPI_INT, out, 2, MPI_INT, root);
    ALL(MPI_Reduce, MPI_Ireduce, MPI_Reduce_init, in, out, 4, MPI_INT, MPI_SUM, root);
    ALL(MPI_Reduce_c, MPI_Ireduce_c, MPI_Reduce_init_c, in, out, 4, MPI_INT, MPI_MAX, root);
    for (int peer = 0, place = 0; peer < there; peer++) {
        large[peer] = counts[peer] = peer + 1;
        far[peer] = places[peer] = place;
        place += counts[peer] + 1;
    }
    ALL(MPI_Gatherv, MPI_Igatherv, MPI_Gatherv_init, in, mine + 1, MPI_INT, out, counts, places, MPI_INT, root);
    ALL(MPI_Gatherv_c, MPI_Igatherv_c, MPI_Gatherv_init_c, in, mine + 1, MPI_INT, out, large, far, MPI_INT, root);
    ALL(MPI_Scatterv, MPI_Iscatterv, MPI_Scatterv_init, in, counts, places, MPI_INT, out, mine + 1, MPI_INT, root);
    ALL(MPI_Scatterv_c, MPI_Iscatterv_c, MPI_Scatterv_init_c, in, large, far, MPI_INT, out, mine + 1, MPI_INT, root);
}

/* How many a rank of one side gives one of the other. */
static int share(int from_side, int from, int to)
{
    return (from_side + from + 2 * to) % 3;
}

static void alike(void)
{
    ALL(MPI_Allgather, MPI_Iallgather, MPI_Allgather_init, in, 3, MPI_INT, out, 3, MPI_INT);
    /* Each side has its own length. */
    ALL(MPI_Allgather_c, MPI_Iallgather_c, MPI_Allgather_init_c, in, 2 + side, MPI_INT, out, 3 - side, MPI_INT);
    ALL(MPI_Alltoall, MPI_Ialltoall, MPI_Alltoall_init, in, 2, MPI_INT, out, 2, MPI_INT);
    ALL(MPI_Alltoall_c, MPI_Ialltoall_c, MPI_Alltoall_init_c, in, 1 + side, MPI_INT, out, 2 - side, MPI_INT);
    ALL(MPI_Allreduce, MPI_Iallreduce, MPI_Allreduce_init, in, out, 4, MPI_INT, MPI_SUM);
    ALL(MPI_Allreduce_c, MPI_Iallreduce_c, MPI_Allreduce_init_c, in, out, 4, MPI_INT, MPI_MIN);
    for (int peer = 0; peer < there; peer++) {
        large[peer] = counts[peer] = peer + 1;
        far[peer] = places[peer] = 5 * peer;
    }
    ALL(MPI_Allgatherv, MPI_Iallgatherv, MPI_Allgatherv_init, in, mine + 1, MPI_INT, out, counts, places, MPI_INT);
    ALL(MPI_Allgatherv_c, MPI_Iallgatherv_c, MPI_Allgatherv_init_c, in, mine + 1, MPI_INT, out, large, far, MPI_INT);
    for (int peer = 0; peer < there; peer++) {
        large[peer] = counts[peer] = share(side, mine, peer);
        more_large[peer] = more[peer] = share(1 - side, peer, mine);
        more_far[peer] = far[peer] = more_places[peer] = places[peer] = 4 * peer;
        more_far_bytes[peer] = far_bytes[peer] = more_bytes[peer] = bytes[peer] = 16 * peer;
        types[peer] = MPI_INT;
    }
    ALL(MPI_Alltoallv, MPI_Ialltoallv, MPI_Alltoallv_init, in, counts, places, MPI_INT, out, more, more_places, MPI_INT);
    ALL(MPI_Alltoallv_c, MPI_Ialltoallv_c, MPI_Alltoallv_init_c, in, large, far, MPI_INT, out, more_large, more_far, MPI_INT);
    ALL(MPI_Alltoallw, MPI_Ialltoallw, MPI_Alltoallw_init, in, counts, bytes, types, out, more, more_bytes, types);
    ALL(MPI_Alltoallw_c, MPI_Ialltoallw_c, MPI_Alltoallw_init_c, in, large, far_bytes, types, out, more_large, more_far_bytes, types);
    /* Both sides have as many elements: so many for each of here. */
    int all = here * there;
    ALL(MPI_Reduce_scatter_block, MPI_Ireduce_scatter_block, MPI_Reduce_scatter_block_init, in, out, all / here, MPI_INT, MPI_SUM);
    ALL(MPI_Reduce_scatter_block_c, MPI_Ireduce_scatter_block_c, MPI_Reduce_scatter_block_init_c, in, out, all / here, MPI_INT, MPI_MAX);
    for (int peer = 0; peer < here; peer++)
        large[peer] = counts[peer] = peer == 0 ? all - (here - 1) : 1;
    ALL(MPI_Reduce_scatter, MPI_Ireduce_scatter, MPI_Reduce_scatter_init, in, out, counts, MPI_INT, MPI_SUM);
    ALL(MPI_Reduce_scatter_c, MPI_Ireduce_scatter_c, MPI_Reduce_scatter_init_c, in, out, large, MPI_INT, MPI_SUM);
    MPI_Request request;
    GIVES(MPI_Barrier(comm));
    GIVES(MPI_Ibarrier(comm, &request));
    GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));
    GIVES(MPI_Barrier_init(comm, MPI_INFO_NULL, &request));
    GIVES(MPI_Start(&request));
    GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));
    GIVES(MPI_Request_free(&request));
}

static void refused(void)
{
    MPI_Comm made;
    int dims[1] = {1}, from, to;
    GIVES(MPI_Bcast(in, 1, MPI_INT, there, comm));
    GIVES(MPI_Bcast(in, 1, MPI_INT, -9, comm));
    GIVES(MPI_Allreduce(MPI_IN_PLACE, out, 1, MPI_INT, MPI_SUM, comm));
    GIVES(MPI_Scan(in, out, 1, MPI_INT, MPI_SUM, comm));
    GIVES(MPI_Exscan(in, out, 1, MPI_INT, MPI_SUM, comm));
    GIVES(MPI_Cart_create(comm, 1, dims, dims, 0, &made));
    GIVES(MPI_Graph_create(comm, 1, dims, dims, 0, &made));
    GIVES(MPI_Cart_shift(comm, 0, 1, &from, &to));
    GIVES(MPI_Send(in, 1, MPI_INT, there, 0, comm));
    GIVES(MPI_Recv(in, 1, MPI_INT, there, 0, comm, MPI_STATUS_IGNORE));
    GIVES(MPI_Intercomm_create(comm, 0, MPI_COMM_WORLD, 0, 1, &made));
}

static const char *relation(int result)
{
    return result == MPI_IDENT       ? "identical"
           : result == MPI_CONGRUENT ? "congruent"
           : result == MPI_SIMILAR   ? "similar"
                                     : "unequal";
}

static void derived(void)
{
    MPI_Comm made;
    MPI_Group group;
    MPI_Request request;
    int sum, result, value;
    GIVES(MPI_Comm_dup_with_info(comm, MPI_INFO_NULL, &made));
    MPI_Comm_compare(comm, made, &result);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, made);
    say("a copy is %s, sum %d", relation(result), sum);
    GIVES(MPI_Comm_free(&made));
    GIVES(MPI_Comm_idup_with_info(comm, MPI_INFO_NULL, &made, &request));
    GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));
    MPI_Comm_compare(made, comm, &result);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, made);
    say("another is %s, sum %d", relation(result), sum);
    GIVES(MPI_Comm_disconnect(&made));
    say("null %d", made == MPI_COMM_NULL);
    for (int colours = 1; colours <= 2; colours++) {
        GIVES(MPI_Comm_split(comm, mine % colours, -mine, &made));
        if (made == MPI_COMM_NULL) {
            say("in none");
            continue;
        }
        int in_it, of_it, other;
        MPI_Comm_rank(made, &in_it);
        MPI_Comm_size(made, &of_it);
        MPI_Comm_remote_size(made, &other);
        MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, made);
        say("split in %d: %d of %d, and %d, sum %d", colours, in_it, of_it, other, sum);
        MPI_Comm_free(&made);
    }
    int first[1] = {0};
    MPI_Comm_group(comm, &group);
    MPI_Group one;
    MPI_Group_incl(group, 1, first, &one);
    GIVES(MPI_Comm_create(comm, one, &made));
    say("the first ones alone: %d", made != MPI_COMM_NULL);
    if (made != MPI_COMM_NULL) {
        value = rank;
        MPI_Sendrecv_replace(&value, 1, MPI_INT, 0, 1, 0, 1, made, MPI_STATUS_IGNORE);
        say("the other is %d", value);
        MPI_Comm_free(&made);
    }
    MPI_Group_free(&one);
    MPI_Group_free(&group);
    for (int high = 0; high < 2; high++) {
        GIVES(MPI_Intercomm_merge(comm, side == high, &made));
        int place, all;
        MPI_Comm_rank(made, &place);
        MPI_Comm_size(made, &all);
        say("merged: %d of %d", place, all);
        int sums[1] = {place}, scan = -1;
        MPI_Scan(sums, &scan, 1, MPI_INT, MPI_SUM, made);
        say("scan %d", scan);
        MPI_Comm_free(&made);
    }
}

int main(void)
{
    begin();
    /* The last third against the rest, with a leader that is not the first. */
    side = rank >= (2 * size + 2) / 3 || (size == 2 && rank == 1);
    MPI_Comm_split(MPI_COMM_WORLD, side, 0, &half);
    MPI_Comm_size(half, &here);
    MPI_Comm_rank(half, &mine);
    there = size - here;
    int split = size - (side ? here : there), leader = here - 1;
    MPI_Intercomm_create(half, leader, MPI_COMM_WORLD, side ? split - 1 : size - 1, 7, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    say("side %d: %d of %d, and %d", side, mine, here, there);
    for (int of = 0; of < 2; of++)
        for (int which = 0; which < (of == side ? here : there); which += 2)
            rooted(of, which);
    alike();
    refused();
    derived();
    MPI_Comm_free(&comm);
    MPI_Comm_free(&half);
    return end();
}
