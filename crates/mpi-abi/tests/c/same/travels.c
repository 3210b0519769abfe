// ranks: 2 3
/* Datatypes drawn by a seed that travel: sent as one shape and received as another of the same elements, in messages of every mode and in
 * every collective that moves data, so that what is packed here is unpacked there. */
#include "case.h"

enum { SHAPES = 60, ROOM = 6000 };

static unsigned char out[ROOM * 4], in[ROOM * 4];
static MPI_Comm comm;

/* Whether bounds may be set: not inside of structs, whose bounds are then those of such parts alone (MPI 5.0 5.1.7), but not with MPICH. */
static int bounded;

/* A shape of `elements` ints, with gaps between them: its bytes lie in the middle of a buffer. */
static MPI_Datatype shape(int elements, int depth)
{
    MPI_Datatype made = MPI_DATATYPE_NULL, inner, more[2];
    int lengths[64], places[64], used, place = 0;
    MPI_Aint at[64], lb, extent;
    if (depth == 0 || elements < 2) {
        MPI_Type_contiguous(elements, MPI_INT, &made);
        return made;
    }
    switch (draw(bounded ? 7 : 5)) {
    case 0:
        for (int each = 0; each < elements; each++)
            lengths[each] = 1, places[each] = place, place += 1 + draw(2);
        MPI_Type_indexed(elements, lengths, places, MPI_INT, &made);
        return made;
    case 1:
        /* Backwards. */
        for (int each = 0; each < elements; each++)
            at[each] = 4 * (elements - each);
        MPI_Type_create_hindexed_block(elements, 1, at, MPI_INT, &made);
        return made;
    case 2: {
        int kept = bounded;
        bounded = 0;
        used = 1 + draw(elements - 1);
        more[0] = shape(used, depth - 1);
        more[1] = shape(elements - used, depth - 1);
        bounded = kept;
        MPI_Type_get_extent(more[0], &lb, &extent);
        lengths[0] = lengths[1] = 1;
        at[0] = 0;
        at[1] = lb + extent + 4 * draw(3);
        MPI_Type_create_struct(2, lengths, at, more, &made);
        MPI_Type_free(&more[0]);
        MPI_Type_free(&more[1]);
        return made;
    }
    case 3:
        for (used = 2; used < elements && elements % used; used++)
            ;
        inner = shape(elements / used, depth - 1);
        MPI_Type_get_extent(inner, &lb, &extent);
        MPI_Type_create_hvector(used, 1, extent + 4 * draw(3), inner, &made);
        MPI_Type_free(&inner);
        return made;
    case 4:
        for (used = 2; used < elements && elements % used; used++)
            ;
        inner = shape(elements / used, depth - 1);
        MPI_Type_contiguous(used, inner, &made);
        MPI_Type_free(&inner);
        return made;
    case 5:
        inner = shape(elements, depth - 1);
        MPI_Type_get_extent(inner, &lb, &extent);
        MPI_Type_create_resized(inner, lb, extent + 4 * draw(4), &made);
        MPI_Type_free(&inner);
        return made;
    default: {
        int sizes[2] = {elements + 2, 3}, parts[2] = {elements, 1}, starts[2] = {draw(3), draw(3)};
        MPI_Type_create_subarray(2, sizes, parts, starts, draw(2) ? MPI_ORDER_C : MPI_ORDER_FORTRAN, MPI_INT, &made);
        return made;
    }
    }
}

static void filled(void)
{
    int *numbers = (int *) out;
    for (int at = 0; at < ROOM; at++)
        numbers[at] = 10000 * rank + at;
    memset(in, 0xff, sizeof in);
}

static void result(int number, const char *what)
{
    say("%d, %s: %08x", number, what, hash(in, sizeof in));
}

