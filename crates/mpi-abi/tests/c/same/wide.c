// ranks: 1
/* Datatypes drawn by a seed, made by the small and by the large form of each constructor: that they are the same, what either form of
 * each query says of both, and what is too large for an int. */
#include "case.h"

enum { SHAPES = 120, BYTES = 8192 };

static const MPI_Datatype scalars[] = {MPI_CHAR, MPI_SHORT, MPI_INT, MPI_FLOAT, MPI_DOUBLE, MPI_INT64_T};
static const MPI_Count huge = (MPI_Count) 1 << 33;

static void shown(const char *what, MPI_Datatype type)
{
    int bytes = -1, combiner = -1, ints = -1, addresses = -1, types = -1;
    MPI_Aint lb = -1, extent = -1, low = -1, room = -1;
    MPI_Count bytes_c = -1, lb_c = -1, extent_c = -1, low_c = -1, room_c = -1, counts[4] = {-1, -1, -1, -1};
    GIVES(MPI_Type_size(type, &bytes));
    GIVES(MPI_Type_get_extent(type, &lb, &extent));
    GIVES(MPI_Type_get_true_extent(type, &low, &room));
    say("%s: %d bytes, %ld %ld, %ld %ld", what, bytes == MPI_UNDEFINED ? -1 : bytes, (long) lb, (long) extent, (long) low, (long) room);
    GIVES(MPI_Type_size_c(type, &bytes_c));
    GIVES(MPI_Type_get_extent_c(type, &lb_c, &extent_c));
    GIVES(MPI_Type_get_true_extent_c(type, &low_c, &room_c));
    say("%s: in 64 bits %lld, %lld %lld, %lld %lld", what, (long long) bytes_c, (long long) lb_c, (long long) extent_c,
        (long long) low_c, (long long) room_c);
    GIVES(MPI_Type_size_x(type, &bytes_c));
    GIVES(MPI_Type_get_extent_x(type, &lb_c, &extent_c));
    GIVES(MPI_Type_get_true_extent_x(type, &low_c, &room_c));
    say("%s: the same old way %lld, %lld %lld, %lld %lld", what, (long long) bytes_c, (long long) lb_c, (long long) extent_c,
        (long long) low_c, (long long) room_c);
    int code = MPI_Type_get_envelope(type, &ints, &addresses, &types, &combiner);
    say("%s: envelope %s, %d %d %d %d", what, class_of(code), ints, addresses, types, code ? -1 : combiner);
    GIVES(MPI_Type_get_envelope_c(type, &counts[0], &counts[1], &counts[2], &counts[3], &combiner));
    say("%s: envelope %lld %lld %lld %lld %d", what, (long long) counts[0], (long long) counts[1], (long long) counts[2],
        (long long) counts[3], combiner);
    int integers[64];
    MPI_Aint places[64];
    MPI_Count large[64];
    MPI_Datatype inside[64];
    char text[2000] = "";
    int used = 0;
    code = MPI_Type_get_contents_c(type, 64, 64, 64, 64, integers, places, large, inside);
    for (int at = 0; at < counts[0]; at++) used += sprintf(text + used, " %d", integers[at]);
    for (int at = 0; at < counts[1]; at++) used += sprintf(text + used, " @%ld", (long) places[at]);
    for (int at = 0; at < counts[2]; at++) used += sprintf(text + used, " #%lld", (long long) large[at]);
    for (int at = 0; at < counts[3]; at++) {
        char name[MPI_MAX_OBJECT_NAME];
        int length;
        MPI_Type_get_name(inside[at], name, &length);
        used += sprintf(text + used, " %s", name);
    }
    say("%s: contents %s,%s", what, class_of(code), text);
}

