// ranks: 2 3 5
/* Operators of the program's own, in every reduction there is and its forms, commutative or not, of predefined datatypes and of such
 * that the program made; and which commute. Not on one rank, where MPICH crashes in MPI_Reduce_scatter_block_init. */
#include "case.h"

#include <stddef.h>

enum { COUNT = 12 };

/* A map x -> a x + b of numbers below 97: one after another, the order counts. */
struct map {
    int a;
    double gap;
    int b;
};

static struct map in[COUNT * 8], out[COUNT * 8];
static int numbers[COUNT * 8], results[COUNT * 8];
static MPI_Datatype maps;
static MPI_Comm comm;
static MPI_Op ordered, ordered_c, sums, sums_c;
static int other_type;

static void after(const struct map *first, struct map *second)
{
    int a = second->a * first->a % 97, b = (second->a * first->b + second->b) % 97;
    second->a = a;
    second->b = b;
}

static void compose(void *from, void *into, int *count, MPI_Datatype *type)
{
    other_type |= *type != maps;
    for (int at = 0; at < *count; at++)
        after((struct map *) from + at, (struct map *) into + at);
}

static void compose_c(void *from, void *into, MPI_Count *count, MPI_Datatype *type)
{
    other_type |= *type != maps;
    for (MPI_Count at = 0; at < *count; at++)
        after((struct map *) from + at, (struct map *) into + at);
}

static void add(void *from, void *into, int *count, MPI_Datatype *type)
{
    other_type |= *type != MPI_INT;
    for (int at = 0; at < *count; at++)
        ((int *) into)[at] += ((int *) from)[at] + 1;
}

static void add_c(void *from, void *into, MPI_Count *count, MPI_Datatype *type)
{
    other_type |= *type != MPI_INT;
    for (MPI_Count at = 0; at < *count; at++)
        ((int *) into)[at] += ((int *) from)[at] + 1;
}

static void filled(void)
{
    memset(in, 0, sizeof in);
    memset(out, 0, sizeof out);
    for (int at = 0; at < COUNT * 8; at++) {
        in[at].a = 1 + (rank * 7 + at) % 96;
        in[at].b = (rank * 13 + at * 5) % 97;
        in[at].gap = rank + 0.5;
        out[at].gap = -1;
        numbers[at] = rank * 100 + at;
        results[at] = -1;
    }
    other_type = 0;
}

static void shown(const char *what)
{
    say("%s: %d %d, %d %d, gap %g, %08x, %08x, types %d", what, out[0].a, out[0].b, out[1].a, out[1].b, out[0].gap,
        hash(out, sizeof out), hash(results, sizeof results), other_type);
}

