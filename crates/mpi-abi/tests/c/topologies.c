// ranks: 1 4 6
/* Grids, graphs and distributed graphs, and collectives with neighbours. */
#include "expect.h"

/* Not every implementation finds these mistakes. */
#ifndef STRICT
#define STRICT 0
#endif

/* Volatile: gcc takes the constants for arrays, and complains that they are short. */
static int *volatile unweighted = MPI_UNWEIGHTED, *volatile no_weights = MPI_WEIGHTS_EMPTY;

static void dimensions(void)
{
    int two[2] = {0, 0}, three[3] = {0, 3, 0};
    EXPECT(MPI_Dims_create(6, 2, two) == MPI_SUCCESS && two[0] == 3 && two[1] == 2);
    EXPECT(MPI_Dims_create(6, 3, three) == MPI_SUCCESS && three[0] == 2 && three[1] == 3 && three[2] == 1);
    int wrong[2] = {0, 4}, negative[2] = {-1, 0};
    EXPECT(class_of(MPI_Dims_create(6, 2, wrong)) == MPI_ERR_DIMS && wrong[0] == 0);
    EXPECT(class_of(MPI_Dims_create(6, 2, negative)) == MPI_ERR_DIMS);
    EXPECT(MPI_Dims_create(1, 0, NULL) == MPI_SUCCESS);
}