/* Two types with the same bytes at the same places. */
static void alike(MPI_Datatype one, MPI_Datatype other)
{
    static unsigned char memory[2 * BYTES], packed[2][BYTES], back[2][2 * BYTES];
    int place = 0, from = 0;
    MPI_Count place_c = 0, from_c = 0, need_c = -1;
    int need = -1;
    for (size_t at = 0; at < sizeof memory; at++)
        memory[at] = (unsigned char) (at * 11);
    memset(packed, 0, sizeof packed);
    memset(back, 0, sizeof back);
    MPI_Type_commit(&one);
    MPI_Type_commit(&other);
    GIVES(MPI_Pack_size(2, one, MPI_COMM_SELF, &need));
    GIVES(MPI_Pack_size_c(2, other, MPI_COMM_SELF, &need_c));
    GIVES(MPI_Pack(memory + BYTES, 2, one, packed[0], BYTES, &place, MPI_COMM_SELF));
    GIVES(MPI_Pack_c(memory + BYTES, 2, other, packed[1], BYTES, &place_c, MPI_COMM_SELF));
    say("packed %d and %lld, needs %d %d, the same %d, %08x", place, (long long) place_c, need >= place, need_c >= place_c,
        !memcmp(packed[0], packed[1], BYTES), hash(packed[0], place));
    GIVES(MPI_Unpack(packed[0], place, &from, back[0] + BYTES, 2, one, MPI_COMM_SELF));
    GIVES(MPI_Unpack_c(packed[0], place, &from_c, back[1] + BYTES, 2, other, MPI_COMM_SELF));
    say("unpacked %d and %lld, the same %d, %08x", from, (long long) from_c, !memcmp(back[0], back[1], 2 * BYTES),
        hash(back[0], 2 * BYTES));
    MPI_Aint wide = 0, need_external = -1;
    MPI_Count wide_c = 0, need_external_c = -1;
    GIVES(MPI_Pack_external_size("external32", 2, one, &need_external));
    GIVES(MPI_Pack_external_size_c("external32", 2, other, &need_external_c));
    GIVES(MPI_Pack_external("external32", memory + BYTES, 2, one, packed[0], BYTES, &wide));
    GIVES(MPI_Pack_external_c("external32", memory + BYTES, 2, other, packed[1], BYTES, &wide_c));
    say("external %ld and %lld of %ld and %lld, the same %d, %08x", (long) wide, (long long) wide_c, (long) need_external,
        (long long) need_external_c, !memcmp(packed[0], packed[1], BYTES), hash(packed[0], wide));
    memset(back, 0, sizeof back);
    wide_c = wide = 0;
    GIVES(MPI_Unpack_external("external32", packed[0], need_external, &wide, back[0] + BYTES, 2, one));
    GIVES(MPI_Unpack_external_c("external32", packed[0], need_external_c, &wide_c, back[1] + BYTES, 2, other));
    say("and back %ld and %lld, the same %d, %08x", (long) wide, (long long) wide_c, !memcmp(back[0], back[1], 2 * BYTES),
        hash(back[0], 2 * BYTES));
    /* What was received, in both forms. */
    MPI_Status status;
    MPI_Request request;
    int elements = -2, count = -2;
    MPI_Count elements_c = -2, count_c = -2;
    MPI_Irecv(back[0] + BYTES, 2, one, 0, 1, MPI_COMM_SELF, &request);
    MPI_Send_c(packed[0], place / 2, MPI_BYTE, 0, 1, MPI_COMM_SELF);
    MPI_Wait(&request, &status);
    GIVES(MPI_Get_elements(&status, one, &elements));
    GIVES(MPI_Get_count(&status, one, &count));
    GIVES(MPI_Get_elements_c(&status, other, &elements_c));
    GIVES(MPI_Get_count_c(&status, other, &count_c));
    say("half of it: %d of %d, %lld of %lld", elements, count, (long long) elements_c, (long long) count_c);
    GIVES(MPI_Get_elements_x(&status, other, &elements_c));
    say("the old way: %lld", (long long) elements_c);
    MPI_Type_free(&one);
    MPI_Type_free(&other);
}

static void drawn(int number)
{
    MPI_Datatype one = MPI_DATATYPE_NULL, other = MPI_DATATYPE_NULL, of = scalars[draw(6)], same[3] = {of, of, of};
    int bytes, lengths[3], places[3], count = 1 + draw(3), block = 1 + draw(3), stride = block + draw(3), last = draw(3);
    MPI_Aint at[3];
    MPI_Count lengths_c[3], places_c[3], at_c[3];
    MPI_Type_size(of, &bytes);
    for (int each = 0; each < 3; each++) {
        lengths_c[each] = lengths[each] = 1 + draw(3);
        places_c[each] = places[each] = last + draw(2);
        last = places[each] + lengths[each];
        at_c[each] = at[each] = places[each] * bytes;
    }
    int sizes[3], parts[3], starts[3], order = draw(2) ? MPI_ORDER_C : MPI_ORDER_FORTRAN;
    int distributions[3], arguments[3], processes[3] = {1 + draw(2), 1 + draw(3), 1 + draw(2)};
    MPI_Count sizes_c[3], parts_c[3], starts_c[3];
    for (int each = 0; each < 3; each++) {
        sizes_c[each] = sizes[each] = 2 + draw(4);
        parts_c[each] = parts[each] = 1 + draw(sizes[each]);
        starts_c[each] = starts[each] = draw(sizes[each] - parts[each] + 1);
        int kind = draw(3);
        distributions[each] = kind == 0 ? MPI_DISTRIBUTE_BLOCK : kind == 1 ? MPI_DISTRIBUTE_CYCLIC : MPI_DISTRIBUTE_NONE;
        arguments[each] = kind == 1 && draw(2) ? 1 + (int) draw(2) : MPI_DISTRIBUTE_DFLT_DARG;
        if (kind == 2)
            processes[each] = 1;
    }
    int all = processes[0] * processes[1] * processes[2], which = draw(all), dimensions = 1 + draw(3);
    if (dimensions < 3)
        all /= processes[2];
    if (dimensions < 2)
        all /= processes[1];
    which %= all;
    switch (number % 11) {
    case 0:
        GIVES(MPI_Type_contiguous(count, of, &one));
        GIVES(MPI_Type_contiguous_c(count, of, &other));
        break;
    case 1:
        GIVES(MPI_Type_vector(count, block, stride, of, &one));
        GIVES(MPI_Type_vector_c(count, block, stride, of, &other));
        break;
    case 2:
        GIVES(MPI_Type_create_hvector(count, block, stride * bytes, of, &one));
        GIVES(MPI_Type_create_hvector_c(count, block, stride * bytes, of, &other));
        break;
    case 3:
        GIVES(MPI_Type_indexed(3, lengths, places, of, &one));
        GIVES(MPI_Type_indexed_c(3, lengths_c, places_c, of, &other));
        break;
    case 4:
        GIVES(MPI_Type_create_hindexed(3, lengths, at, of, &one));
        GIVES(MPI_Type_create_hindexed_c(3, lengths_c, at_c, of, &other));
        break;
    case 5:
        GIVES(MPI_Type_create_indexed_block(3, 1, places, of, &one));
        GIVES(MPI_Type_create_indexed_block_c(3, 1, places_c, of, &other));
        break;
    case 6:
        GIVES(MPI_Type_create_hindexed_block(3, 1, at, of, &one));
        GIVES(MPI_Type_create_hindexed_block_c(3, 1, at_c, of, &other));
        break;
    case 7:
        GIVES(MPI_Type_create_struct(3, lengths, at, same, &one));
        GIVES(MPI_Type_create_struct_c(3, lengths_c, at_c, same, &other));
        break;
    case 8:
        GIVES(MPI_Type_create_resized(of, -bytes * (MPI_Aint) draw(2), bytes * stride, &one));
        MPI_Aint lb, extent;
        MPI_Type_get_extent(one, &lb, &extent);
        GIVES(MPI_Type_create_resized_c(of, lb, extent, &other));
        break;
    case 9:
        GIVES(MPI_Type_create_subarray(dimensions, sizes, parts, starts, order, of, &one));
        GIVES(MPI_Type_create_subarray_c(dimensions, sizes_c, parts_c, starts_c, order, of, &other));
        break;
    default:
        GIVES(MPI_Type_create_darray(all, which, dimensions, sizes, distributions, arguments, processes, order, of, &one));
        GIVES(MPI_Type_create_darray_c(all, which, dimensions, sizes_c, distributions, arguments, processes, order, of, &other));
    }
    if (one == MPI_DATATYPE_NULL || other == MPI_DATATYPE_NULL)
        return;
    shown("small", one);
    shown("large", other);
    MPI_Type_size(one, &bytes);
    if (bytes)
        alike(one, other);
}

