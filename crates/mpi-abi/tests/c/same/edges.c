// ranks: 1 3 4
/* Graphs drawn by a seed and stated in every way: each edge by who has it, by somebody else, by several; with weights, without, and with
 * none at all; what each rank is told of them; grids of every number of dimensions, their parts, mapped and asked at their borders; the
 * kinds of graph told apart. */
#include "case.h"

enum { MOST = 64 };

static int from[MOST], to[MOST], from_weights[MOST], to_weights[MOST];

static int compared(const void *one, const void *other)
{
    return memcmp(one, other, 2 * sizeof(int));
}

/* The edges of a rank: in which order those of a general graph come is open. */
static void told(const char *what, MPI_Comm graph, int ordered)
{
    int in = -1, out = -1, weighted = -1, used = 0;
    int pairs[2][MOST][2];
    char text[1000] = "";
    MPI_Dist_graph_neighbors_count(graph, &in, &out, &weighted);
    memset(from_weights, 0, sizeof from_weights);
    memset(to_weights, 0, sizeof to_weights);
    int code = MPI_Dist_graph_neighbors(graph, in, from, weighted ? from_weights : MPI_UNWEIGHTED, out, to,
        weighted ? to_weights : MPI_UNWEIGHTED);
    for (int edge = 0; edge < in; edge++)
        pairs[0][edge][0] = from[edge], pairs[0][edge][1] = from_weights[edge];
    for (int edge = 0; edge < out; edge++)
        pairs[1][edge][0] = to[edge], pairs[1][edge][1] = to_weights[edge];
    if (!ordered) {
        qsort(pairs[0], in, sizeof pairs[0][0], compared);
        qsort(pairs[1], out, sizeof pairs[1][0], compared);
    }
    for (int edge = 0; edge < in; edge++)
        used += sprintf(text + used, " <%d(%d)", pairs[0][edge][0], pairs[0][edge][1]);
    for (int edge = 0; edge < out; edge++)
        used += sprintf(text + used, " >%d(%d)", pairs[1][edge][0], pairs[1][edge][1]);
    say("%s: %s, %d in, %d out, weighted %d:%s", what, class_of(code), in, out, !!weighted, text);
}

static void drawn(unsigned with)
{
    int sources[MOST], degrees[MOST], targets[MOST], weights[MOST], nodes = 0, edges = 0, kind;
    MPI_Comm graph, copy_of;
    seed = with;
    /* Each edge is stated by a rank that is drawn. */
    for (int source = 0; source < size; source++)
        for (int target = 0; target < size; target++)
            if (draw(2)) {
                int teller = draw(size), weight = 1 + draw(50);
                if (teller != rank)
                    continue;
                sources[nodes] = source;
                degrees[nodes++] = 1;
                targets[edges] = target;
                weights[edges++] = weight;
            }
    GIVES(MPI_Dist_graph_create(MPI_COMM_WORLD, nodes, sources, degrees, targets, weights, MPI_INFO_NULL, 0, &graph));
    MPI_Topo_test(graph, &kind);
    say("a graph %d", kind == MPI_DIST_GRAPH);
    told("weighted", graph, 0);
    GIVES(MPI_Comm_dup(graph, &copy_of));
    told("its copy", copy_of, 0);
    MPI_Comm_free(&copy_of);
    MPI_Comm_free(&graph);
    GIVES(MPI_Dist_graph_create(MPI_COMM_WORLD, nodes, sources, degrees, targets, MPI_UNWEIGHTED, MPI_INFO_NULL, 1, &graph));
    say("reordered");
    MPI_Comm_free(&graph);
    GIVES(MPI_Dist_graph_create(MPI_COMM_WORLD, 0, sources, degrees, targets, MPI_WEIGHTS_EMPTY, MPI_INFO_NULL, 0, &graph));
    told("without edges", graph, 0);
    MPI_Comm_free(&graph);
    /* All edges of a rank by itself. */
    int degree = size;
    for (int target = 0; target < size; target++)
        targets[target] = (rank + target) % size, weights[target] = 10 * rank + target;
    GIVES(MPI_Dist_graph_create(MPI_COMM_WORLD, 1, &rank, &degree, targets, weights, MPI_INFO_NULL, 0, &graph));
    told("all to all", graph, 0);
    MPI_Comm_free(&graph);
    for (int source = 0; source < size; source++)
        sources[source] = (rank + size - source) % size, degrees[source] = 10 * sources[source] + source;
    GIVES(MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, size, sources, degrees, size, targets, weights, MPI_INFO_NULL, 0, &graph));
    told("adjacent", graph, 1);
    GIVES(MPI_Dist_graph_neighbors(graph, 1, from, from_weights, 1, to, to_weights));
    say("the first ones: %d(%d) %d(%d)", from[0], from_weights[0], to[0], to_weights[0]);
    MPI_Comm_free(&graph);
    GIVES(MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, size, sources, MPI_UNWEIGHTED, size, targets, MPI_UNWEIGHTED, MPI_INFO_NULL, 0,
        &graph));
    told("without weights", graph, 1);
    MPI_Comm_free(&graph);
}

/* Dimensions of any number, none among them. */
static void grids(void)
{
    for (int number = 0; number <= 4; number++) {
        int dims[4] = {0}, round[4] = {1, 0, 1, 0}, at[4] = {0}, had[4], was[4], here[4], place = -1, members = 1;
        MPI_Comm grid, part;
        if (number)
            MPI_Dims_create(size, number, dims);
        GIVES(MPI_Cart_create(MPI_COMM_WORLD, number, dims, round, 0, &grid));
        if (grid == MPI_COMM_NULL) {
            say("%d dimensions: not in it", number);
            continue;
        }
        int found = -1, kind;
        MPI_Cartdim_get(grid, &found);
        MPI_Topo_test(grid, &kind);
        MPI_Comm_size(grid, &members);
        say("%d dimensions: %d, a grid %d of %d", number, found, kind == MPI_CART, members);
        GIVES(MPI_Cart_get(grid, number, had, was, here));
        for (int each = 0; each < number; each++)
            say("dimension %d: %d, round %d, here %d", each, had[each], !!was[each], here[each]);
        for (int member = 0; member < members; member++) {
            GIVES(MPI_Cart_coords(grid, member, number, at));
            MPI_Cart_rank(grid, at, &place);
            say("%d is at %d %d %d %d", place, at[0], at[1], at[2], at[3]);
        }
        for (int each = 0; each < number; each++)
            for (int step = -5; step <= 5; step += 5) {
                int before, behind;
                MPI_Cart_shift(grid, each, step, &before, &behind);
                say("dimension %d by %d: %d %d", each, step, before, behind);
            }
        if (number && dims[0] > 0) {
            int far[4] = {dims[0] * 3 + dims[0] / 2, 0, 0, 0};
            MPI_Cart_rank(grid, far, &place);
            say("around three times: %d", place);
        }
        int keep[4] = {0, 1, 0, 1};
        GIVES(MPI_Cart_sub(grid, keep, &part));
        MPI_Comm_size(part, &members);
        MPI_Cartdim_get(part, &found);
        say("a part: %d, %d dimensions", members, found);
        int sum;
        MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, part);
        say("its sum: %d", sum);
        MPI_Comm_free(&part);
        MPI_Comm_free(&grid);
    }
}

int main(void)
{
    begin();
    for (unsigned with = 1; with <= 5; with++)
        drawn(with);
    grids();
    return end();
}
