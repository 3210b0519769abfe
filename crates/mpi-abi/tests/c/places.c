/* Buffers that are none: null and the small numbers of other constants, with displacements and datatypes that would hide it. Each is
 * MPI_ERR_BUFFER, and none is touched. */
#include "expect.h"
#include <stdint.h>
#include <stdlib.h>

#define REFUSED(class, call)                                                       \
    do {                                                                           \
        int given = class_of(call);                                                \
        if (given != (class)) {                                                    \
            printf("line %d: %s gave class %d, not %d\n", __LINE__, #call, given, class); \
            failures++;                                                            \
        }                                                                          \
    } while (0)

static int values[64], counts[8] = {1, 1, 1, 1, 1, 1, 1, 1}, displacements[8] = {1, 2, 3, 4, 5, 6, 7, 8}, far[8];

static void vectors(void *none)
{
    int none_in_place = none == MPI_IN_PLACE;
    for (int i = 0; i < 8; i++) far[i] = 1000000 + i;
    for (int round = 0; round < 2; round++) {
        int *at = round ? far : displacements;
        REFUSED(MPI_ERR_BUFFER, MPI_Gatherv(values, 1, MPI_INT, none, counts, at, MPI_INT, 0, MPI_COMM_SELF));
        REFUSED(MPI_ERR_BUFFER, MPI_Scatterv(none, counts, at, MPI_INT, values, 1, MPI_INT, 0, MPI_COMM_SELF));
        REFUSED(MPI_ERR_BUFFER, MPI_Allgatherv(values, 1, MPI_INT, none, counts, at, MPI_INT, MPI_COMM_SELF));
        REFUSED(MPI_ERR_BUFFER, MPI_Alltoallv(values, counts, counts, MPI_INT, none, counts, at, MPI_INT, MPI_COMM_SELF));
        if (!none_in_place)
            REFUSED(MPI_ERR_BUFFER, MPI_Alltoallv(none, counts, at, MPI_INT, values, counts, counts, MPI_INT, MPI_COMM_SELF));
    }
}

static void messages(void *none, MPI_Datatype type)
{
    MPI_Request request;
    int position = 0;
    char text[64];
    REFUSED(MPI_ERR_BUFFER, MPI_Send(none, 1, type, 0, 0, MPI_COMM_SELF));
    REFUSED(MPI_ERR_BUFFER, MPI_Send_c(none, 1, type, 0, 0, MPI_COMM_SELF));
    REFUSED(MPI_ERR_BUFFER, MPI_Isend(none, 1, type, 0, 0, MPI_COMM_SELF, &request));
    REFUSED(MPI_ERR_BUFFER, MPI_Bsend(none, 1, type, 0, 0, MPI_COMM_SELF));
    REFUSED(MPI_ERR_BUFFER, MPI_Recv(none, 1, type, 0, 0, MPI_COMM_SELF, MPI_STATUS_IGNORE));
    REFUSED(MPI_ERR_BUFFER, MPI_Recv_init(none, 1, type, 0, 0, MPI_COMM_SELF, &request));
    REFUSED(MPI_ERR_BUFFER, MPI_Psend_init(none, 1, 1, type, 0, 0, MPI_COMM_SELF, MPI_INFO_NULL, &request));
    REFUSED(MPI_ERR_BUFFER, MPI_Sendrecv_replace(none, 1, type, 0, 0, 0, 0, MPI_COMM_SELF, MPI_STATUS_IGNORE));
    REFUSED(MPI_ERR_BUFFER, MPI_Pack(none, 1, type, text, 64, &position, MPI_COMM_SELF));
    REFUSED(MPI_ERR_BUFFER, MPI_Unpack(text, 64, &position, none, 1, type, MPI_COMM_SELF));
    REFUSED(MPI_ERR_BUFFER, MPI_Bcast(none, 1, type, 0, MPI_COMM_SELF));
    REFUSED(MPI_ERR_BUFFER, MPI_Allgather(values, 1, type, none, 1, type, MPI_COMM_SELF));
    /* Nothing is nowhere. */
    EXPECT(MPI_Send(none, 0, type, MPI_PROC_NULL, 0, MPI_COMM_SELF) == MPI_SUCCESS);
}

/* Absolute addresses on MPI_BOTTOM are good. */
static void absolute(void)
{
    int from[3] = {1, 2, 3}, to[3] = {0}, one[1] = {3};
    MPI_Aint at[1];
    MPI_Datatype types[2], of[1] = {MPI_INT};
    MPI_Get_address(from, at);
    MPI_Type_create_struct(1, one, at, of, &types[0]);
    MPI_Get_address(to, at);
    MPI_Type_create_struct(1, one, at, of, &types[1]);
    for (int i = 0; i < 2; i++) MPI_Type_commit(&types[i]);
    EXPECT(MPI_Sendrecv(MPI_BOTTOM, 1, types[0], 0, 0, MPI_BOTTOM, 1, types[1], 0, 0, MPI_COMM_SELF, MPI_STATUS_IGNORE) ==
           MPI_SUCCESS);
    EXPECT(to[0] == 1 && to[2] == 3);
    to[2] = 0;
    int none[1] = {0};
    MPI_Datatype own = types[0], others = types[1];
    EXPECT(MPI_Alltoallw(MPI_BOTTOM, (int[]){1}, none, &own, MPI_BOTTOM, (int[]){1}, none, &others, MPI_COMM_SELF) ==
           MPI_SUCCESS);
    EXPECT(to[2] == 3);
    for (int i = 0; i < 2; i++) MPI_Type_free(&types[i]);
}

static void sizes(void)
{
    REFUSED(MPI_ERR_COUNT, MPI_Send_c(values, (MPI_Count)1 << 60, MPI_DOUBLE, 0, 0, MPI_COMM_SELF));
    REFUSED(MPI_ERR_COUNT, MPI_Send_c(values, (MPI_Count)1 << 62, MPI_SHORT, 0, 0, MPI_COMM_SELF));
    REFUSED(MPI_ERR_COUNT, MPI_Bcast_c(values, (MPI_Count)1 << 61, MPI_INT, 0, MPI_COMM_SELF));
    REFUSED(MPI_ERR_COUNT, MPI_Allreduce_c(values, values + 1, (MPI_Count)1 << 61, MPI_INT, MPI_SUM, MPI_COMM_SELF));
    MPI_Count large[1] = {(MPI_Count)1 << 61};
    REFUSED(MPI_ERR_COUNT, MPI_Reduce_scatter_c(values, values + 1, large, MPI_DOUBLE, MPI_SUM, MPI_COMM_SELF));
    /* No message is so long, but this is no count that can't be. */
    EXPECT(MPI_Send_c(values, (MPI_Count)1 << 59, MPI_DOUBLE, MPI_PROC_NULL, 0, MPI_COMM_SELF) == MPI_SUCCESS);
}

/* Packed data lie in a buffer too. */
static void packed(void *none)
{
    int value = 0, position = 0;
    EXPECT(class_of(MPI_Pack(&value, 1, MPI_INT, none, 99, &position, MPI_COMM_SELF)) == MPI_ERR_BUFFER);
    EXPECT(class_of(MPI_Unpack(none, 99, &position, &value, 1, MPI_INT, MPI_COMM_SELF)) == MPI_ERR_BUFFER);
}

int main(int argc, char **argv)
{
    MPI_Datatype types[4] = {MPI_INT};
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Type_contiguous(4, MPI_INT, &types[1]);
    MPI_Type_vector(2, 1, 3, MPI_INT, &types[2]);
    MPI_Type_create_hvector(2, 1, -8, MPI_INT, &types[3]);
    void *none[] = {NULL, MPI_IN_PLACE, MPI_BUFFER_AUTOMATIC, (void *)(uintptr_t)4095};
    for (int type = 0; type < 4; type++) {
        MPI_Type_commit(&types[type]);
        for (int at = 0; at < 4; at++)
            /* Behind 4 KiB there may be memory. */
            if (none[at] != MPI_IN_PLACE || type == 0)
                messages(none[at], types[type]);
    }
    messages(MPI_IN_PLACE, types[2]);
    vectors(NULL);
    vectors(MPI_IN_PLACE);
    packed(NULL);
    packed(MPI_IN_PLACE);
    absolute();
    sizes();
    for (int type = 1; type < 4; type++) MPI_Type_free(&types[type]);
    MPI_Finalize();
    printf("%d failures\n", failures);
    return failures != 0;
}