/* What doesn't fit into an int, and into a small address nowhere here. */
static void large(void)
{
    MPI_Datatype type;
    MPI_Count one[1] = {huge}, place[1] = {huge + 3};
    GIVES(MPI_Type_contiguous_c(huge, MPI_SHORT, &type));
    shown("contiguous", type);
    MPI_Datatype of_it;
    GIVES(MPI_Type_vector(2, 1, 3, type, &of_it));
    shown("a vector of it", of_it);
    MPI_Type_free(&of_it);
    MPI_Type_free(&type);
    GIVES(MPI_Type_vector_c(2, huge, huge + 5, MPI_CHAR, &type));
    shown("vector", type);
    MPI_Type_free(&type);
    GIVES(MPI_Type_create_hvector_c(2, 1, huge * 4, MPI_INT, &type));
    shown("vector in bytes", type);
    MPI_Type_free(&type);
    GIVES(MPI_Type_indexed_c(1, one, place, MPI_CHAR, &type));
    shown("indexed", type);
    MPI_Type_free(&type);
    GIVES(MPI_Type_create_hindexed_c(1, one, place, MPI_CHAR, &type));
    shown("indexed in bytes", type);
    MPI_Type_free(&type);
    GIVES(MPI_Type_create_indexed_block_c(1, huge, place, MPI_CHAR, &type));
    shown("blocks", type);
    MPI_Type_free(&type);
    GIVES(MPI_Type_create_resized_c(MPI_INT, -huge, 3 * huge, &type));
    shown("resized", type);
    MPI_Type_free(&type);
    MPI_Count start[1] = {7}, whole[1] = {2 * huge};
    GIVES(MPI_Type_create_subarray_c(1, whole, one, start, MPI_ORDER_C, MPI_CHAR, &type));
    shown("a part", type);
    MPI_Type_free(&type);
    MPI_Status status;
    memset(&status, 0, sizeof status);
    int count = -2, elements = -2;
    MPI_Count count_c = -2;
    GIVES(MPI_Status_set_elements_x(&status, MPI_SHORT, huge));
    GIVES(MPI_Get_count(&status, MPI_SHORT, &count));
    GIVES(MPI_Get_elements(&status, MPI_SHORT, &elements));
    say("in an int: undefined %d %d", count == MPI_UNDEFINED, elements == MPI_UNDEFINED);
    GIVES(MPI_Get_count_c(&status, MPI_SHORT, &count_c));
    say("in 64 bits: %lld", (long long) count_c);
    GIVES(MPI_Get_elements_x(&status, MPI_CHAR, &count_c));
    say("as characters: %lld", (long long) count_c);
}

int main(void)
{
    begin();
    for (int number = 0; number < SHAPES; number++) {
        seed = 50 + number;
        drawn(number);
    }
    large();
    return end();
}
