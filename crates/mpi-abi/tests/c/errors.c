/* What is wrong is found, and raised on the right object. */
#include <mpi.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

static jmp_buf back;
static int seen;

static void handler(MPI_Comm *comm, int *code, ...)
{
    (void) comm;
    seen = *code;
}

static void jumper(MPI_Comm *comm, int *code, ...)
{
    (void) comm;
    longjmp(back, *code);
}

#define CHECK(call, expected)                                                                  \
    do {                                                                                       \
        int code = (call), class = -1;                                                         \
        MPI_Error_class(code, &class);                                                         \
        if (class != (expected)) {                                                             \
            printf("line %d: %s gave class %d instead of %d\n", __LINE__, #call, class, expected); \
            failures++;                                                                        \
        }                                                                                      \
    } while (0)

int main(int argc, char **argv)
{
    int failures = 0, value = 0;
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm world = MPI_COMM_WORLD;
    CHECK(MPI_Send(&value, 1, MPI_INT, 99, 0, world), MPI_ERR_RANK);
    CHECK(MPI_Send(&value, 1, MPI_INT, -7, 0, world), MPI_ERR_RANK);
    CHECK(MPI_Send(&value, -1, MPI_INT, 0, 0, world), MPI_ERR_COUNT);
    CHECK(MPI_Send(&value, 1, MPI_INT, 0, -3, world), MPI_ERR_TAG);
    CHECK(MPI_Send(&value, 1, MPI_DATATYPE_NULL, 0, 0, world), MPI_ERR_TYPE);
    CHECK(MPI_Send(&value, 1, (MPI_Datatype) 0x12345678, 0, 0, world), MPI_ERR_TYPE);
    CHECK(MPI_Send(NULL, 1, MPI_INT, 0, 0, world), MPI_ERR_BUFFER);
    CHECK(MPI_Send(&value, 1, MPI_INT, 0, 0, MPI_COMM_NULL), MPI_ERR_COMM);
    CHECK(MPI_Send(&value, 1, MPI_INT, 0, 0, (MPI_Comm) 0x7fffffff), MPI_ERR_COMM);
    CHECK(MPI_Send(&value, 1, MPI_INT, 0, 0, (MPI_Comm) (intptr_t) -1), MPI_ERR_COMM);
    CHECK(MPI_Send(&value, 1, MPI_INT, MPI_PROC_NULL, 0, world), MPI_SUCCESS);
    CHECK(MPI_Comm_rank(world, NULL), MPI_ERR_ARG);
    CHECK(MPI_Bcast(&value, 1, MPI_INT, 99, world), MPI_ERR_ROOT);
    CHECK(MPI_Comm_free(&world), MPI_ERR_COMM);
    CHECK(MPI_Comm_set_errhandler(world, MPI_ERRHANDLER_NULL), MPI_ERR_ERRHANDLER);
    MPI_Comm copy, stale;
    MPI_Comm_dup(world, &copy);
    stale = copy;
    MPI_Comm_free(&copy);
    CHECK(MPI_Barrier(stale), MPI_ERR_COMM);
    MPI_Request request = (MPI_Request) 0x7abcdef0;
    CHECK(MPI_Wait(&request, MPI_STATUS_IGNORE), MPI_ERR_REQUEST);
    MPI_Win window;
    CHECK(MPI_Win_create_dynamic(MPI_INFO_NULL, world, &window), MPI_ERR_UNSUPPORTED_OPERATION);

    /* A message that is too long is taken all the same, and what fits is there. */
    int sent[4] = {1, 2, 3, 4}, got[2] = {0, 0}, flag;
    MPI_Isend(sent, 4, MPI_INT, 0, 5, MPI_COMM_SELF, &request);
    CHECK(MPI_Recv(got, 2, MPI_INT, 0, 5, MPI_COMM_SELF, MPI_STATUS_IGNORE), MPI_ERR_TRUNCATE);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_SELF, &flag, MPI_STATUS_IGNORE);
    if (flag || got[0] != 1 || got[1] != 2) {
        printf("the truncated message: %d %d %d\n", flag, got[0], got[1]);
        failures++;
    }

    /* In these another implementation crashes. */
    int at, one[1] = {1};
    MPI_Request none = MPI_REQUEST_NULL;
    MPI_Status status;
    MPI_Comm comm;
    MPI_Group group;
    CHECK(MPI_Waitany(-1, &none, &at, &status), MPI_ERR_COUNT);
    CHECK(MPI_Waitall(1, NULL, MPI_STATUSES_IGNORE), MPI_ERR_ARG);
    CHECK(MPI_Reduce(sent, got, -1, MPI_INT, MPI_SUM, 0, MPI_COMM_SELF), MPI_ERR_COUNT);
    CHECK(MPI_Reduce(sent, got, 1, MPI_DATATYPE_NULL, MPI_SUM, 0, MPI_COMM_SELF), MPI_ERR_TYPE);
    CHECK(MPI_Iallreduce(sent, got, -1, MPI_INT, MPI_SUM, MPI_COMM_SELF, &none), MPI_ERR_COUNT);
    CHECK(MPI_Exscan(sent, got, -1, MPI_INT, MPI_SUM, MPI_COMM_SELF), MPI_ERR_COUNT);
    CHECK(MPI_Reduce_scatter_block(sent, got, -1, MPI_INT, MPI_SUM, MPI_COMM_SELF), MPI_ERR_COUNT);
    CHECK(MPI_Comm_remote_group(MPI_COMM_SELF, &group), MPI_ERR_COMM);
    CHECK(MPI_Intercomm_merge(MPI_COMM_SELF, 0, &comm), MPI_ERR_COMM);
    CHECK(MPI_Cart_get(MPI_COMM_SELF, 1, one, one, one), MPI_ERR_TOPOLOGY);

    MPI_Errhandler errhandler;
    MPI_Comm_create_errhandler(handler, &errhandler);
    MPI_Comm_set_errhandler(world, errhandler);
    MPI_Errhandler_free(&errhandler);
    CHECK(MPI_Send(&value, 1, MPI_INT, 99, 0, world), MPI_ERR_RANK);
    if (seen != MPI_ERR_RANK || errhandler != MPI_ERRHANDLER_NULL)
        failures++;
    seen = 0;
    CHECK(MPI_Comm_call_errhandler(world, MPI_ERR_TOPOLOGY), MPI_SUCCESS);
    if (seen != MPI_ERR_TOPOLOGY)
        failures++;

    MPI_Comm_create_errhandler(jumper, &errhandler);
    MPI_Comm_set_errhandler(world, errhandler);
    for (volatile int round = 0; round < 100; round++) {
        int code = setjmp(back);
        if (code == 0) {
            MPI_Send(&value, 1, MPI_INT, 99, 0, world);
            failures++;
        } else if (code != MPI_ERR_RANK)
            failures++;
    }
    MPI_Comm_set_errhandler(world, MPI_ERRORS_RETURN);
    MPI_Errhandler_free(&errhandler);

    int class, code, length;
    char text[MPI_MAX_ERROR_STRING];
    /* What happened is told with the class, until something else has happened. */
    code = MPI_Send(&failures, 1, MPI_INT, 1 << 20, 0, world);
    MPI_Error_string(code, text, &length);
    failures += strstr(text, "MPI_Send") == NULL || strstr(text, "1048576") == NULL;
    MPI_Error_string(MPI_ERR_TAG, text, &length);
    failures += strstr(text, "MPI_Send") != NULL;
    MPI_Add_error_class(&class);
    MPI_Add_error_code(class, &code);
    MPI_Add_error_string(code, "out of tea");
    MPI_Error_string(code, text, &length);
    CHECK(code, class);
    printf("%s, %d failures\n", text, failures);
    MPI_Finalize();
    return failures != 0;
}
