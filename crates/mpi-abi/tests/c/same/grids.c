// ranks: 1 4 6
/* Grids and graphs, how they are mapped and asked, and collectives of neighbours. */
#include "case.h"

static void divided(void)
{
    for (int ranks = 1; ranks <= 60; ranks++)
        for (int number = 1; number <= 3; number++) {
            int dims[3] = {0, 0, 0};
            int code = MPI_Dims_create(ranks, number, dims);
            say("%d ranks in %d dimensions: %s, %d %d %d", ranks, number, class_of(code), dims[0], dims[1], dims[2]);
        }
    for (int given = 1; given <= 6; given++) {
        int dims[3] = {0, given, 0}, code = MPI_Dims_create(24, 3, dims);
        say("24 ranks with %d: %s, %d %d %d", given, class_of(code), dims[0], code ? 0 : dims[1], dims[2]);
    }
}

static void grid(int width, int height, int round_first, int round_second)
{
    int dims[2] = {height, width}, periods[2] = {round_first, round_second}, at[2], kind, number, from, to;
    MPI_Comm grid, part;
    say("grid of %d by %d, round %d %d", height, width, round_first, round_second);
    GIVES(MPI_Cart_map(MPI_COMM_WORLD, 2, dims, periods, &number));
    say("mapped to a point: %d", number != MPI_UNDEFINED);
    GIVES(MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 0, &grid));
    if (grid == MPI_COMM_NULL) {
        say("not in it");
        return;
    }
    MPI_Topo_test(grid, &kind);
    MPI_Cartdim_get(grid, &number);
    say("a grid: %d of %d dimensions", kind == MPI_CART, number);
    int had[2], round[2], here[2];
    MPI_Cart_get(grid, 2, had, round, here);
    say("it has %d %d, round %d %d, here %d %d", had[0], had[1], !!round[0], !!round[1], here[0], here[1]);
    for (int point = 0; point < width * height; point++) {
        MPI_Cart_coords(grid, point, 2, at);
        MPI_Cart_rank(grid, at, &number);
        say("rank %d is at %d %d, which is rank %d", point, at[0], at[1], number);
    }
    for (int direction = 0; direction < 2; direction++)
        for (int step = -2; step <= 2; step++) {
            int code = MPI_Cart_shift(grid, direction, step, &from, &to);
            say("shift %d by %d: %s, %d %d", direction, step, class_of(code), from == MPI_PROC_NULL ? -1 : from,
                to == MPI_PROC_NULL ? -1 : to);
        }
    if (round_first) {
        at[0] = -1, at[1] = 0;
        MPI_Cart_rank(grid, at, &number);
        say("before the first: %d", number);
        at[0] = height + 1, at[1] = 0;
        MPI_Cart_rank(grid, at, &number);
        say("behind the last: %d", number);
    }
    int given[2] = {10 * rank, 10 * rank + 1}, taken[16];
    for (int each = 0; each < 16; each++)
        taken[each] = -1;
    MPI_Neighbor_allgather(given, 1, MPI_INT, taken, 1, MPI_INT, grid);
    say("neighbours: %d %d %d %d", taken[0], taken[1], taken[2], taken[3]);
    int blocks[4] = {100 * rank, 100 * rank + 1, 100 * rank + 2, 100 * rank + 3};
    MPI_Neighbor_alltoall(blocks, 1, MPI_INT, taken, 1, MPI_INT, grid);
    say("exchanged: %d %d %d %d", taken[0], taken[1], taken[2], taken[3]);
    for (int keep = 0; keep < 4; keep++) {
        int remain[2] = {keep & 1, keep >> 1}, in, members;
        GIVES(MPI_Cart_sub(grid, remain, &part));
        MPI_Comm_rank(part, &in);
        MPI_Comm_size(part, &members);
        MPI_Cartdim_get(part, &number);
        say("part %d %d: %d of %d, %d dimensions", remain[0], remain[1], in, members, number);
        MPI_Comm_free(&part);
    }
    MPI_Comm_dup(grid, &part);
    MPI_Topo_test(part, &kind);
    say("a copy is one: %d", kind == MPI_CART);
    MPI_Comm_free(&part);
    MPI_Comm_split(grid, 0, 0, &part);
    MPI_Topo_test(part, &kind);
    say("a part of a split isn't: %d", kind == MPI_UNDEFINED);
    MPI_Comm_free(&part);
    MPI_Comm_free(&grid);
}

