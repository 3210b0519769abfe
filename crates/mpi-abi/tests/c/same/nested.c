// ranks: 1
/* Datatypes drawn by a seed, each made of others: sizes, bounds, envelopes, contents, and bytes packed in both formats. */
#include "case.h"

enum { SHAPES = 300, MOST_BYTES = 4000 };

static const MPI_Datatype scalars[] = {MPI_CHAR, MPI_SHORT, MPI_INT, MPI_FLOAT, MPI_DOUBLE, MPI_INT64_T, MPI_UINT16_T, MPI_BYTE};

/* Whether all are of one scalar: MPICH 5.0.2 crashes where it packs others in the external format (shapes.c has these). */
static int uniform;
static int scalar;

/* Whether bounds are set: not inside of structs, whose bounds are then those of such parts alone (MPI 5.0 5.1.7), but not with MPICH. */
static int bounded;

static MPI_Datatype shape(int depth);

static MPI_Datatype inner(int depth)
{
    int of = draw(8);
    return depth == 0 || !draw(4) ? scalars[uniform ? scalar : of] : shape(depth - 1);
}

static void done(MPI_Datatype *type)
{
    int ints, bytes, types, combiner;
    MPI_Type_get_envelope(*type, &ints, &bytes, &types, &combiner);
    if (combiner != MPI_COMBINER_NAMED)
        MPI_Type_free(type);
}

static MPI_Datatype shape(int depth)
{
    MPI_Datatype made = MPI_DATATYPE_NULL, of = inner(depth), more[3];
    int lengths[3], places[3], last = 0;
    MPI_Aint at[3], lb, extent;
    MPI_Type_get_extent(of, &lb, &extent);
    if (extent < 1)
        extent = 1;
    for (int each = 0; each < 3; each++) {
        lengths[each] = 1 + draw(2);
        places[each] = last + draw(2);
        last = places[each] + lengths[each];
        at[each] = places[each] * extent + each * 8;
    }
    switch (draw(bounded ? 10 : 8)) {
    case 0:
        MPI_Type_contiguous(1 + draw(3), of, &made);
        break;
    case 1:
        MPI_Type_vector(1 + draw(3), 1 + draw(2), 3, of, &made);
        break;
    case 2:
        MPI_Type_create_hvector(1 + draw(3), 1, extent * 2 + draw(3) * 8, of, &made);
        break;
    case 3:
        MPI_Type_indexed(3, lengths, places, of, &made);
        break;
    case 4:
        MPI_Type_create_hindexed(3, lengths, at, of, &made);
        break;
    case 5:
        places[1] = places[0] + 2, places[2] = places[1] + 2;
        MPI_Type_create_indexed_block(3, 1 + draw(2), places, of, &made);
        break;
    case 6:
        at[1] = at[0] + 2 * extent, at[2] = at[1] + 3 * extent;
        MPI_Type_create_hindexed_block(2, 1, at, of, &made);
        break;
    case 7: {
        MPI_Aint place = draw(2) * 8;
        int kept = bounded;
        bounded = 0;
        for (int each = 0; each < 3; each++) {
            MPI_Aint low, room;
            more[each] = inner(depth > 0 ? depth - 1 : 0);
            MPI_Type_get_true_extent(more[each], &low, &room);
            MPI_Type_get_extent(more[each], &lb, &extent);
            at[each] = place;
            place += room + (lengths[each] > 0 ? (lengths[each] - 1) * (extent < 0 ? 0 : extent) : 0) + 16;
            place = (place + 15) / 16 * 16;
        }
        bounded = kept;
        MPI_Type_create_struct(3, lengths, at, more, &made);
        for (int each = 0; each < 3; each++)
            done(&more[each]);
        break;
    }
    case 8: {
        int sizes[2] = {2 + draw(3), 2 + draw(3)}, parts[2] = {1 + draw(2), 1 + draw(2)};
        int starts[2] = {draw(sizes[0] - parts[0] + 1), draw(sizes[1] - parts[1] + 1)};
        MPI_Type_create_subarray(2, sizes, parts, starts, draw(2) ? MPI_ORDER_C : MPI_ORDER_FORTRAN, of, &made);
        break;
    }
    default:
        MPI_Type_create_resized(of, lb - (MPI_Aint) draw(2) * 8, extent + draw(3) * 8, &made);
    }
    done(&of);
    return made;
}

