/* Ends, and calls at the wrong time: the argument says which. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What may be called at any time (MPI 5.0 §11.4.1). */
static int queries(int before, int after)
{
    int initialised = -1, finalised = -1, major = 0, minor = 0, length = 0, failures = 0;
    char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    failures += MPI_Initialized(&initialised) != MPI_SUCCESS || initialised != before;
    failures += MPI_Finalized(&finalised) != MPI_SUCCESS || finalised != after;
    failures += MPI_Get_version(&major, &minor) != MPI_SUCCESS || major != 5;
    failures += MPI_Get_library_version(text, &length) != MPI_SUCCESS || strlen(text) != (size_t) length;
    failures += MPI_Abi_get_version(&major, &minor) != MPI_SUCCESS || major != 1;
    MPI_Info info;
    failures += MPI_Info_create(&info) != MPI_SUCCESS || MPI_Info_set(info, "key", "value") != MPI_SUCCESS;
    failures += MPI_Info_toint(info) == 0 || MPI_Info_free(&info) != MPI_SUCCESS;
    int code = -1;
    failures += MPI_Error_class(MPI_ERR_RANK, &code) != MPI_SUCCESS || code != MPI_ERR_RANK;
    failures += MPI_Error_string(MPI_ERR_RANK, text, &length) != MPI_SUCCESS || length == 0;
    return failures;
}

static void at_exit(void)
{
    if (queries(1, 1))
        printf("queries in an exit handler fail\n");
}

/* A failure while the process ends by one. */
static void at_failing_exit(void)
{
    MPI_Abort(MPI_COMM_WORLD, 9);
}

int main(int argc, char **argv)
{
    const char *what = argv[argc - 1];
    int value = 0, is = 0, rank;
    if (strcmp(what, "queries") == 0)
        is = queries(0, 0);
    if (strcmp(what, "before") == 0)
        MPI_Send(&value, 1, MPI_INT, 0, 0, MPI_COMM_WORLD);
    if (strcmp(what, "abort-before") == 0)
        MPI_Abort(MPI_COMM_WORLD, 42);
    if (strcmp(what, "abort-256") == 0)
        MPI_Abort(MPI_COMM_WORLD, 256);
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (strcmp(what, "twice") == 0)
        MPI_Init(&argc, &argv);
    MPI_Barrier(MPI_COMM_WORLD);
    if (strcmp(what, "abort-twice") == 0) {
        atexit(at_failing_exit);
        MPI_Abort(MPI_COMM_WORLD, 8);
    }
    if (strcmp(what, "exit") == 0)
        exit(0);
    if (strcmp(what, "exit-7") == 0 && rank == 0)
        exit(7);
    if (strcmp(what, "_exit") == 0 && rank == 0)
        _exit(0);
    if (strcmp(what, "exit-7") == 0 || strcmp(what, "_exit") == 0)
        MPI_Barrier(MPI_COMM_WORLD);
    if (strcmp(what, "queries") == 0) {
        is += queries(1, 0);
        atexit(at_exit);
    }
    MPI_Finalize();
    if (strcmp(what, "after") == 0)
        MPI_Barrier(MPI_COMM_WORLD);
    if (strcmp(what, "ended-twice") == 0)
        MPI_Finalize();
    if (strcmp(what, "again") == 0)
        MPI_Init(&argc, &argv);
    if (strcmp(what, "abort-after") == 0)
        MPI_Abort(MPI_COMM_WORLD, 43);
    if (strcmp(what, "queries") == 0) {
        is += queries(1, 1);
        if (rank == 0)
            printf("%d failures\n", is);
    }
    return 0;
}
