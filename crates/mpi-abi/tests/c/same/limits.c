// ranks: 1 2
/* At the limits: what is too large for its place, too long for its buffer, as large as may be, and nothing at all; each class that a call
 * can raise, by a call that does, on a communicator, on a session and on nothing. */
#include "case.h"

static const MPI_Count huge = (MPI_Count) 1 << 40;
static int in[64], out[64];
static MPI_Comm comm;

static void large(void)
{
    MPI_Datatype type, wide;
    int value = -7;
    MPI_Count value_c = -7;
    void *at;
    static char room[100];
    MPI_Type_contiguous_c(huge, MPI_INT, &type);
    MPI_Type_commit(&type);
    GIVES(MPI_Pack_size(1, type, comm, &value));
    GIVES(MPI_Pack_size_c(1, type, comm, &value_c));
    say("packed: %d", value_c >= 4 * huge);
    value = -7;
    GIVES(MPI_Type_size(type, &value));
    say("in an int: %d", value == MPI_UNDEFINED);
    GIVES(MPI_Buffer_attach_c(room, huge));
    GIVES(MPI_Buffer_detach(&at, &value));
    GIVES(MPI_Buffer_detach_c(&at, &value_c));
    GIVES(MPI_Type_contiguous_c(huge, type, &wide));
    GIVES(MPI_Type_vector_c(huge, huge, huge, MPI_INT, &wide));
    MPI_Type_free(&type);
    GIVES(MPI_Alloc_mem((MPI_Aint) 1 << 60, MPI_INFO_NULL, &at));
    GIVES(MPI_Alloc_mem(0, MPI_INFO_NULL, &at));
    GIVES(MPI_Free_mem(at));
}

static void nothing(void)
{
    MPI_Datatype type, none;
    MPI_Status status;
    MPI_Request request;
    int bytes = -1, count = -1, zeros[4] = {0};
    MPI_Aint lb = -1, extent = -1, places[1] = {0};
    GIVES(MPI_Type_contiguous(0, MPI_INT, &none));
    MPI_Type_commit(&none);
    MPI_Type_size(none, &bytes);
    MPI_Type_get_extent(none, &lb, &extent);
    say("nothing: %d bytes, %ld %ld", bytes, (long) lb, (long) extent);
    GIVES(MPI_Isend(NULL, 1000, none, 0, 1, MPI_COMM_SELF, &request));
    GIVES(MPI_Recv(NULL, 1000, none, 0, 1, MPI_COMM_SELF, &status));
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPI_Get_count(&status, none, &count);
    say("its count: %d", count);
    MPI_Get_count(&status, MPI_INT, &count);
    say("in ints: %d", count);
    GIVES(MPI_Isend(NULL, 0, MPI_INT, 0, 2, MPI_COMM_SELF, &request));
    GIVES(MPI_Recv(NULL, 0, MPI_INT, 0, 2, MPI_COMM_SELF, &status));
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    GIVES(MPI_Type_vector(0, 3, 3, MPI_INT, &type));
    MPI_Type_get_extent(type, &lb, &extent);
    say("an empty vector: %ld %ld", (long) lb, (long) extent);
    MPI_Type_free(&type);
    GIVES(MPI_Type_vector(3, 0, 3, MPI_INT, &type));
    MPI_Type_get_extent(type, &lb, &extent);
    say("of empty blocks: %ld %ld", (long) lb, (long) extent);
    MPI_Type_free(&type);
    GIVES(MPI_Type_indexed(0, NULL, NULL, MPI_INT, &type));
    MPI_Type_free(&type);
    GIVES(MPI_Type_create_hindexed(0, NULL, NULL, MPI_INT, &type));
    MPI_Type_free(&type);
    GIVES(MPI_Type_create_struct(0, NULL, NULL, NULL, &type));
    MPI_Type_free(&type);
    GIVES(MPI_Type_create_hindexed_block(1, 0, places, MPI_INT, &type));
    MPI_Type_free(&type);
    MPI_Type_free(&none);
    GIVES(MPI_Bcast(NULL, 0, MPI_INT, 0, comm));
    GIVES(MPI_Reduce(NULL, NULL, 0, MPI_INT, MPI_SUM, 0, comm));
    GIVES(MPI_Allreduce(NULL, NULL, 0, MPI_INT, MPI_SUM, comm));
    GIVES(MPI_Scan(NULL, NULL, 0, MPI_INT, MPI_SUM, comm));
    GIVES(MPI_Gather(NULL, 0, MPI_INT, NULL, 0, MPI_INT, 0, comm));
    GIVES(MPI_Scatter(NULL, 0, MPI_INT, NULL, 0, MPI_INT, 0, comm));
    GIVES(MPI_Allgather(NULL, 0, MPI_INT, NULL, 0, MPI_INT, comm));
    GIVES(MPI_Allgatherv(NULL, 0, MPI_INT, NULL, zeros, zeros, MPI_INT, comm));
    GIVES(MPI_Alltoall(NULL, 0, MPI_INT, NULL, 0, MPI_INT, comm));
    GIVES(MPI_Alltoallv(NULL, zeros, zeros, MPI_INT, NULL, zeros, zeros, MPI_INT, comm));
    GIVES(MPI_Reduce_scatter(NULL, NULL, zeros, MPI_INT, MPI_SUM, comm));
    GIVES(MPI_Reduce_scatter_block(NULL, NULL, 0, MPI_INT, MPI_SUM, comm));
    GIVES(MPI_Waitall(0, NULL, MPI_STATUSES_IGNORE));
    GIVES(MPI_Startall(0, NULL));
    GIVES(MPI_Group_incl(MPI_GROUP_EMPTY, 0, NULL, &(MPI_Group) {MPI_GROUP_NULL}));
    GIVES(MPI_Group_translate_ranks(MPI_GROUP_EMPTY, 0, NULL, MPI_GROUP_EMPTY, NULL));
}

