// ranks: 1 2
/* Buffers of buffered sends: of the process, of a communicator and of a session, of the program's own memory and automatic, attached and
 * detached in both widths; which of them a send takes; flushed at once and started. */
#include "case.h"

enum { COUNT = 100, ROOM = COUNT * 8 + 4 * MPI_BSEND_OVERHEAD };

static double out[COUNT], in[COUNT];
static char memory[3][ROOM];

/* A ring of buffered sends, so that nobody could go on if they waited. */
static void ring(const char *how, MPI_Comm comm, int large)
{
    int to = (rank + 1) % size, from = (rank + size - 1) % size, code;
    MPI_Status status;
    MPI_Request request;
    for (int at = 0; at < COUNT; at++)
        out[at] = rank * 1000 + at, in[at] = -1;
    code = large ? MPI_Bsend_c(out, COUNT, MPI_DOUBLE, to, 1, comm) : MPI_Bsend(out, COUNT, MPI_DOUBLE, to, 1, comm);
    say("%s: sent %s", how, class_of(code));
    if (code != MPI_SUCCESS)
        return;
    memset(out, 0, sizeof out);
    MPI_Recv(in, COUNT, MPI_DOUBLE, from, 1, comm, &status);
    say("%s: %d from %d, %08x", how, status.MPI_TAG, status.MPI_SOURCE, hash(in, sizeof in));
    out[0] = 5 + rank;
    code = large ? MPI_Ibsend_c(out, 1, MPI_DOUBLE, to, 2, comm, &request) : MPI_Ibsend(out, 1, MPI_DOUBLE, to, 2, comm, &request);
    say("%s: started %s", how, class_of(code));
    GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));
    MPI_Recv(in, COUNT, MPI_DOUBLE, from, 2, comm, &status);
    say("%s: %g", how, in[0]);
    code = large ? MPI_Bsend_init_c(out, 1, MPI_DOUBLE, to, 3, comm, &request) : MPI_Bsend_init(out, 1, MPI_DOUBLE, to, 3, comm, &request);
    say("%s: persistent %s", how, class_of(code));
    for (int round = 0; round < 2; round++) {
        out[0] = round;
        MPI_Start(&request);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        MPI_Recv(in, COUNT, MPI_DOUBLE, from, 3, comm, &status);
        say("%s: round %d, %g", how, round, in[0]);
    }
    MPI_Request_free(&request);
}

static void of_process(void)
{
    void *at = NULL;
    int bytes = -1;
    MPI_Count bytes_c = -1;
    MPI_Request request;
    GIVES(MPI_Buffer_attach(memory[0], ROOM));
    GIVES(MPI_Buffer_attach(memory[1], ROOM));
    GIVES(MPI_Buffer_attach_c(memory[1], ROOM));
    ring("of the process", MPI_COMM_WORLD, 0);
    GIVES(MPI_Buffer_flush());
    GIVES(MPI_Buffer_iflush(&request));
    GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));
    GIVES(MPI_Buffer_detach(&at, &bytes));
    say("the same: %d, %d", at == memory[0], bytes == ROOM);
    GIVES(MPI_Buffer_attach_c(memory[1], ROOM));
    ring("of the process, large", MPI_COMM_WORLD, 1);
    GIVES(MPI_Buffer_detach_c(&at, &bytes_c));
    say("the same: %d, %d", at == memory[1], bytes_c == ROOM);
    GIVES(MPI_Buffer_attach(MPI_BUFFER_AUTOMATIC, 0));
    ring("automatic", MPI_COMM_WORLD, 0);
    GIVES(MPI_Buffer_flush());
    GIVES(MPI_Buffer_detach(&at, &bytes));
    say("automatic: %d, %d", at == MPI_BUFFER_AUTOMATIC, bytes);
    GIVES(MPI_Buffer_attach_c(MPI_BUFFER_AUTOMATIC, 0));
    GIVES(MPI_Buffer_detach_c(&at, &bytes_c));
    say("automatic: %d, %lld", at == MPI_BUFFER_AUTOMATIC, (long long) bytes_c);
}

