// ranks: 1 2 3
/* Nested datatypes with random shapes, compared with lists of (displacement, type): bounds, packed forms, messages, contents.
 * STRUCTS: those that contain structs are converted to the external format, too, and their elements counted; MPICH 5.0.2
 * dies of that. */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef STRUCTS
#define STRUCTS 0
#endif

/* In the shapes behind these MPICH 5.0.2 doesn't do what the model does. */
#ifndef SHAPES
#define SHAPES 200
#endif

static int failures, rank, size, current;

#define EXPECT(what)                                                                           \
    do {                                                                                       \
        if (!(what) && failures++ < 20)                                                        \
            printf("line %d, shape %d: %s\n", __LINE__, current, #what);                       \
    } while (0)

static uint64_t state;

static unsigned draw(unsigned below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned) (state >> 33) % below;
}

/* The datatypes at the leaves: all have the same length in the external format. */
static const struct {
    MPI_Datatype *handle;
    int bytes;
} leaves[] = {
    {&(MPI_Datatype){MPI_CHAR}, 1},    {&(MPI_Datatype){MPI_SHORT}, 2},     {&(MPI_Datatype){MPI_INT}, 4},
    {&(MPI_Datatype){MPI_DOUBLE}, 8},  {&(MPI_Datatype){MPI_FLOAT}, 4},     {&(MPI_Datatype){MPI_INT64_T}, 8},
    {&(MPI_Datatype){MPI_UINT8_T}, 1}, {&(MPI_Datatype){MPI_UINT16_T}, 2},
};

enum { LEAVES = 8, ENTRIES = 600, SPAN = 60000, LIST = 5 };

/* A type map. */
typedef struct {
    int n, align, set, placed, structs;
    MPI_Aint lb, ub, at[ENTRIES];
    unsigned char leaf[ENTRIES];
} Map;

typedef struct {
    MPI_Datatype type;
    Map map;
} Shape;

static MPI_Aint extent_of(const Map *map)
{
    return map->ub - map->lb;
}

/* Adds a type map at a displacement; false if that is too much. */
static int add(Map *to, const Map *from, MPI_Aint at)
{
    if (to->n + from->n > ENTRIES || at > SPAN || at < -SPAN)
        return 0;
    for (int i = 0; i < from->n; i++) {
        to->at[to->n] = from->at[i] + at;
        to->leaf[to->n++] = from->leaf[i];
    }
    /* Bounds that were set hide those that were not. */
    if (!to->placed || from->set > to->set) {
        to->lb = from->lb + at;
        to->ub = from->ub + at;
    } else if (from->set == to->set) {
        if (from->lb + at < to->lb)
            to->lb = from->lb + at;
        if (from->ub + at > to->ub)
            to->ub = from->ub + at;
    }
    to->set |= from->set;
    to->structs |= from->structs;
    to->placed = 1;
    if (from->align > to->align)
        to->align = from->align;
    return 1;
}

static int add_row(Map *to, const Map *from, int count, MPI_Aint at)
{
    for (int i = 0; i < count; i++)
        if (!add(to, from, at + i * extent_of(from)))
            return 0;
    return 1;
}

/* Elements of an array that belong to it, from the fastest dimension to the slowest. */
static int add_array(Map *to, const Map *from, int n, int order, const int *sizes, int (*belongs)(int, int))
{
    int index[3] = {0, 0, 0}, all = 1;
    for (int d = 0; d < n; d++)
        all *= sizes[d];
    for (int i = 0; i < all; i++) {
        int mine = 1;
        for (int d = 0; d < n; d++)
            mine = mine && belongs(d, index[d]);
        if (mine && !add(to, from, i * extent_of(from)))
            return 0;
        for (int k = 0; k < n; k++) {
            int d = order == MPI_ORDER_C ? n - 1 - k : k;
            if (++index[d] < sizes[d])
                break;
            index[d] = 0;
        }
    }
    to->lb = 0;
    to->ub = all * extent_of(from);
    to->set = to->placed = 1;
    return all * extent_of(from) <= SPAN;
}