static void travels(int number, int elements, MPI_Datatype one, MPI_Datatype other)
{
    void *from = out + sizeof out / 2, *into = in + sizeof in / 2;
    int to = (rank + 1) % size, before = (rank + size - 1) % size, count, parts, ones[8], zeros[8], bytes[8];
    MPI_Datatype types[8], others[8];
    MPI_Status status;
    MPI_Request requests[2];
    MPI_Aint lb, extent;
    MPI_Type_get_extent(other, &lb, &extent);
    filled();
    MPI_Sendrecv(from, 1, one, to, 1, into, 1, other, before, 1, comm, &status);
    MPI_Get_count(&status, other, &count);
    MPI_Get_elements(&status, other, &parts);
    say("%d: %d elements, count %d, %d", number, elements, count, parts);
    result(number, "exchanged");
    filled();
    MPI_Irecv(into, 2, other, before, 2, comm, &requests[0]);
    MPI_Issend(from, 1, one, to, 2, comm, &requests[1]);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    result(number, "synchronous");
    filled();
    MPI_Irecv(into, elements, MPI_INT, before, 3, comm, &requests[0]);
    MPI_Send(from, 1, one, to, 3, comm);
    MPI_Wait(&requests[0], &status);
    result(number, "to a row");
    filled();
    MPI_Irecv(into, 1, other, before, 4, comm, &requests[0]);
    MPI_Send(from, elements, MPI_INT, to, 4, comm);
    MPI_Wait(&requests[0], &status);
    result(number, "of a row");
    /* Cut off in the middle of an element. */
    filled();
    MPI_Irecv(into, 1, other, before, 5, comm, &requests[0]);
    MPI_Send(from, elements / 2, MPI_INT, to, 5, comm);
    MPI_Wait(&requests[0], &status);
    MPI_Get_count(&status, other, &count);
    MPI_Get_elements(&status, other, &parts);
    say("%d: half of it, count %d, %d", number, count == MPI_UNDEFINED ? -1 : count, parts);
    result(number, "half of it");
    filled();
    MPI_Bcast(rank == 0 ? from : into, 1, rank == 0 ? one : other, 0, comm);
    result(number, "broadcast");
    filled();
    MPI_Gather(from, 1, one, into, 1, other, size - 1, comm);
    result(number, "gathered");
    filled();
    MPI_Scatter(from, elements, MPI_INT, into, 1, other, 0, comm);
    result(number, "scattered");
    filled();
    MPI_Allgather(from, 1, one, into, 1, other, comm);
    result(number, "gathered by all");
    filled();
    MPI_Alltoall(from, elements, MPI_INT, into, 1, other, comm);
    result(number, "exchanged by all");
    for (int peer = 0; peer < size; peer++) {
        ones[peer] = 1;
        zeros[peer] = peer;
        bytes[peer] = 2000 * peer;
        types[peer] = peer < rank ? one : other;
        others[peer] = peer < rank ? one : other;
    }
    filled();
    MPI_Gatherv(from, 1, one, into, ones, zeros, other, 0, comm);
    result(number, "gathered apart");
    filled();
    MPI_Alltoallw(out, ones, bytes, types, in, ones, bytes, others, comm);
    result(number, "exchanged by all, each its own");
    filled();
    MPI_Ialltoallw(out, ones, bytes, types, in, ones, bytes, others, comm, &requests[0]);
    MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
    result(number, "started, each its own");
}

int main(void)
{
    begin();
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    for (int number = 0; number < SHAPES; number++) {
        seed = 400 + number;
        int elements = 1 + draw(24);
        bounded = 1;
        MPI_Datatype one = shape(elements, 3), other = shape(elements, 3);
        MPI_Aint low, room;
        MPI_Type_commit(&one);
        MPI_Type_commit(&other);
        MPI_Type_get_true_extent(one, &low, &room);
        say("%d: %ld %ld", number, (long) low, (long) room);
        travels(number, elements, one, other);
        travels(number, elements, other, one);
        MPI_Type_free(&one);
        MPI_Type_free(&other);
    }
    MPI_Comm_free(&comm);
    return end();
}