static void graph(void)
{
    /* A star around rank 0. */
    int index[16], edges[32], nodes, number, kind, list[32], used = 0;
    MPI_Comm star;
    for (int node = 0; node < size; node++) {
        if (node == 0)
            for (int other = 1; other < size; other++)
                edges[used++] = other;
        else
            edges[used++] = 0;
        index[node] = used;
    }
    GIVES(MPI_Graph_map(MPI_COMM_WORLD, size, index, edges, &number));
    GIVES(MPI_Graph_create(MPI_COMM_WORLD, size, index, edges, 0, &star));
    MPI_Topo_test(star, &kind);
    MPI_Graphdims_get(star, &nodes, &number);
    say("a graph: %d, %d nodes, %d edges", kind == MPI_GRAPH, nodes, number);
    int index_back[16], edges_back[32];
    MPI_Graph_get(star, nodes, number, index_back, edges_back);
    say("the same: %d", !memcmp(index, index_back, nodes * sizeof(int)) && !memcmp(edges, edges_back, number * sizeof(int)));
    for (int node = 0; node < size; node++) {
        MPI_Graph_neighbors_count(star, node, &number);
        MPI_Graph_neighbors(star, node, number, list);
        say("node %d: %d neighbours, the first %d", node, number, number ? list[0] : -1);
    }
    int mine = rank + 1, taken[16] = {0};
    MPI_Neighbor_allgather(&mine, 1, MPI_INT, taken, 1, MPI_INT, star);
    say("gathered: %d %d %d", taken[0], taken[1], taken[2]);
    MPI_Comm_free(&star);
}

static void distributed(void)
{
    int before = (rank + size - 1) % size, behind = (rank + 1) % size, in, out, weighted, kind;
    int from[4], to[4], came[4], left[4], weight = 3 + rank, far = 7 + behind;
    MPI_Comm ring;
    GIVES(MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 1, &before, &weight, 1, &behind, &far, MPI_INFO_NULL, 0, &ring));
    MPI_Topo_test(ring, &kind);
    MPI_Dist_graph_neighbors_count(ring, &in, &out, &weighted);
    MPI_Dist_graph_neighbors(ring, in, from, came, out, to, left);
    say("a ring: %d, %d %d %d, from %d %d, to %d %d", kind == MPI_DIST_GRAPH, in, out, !!weighted, from[0], came[0], to[0], left[0]);
    int give[2] = {rank, rank * rank}, take[2] = {-1, -1};
    MPI_Neighbor_alltoall(give, 2, MPI_INT, take, 2, MPI_INT, ring);
    say("from before: %d %d", take[0], take[1]);
    int one = 1, places[1] = {0};
    MPI_Neighbor_allgatherv(give, 1, MPI_INT, take, &one, places, MPI_INT, ring);
    say("and again: %d", take[0]);
    MPI_Aint byte[1] = {0};
    MPI_Datatype of[1] = {MPI_INT};
    MPI_Neighbor_alltoallw(give, &one, byte, of, take, &one, byte, of, ring);
    say("and again: %d", take[0]);
    MPI_Request request;
    MPI_Ineighbor_alltoallv(give, &one, places, MPI_INT, take, &one, places, MPI_INT, ring, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    say("and again: %d", take[0]);
    MPI_Neighbor_allgather_init(give, 1, MPI_INT, take, 1, MPI_INT, ring, MPI_INFO_NULL, &request);
    MPI_Start(&request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    say("and again: %d", take[0]);
    MPI_Request_free(&request);
    MPI_Comm_free(&ring);
    /* Each states the edge behind its neighbour's. */
    int next = (rank + 2) % size, degree = 1;
    GIVES(MPI_Dist_graph_create(MPI_COMM_WORLD, 1, &behind, &degree, &next, MPI_UNWEIGHTED, MPI_INFO_NULL, 0, &ring));
    MPI_Dist_graph_neighbors_count(ring, &in, &out, &weighted);
    MPI_Dist_graph_neighbors(ring, in, from, MPI_UNWEIGHTED, out, to, MPI_UNWEIGHTED);
    say("the same by others: %d %d %d, from %d to %d", in, out, !!weighted, from[0], to[0]);
    MPI_Comm_free(&ring);
    GIVES(MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 0, from, MPI_WEIGHTS_EMPTY, 0, to, MPI_WEIGHTS_EMPTY, MPI_INFO_NULL, 0,
                                         &ring));
    MPI_Dist_graph_neighbors_count(ring, &in, &out, &weighted);
    say("without edges: %d %d %d", in, out, !!weighted);
    GIVES(MPI_Neighbor_allgather(give, 1, MPI_INT, take, 1, MPI_INT, ring));
    MPI_Comm_free(&ring);
}

int main(void)
{
    begin();
    divided();
    grid(size, 1, 0, 0);
    grid(1, size, 1, 1);
    if (size > 1)
        grid(2, size / 2, 0, 1);
    if (size > 4)
        grid(2, 2, 1, 0);
    graph();
    distributed();
    return end();
}