#define ALL(what, started, persistent, ...)                                          \
    do {                                                                             \
        MPI_Request request;                                                         \
        filled();                                                                    \
        GIVES(what(__VA_ARGS__, comm));                                              \
        shown(#what);                                                                \
        filled();                                                                    \
        GIVES(started(__VA_ARGS__, comm, &request));                                 \
        GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));                                \
        shown(#started);                                                             \
        GIVES(persistent(__VA_ARGS__, comm, MPI_INFO_NULL, &request));               \
        for (int round = 0; round < 2; round++) {                                    \
            filled();                                                                \
            MPI_Start(&request);                                                     \
            MPI_Wait(&request, MPI_STATUS_IGNORE);                                   \
            shown(#persistent);                                                      \
        }                                                                            \
        GIVES(MPI_Request_free(&request));                                           \
    } while (0)

#define EVERY(from, into, count, type, small, large)                                                                          \
    do {                                                                                                                      \
        for (int root = 0; root < size; root += 2) {                                                                          \
            ALL(MPI_Reduce, MPI_Ireduce, MPI_Reduce_init, from, into, count, type, small, root);                              \
            ALL(MPI_Reduce_c, MPI_Ireduce_c, MPI_Reduce_init_c, from, into, count, type, large, root);                        \
        }                                                                                                                     \
        ALL(MPI_Allreduce, MPI_Iallreduce, MPI_Allreduce_init, from, into, count, type, small);                               \
        ALL(MPI_Allreduce_c, MPI_Iallreduce_c, MPI_Allreduce_init_c, from, into, count, type, large);                         \
        ALL(MPI_Scan, MPI_Iscan, MPI_Scan_init, from, into, count, type, small);                                              \
        ALL(MPI_Scan_c, MPI_Iscan_c, MPI_Scan_init_c, from, into, count, type, large);                                        \
        ALL(MPI_Exscan, MPI_Iexscan, MPI_Exscan_init, from, into, count, type, small);                                        \
        ALL(MPI_Exscan_c, MPI_Iexscan_c, MPI_Exscan_init_c, from, into, count, type, large);                                  \
        ALL(MPI_Reduce_scatter_block, MPI_Ireduce_scatter_block, MPI_Reduce_scatter_block_init, from, into, 2, type, small);   \
        ALL(MPI_Reduce_scatter_block_c, MPI_Ireduce_scatter_block_c, MPI_Reduce_scatter_block_init_c, from, into, 3, type,     \
            large);                                                                                                           \
        ALL(MPI_Reduce_scatter, MPI_Ireduce_scatter, MPI_Reduce_scatter_init, from, into, counts, type, small);               \
        ALL(MPI_Reduce_scatter_c, MPI_Ireduce_scatter_c, MPI_Reduce_scatter_init_c, from, into, counts_c, type, large);       \
    } while (0)

static void locally(void)
{
    filled();
    memcpy(out, in + 3, 4 * sizeof *out);
    GIVES(MPI_Reduce_local(in, out, 4, maps, ordered));
    shown("here");
    GIVES(MPI_Reduce_local_c(in, out, 4, maps, ordered_c));
    shown("here, large");
    GIVES(MPI_Reduce_local(numbers, results, 5, MPI_INT, sums));
    GIVES(MPI_Reduce_local_c(numbers, results, 5, MPI_INT, sums_c));
    GIVES(MPI_Reduce_local_c(numbers, results, 5, MPI_INT, MPI_MAX));
    GIVES(MPI_Reduce_local(numbers, results, 0, MPI_INT, sums));
    shown("here, numbers");
}

static void asked(void)
{
    static const struct {
        MPI_Op op;
        const char *name;
    } known[] = {{MPI_MAX, "MAX"}, {MPI_MIN, "MIN"}, {MPI_SUM, "SUM"}, {MPI_PROD, "PROD"}, {MPI_LAND, "LAND"}, {MPI_BAND, "BAND"},
        {MPI_LOR, "LOR"}, {MPI_BOR, "BOR"}, {MPI_LXOR, "LXOR"}, {MPI_BXOR, "BXOR"}, {MPI_MAXLOC, "MAXLOC"}, {MPI_MINLOC, "MINLOC"},
        {MPI_REPLACE, "REPLACE"}, {MPI_NO_OP, "NO_OP"}};
    for (size_t at = 0; at < sizeof known / sizeof *known; at++) {
        int commutes = -1, code = MPI_Op_commutative(known[at].op, &commutes);
        say("%s commutes: %s, %d", known[at].name, class_of(code), commutes);
    }
    int commutes = -1;
    GIVES(MPI_Op_commutative(ordered, &commutes));
    say("%d", commutes);
    GIVES(MPI_Op_commutative(sums_c, &commutes));
    say("%d", commutes != 0);
    MPI_Op none = MPI_OP_NULL;
    GIVES(MPI_Op_create(NULL, 1, &none));
}

/* It is free to be let go as soon as what uses it has been started. */
static void let_go(void)
{
    MPI_Op op;
    MPI_Request request;
    MPI_Datatype copy_of;
    MPI_Op_create(add, 1, &op);
    MPI_Type_dup(maps, &copy_of);
    filled();
    MPI_Iallreduce(numbers, results, 6, MPI_INT, op, comm, &request);
    GIVES(MPI_Op_free(&op));
    say("null %d", op == MPI_OP_NULL);
    GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));
    shown("its operator was let go");
    MPI_Type_free(&copy_of);
}

int main(void)
{
    int lengths[2] = {1, 1}, counts[8];
    MPI_Count counts_c[8];
    MPI_Aint places[2] = {offsetof(struct map, a), offsetof(struct map, b)};
    MPI_Datatype types[2] = {MPI_INT, MPI_INT}, made;
    begin();
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Type_create_struct(2, lengths, places, types, &made);
    MPI_Type_create_resized(made, 0, sizeof(struct map), &maps);
    MPI_Type_commit(&maps);
    MPI_Type_free(&made);
    MPI_Op_create(compose, 0, &ordered);
    MPI_Op_create_c(compose_c, 0, &ordered_c);
    MPI_Op_create(add, 1, &sums);
    MPI_Op_create_c(add_c, 1, &sums_c);
    for (int peer = 0; peer < size; peer++)
        counts_c[peer] = counts[peer] = peer % 3;
    EVERY(in, out, 4, maps, ordered, ordered_c);
    EVERY(numbers, results, 5, MPI_INT, sums, sums_c);
    ALL(MPI_Allreduce, MPI_Iallreduce, MPI_Allreduce_init, MPI_IN_PLACE, out, 3, maps, ordered);
    ALL(MPI_Scan, MPI_Iscan, MPI_Scan_init, MPI_IN_PLACE, results, 3, MPI_INT, sums);
    locally();
    asked();
    let_go();
    MPI_Op_free(&ordered);
    MPI_Op_free(&ordered_c);
    MPI_Op_free(&sums);
    MPI_Op_free(&sums_c);
    MPI_Type_free(&maps);
    MPI_Comm_free(&comm);
    return end();
}
