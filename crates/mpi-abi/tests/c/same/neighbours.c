// ranks: 1 3 4
/* Every collective of neighbours in its blocking, started and persistent form, with counts of both widths, on grids, a star and drawn
 * graphs; with equal and unequal blocks, and blocks that have datatypes of their own. */
#include "case.h"

enum { EDGES = 16, ROOM = 32 };

static int in[EDGES * ROOM], out[EDGES * ROOM];
static int number_in, number_out, from[EDGES], to[EDGES];
static int given[EDGES], taken[EDGES], given_at[EDGES], taken_at[EDGES];
static MPI_Count given_c[EDGES], taken_c[EDGES];
static MPI_Aint given_at_c[EDGES], taken_at_c[EDGES], given_bytes[EDGES], taken_bytes[EDGES];
static MPI_Datatype given_types[EDGES], taken_types[EDGES], pair;
static MPI_Comm comm;

static void filled(void)
{
    for (int at = 0; at < EDGES * ROOM; at++)
        in[at] = 1000 * rank + at, out[at] = -1;
}

static void result(const char *what)
{
    say("%s: %d %d %d %d, %08x", what, out[0], out[1], out[ROOM], out[ROOM + 1], hash(out, sizeof out));
}

/* The three forms: arguments without the communicator. */
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

/* How many a rank gives another: both know it. */
static int share(int giver, int taker)
{
    return giver < 0 || taker < 0 ? 2 : (giver + 2 * taker) % 4;
}

static void every(void)
{
    ALL(MPI_Neighbor_allgather, MPI_Ineighbor_allgather, MPI_Neighbor_allgather_init, in, 3, MPI_INT, out, 3, MPI_INT);
    ALL(MPI_Neighbor_allgather_c, MPI_Ineighbor_allgather_c, MPI_Neighbor_allgather_init_c, in, 2, pair, out, 4, MPI_INT);
    ALL(MPI_Neighbor_alltoall, MPI_Ineighbor_alltoall, MPI_Neighbor_alltoall_init, in, 4, MPI_INT, out, 2, pair);
    ALL(MPI_Neighbor_alltoall_c, MPI_Ineighbor_alltoall_c, MPI_Neighbor_alltoall_init_c, in, 3, MPI_INT, out, 3, MPI_INT);
    for (int edge = 0; edge < number_in; edge++) {
        taken[edge] = from[edge] < 0 ? 2 : 1 + from[edge] % 3;
        taken_at[edge] = ROOM * edge;
        taken_c[edge] = taken[edge];
        taken_at_c[edge] = taken_at[edge];
    }
    ALL(MPI_Neighbor_allgatherv, MPI_Ineighbor_allgatherv, MPI_Neighbor_allgatherv_init, in, 1 + rank % 3, MPI_INT, out, taken,
        taken_at, MPI_INT);
    ALL(MPI_Neighbor_allgatherv_c, MPI_Ineighbor_allgatherv_c, MPI_Neighbor_allgatherv_init_c, in, 1 + rank % 3, MPI_INT, out,
        taken_c, taken_at_c, MPI_INT);
    for (int edge = 0; edge < number_in; edge++) {
        taken[edge] = share(from[edge], rank);
        taken_c[edge] = taken[edge];
        taken_bytes[edge] = (MPI_Aint) sizeof(int) * taken_at[edge];
        taken_types[edge] = edge % 2 ? MPI_INT : MPI_INT32_T;
    }
    for (int edge = 0; edge < number_out; edge++) {
        given[edge] = share(rank, to[edge]);
        given_at[edge] = 5 * edge + 1;
        given_c[edge] = given[edge];
        given_at_c[edge] = given_at[edge];
        given_bytes[edge] = (MPI_Aint) sizeof(int) * given_at[edge];
        given_types[edge] = MPI_INT;
    }
    ALL(MPI_Neighbor_alltoallv, MPI_Ineighbor_alltoallv, MPI_Neighbor_alltoallv_init, in, given, given_at, MPI_INT, out, taken,
        taken_at, MPI_INT);
    ALL(MPI_Neighbor_alltoallv_c, MPI_Ineighbor_alltoallv_c, MPI_Neighbor_alltoallv_init_c, in, given_c, given_at_c, MPI_INT, out,
        taken_c, taken_at_c, MPI_INT);
    ALL(MPI_Neighbor_alltoallw, MPI_Ineighbor_alltoallw, MPI_Neighbor_alltoallw_init, in, given, given_bytes, given_types, out,
        taken, taken_bytes, taken_types);
    for (int edge = 0; edge < number_in; edge++)
        if (taken[edge] % 2 == 0)
            taken_types[edge] = pair, taken_c[edge] = taken[edge] / 2;
    ALL(MPI_Neighbor_alltoallw_c, MPI_Ineighbor_alltoallw_c, MPI_Neighbor_alltoallw_init_c, in, given_c, given_bytes, given_types,
        out, taken_c, taken_bytes, taken_types);
}