/* Too long for each kind of receive. */
static void truncated(void)
{
    MPI_Request request, requests[2];
    MPI_Status status, statuses[2];
    MPI_Message message;
    int flag, at, count, indices[2];
#define LONG(what)                                                              \
    do {                                                                        \
        MPI_Request sent;                                                       \
        MPI_Isend(out, 8, MPI_INT, 0, 3, MPI_COMM_SELF, &sent);                 \
        int code = what;                                                        \
        say(#what ": %s, tag %d", class_of(code), status.MPI_TAG);              \
        MPI_Wait(&sent, MPI_STATUS_IGNORE);                                     \
    } while (0)
    memset(&status, 0, sizeof status);
    LONG(MPI_Recv(in, 2, MPI_INT, 0, 3, MPI_COMM_SELF, &status));
    LONG(MPI_Recv_c(in, 2, MPI_INT, 0, 3, MPI_COMM_SELF, &status));
    LONG((MPI_Irecv(in, 2, MPI_INT, 0, 3, MPI_COMM_SELF, &request), MPI_Wait(&request, &status)));
    LONG((MPI_Irecv(in, 2, MPI_INT, 0, 3, MPI_COMM_SELF, &request), MPI_Test(&request, &flag, &status)));
    LONG((MPI_Irecv(in, 2, MPI_INT, 0, 3, MPI_COMM_SELF, &request), MPI_Waitany(1, &request, &at, &status)));
    LONG((MPI_Irecv(in, 2, MPI_INT, 0, 3, MPI_COMM_SELF, &request), MPI_Testany(1, &request, &at, &flag, &status)));
    LONG((MPI_Mprobe(0, 3, MPI_COMM_SELF, &message, &status), MPI_Mrecv(in, 2, MPI_INT, &message, &status)));
    LONG((MPI_Mprobe(0, 3, MPI_COMM_SELF, &message, &status), MPI_Imrecv(in, 2, MPI_INT, &message, &request),
        MPI_Wait(&request, &status)));
    LONG((MPI_Recv_init(in, 2, MPI_INT, 0, 3, MPI_COMM_SELF, &request), MPI_Start(&request), MPI_Wait(&request, &status)));
    MPI_Request_free(&request);
    /* Two, of which one is. */
    for (int way = 0; way < 4; way++) {
        MPI_Irecv(in, 2, MPI_INT, 0, 4, MPI_COMM_SELF, &requests[0]);
        MPI_Irecv(in + 8, 8, MPI_INT, 0, 5, MPI_COMM_SELF, &requests[1]);
        MPI_Send(out, 8, MPI_INT, 0, 4, MPI_COMM_SELF);
        MPI_Send(out, 8, MPI_INT, 0, 5, MPI_COMM_SELF);
        flag = 1;
        count = 2;
        int code = way == 0   ? MPI_Waitall(2, requests, statuses)
                   : way == 1 ? MPI_Testall(2, requests, &flag, statuses)
                   : way == 2 ? MPI_Waitsome(2, requests, &count, indices, statuses)
                              : MPI_Testsome(2, requests, &count, indices, statuses);
        say("two in way %d: %s, flag %d, count %d", way, class_of(code), flag, count);
        say("errors: %s, %s", class_of(statuses[0].MPI_ERROR), class_of(statuses[1].MPI_ERROR));
        MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    }
}

/* The largest tag, rank and count that may be, and the next. */
static void edges(void)
{
    int *most, flag, count;
    MPI_Request request;
    MPI_Status status;
    MPI_Comm_get_attr(comm, MPI_TAG_UB, &most, &flag);
    GIVES(MPI_Isend(out, 1, MPI_INT, 0, *most, MPI_COMM_SELF, &request));
    GIVES(MPI_Recv(in, 1, MPI_INT, 0, *most, MPI_COMM_SELF, &status));
    say("the largest tag: %d", status.MPI_TAG == *most);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    if (*most < INT_MAX)
        say("beyond: %s", class_of(MPI_Send(out, 1, MPI_INT, 0, *most + 1, MPI_COMM_SELF)));
    else
        say("beyond: ERR_TAG");
    GIVES(MPI_Send(out, 1, MPI_INT, size, 0, comm));
    GIVES(MPI_Send(out, 1, MPI_INT, INT_MAX, 0, comm));
    GIVES(MPI_Send(out, 1, MPI_INT, INT_MIN, 0, comm));
    GIVES(MPI_Send(out, 1, MPI_INT, 0, INT_MIN, comm));
    GIVES(MPI_Send(out, INT_MIN, MPI_INT, 0, 0, comm));
    GIVES(MPI_Recv(in, 1, MPI_INT, MPI_PROC_NULL, MPI_ANY_TAG, comm, &status));
    MPI_Get_count(&status, MPI_INT, &count);
    say("of nobody: %d, %d, %d", status.MPI_SOURCE == MPI_PROC_NULL, status.MPI_TAG == MPI_ANY_TAG, count);
    GIVES(MPI_Probe(MPI_PROC_NULL, 0, comm, &status));
    GIVES(MPI_Iprobe(MPI_PROC_NULL, 0, comm, &flag, &status));
    say("probed: flag %d", flag);
    GIVES(MPI_Bcast(out, 1, MPI_INT, MPI_PROC_NULL, comm));
    GIVES(MPI_Bcast(out, 1, MPI_INT, MPI_ROOT, comm));
    GIVES(MPI_Bcast(out, 1, MPI_INT, size, comm));
    GIVES(MPI_Reduce(in, out, 1, MPI_INT, MPI_SUM, -1, comm));
    GIVES(MPI_Ireduce(in, out, 1, MPI_INT, MPI_SUM, size, comm, &request));
}

/* Of sessions and of what is made of them. */
static void of_sessions(void)
{
    MPI_Session session;
    MPI_Info info = MPI_INFO_NULL;
    MPI_Group group;
    int number = -1, length = 0;
    MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session);
    GIVES(MPI_Session_get_num_psets(session, MPI_INFO_NULL, &number));
    GIVES(MPI_Session_get_nth_pset(session, MPI_INFO_NULL, number + 50, &length, NULL));
    GIVES(MPI_Session_get_nth_pset(session, MPI_INFO_NULL, 0, NULL, NULL));
    GIVES(MPI_Session_get_pset_info(session, "mpi://NOTHING", &info));
    GIVES(MPI_Group_from_session_pset(session, "mpi://NOTHING", &group));
    GIVES(MPI_Group_from_session_pset(session, NULL, &group));
    GIVES(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, NULL));
    GIVES(MPI_Session_set_errhandler(session, MPI_ERRHANDLER_NULL));
    GIVES(MPI_Session_call_errhandler(session, MPI_ERR_QUOTA));
    GIVES(MPI_Session_finalize(&session));
}

int main(void)
{
    begin();
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    large();
    nothing();
    truncated();
    edges();
    of_sessions();
    MPI_Comm_free(&comm);
    return end();
}