static int array_sizes[3], array_subsizes[3], array_starts[3];
static int array_kind[3], array_block[3], array_grid[3], array_place[3];

static int in_subarray(int d, int i)
{
    return i >= array_starts[d] && i < array_starts[d] + array_subsizes[d];
}

static int is_dealt(int d, int i)
{
    return i / array_block[d] % array_grid[d] == array_place[d];
}

static void random_shape(Shape *shape, int depth);

static int construct(Shape *shape, int depth)
{
    static Shape children[6][3];
    Shape *child = children[depth];
    Map *map = &shape->map;
    memset(map, 0, sizeof *map);
    int kind = draw(13), large = draw(2), count = 1 + draw(3), block = 1 + draw(3), fits = 1, fields = 0;
    int lengths[LIST], at[LIST];
    MPI_Count lengths_c[LIST], at_c[LIST];
    MPI_Aint bytes[LIST];
    random_shape(&child[0], depth - 1);
    const Map *of = &child[0].map;
    MPI_Datatype old = child[0].type;
    MPI_Aint extent = extent_of(of), next = draw(3), next_bytes = draw(9);
    for (int i = 0; i < LIST; i++) {
        lengths[i] = draw(4);
        at[i] = (int) next;
        bytes[i] = next_bytes;
        next += lengths[i] + draw(3);
        next_bytes += lengths[i] * extent + draw(12);
    }
    lengths[0] += lengths[0] == 0;
    if (draw(3) == 0) {
        /* Not in the order of memory. */
        int swap = at[0], swap_length = lengths[0];
        MPI_Aint swap_bytes = bytes[0];
        at[0] = at[1], at[1] = swap;
        bytes[0] = bytes[1], bytes[1] = swap_bytes;
        lengths[0] = lengths[1], lengths[1] = swap_length;
        lengths[0] += lengths[1] == 0 && lengths[0] == 0;
    }
    switch (kind) {
    case 0:
        large ? MPI_Type_contiguous_c(count, old, &shape->type) : MPI_Type_contiguous(count, old, &shape->type);
        fits = add_row(map, of, count, 0);
        break;
    case 1:
    case 2: {
        int stride = (block + draw(3)) * (draw(4) ? 1 : -1);
        large ? MPI_Type_vector_c(count, block, stride, old, &shape->type)
              : MPI_Type_vector(count, block, stride, old, &shape->type);
        for (int i = 0; i < count; i++)
            fits = fits && add_row(map, of, block, i * stride * extent);
        break;
    }
    case 3: {
        MPI_Aint stride = (block * extent + draw(20)) * (draw(4) ? 1 : -1);
        large ? MPI_Type_create_hvector_c(count, block, stride, old, &shape->type)
              : MPI_Type_create_hvector(count, block, stride, old, &shape->type);
        for (int i = 0; i < count; i++)
            fits = fits && add_row(map, of, block, i * stride);
        break;
    }
    case 4:
    case 5:
        count = 2 + draw(LIST - 1);
        for (int i = 0; i < count; i++) {
            lengths_c[i] = lengths[i];
            at_c[i] = kind == 4 ? at[i] : bytes[i];
            fits = fits && add_row(map, of, lengths[i], kind == 4 ? at[i] * extent : bytes[i]);
        }
        if (kind == 4)
            large ? MPI_Type_indexed_c(count, lengths_c, at_c, old, &shape->type)
                  : MPI_Type_indexed(count, lengths, at, old, &shape->type);
        else
            large ? MPI_Type_create_hindexed_c(count, lengths_c, at_c, old, &shape->type)
                  : MPI_Type_create_hindexed(count, lengths, bytes, old, &shape->type);
        break;
    case 6:
    case 7:
        count = 1 + draw(LIST);
        for (int i = 0; i < count; i++) {
            at[i] *= block;
            bytes[i] *= block;
            at_c[i] = kind == 6 ? at[i] : bytes[i];
            fits = fits && add_row(map, of, block, kind == 6 ? at[i] * extent : bytes[i]);
        }
        if (kind == 6)
            large ? MPI_Type_create_indexed_block_c(count, block, at_c, old, &shape->type)
                  : MPI_Type_create_indexed_block(count, block, at, old, &shape->type);
        else
            large ? MPI_Type_create_hindexed_block_c(count, block, at_c, old, &shape->type)
                  : MPI_Type_create_hindexed_block(count, block, bytes, old, &shape->type);
        break;
    case 8:
    case 9: {
        MPI_Datatype types[3];
        fields = 1 + draw(3);
        next_bytes = 0;
        for (int i = 0; i < fields; i++) {
            if (i > 0)
                random_shape(&child[i], depth - 1);
            const Map *field = &child[i].map;
            lengths[i] = 1 + draw(2);
            /* Where C would place it, or somewhere behind. */
            bytes[i] = next_bytes - field->lb + (draw(2) ? (8 - next_bytes % 8) % 8 : draw(5));
            next_bytes = bytes[i] + field->lb + lengths[i] * extent_of(field);
            types[i] = child[i].type;
            lengths_c[i] = lengths[i];
            at_c[i] = bytes[i];
            fits = fits && add_row(map, field, lengths[i], bytes[i]);
        }
        large ? MPI_Type_create_struct_c(fields, lengths_c, at_c, types, &shape->type)
              : MPI_Type_create_struct(fields, lengths, bytes, types, &shape->type);
        if (map->set) {
            /* Bounds of fields, some set and some not, are a matter for experts. */
            MPI_Datatype bare = shape->type;
            map->lb = draw(3) * 4;
            map->ub = map->lb + 1 + draw(200);
            MPI_Type_create_resized(bare, map->lb, map->ub - map->lb, &shape->type);
            MPI_Type_free(&bare);
        } else if (map->align)
            map->ub += (map->align - extent_of(map) % map->align) % map->align;
        fields--;
        map->structs = 1;
        break;
    }
    case 10: {
        MPI_Count sizes_c[3], subsizes_c[3], starts_c[3];
        int order = draw(2) ? MPI_ORDER_C : MPI_ORDER_FORTRAN;
        for (int d = 0; d < count; d++) {
            sizes_c[d] = array_sizes[d] = 1 + draw(4);
            subsizes_c[d] = array_subsizes[d] = 1 + draw(array_sizes[d]);
            starts_c[d] = array_starts[d] = draw(array_sizes[d] - array_subsizes[d] + 1);
        }
        large ? MPI_Type_create_subarray_c(count, sizes_c, subsizes_c, starts_c, order, old, &shape->type)
              : MPI_Type_create_subarray(count, array_sizes, array_subsizes, array_starts, order, old, &shape->type);
        fits = add_array(map, of, count, order, array_sizes, in_subarray);
        break;
    }
    case 11: {
        MPI_Count sizes_c[3];
        int order = draw(2) ? MPI_ORDER_C : MPI_ORDER_FORTRAN, processes = 1, args[3], all = 1;
        count = 1 + draw(2);
        for (int d = 0; d < count; d++) {
            sizes_c[d] = array_sizes[d] = 2 + draw(5);
            array_grid[d] = 1 + draw(2);
            array_kind[d] = draw(2) ? MPI_DISTRIBUTE_BLOCK : MPI_DISTRIBUTE_CYCLIC;
            if (array_grid[d] == 1 && draw(2))
                array_kind[d] = MPI_DISTRIBUTE_NONE;
            int whole = (array_sizes[d] + array_grid[d] - 1) / array_grid[d];
            args[d] = MPI_DISTRIBUTE_DFLT_DARG;
            array_block[d] = array_kind[d] == MPI_DISTRIBUTE_CYCLIC ? 1 : whole;
            if (array_kind[d] != MPI_DISTRIBUTE_NONE && draw(2)) {
                array_block[d] = array_kind[d] == MPI_DISTRIBUTE_BLOCK ? whole : 1 + (int) draw(2);
                args[d] = array_block[d];
            }
            processes *= array_grid[d];
        }
        /* The grid of processes is in the order of C; the first has a share of everything. */
        int place = 0;
        for (int d = 0; d < count; d++)
            array_place[d] = 0;
        if (draw(2)) {
            place = processes - 1;
            for (int d = 0; d < count; d++) {
                array_place[d] = array_grid[d] - 1;
                int owned = 0;
                for (int i = 0; i < array_sizes[d]; i++)
                    owned += is_dealt(d, i);
                all = all && owned;
            }
            if (!all) {
                place = 0;
                for (int d = 0; d < count; d++)
                    array_place[d] = 0;
            }
        }
        large ? MPI_Type_create_darray_c(processes, place, count, sizes_c, array_kind, args, array_grid, order, old,
                                         &shape->type)
              : MPI_Type_create_darray(processes, place, count, array_sizes, array_kind, args, array_grid, order, old,
                                       &shape->type);
        fits = add_array(map, of, count, order, array_sizes, is_dealt);
        break;
    }
    default: {
        if (draw(3) == 0) {
            MPI_Type_dup(old, &shape->type);
            *map = *of;
            break;
        }
        MPI_Aint lb = (MPI_Aint) draw(40) - 20, wide = 1 + draw(120);
        large ? MPI_Type_create_resized_c(old, lb, wide, &shape->type)
              : MPI_Type_create_resized(old, lb, wide, &shape->type);
        *map = *of;
        map->lb = lb;
        map->ub = lb + wide;
        map->set = 1;
    }
    }
    /* What it was made of may be freed at once. */
    for (int i = 0; i <= fields; i++) {
        int a, b, c, combiner;
        if (MPI_Type_get_envelope(child[i].type, &a, &b, &c, &combiner) != MPI_SUCCESS || combiner != MPI_COMBINER_NAMED)
            MPI_Type_free(&child[i].type);
    }
    return fits && map->n > 0;
}

