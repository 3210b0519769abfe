/* Calls in which another library crashes or ends the program, or that it doesn't have: refused here with their class, or done. What
 * both can is in the folder same/. */
#include "expect.h"
#include <string.h>

static int in[64], out[64];

/* What can't be between two groups. */
static void between(void)
{
    MPI_Comm half, comm;
    MPI_Request request;
    if (size < 2)
        return;
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, 0, &half);
    MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, 1 - rank % 2, 1, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    EXPECT(class_of(MPI_Allgather(MPI_IN_PLACE, 0, MPI_INT, out, 1, MPI_INT, comm)) == MPI_ERR_BUFFER);
    EXPECT(class_of(MPI_Alltoall(MPI_IN_PLACE, 0, MPI_INT, out, 1, MPI_INT, comm)) == MPI_ERR_BUFFER);
    EXPECT(class_of(MPI_Alltoallv(MPI_IN_PLACE, in, in, MPI_INT, out, in, in, MPI_INT, comm)) == MPI_ERR_BUFFER);
    EXPECT(class_of(MPI_Reduce_scatter_block(MPI_IN_PLACE, out, 1, MPI_INT, MPI_SUM, comm)) == MPI_ERR_BUFFER);
    EXPECT(class_of(MPI_Iscan(in, out, 1, MPI_INT, MPI_SUM, comm, &request)) == MPI_ERR_COMM);
    EXPECT(class_of(MPI_Iexscan(in, out, 1, MPI_INT, MPI_SUM, comm, &request)) == MPI_ERR_COMM);
    EXPECT(class_of(MPI_Scan_init(in, out, 1, MPI_INT, MPI_SUM, comm, MPI_INFO_NULL, &request)) == MPI_ERR_COMM);
    EXPECT(class_of(MPI_Neighbor_allgather(in, 1, MPI_INT, out, 1, MPI_INT, comm)) == MPI_ERR_TOPOLOGY);
    MPI_Barrier(comm);
    MPI_Comm_free(&comm);
    MPI_Comm_free(&half);
}

/* Partitions with counts of 64 bits. */
static void partitions(void)
{
    MPI_Request requests[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    int to = (rank + 1) % size, from = (rank + size - 1) % size;
    EXPECT(MPI_Psend_init_c(in, 4, (MPI_Count)8, MPI_INT, to, 5, MPI_COMM_WORLD, MPI_INFO_NULL, &requests[0]) == MPI_SUCCESS);
    EXPECT(MPI_Precv_init_c(out, 4, (MPI_Count)8, MPI_INT, from, 5, MPI_COMM_WORLD, MPI_INFO_NULL, &requests[1]) == MPI_SUCCESS);
    for (int round = 0; round < 3; round++) {
        for (int at = 0; at < 32; at++)
            in[at] = 1000 * rank + 100 * round + at, out[at] = -1;
        EXPECT(MPI_Startall(2, requests) == MPI_SUCCESS);
        EXPECT(MPI_Pready_range(0, 3, requests[0]) == MPI_SUCCESS);
        EXPECT(MPI_Waitall(2, requests, MPI_STATUSES_IGNORE) == MPI_SUCCESS);
        for (int at = 0; at < 32; at++)
            EXPECT(out[at] == 1000 * from + 100 * round + at);
    }
    MPI_Request_free(&requests[0]);
    MPI_Request_free(&requests[1]);
    MPI_Request request;
    EXPECT(class_of(MPI_Psend_init_c(in, 1, (MPI_Count)-1, MPI_INT, to, 5, MPI_COMM_WORLD, MPI_INFO_NULL, &request)) == MPI_ERR_COUNT);
}

/* Freed types in messages and collectives. */
static void freed_types(void)
{
    MPI_Datatype type, freed;
    MPI_Type_contiguous(2, MPI_INT, &type);
    MPI_Type_commit(&type);
    freed = type;
    MPI_Type_free(&type);
    EXPECT(class_of(MPI_Send(in, 1, freed, 0, 0, MPI_COMM_SELF)) == MPI_ERR_TYPE);
    EXPECT(class_of(MPI_Bcast(in, 1, freed, 0, MPI_COMM_WORLD)) == MPI_ERR_TYPE);
    EXPECT(class_of(MPI_Type_dup(freed, &type)) == MPI_ERR_TYPE);
}

/* A copy has no hints but those that it is given. */
static void hints(void)
{
    MPI_Comm comm, copy;
    MPI_Info info;
    char value[8];
    int room = sizeof value, flag = 1;
    MPI_Info_create(&info);
    MPI_Info_set(info, "mpi_assert_no_any_tag", "true");
    MPI_Comm_dup_with_info(MPI_COMM_WORLD, info, &comm);
    MPI_Info_free(&info);
    MPI_Comm_dup(comm, &copy);
    MPI_Comm_get_info(copy, &info);
    MPI_Info_get_string(info, "mpi_assert_no_any_tag", &room, value, &flag);
    EXPECT(!flag || strcmp(value, "true"));
    MPI_Info_free(&info);
    MPI_Comm_free(&copy);
    MPI_Comm_free(&comm);
}

int main(int argc, char **argv)
{
    int total = 0;
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    between();
    partitions();
    freed_types();
    hints();
    MPI_Reduce(&failures, &total, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("%d failures\n", total);
    MPI_Finalize();
    return failures != 0;
}