/* What it is made of, all the way down. */
static int described(MPI_Datatype type, char *text)
{
    int ints, addresses, types, combiner, used;
    MPI_Type_get_envelope(type, &ints, &addresses, &types, &combiner);
    used = sprintf(text, "%d(", combiner);
    if (combiner == MPI_COMBINER_NAMED) {
        char name[MPI_MAX_OBJECT_NAME];
        int length;
        MPI_Type_get_name(type, name, &length);
        return sprintf(text, "%s", name);
    }
    int integers[64];
    MPI_Aint places[64];
    MPI_Datatype inside[64];
    MPI_Type_get_contents(type, 64, 64, 64, integers, places, inside);
    for (int at = 0; at < ints; at++)
        used += sprintf(text + used, "%d ", integers[at]);
    for (int at = 0; at < addresses; at++)
        used += sprintf(text + used, "@%ld ", (long) places[at]);
    for (int at = 0; at < types; at++) {
        used += described(inside[at], text + used);
        done(&inside[at]);
    }
    return used + sprintf(text + used, ")");
}

int main(void)
{
    static unsigned char memory[16 * MOST_BYTES], back[16 * MOST_BYTES], packed[16 * MOST_BYTES];
    static char text[200000];
    begin();
    for (int number = 0; number < SHAPES; number++) {
        seed = 1000 + number;
        uniform = number % 2;
        scalar = draw(8);
        bounded = 1;
        MPI_Datatype type = shape(3);
        MPI_Aint lb, extent, low, room, wide = 0;
        int bytes, position = 0, elements, count;
        MPI_Count large, many;
        MPI_Type_commit(&type);
        MPI_Type_size(type, &bytes);
        MPI_Type_get_extent(type, &lb, &extent);
        MPI_Type_get_true_extent(type, &low, &room);
        say("%d: size %d, bounds %ld %ld, true %ld %ld", number, bytes, (long) lb, (long) extent, (long) low, (long) room);
        described(type, text);
        say("%d: made of %.3000s", number, text);
        if (bytes == 0 || bytes > MOST_BYTES || low < -MOST_BYTES || room > MOST_BYTES || extent < -MOST_BYTES ||
            extent > MOST_BYTES) {
            MPI_Type_free(&type);
            continue;
        }
        for (size_t at = 0; at < sizeof memory; at++)
            memory[at] = (unsigned char) (at * 7 + number);
        unsigned char *middle = memory + sizeof memory / 2;
        GIVES(MPI_Pack(middle, 2, type, packed, sizeof packed, &position, MPI_COMM_SELF));
        say("%d: packed %d bytes %08x", number, position, hash(packed, position));
        memset(back, 0, sizeof back);
        int from = 0;
        MPI_Unpack(packed, position, &from, back + sizeof back / 2, 2, type, MPI_COMM_SELF);
        say("%d: unpacked %d bytes %08x", number, from, hash(back, sizeof back));
        if (uniform) {
            MPI_Aint external;
            MPI_Pack_external_size("external32", 2, type, &external);
            MPI_Pack_external("external32", middle, 2, type, packed, sizeof packed, &wide);
            say("%d: external %ld of %ld bytes %08x", number, (long) wide, (long) external, hash(packed, wide));
            memset(back, 0, sizeof back);
            wide = 0;
            MPI_Unpack_external("external32", packed, external, &wide, back + sizeof back / 2, 2, type);
            say("%d: and back %ld %08x", number, (long) wide, hash(back, sizeof back));
        }
        MPI_Type_size_c(type, &large);
        MPI_Type_get_extent_c(type, &many, &large);
        say("%d: in 64 bits %lld %lld", number, (long long) many, (long long) large);
        /* A message to itself, cut short after a part of an element. */
        MPI_Status status;
        MPI_Request request;
        memset(back, 0, sizeof back);
        position = 0;
        MPI_Pack(middle, 2, type, packed, sizeof packed, &position, MPI_COMM_SELF);
        int sent = number % 3 == 0 ? position : bytes, one;
        MPI_Type_size(scalars[scalar], &one);
        if (uniform && number % 3 == 2)
            sent = bytes / one / 2 * one;
        MPI_Irecv(back + sizeof back / 2, 2, type, 0, 1, MPI_COMM_SELF, &request);
        MPI_Send(packed, sent, MPI_PACKED, 0, 1, MPI_COMM_SELF);
        MPI_Wait(&request, &status);
        MPI_Get_count(&status, type, &count);
        elements = MPI_UNDEFINED;
        if (uniform)
            MPI_Get_elements(&status, type, &elements);
        say("%d: of %d bytes came %d, elements %d, %08x", number, sent, count == MPI_UNDEFINED ? -1 : count,
            elements == MPI_UNDEFINED ? -1 : elements, hash(back, sizeof back));
        MPI_Type_free(&type);
    }
    return end();
}