static void random_shape(Shape *shape, int depth)
{
    if (depth > 0 && draw(6) > 0) {
        if (construct(shape, depth))
            return;
        MPI_Type_free(&shape->type);
    }
    int leaf = draw(LEAVES), bytes = leaves[leaf].bytes;
    shape->type = *leaves[leaf].handle;
    memset(&shape->map, 0, sizeof shape->map);
    shape->map.n = shape->map.placed = 1;
    shape->map.align = bytes;
    shape->map.ub = bytes;
    shape->map.leaf[0] = (unsigned char) leaf;
}

/* Makes a datatype again of its contents. */
static MPI_Datatype again(MPI_Datatype type)
{
    static int ints[6][64];
    static MPI_Aint addresses[6][64];
    static MPI_Count counts[6][64];
    static MPI_Datatype parts[6][8];
    static int depth = -1;
    MPI_Count ni, na, nc, nd;
    MPI_Datatype made = MPI_DATATYPE_NULL;
    int combiner;
    MPI_Type_get_envelope_c(type, &ni, &na, &nc, &nd, &combiner);
    if (combiner == MPI_COMBINER_NAMED)
        return type;
    if (depth == 5) {
        MPI_Type_dup(type, &made);
        return made;
    }
    depth++;
    int *i = ints[depth], small[4];
    MPI_Aint *a = addresses[depth];
    MPI_Count *c = counts[depth];
    MPI_Datatype *d = parts[depth];
    MPI_Type_get_contents_c(type, ni, na, nc, nd, i, a, c, d);
    if (nc == 0 && combiner != MPI_COMBINER_DUP) {
        EXPECT(MPI_Type_get_envelope(type, &small[0], &small[1], &small[2], &small[3]) == MPI_SUCCESS);
        EXPECT(small[0] == ni && small[1] == na && small[2] == nd && small[3] == combiner);
    }
    MPI_Datatype old = d[0];
    for (int k = 0; k < nd; k++) {
        MPI_Datatype part = d[k];
        d[k] = again(part);
        if (d[k] != part)
            MPI_Type_free(&part);
    }
    old = d[0];
    switch (combiner) {
    case MPI_COMBINER_DUP: MPI_Type_dup(old, &made); break;
    case MPI_COMBINER_CONTIGUOUS:
        nc ? MPI_Type_contiguous_c(c[0], old, &made) : MPI_Type_contiguous(i[0], old, &made);
        break;
    case MPI_COMBINER_VECTOR:
        nc ? MPI_Type_vector_c(c[0], c[1], c[2], old, &made) : MPI_Type_vector(i[0], i[1], i[2], old, &made);
        break;
    case MPI_COMBINER_HVECTOR:
        nc ? MPI_Type_create_hvector_c(c[0], c[1], c[2], old, &made)
           : MPI_Type_create_hvector(i[0], i[1], a[0], old, &made);
        break;
    case MPI_COMBINER_INDEXED:
        nc ? MPI_Type_indexed_c(c[0], c + 1, c + 1 + c[0], old, &made)
           : MPI_Type_indexed(i[0], i + 1, i + 1 + i[0], old, &made);
        break;
    case MPI_COMBINER_HINDEXED:
        nc ? MPI_Type_create_hindexed_c(c[0], c + 1, c + 1 + c[0], old, &made)
           : MPI_Type_create_hindexed(i[0], i + 1, a, old, &made);
        break;
    case MPI_COMBINER_INDEXED_BLOCK:
        nc ? MPI_Type_create_indexed_block_c(c[0], c[1], c + 2, old, &made)
           : MPI_Type_create_indexed_block(i[0], i[1], i + 2, old, &made);
        break;
    case MPI_COMBINER_HINDEXED_BLOCK:
        nc ? MPI_Type_create_hindexed_block_c(c[0], c[1], c + 2, old, &made)
           : MPI_Type_create_hindexed_block(i[0], i[1], a, old, &made);
        break;
    case MPI_COMBINER_STRUCT:
        nc ? MPI_Type_create_struct_c(c[0], c + 1, c + 1 + c[0], d, &made)
           : MPI_Type_create_struct(i[0], i + 1, a, d, &made);
        break;
    case MPI_COMBINER_SUBARRAY: {
        int n = i[0];
        nc ? MPI_Type_create_subarray_c(n, c, c + n, c + 2 * n, i[1], old, &made)
           : MPI_Type_create_subarray(n, i + 1, i + 1 + n, i + 1 + 2 * n, i[1 + 3 * n], old, &made);
        break;
    }
    case MPI_COMBINER_DARRAY: {
        int n = i[2], *rest = nc ? i + 3 : i + 3 + n;
        nc ? MPI_Type_create_darray_c(i[0], i[1], n, c, rest, rest + n, rest + 2 * n, rest[3 * n], old, &made)
           : MPI_Type_create_darray(i[0], i[1], n, i + 3, rest, rest + n, rest + 2 * n, rest[3 * n], old, &made);
        break;
    }
    case MPI_COMBINER_RESIZED:
        nc ? MPI_Type_create_resized_c(old, c[0], c[1], &made) : MPI_Type_create_resized(old, a[0], a[1], &made);
        break;
    default: EXPECT(!"a known combiner");
    }
    for (int k = 0; k < nd; k++) {
        MPI_Count x;
        MPI_Type_get_envelope_c(d[k], &x, &x, &x, &x, &combiner);
        if (combiner != MPI_COMBINER_NAMED)
            MPI_Type_free(&d[k]);
    }
    depth--;
    return made;
}

