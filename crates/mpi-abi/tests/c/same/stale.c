// ranks: 1
/* Names of communicators that were freed, and the null session. Of other kinds MPICH takes freed names, and it crashes where a name was
 * invented: tests/c/handles.c has these, in the functions of every group. */
#include "case.h"

static int value, list[16], other[16], flag;
static char text[MPI_MAX_OBJECT_NAME + MPI_MAX_ERROR_STRING];
static MPI_Aint place;

static void comms(void)
{
    MPI_Comm comm, freed, made;
    MPI_Group group;
    MPI_Request request;
    MPI_Status status;
    MPI_Errhandler handler;
    MPI_Info info;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    freed = comm;
    MPI_Comm_free(&comm);
    GIVES(MPI_Comm_rank(freed, &value));
    GIVES(MPI_Comm_size(freed, &value));
    GIVES(MPI_Comm_dup(freed, &made));
    GIVES(MPI_Comm_split(freed, 0, 0, &made));
    GIVES(MPI_Comm_group(freed, &group));
    GIVES(MPI_Comm_compare(freed, MPI_COMM_SELF, &value));
    GIVES(MPI_Comm_compare(MPI_COMM_SELF, freed, &value));
    GIVES(MPI_Comm_test_inter(freed, &flag));
    GIVES(MPI_Comm_set_name(freed, "x"));
    GIVES(MPI_Comm_get_name(freed, text, &value));
    GIVES(MPI_Comm_get_info(freed, &info));
    GIVES(MPI_Comm_get_errhandler(freed, &handler));
    GIVES(MPI_Comm_set_errhandler(freed, MPI_ERRORS_RETURN));
    GIVES(MPI_Comm_call_errhandler(freed, MPI_ERR_TAG));
    GIVES(MPI_Comm_get_attr(freed, MPI_TAG_UB, &place, &flag));
    GIVES(MPI_Send(list, 1, MPI_INT, 0, 0, freed));
    GIVES(MPI_Recv(list, 1, MPI_INT, 0, 0, freed, &status));
    GIVES(MPI_Isend(list, 1, MPI_INT, 0, 0, freed, &request));
    GIVES(MPI_Iprobe(0, 0, freed, &flag, &status));
    GIVES(MPI_Barrier(freed));
    GIVES(MPI_Bcast(list, 1, MPI_INT, 0, freed));
    GIVES(MPI_Allreduce(list, other, 1, MPI_INT, MPI_SUM, freed));
    GIVES(MPI_Iallreduce(list, other, 1, MPI_INT, MPI_SUM, freed, &request));
    GIVES(MPI_Topo_test(freed, &value));
    GIVES(MPI_Cart_create(freed, 1, list, list, 0, &made));
    GIVES(MPI_Pack_size(1, MPI_INT, freed, &value));
    made = freed;
    GIVES(MPI_Comm_free(&made));
    made = freed;
    GIVES(MPI_Comm_disconnect(&made));
}

static void sessions(void)
{
    MPI_Session none = MPI_SESSION_NULL;
    MPI_Group group;
    MPI_Info info;
    GIVES(MPI_Session_get_num_psets(MPI_SESSION_NULL, MPI_INFO_NULL, &value));
    GIVES(MPI_Session_get_info(MPI_SESSION_NULL, &info));
    GIVES(MPI_Session_get_pset_info(MPI_SESSION_NULL, "mpi://WORLD", &info));
    GIVES(MPI_Session_set_errhandler(MPI_SESSION_NULL, MPI_ERRORS_RETURN));
    GIVES(MPI_Session_call_errhandler(MPI_SESSION_NULL, MPI_ERR_TAG));
    GIVES(MPI_Session_flush_buffer(MPI_SESSION_NULL));
    GIVES(MPI_Group_from_session_pset(MPI_SESSION_NULL, "mpi://WORLD", &group));
    GIVES(MPI_Session_finalize(&none));
}

int main(void)
{
    begin();
    comms();
    sessions();
    return end();
}