static void grids(void)
{
    int dims[2] = {0, 0}, periods[2] = {0, 1}, status, n, got, other;
    MPI_Comm grid, line, copy, point;
    MPI_Topo_test(MPI_COMM_WORLD, &status);
    EXPECT(status == MPI_UNDEFINED);
    EXPECT(class_of(MPI_Cartdim_get(MPI_COMM_WORLD, &n)) == MPI_ERR_TOPOLOGY);
    MPI_Dims_create(size, 2, dims);
    MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 0, &grid);
    MPI_Topo_test(grid, &status);
    EXPECT(status == MPI_CART);
    MPI_Cartdim_get(grid, &n);
    EXPECT(n == 2);
    int d[2] = {-1, -1}, p[2] = {-1, -1}, c[2] = {-1, -1};
    MPI_Cart_get(grid, 2, d, p, c);
    EXPECT(d[0] == dims[0] && d[1] == dims[1] && !p[0] && p[1]);
    EXPECT(c[0] == rank / dims[1] && c[1] == rank % dims[1]);
    for (int r = 0; r < size; r++) {
        MPI_Cart_coords(grid, r, 2, c);
        EXPECT(c[0] == r / dims[1] && c[1] == r % dims[1]);
        c[1] -= 3 * dims[1];
        MPI_Cart_rank(grid, c, &got);
        EXPECT(got == r);
    }
    EXPECT(class_of(MPI_Cart_coords(grid, size, 2, c)) == MPI_ERR_RANK);
    int row = rank / dims[1], column = rank % dims[1];
    MPI_Cart_shift(grid, 0, 1, &got, &other);
    EXPECT(got == (row ? rank - dims[1] : MPI_PROC_NULL));
    EXPECT(other == (row < dims[0] - 1 ? rank + dims[1] : MPI_PROC_NULL));
    MPI_Cart_shift(grid, 1, -1, &got, &other);
    EXPECT(got == row * dims[1] + (column + 1) % dims[1]);
    EXPECT(other == row * dims[1] + (column + dims[1] - 1) % dims[1]);
    EXPECT(MPI_Cart_shift(grid, 2, 1, &got, &other) != MPI_SUCCESS);

    MPI_Comm_dup(grid, &copy);
    MPI_Topo_test(copy, &status);
    EXPECT(status == MPI_CART);
    MPI_Comm_free(&copy);
    int keep[2] = {0, 1}, none[2] = {0, 0};
    MPI_Cart_sub(grid, keep, &line);
    MPI_Cartdim_get(line, &n);
    MPI_Cart_get(line, 1, d, p, c);
    EXPECT(n == 1 && d[0] == dims[1] && p[0] && c[0] == column);
    MPI_Comm_free(&line);
    MPI_Cart_sub(grid, none, &point);
    MPI_Cartdim_get(point, &n);
    MPI_Comm_size(point, &got);
    EXPECT(n == 0 && got == 1);
    MPI_Comm_free(&point);

    /* Before, behind; along each dimension. */
    int mine[4], theirs[4] = {-9, -9, -9, -9};
    for (int i = 0; i < 4; i++)
        mine[i] = rank * 10 + i;
    MPI_Neighbor_alltoall(mine, 1, MPI_INT, theirs, 1, MPI_INT, grid);
    for (int dimension = 0; dimension < 2; dimension++) {
        MPI_Cart_shift(grid, dimension, 1, &got, &other);
        EXPECT(theirs[2 * dimension] == (got == MPI_PROC_NULL ? -9 : got * 10 + 2 * dimension + 1));
        EXPECT(theirs[2 * dimension + 1] == (other == MPI_PROC_NULL ? -9 : other * 10 + 2 * dimension));
    }
    MPI_Request request;
    MPI_Ineighbor_allgather(&rank, 1, MPI_INT, theirs, 1, MPI_INT, grid, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    for (int dimension = 0; dimension < 2; dimension++) {
        MPI_Cart_shift(grid, dimension, 1, &got, &other);
        EXPECT(got == MPI_PROC_NULL || theirs[2 * dimension] == got);
        EXPECT(other == MPI_PROC_NULL || theirs[2 * dimension + 1] == other);
    }
    MPI_Comm_free(&grid);

    /* A grid of fewer points; one without dimensions; too many. */
    int one[1] = {1}, many[1] = {size + 1}, zero[1] = {0};
    MPI_Cart_create(MPI_COMM_WORLD, 1, one, one, 1, &line);
    MPI_Cart_map(MPI_COMM_WORLD, 1, one, one, &got);
    EXPECT(got == (rank ? MPI_UNDEFINED : 0));
    if (line != MPI_COMM_NULL) {
        MPI_Comm_size(line, &n);
        EXPECT(n == 1);
        MPI_Comm_free(&line);
    }
    /* What is recommended is what is made. */
    int both[2] = {0, 0}, round[2] = {1, 0}, place = -1, all = 0;
    MPI_Comm mapped;
    MPI_Dims_create(size, 2, both);
    EXPECT(MPI_Cart_map(MPI_COMM_WORLD, 2, both, round, &got) == MPI_SUCCESS && got >= 0 && got < size);
    MPI_Cart_create(MPI_COMM_WORLD, 2, both, round, 1, &mapped);
    MPI_Comm_rank(mapped, &place);
    EXPECT(!STRICT || place == got);
    MPI_Allreduce(&got, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    EXPECT(all == size * (size - 1) / 2);
    MPI_Comm_free(&mapped);
    EXPECT(!STRICT || MPI_Cart_map(MPI_COMM_WORLD, 1, many, many, &got) != MPI_SUCCESS);
    MPI_Cart_create(MPI_COMM_WORLD, 0, NULL, NULL, 0, &point);
    EXPECT((point == MPI_COMM_NULL) == (rank > 0));
    if (point != MPI_COMM_NULL) {
        MPI_Cartdim_get(point, &n);
        EXPECT(n == 0);
        MPI_Comm_free(&point);
    }
    EXPECT(MPI_Cart_create(MPI_COMM_WORLD, 1, many, many, 0, &line) != MPI_SUCCESS);
    EXPECT(!STRICT || MPI_Cart_create(MPI_COMM_WORLD, 1, zero, one, 0, &line) != MPI_SUCCESS);
}

static void graphs(void)
{
    /* A ring, whose neighbours stand in falling order at odd ranks. */
    int index[64], edges[128], status, nodes, count;
    MPI_Comm graph;
    for (int r = 0; r < size; r++) {
        int before = (r + size - 1) % size, behind = (r + 1) % size;
        index[r] = 2 * (r + 1);
        edges[2 * r] = r % 2 ? behind : before;
        edges[2 * r + 1] = r % 2 ? before : behind;
    }
    MPI_Graph_create(MPI_COMM_WORLD, size, index, edges, 0, &graph);
    MPI_Topo_test(graph, &status);
    EXPECT(status == MPI_GRAPH);
    MPI_Graphdims_get(graph, &nodes, &count);
    EXPECT(nodes == size && count == 2 * size);
    int got_index[64], got_edges[128];
    MPI_Graph_get(graph, size, 2 * size, got_index, got_edges);
    for (int i = 0; i < 2 * size; i++)
        EXPECT(got_index[i / 2] == index[i / 2] && got_edges[i] == edges[i]);
    MPI_Graph_neighbors_count(graph, rank, &count);
    EXPECT(count == 2);
    int near[2];
    MPI_Graph_neighbors(graph, rank, 2, near);
    EXPECT(near[0] == edges[2 * rank] && near[1] == edges[2 * rank + 1]);
    int all[2] = {-1, -1};
    MPI_Neighbor_allgather(&rank, 1, MPI_INT, all, 1, MPI_INT, graph);
    EXPECT(all[0] == near[0] && all[1] == near[1]);
    MPI_Comm_free(&graph);

    int itself[1] = {0}, no_such[1] = {size}, one[1] = {1}, got;
    MPI_Graph_create(MPI_COMM_WORLD, 1, one, itself, 1, &graph);
    EXPECT((graph == MPI_COMM_NULL) == (rank > 0));
    if (graph != MPI_COMM_NULL)
        MPI_Comm_free(&graph);
    MPI_Graph_map(MPI_COMM_WORLD, 1, one, itself, &got);
    EXPECT(got == (rank ? MPI_UNDEFINED : 0));
    EXPECT(!STRICT || MPI_Graph_create(MPI_COMM_WORLD, 1, one, no_such, 0, &graph) != MPI_SUCCESS);
}

/* A ring in one direction, and its copies. */
static void check_ring(MPI_Comm ring, int is_weighted)
{
    int status, in, out, weighted, before = (rank + size - 1) % size, behind = (rank + 1) % size;
    MPI_Topo_test(ring, &status);
    EXPECT(status == MPI_DIST_GRAPH);
    MPI_Dist_graph_neighbors_count(ring, &in, &out, &weighted);
    EXPECT(in == 1 && out == 1 && !weighted == !is_weighted);
    int from = -1, from_weight = -1, to = -1, to_weight = -1;
    MPI_Dist_graph_neighbors(ring, 1, &from, is_weighted ? &from_weight : unweighted, 1, &to,
        is_weighted ? &to_weight : unweighted);
    EXPECT(from == before && to == behind);
    if (is_weighted)
        EXPECT(from_weight == before + 1 && to_weight == rank + 1);
    int got = -1;
    MPI_Neighbor_allgather(&rank, 1, MPI_INT, &got, 1, MPI_INT, ring);
    EXPECT(got == before);
    int count = 1, place = 0;
    MPI_Request request;
    MPI_Ineighbor_alltoallv(&to, &count, &place, MPI_INT, &got, &count, &place, MPI_INT, ring, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    EXPECT(got == rank);
}

static void distributed_graphs(void)
{
    int before = (rank + size - 1) % size, behind = (rank + 1) % size, one = 1;
    MPI_Comm ring, copy;
    MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 1, &before, unweighted, 1, &behind, unweighted,
        MPI_INFO_NULL, 0, &ring);
    check_ring(ring, 0);
    MPI_Comm_dup(ring, &copy);
    check_ring(copy, 0);
    MPI_Comm_free(&copy);
    MPI_Comm_free(&ring);

    int came = before + 1, leaves = rank + 1;
    MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 1, &before, &came, 1, &behind, &leaves, MPI_INFO_NULL, 0,
        &ring);
    check_ring(ring, 1);
    MPI_Comm_dup(ring, &copy);
    check_ring(copy, 1);
    MPI_Comm_free(&copy);
    MPI_Comm_free(&ring);

    /* The edge that leaves the rank behind this one; then all edges from rank 0. */
    int next = (behind + 1) % size, weight = behind + 1;
    MPI_Dist_graph_create(MPI_COMM_WORLD, 1, &behind, &one, &next, &weight, MPI_INFO_NULL, 0, &ring);
    check_ring(ring, 1);
    MPI_Comm_free(&ring);
    int from[64], degrees[64], to[64];
    for (int r = 0; r < size; r++) {
        from[r] = r;
        degrees[r] = 1;
        to[r] = (r + 1) % size;
    }
    MPI_Dist_graph_create(MPI_COMM_WORLD, rank ? 0 : size, from, degrees, to, unweighted, MPI_INFO_NULL, 0,
        &ring);
    check_ring(ring, 0);
    MPI_Comm_free(&ring);

    int in, out, weighted;
    MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 0, NULL, no_weights, 0, NULL, no_weights,
        MPI_INFO_NULL, 0, &ring);
    MPI_Dist_graph_neighbors_count(ring, &in, &out, &weighted);
    EXPECT(in == 0 && out == 0 && weighted);
    MPI_Comm_free(&ring);
    EXPECT(class_of(MPI_Dist_graph_neighbors_count(MPI_COMM_WORLD, &in, &out, &weighted)) == MPI_ERR_TOPOLOGY);
    MPI_Comm_dup(MPI_COMM_WORLD, &copy);
    EXPECT(!STRICT || MPI_Dist_graph_create_adjacent(copy, 1, &size, unweighted, 0, NULL, unweighted, MPI_INFO_NULL, 0,
               &ring) != MPI_SUCCESS);
    MPI_Comm_free(&copy);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    dimensions();
    grids();
    graphs();
    distributed_graphs();
    int total;
    MPI_Reduce(&failures, &total, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("%d failures\n", total);
    MPI_Finalize();
    return failures != 0;
}