/* Copies between the places of the map and a packed form, in memory's or the reverse order of bytes. */
static size_t move(const Map *map, int count, char *memory, char *packed, int pack, int reverse)
{
    size_t at = 0;
    for (int k = 0; k < count; k++)
        for (int i = 0; i < map->n; i++) {
            int bytes = leaves[map->leaf[i]].bytes;
            char *place = memory + k * extent_of(map) + map->at[i];
            for (int b = 0; b < bytes; b++) {
                char *other = &packed[at + (reverse ? bytes - 1 - b : b)];
                *(pack ? other : place + b) = *(pack ? place + b : other);
            }
            at += bytes;
        }
    return at;
}

enum { ROOM = 4 * SPAN + 800000, PACKED = 3 * ENTRIES * 8 };
static char memory[ROOM], other[ROOM], expected[ROOM], packed[PACKED], model[PACKED];

static void fill(char *to, size_t bytes, unsigned seed)
{
    for (size_t i = 0; i < bytes; i++) {
        seed = seed * 1103515245 + 12345;
        to[i] = (char) (seed >> 16);
    }
}

static void check(Shape *shape, uint64_t *hash)
{
    const Map *map = &shape->map;
    MPI_Datatype type = shape->type;
    MPI_Comm world = MPI_COMM_WORLD;
    int count = 1 + draw(3), bytes = 0, got, right = (rank + 1) % size, left = (rank + size - 1) % size;
    MPI_Aint lb, extent, low = map->at[0], high = low;
    MPI_Count size_c, lb_c, extent_c;
    for (int i = 0; i < map->n; i++) {
        bytes += leaves[map->leaf[i]].bytes;
        if (map->at[i] < low)
            low = map->at[i];
        if (map->at[i] + leaves[map->leaf[i]].bytes > high)
            high = map->at[i] + leaves[map->leaf[i]].bytes;
    }
    EXPECT(MPI_Type_size(type, &got) == MPI_SUCCESS && got == bytes);
    MPI_Type_size_c(type, &size_c);
    EXPECT(size_c == bytes);
    MPI_Type_get_extent(type, &lb, &extent);
    EXPECT(lb == map->lb && extent == extent_of(map));
    MPI_Type_get_extent_c(type, &lb_c, &extent_c);
    EXPECT(lb_c == lb && extent_c == extent);
    *hash = (*hash ^ (uint64_t) (lb * 31 + extent)) * 1099511628211u;
    MPI_Type_get_true_extent(type, &lb, &extent);
    EXPECT(lb == low && extent == high - low);
    MPI_Type_get_true_extent_x(type, &lb_c, &extent_c);
    EXPECT(lb_c == lb && extent_c == extent);
    *hash = (*hash ^ (uint64_t) (lb * 31 + extent)) * 1099511628211u;
    MPI_Type_commit(&type);
    shape->type = type;

    /* The extent is not negative: elements lie from the first to the last. */
    MPI_Aint reach = (count - 1) * extent_of(map) + high - low;
    if (reach > ROOM)
        return;
    char *base = memory - low, *base_other = other - low, *base_expected = expected - low;
    fill(memory, reach, current * 7 + 1);
    int all = (int) move(map, count, base, model, 1, 0), position = 0, room = 0;
    EXPECT(all == count * bytes);
    MPI_Pack_size(count, type, world, &room);
    EXPECT(room >= all);
    MPI_Pack(base, 1, type, packed, PACKED, &position, world);
    EXPECT(position == bytes);
    MPI_Pack(base + extent_of(map), count - 1, type, packed, PACKED, &position, world);
    EXPECT(position == all && memcmp(packed, model, all) == 0);
    for (int i = 0; i < all; i++)
        *hash = (*hash ^ (unsigned char) packed[i]) * 1099511628211u;

    /* What is written twice can't be received. */
    memset(expected, 0, reach);
    int overlaps = 0;
    for (int k = 0; k < count; k++)
        for (int i = 0; i < map->n; i++)
            for (int b = 0; b < leaves[map->leaf[i]].bytes; b++)
                overlaps |= base_expected[k * extent_of(map) + map->at[i] + b]++;

    MPI_Datatype copy = again(type);
    MPI_Type_commit(&copy);
    MPI_Count position_c = 0;
    memset(packed, 0, all);
    MPI_Pack_c(base, count, copy, packed, PACKED, &position_c, world);
    EXPECT(position_c == all && memcmp(packed, model, all) == 0);

    if (STRUCTS || !map->structs) {
        MPI_Aint external = 0, place = 0;
        MPI_Pack_external_size("external32", count, type, &external);
        EXPECT(external == all);
        MPI_Pack_external("external32", base, count, type, packed, PACKED, &place);
        move(map, count, base, model, 1, 1);
        EXPECT(place == all && memcmp(packed, model, all) == 0);
        fill(other, reach, 77);
        fill(expected, reach, 77);
        place = 0;
        if (!overlaps) {
            MPI_Unpack_external("external32", packed, all, &place, base_other, count, type);
            move(map, count, base_expected, model, 0, 1);
            EXPECT(place == all && memcmp(other, expected, reach) == 0);
        }
    }

    if (!overlaps) {
        move(map, count, base, model, 1, 0);
        fill(other, reach, 99);
        fill(expected, reach, 99);
        position = 0;
        MPI_Unpack(model, all, &position, base_other, count, copy, world);
        move(map, count, base_expected, model, 0, 0);
        EXPECT(position == all && memcmp(other, expected, reach) == 0);

        /* Laid out on both sides; both names are freed before the messages are complete. */
        fill(other, reach, 55);
        fill(expected, reach, 55);
        MPI_Request requests[2];
        MPI_Status statuses[2];
        MPI_Datatype used = copy, sent;
        MPI_Type_dup(type, &sent);
        MPI_Irecv(base_other, count, used, left, 1, world, &requests[0]);
        MPI_Isend(base, count, sent, right, 1, world, &requests[1]);
        if (used != type)
            MPI_Type_free(&used);
        MPI_Type_free(&sent);
        MPI_Waitall(2, requests, statuses);
        move(map, count, base_expected, model, 0, 0);
        EXPECT(memcmp(other, expected, reach) == 0);
        MPI_Get_count(&statuses[0], type, &got);
        EXPECT(got == count);
        if (STRUCTS || !map->structs) {
            MPI_Get_elements(&statuses[0], type, &got);
            EXPECT(got == count * map->n);
        }

        /* Some scalars only. */
        int some = draw(map->n * count), some_bytes = 0;
        for (int i = 0; i < some; i++)
            some_bytes += leaves[map->leaf[i % map->n]].bytes;
        MPI_Sendrecv(model, some_bytes, MPI_PACKED, right, 2, base_other, count, type, left, 2, world, &statuses[0]);
        if (STRUCTS || !map->structs) {
            MPI_Get_elements(&statuses[0], type, &got);
            EXPECT(got == some);
        }
        MPI_Get_count(&statuses[0], type, &got);
        EXPECT(got == (some_bytes % bytes ? MPI_UNDEFINED : some_bytes / bytes));
        EXPECT(memcmp(other, expected, reach) == 0);
    } else if (copy != type)
        MPI_Type_free(&copy);

    move(map, count, base, model, 1, 0);
    MPI_Sendrecv(base, count, type, right, 3, packed, PACKED, MPI_PACKED, left, 3, world, MPI_STATUS_IGNORE);
    EXPECT(memcmp(packed, model, all) == 0);
}

int main(int argc, char **argv)
{
    uint64_t hash = 14695981039346656037u;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    int shapes = argc > 1 ? atoi(argv[1]) : SHAPES, only = argc > 2 ? atoi(argv[2]) : -1;
    static Shape shape;
    for (current = 0; current < shapes; current++) {
        state = (uint64_t) current * 2654435761u + 17;
        draw(2);
        if (only >= 0 && current != only)
            continue;
        if (!construct(&shape, 1 + draw(4))) {
            MPI_Type_free(&shape.type);
            continue;
        }
        check(&shape, &hash);
        MPI_Type_free(&shape.type);
    }
    int all;
    MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0)
        printf("%d failures, hash %016llx\n", all, (unsigned long long) hash);
    MPI_Finalize();
    return all != 0;
}