/* More than there is room for, and again when there is. */
static void full(void)
{
    static char small[8 * 20 + MPI_BSEND_OVERHEAD];
    void *at;
    int bytes;
    MPI_Comm self;
    MPI_Comm_dup(MPI_COMM_SELF, &self);
    GIVES(MPI_Comm_attach_buffer(self, small, sizeof small));
    GIVES(MPI_Bsend(out, 200, MPI_DOUBLE, 0, 0, self));
    GIVES(MPI_Bsend(out, 20, MPI_DOUBLE, 0, 0, self));
    GIVES(MPI_Recv(in, 20, MPI_DOUBLE, 0, 0, self, MPI_STATUS_IGNORE));
    GIVES(MPI_Comm_flush_buffer(self));
    GIVES(MPI_Bsend(out, 20, MPI_DOUBLE, 0, 0, self));
    GIVES(MPI_Recv(in, 20, MPI_DOUBLE, 0, 0, self, MPI_STATUS_IGNORE));
    GIVES(MPI_Comm_detach_buffer(self, &at, &bytes));
    GIVES(MPI_Comm_free(&self));
}

static void of_communicator(void)
{
    void *at = NULL;
    int bytes = -1;
    MPI_Count bytes_c = -1;
    MPI_Request request;
    MPI_Comm comm, copy_of;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    GIVES(MPI_Comm_attach_buffer(comm, memory[0], ROOM));
    GIVES(MPI_Comm_attach_buffer(comm, memory[1], ROOM));
    ring("of the communicator", comm, 0);
    GIVES(MPI_Comm_flush_buffer(comm));
    GIVES(MPI_Comm_iflush_buffer(comm, &request));
    GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));
    MPI_Comm_dup(comm, &copy_of);
    GIVES(MPI_Comm_detach_buffer(comm, &at, &bytes));
    say("the same: %d, %d", at == memory[0], bytes == ROOM);
    GIVES(MPI_Comm_attach_buffer_c(copy_of, memory[2], ROOM));
    ring("of a copy", copy_of, 1);
    GIVES(MPI_Comm_detach_buffer_c(copy_of, &at, &bytes_c));
    say("the same: %d, %d", at == memory[2], bytes_c == ROOM);
    GIVES(MPI_Comm_attach_buffer(copy_of, MPI_BUFFER_AUTOMATIC, 0));
    ring("automatic", copy_of, 0);
    GIVES(MPI_Comm_detach_buffer(copy_of, &at, &bytes));
    say("automatic: %d, %d", at == MPI_BUFFER_AUTOMATIC, bytes);
    MPI_Comm_free(&copy_of);
    MPI_Comm_free(&comm);
}

static void of_session(void)
{
    void *at = NULL;
    int bytes = -1;
    MPI_Count bytes_c = -1;
    MPI_Request request;
    MPI_Session session;
    MPI_Group group;
    MPI_Comm comm;
    MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session);
    MPI_Group_from_session_pset(session, "mpi://WORLD", &group);
    MPI_Comm_create_from_group(group, "buffers", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm);
    GIVES(MPI_Session_attach_buffer(session, memory[0], ROOM));
    GIVES(MPI_Session_attach_buffer(session, memory[1], ROOM));
    ring("of the session", comm, 0);
    GIVES(MPI_Session_flush_buffer(session));
    GIVES(MPI_Session_iflush_buffer(session, &request));
    GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));
    GIVES(MPI_Session_detach_buffer(session, &at, &bytes));
    say("the same: %d, %d", at == memory[0], bytes == ROOM);
    GIVES(MPI_Session_attach_buffer_c(session, memory[1], ROOM));
    ring("of the session, large", comm, 1);
    GIVES(MPI_Session_detach_buffer_c(session, &at, &bytes_c));
    say("the same: %d, %d", at == memory[1], bytes_c == ROOM);
    GIVES(MPI_Session_attach_buffer(session, MPI_BUFFER_AUTOMATIC, 0));
    ring("automatic", comm, 0);
    GIVES(MPI_Session_detach_buffer(session, &at, &bytes));
    say("automatic: %d, %d", at == MPI_BUFFER_AUTOMATIC, bytes);
    MPI_Comm_free(&comm);
    MPI_Group_free(&group);
    MPI_Session_finalize(&session);
}

/* Nothing is attached. */
static void none(void)
{
    MPI_Comm comm;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    ring("of nobody", comm, 0);
    GIVES(MPI_Buffer_flush());
    GIVES(MPI_Comm_flush_buffer(comm));
    void *at = out;
    int bytes = -7;
    MPI_Count bytes_c = -7;
    GIVES(MPI_Buffer_detach(&at, &bytes));
    say("nothing: %d", bytes);
    GIVES(MPI_Buffer_detach_c(&at, &bytes_c));
    say("nothing: %lld", (long long) bytes_c);
    bytes = -7;
    GIVES(MPI_Comm_detach_buffer(comm, &at, &bytes));
    say("nothing: %d", bytes);
    MPI_Comm_free(&comm);
}

int main(void)
{
    begin();
    of_process();
    full();
    of_communicator();
    of_session();
    none();
    return end();
}
