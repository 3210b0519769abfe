/* The initial error handler, which the launcher was told of, and how far MPI_ERRORS_ABORT reaches: the first argument says which. */
#include "expect.h"
#include <stdlib.h>
#include <string.h>

/* Errors that no communicator sees, before the beginning, after the end, and beside sessions. */
static void unseen(MPI_Comm freed)
{
    int value = 0;
    EXPECT(class_of(MPI_Barrier(MPI_COMM_WORLD)) == MPI_ERR_OTHER);
    EXPECT(class_of(MPI_Send(&value, 1, MPI_INT, 0, 0, freed)) == (freed == MPI_COMM_NULL ? MPI_ERR_OTHER : MPI_ERR_COMM));
    EXPECT(class_of(MPI_Type_free(&(MPI_Datatype){MPI_DATATYPE_NULL})) == MPI_ERR_TYPE);
}

static void late(void)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    unseen(MPI_COMM_NULL);
    /* What was told in this thread before. */
    if (MPI_Error_string(MPI_ERR_RANK, text, &length) != MPI_SUCCESS || length == 0)
        printf("no words in an exit handler\n");
    if (failures)
        printf("%d failures in an exit handler\n", failures);
}

static void begins(const char *name)
{
    MPI_Errhandler handlers[3];
    char value[32] = "";
    int room = sizeof value, flag = 0;
    MPI_Comm copy;
    MPI_Init(NULL, NULL);
    MPI_Comm_dup(MPI_COMM_WORLD, &copy);
    MPI_Comm_get_errhandler(MPI_COMM_WORLD, &handlers[0]);
    MPI_Comm_get_errhandler(MPI_COMM_SELF, &handlers[1]);
    MPI_Comm_get_errhandler(copy, &handlers[2]);
    MPI_Errhandler expected = !strcmp(name, "mpi_errors_return")  ? MPI_ERRORS_RETURN
                              : !strcmp(name, "mpi_errors_abort") ? MPI_ERRORS_ABORT
                                                                  : MPI_ERRORS_ARE_FATAL;
    for (int i = 0; i < 3; i++) EXPECT(handlers[i] == expected);
    EXPECT(MPI_Info_get_string(MPI_INFO_ENV, "mpi_initial_errhandler", &room, value, &flag) == MPI_SUCCESS);
    EXPECT(flag && !strcmp(value, name));
    MPI_Comm_free(&copy);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "mpi_errors_are_fatal";
    int all = 0;
    MPI_Session session;
    MPI_Group group, others;
    MPI_Comm comm, freed;
    if (!strcmp(what, "session-abort") || !strcmp(what, "comm-abort")) {
        MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_ABORT, &session);
        MPI_Group_from_session_pset(session, "mpi://WORLD", &group);
        MPI_Group_rank(group, &rank);
        if (!strcmp(what, "comm-abort")) {
            MPI_Comm_create_from_group(group, "all", MPI_INFO_NULL, MPI_ERRORS_ABORT, &comm);
            if (rank == 0)
                MPI_Send(&all, 1, MPI_INT, 77, 0, comm);
            MPI_Recv(&all, 1, MPI_INT, 0, 0, comm, MPI_STATUS_IGNORE);
        }
        /* This process alone ends. */
        if (rank == 0)
            MPI_Session_get_num_psets(session, MPI_INFO_NULL, NULL);
        MPI_Group_excl(group, 1, (int[]){0}, &others);
        MPI_Comm_create_from_group(others, "others", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm);
        MPI_Barrier(comm);
        printf("others go on\n");
        MPI_Comm_free(&comm);
        MPI_Group_free(&group);
        MPI_Group_free(&others);
        MPI_Session_finalize(&session);
        return 0;
    }
    if (!strcmp(what, "early-abort")) {
        MPI_Barrier(MPI_COMM_WORLD);
        printf("goes on\n");
    }
    if (!strcmp(what, "mpi_errors_return")) {
        unseen(MPI_COMM_NULL);
        MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session);
        MPI_Group_from_session_pset(session, "mpi://SELF", &group);
        MPI_Comm_create_from_group(group, "own", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm);
        freed = comm;
        MPI_Comm_free(&comm);
        MPI_Group_free(&group);
        unseen(freed);
        EXPECT(class_of(MPI_Barrier(MPI_COMM_NULL)) == MPI_ERR_COMM);
        MPI_Session_finalize(&session);
    }
    begins(what);
    if (!strcmp(what, "mpi_errors_return")) {
        EXPECT(class_of(MPI_Send(&all, 1, MPI_INT, 99, 0, MPI_COMM_WORLD)) == MPI_ERR_RANK);
        atexit(late);
    }
    MPI_Reduce(&failures, &all, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    MPI_Finalize();
    if (!strcmp(what, "mpi_errors_return"))
        unseen(MPI_COMM_NULL);
    if (rank == 0)
        printf("%d failures\n", all + failures);
    return all + failures != 0;
}
