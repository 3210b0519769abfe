/* Programs with one fault each, named by the first argument: what is said of them is compared by the test. */
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

static int rank, size;
static int a[64], b[64];

static void receives_for_ever(int from)
{
    MPI_Recv(a, 1, MPI_INT, from, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

static void completes_for_ever(void)
{
    MPI_Request requests[2];
    MPI_Irecv(a, 1, MPI_INT, 1 - rank, 1, MPI_COMM_WORLD, &requests[0]);
    MPI_Irecv(b, 1, MPI_INT, 1 - rank, 2, MPI_COMM_WORLD, &requests[1]);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
}

static void counts_differ(void)
{
    MPI_Allreduce(a, b, 3 + rank, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
}

static void roots_differ(void)
{
    MPI_Bcast(a, 5, MPI_DOUBLE_PRECISION, rank, MPI_COMM_WORLD);
}

static void functions_differ(void)
{
    if (rank == 0)
        MPI_Barrier(MPI_COMM_WORLD);
    else
        MPI_Reduce(a, b, 2, MPI_FLOAT, MPI_MAX, 0, MPI_COMM_WORLD);
}

static void types_differ(void)
{
    MPI_Bcast(a, 4, rank == 0 ? MPI_INT : MPI_FLOAT, 0, MPI_COMM_WORLD);
}

static void message_is_of_another_type(void)
{
    if (rank == 0)
        MPI_Send(a, 4, MPI_INT, 1, 3, MPI_COMM_WORLD);
    else
        MPI_Recv(b, 4, MPI_FLOAT, 0, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

static void column_is_of_another_type(void)
{
    MPI_Datatype column;
    MPI_Type_vector(4, 1, 4, MPI_DOUBLE, &column);
    MPI_Type_commit(&column);
    if (rank == 0)
        MPI_Ssend(a, 1, column, 1, 3, MPI_COMM_WORLD);
    else
        MPI_Recv(b, 8, MPI_LONG, 0, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Type_free(&column);
}

static void buffer_is_in_use(void)
{
    MPI_Request request;
    MPI_Irecv(a, 4, MPI_INT, MPI_ANY_SOURCE, 9, MPI_COMM_WORLD, &request);
    MPI_Recv(a, 4, MPI_INT, MPI_ANY_SOURCE, 8, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

static void aliased_buffers(void)
{
    /* Of nothing it is no fault. */
    MPI_Allgather(a, 0, MPI_INT, a, 0, MPI_INT, MPI_COMM_WORLD);
    MPI_Allgather(a, 1, MPI_INT, a, 1, MPI_INT, MPI_COMM_WORLD);
}

static void overlapping_buffers(void)
{
    MPI_Gather(a + 1, 4, MPI_INT, a, 4, MPI_INT, 0, MPI_COMM_WORLD);
}

static void sends_to_nobody(void)
{
    if (rank == 0)
        MPI_Send(a, 3, MPI_INT, 1, 5, MPI_COMM_WORLD);
}

static void forgets_all(void)
{
    MPI_Request request;
    MPI_Comm comm;
    MPI_Datatype datatype;
    MPI_Group group;
    MPI_Info info;
    for (int i = 0; i < 2; i++)
        MPI_Send_init(a, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, &request);
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Type_contiguous(2, MPI_INT, &datatype);
    MPI_Comm_group(MPI_COMM_WORLD, &group);
    MPI_Info_create(&info);
}

/* No fault at all: what may be taken for one. */
static void is_right(void)
{
    MPI_Datatype column, pairs;
    MPI_Type_vector(4, 1, 4, MPI_INT, &column);
    MPI_Type_commit(&column);
    MPI_Type_contiguous(2, MPI_INT, &pairs);
    MPI_Type_commit(&pairs);
    MPI_Errhandler handler;
    MPI_Comm_get_errhandler(MPI_COMM_WORLD, &handler);
    MPI_Errhandler_free(&handler);
    struct {
        double value;
        int place;
    } best = {1, 2};
    char packed[64];
    int place = 0, other = 1 - rank;
    MPI_Request requests[2];
    MPI_Isend(a, 1, column, other, 0, MPI_COMM_WORLD, &requests[0]);
    MPI_Irecv(b, 4, MPI_INT32_T, other, 0, MPI_COMM_WORLD, &requests[1]);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    MPI_Sendrecv(a, 16, MPI_BYTE, other, 1, b, 4, MPI_INT, other, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Sendrecv(a, 4, MPI_INT, other, 2, b, 16, MPI_BYTE, other, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Pack(a, 3, MPI_INT, packed, sizeof packed, &place, MPI_COMM_WORLD);
    MPI_Sendrecv(packed, place, MPI_PACKED, other, 3, b, 3, MPI_INT, other, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Sendrecv_replace(&best, 1, MPI_DOUBLE_INT, other, 4, other, 4, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Bcast(a, rank == 0 ? 2 : 4, rank == 0 ? pairs : MPI_INT, 0, MPI_COMM_WORLD);
    MPI_Allreduce(MPI_IN_PLACE, a, 4, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    MPI_Gather(rank == 0 ? MPI_IN_PLACE : a, 2, MPI_INT, b, 2, MPI_INT, 0, MPI_COMM_WORLD);
    /* What is empty is of any datatype. */
    MPI_Sendrecv(NULL, 0, MPI_INT, other, 5, b, 1, MPI_DOUBLE, other, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Sendrecv(NULL, 0, MPI_INT, other, 6, NULL, 0, MPI_DOUBLE, other, 6, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Bcast(NULL, 0, rank == 0 ? MPI_INT : MPI_DOUBLE, 0, MPI_COMM_WORLD);
    /* Each for itself. */
    MPI_Scan(rank == 0 ? MPI_IN_PLACE : a, b, 2, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    MPI_Exscan(rank == 0 ? a : MPI_IN_PLACE, rank == 0 ? NULL : b, 2, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    MPI_Exscan(a, rank == 0 ? a : b, 2, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    MPI_Reduce_scatter_block(rank == 0 ? MPI_IN_PLACE : a, b, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    /* Two read one buffer. */
    MPI_Ibcast(rank == 0 ? a : b, 2, MPI_INT, 0, MPI_COMM_WORLD, &requests[0]);
    MPI_Ibcast(rank == 0 ? a : b + 4, 2, MPI_INT, 0, MPI_COMM_WORLD, &requests[1]);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    MPI_Type_free(&column);
    MPI_Type_free(&pairs);
}

int main(int argc, char **argv)
{
    const char *fault = argc > 1 ? argv[1] : "";
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
#define CASE(name, call)            \
    if (strcmp(fault, name) == 0) { \
        call;                       \
    }
    CASE("receives", receives_for_ever(1 - rank))
    CASE("receives alone", if (rank == 0) receives_for_ever(1))
    CASE("completes", completes_for_ever())
    CASE("counts", counts_differ())
    CASE("roots", roots_differ())
    CASE("functions", functions_differ())
    CASE("types", types_differ())
    CASE("message", message_is_of_another_type())
    CASE("column", column_is_of_another_type())
    CASE("buffer", buffer_is_in_use())
    CASE("aliased", aliased_buffers())
    CASE("overlapping", overlapping_buffers())
    CASE("unreceived", sends_to_nobody())
    CASE("forgets", forgets_all())
    CASE("right", is_right())
    MPI_Finalize();
    return 0;
}