static void grid(int height, int width, int round_first, int round_second)
{
    int dims[2] = {height, width}, round[2] = {round_first, round_second};
    if (height * width > size)
        return;
    say("grid of %d by %d, round %d %d", height, width, round_first, round_second);
    MPI_Cart_create(MPI_COMM_WORLD, 2, dims, round, 0, &comm);
    if (comm == MPI_COMM_NULL)
        return;
    for (int direction = 0; direction < 2; direction++)
        MPI_Cart_shift(comm, direction, 1, &from[2 * direction], &from[2 * direction + 1]);
    number_in = number_out = 4;
    memcpy(to, from, sizeof to);
    every();
    MPI_Comm_free(&comm);
}

static void star(void)
{
    int index[EDGES], edges[EDGES], used = 0;
    for (int node = 0; node < size; node++) {
        for (int other = 1; node == 0 && other < size; other++)
            edges[used++] = other;
        if (node)
            edges[used++] = 0;
        index[node] = used;
    }
    say("a star");
    MPI_Graph_create(MPI_COMM_WORLD, size, index, edges, 0, &comm);
    MPI_Graph_neighbors_count(comm, rank, &number_in);
    MPI_Graph_neighbors(comm, rank, EDGES, from);
    number_out = number_in;
    memcpy(to, from, sizeof to);
    every();
    MPI_Comm_free(&comm);
}

/* Each pair has an edge or none, as the seed says: all draw the same. */
static void drawn(unsigned with)
{
    int weights[EDGES], found;
    seed = with;
    number_in = number_out = 0;
    for (int giver = 0; giver < size; giver++)
        for (int taker = 0; taker < size; taker++)
            if (draw(3)) {
                if (giver == rank)
                    to[number_out++] = taker;
                if (taker == rank)
                    from[number_in++] = giver;
            }
    for (int edge = 0; edge < EDGES; edge++)
        weights[edge] = edge + 1;
    say("a graph drawn with %u: %d edges in, %d out", with, number_in, number_out);
    GIVES(MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, number_in, from, weights, number_out, to, weights, MPI_INFO_NULL, 0, &comm));
    MPI_Topo_test(comm, &found);
    say("it is one: %d", found == MPI_DIST_GRAPH);
    every();
    MPI_Comm copy_of;
    MPI_Comm_dup(comm, &copy_of);
    MPI_Comm_free(&comm);
    comm = copy_of;
    say("a copy of it");
    every();
    MPI_Comm_free(&comm);
}

int main(void)
{
    begin();
    MPI_Type_vector(2, 1, 2, MPI_INT, &pair);
    MPI_Type_commit(&pair);
    grid(size, 1, 0, 0);
    grid(1, size, 0, 1);
    grid(2, 2, 1, 0);
    star();
    for (unsigned with = 1; with <= 6; with++)
        drawn(with);
    MPI_Type_free(&pair);
    return end();
}
