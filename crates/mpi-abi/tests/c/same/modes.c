// ranks: 2 3
/* Sends in every mode, blocking, started and persistent, with counts of both widths; probes; buffers in their three places;
 * partitions; exchanges. From rank 0 to rank 1. */
#include "case.h"

enum { COUNT = 700 };

static double out[COUNT], in[COUNT];
static MPI_Comm comm;

static void filled(int with)
{
    for (int at = 0; at < COUNT; at++)
        out[at] = with * 1000 + at, in[at] = -1;
}

static void received(const char *how, int count)
{
    MPI_Status status;
    int came;
    MPI_Recv(in, COUNT, MPI_DOUBLE, 0, MPI_ANY_TAG, comm, &status);
    MPI_Get_count(&status, MPI_DOUBLE, &came);
    say("%s of %d: source %d, tag %d, count %d, %08x", how, count, status.MPI_SOURCE, status.MPI_TAG, came, hash(in, sizeof in));
}

#define BLOCKING(send)                                     \
    for (int count = 0; count <= COUNT; count += 350) {    \
        filled(count);                                     \
        if (rank == 0)                                     \
            GIVES(send(out, count, MPI_DOUBLE, 1, 3, comm)); \
        if (rank == 1)                                     \
            received(#send, count);                        \
    }

#define STARTED(send)                                               \
    for (int count = 0; count <= COUNT; count += 350) {             \
        filled(count);                                              \
        if (rank == 0) {                                            \
            MPI_Request request;                                    \
            GIVES(send(out, count, MPI_DOUBLE, 1, 4, comm, &request)); \
            GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));           \
        }                                                           \
        if (rank == 1)                                              \
            received(#send, count);                                 \
    }

#define PERSISTENT(send)                                           \
    {                                                              \
        MPI_Request request = MPI_REQUEST_NULL;                    \
        if (rank == 0)                                             \
            GIVES(send(out, 350, MPI_DOUBLE, 1, 5, comm, &request)); \
        for (int round = 0; round < 2; round++) {                  \
            filled(round);                                         \
            if (rank == 0) {                                       \
                GIVES(MPI_Start(&request));                        \
                GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));      \
            }                                                      \
            if (rank == 1)                                         \
                received(#send, 350);                              \
        }                                                          \
        if (rank == 0)                                             \
            GIVES(MPI_Request_free(&request));                     \
    }

/* A ready send needs a receive that is there already. */
#define READY(call)                                                            \
    {                                                                          \
        MPI_Request request = MPI_REQUEST_NULL;                                \
        filled(8);                                                             \
        if (rank == 1)                                                         \
            MPI_Irecv(in, COUNT, MPI_DOUBLE, 0, 6, comm, &request);            \
        MPI_Barrier(comm);                                                     \
        if (rank == 0) {                                                       \
            call;                                                              \
        }                                                                      \
        MPI_Wait(&request, MPI_STATUS_IGNORE);                                 \
        if (rank == 1)                                                         \
            say("%s: %08x", #call, hash(in, sizeof in));                       \
    }

static void ready(void)
{
    MPI_Request of = MPI_REQUEST_NULL;
    READY(MPI_Rsend(out, 9, MPI_DOUBLE, 1, 6, comm));
    READY(MPI_Rsend_c(out, 9, MPI_DOUBLE, 1, 6, comm));
    READY(MPI_Irsend(out, 9, MPI_DOUBLE, 1, 6, comm, &of); MPI_Wait(&of, MPI_STATUS_IGNORE));
    READY(MPI_Irsend_c(out, 9, MPI_DOUBLE, 1, 6, comm, &of); MPI_Wait(&of, MPI_STATUS_IGNORE));
}

static void buffers(void)
{
    static char room[3][COUNT * 8 + 8 * MPI_BSEND_OVERHEAD];
    void *at = NULL;
    int bytes = 0;
    MPI_Count large = 0;
    if (rank < 2)
        GIVES(MPI_Buffer_attach(room[0], sizeof room[0]));
    if (rank < 2)
        say("a second one: %d", MPI_Buffer_attach(room[1], sizeof room[1]) != MPI_SUCCESS);
    BLOCKING(MPI_Bsend)
    MPI_Buffer_flush();
    BLOCKING(MPI_Bsend_c)
    MPI_Buffer_flush();
    STARTED(MPI_Ibsend)
    MPI_Buffer_flush();
    STARTED(MPI_Ibsend_c)
    MPI_Buffer_flush();
    PERSISTENT(MPI_Bsend_init)
    if (rank < 2) {
        GIVES(MPI_Buffer_detach(&at, &bytes));
        say("detached %d bytes, the same %d", bytes, at == room[0]);
        say("sent without: %d", rank == 0 && MPI_Bsend(out, 1, MPI_DOUBLE, 1, 0, comm) == MPI_SUCCESS);
    }
    /* Of a communicator: it comes before that of the process. */
    GIVES(MPI_Comm_attach_buffer(comm, room[1], sizeof room[1]));
    BLOCKING(MPI_Bsend)
    GIVES(MPI_Comm_flush_buffer(comm));
    MPI_Request request;
    GIVES(MPI_Comm_iflush_buffer(comm, &request));
    GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));
    GIVES(MPI_Comm_detach_buffer_c(comm, &at, &large));
    say("detached %lld bytes, the same %d", (long long) large, at == room[1]);
    GIVES(MPI_Buffer_attach(MPI_BUFFER_AUTOMATIC, 0));
    BLOCKING(MPI_Bsend)
    GIVES(MPI_Buffer_flush());
    GIVES(MPI_Buffer_iflush(&request));
    GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));
    GIVES(MPI_Buffer_detach(&at, &bytes));
    say("automatic: %d", at == MPI_BUFFER_AUTOMATIC);
    /* Too small for the message. */
    GIVES(MPI_Buffer_attach(room[2], 100 + MPI_BSEND_OVERHEAD));
    if (rank == 0)
        GIVES(MPI_Bsend(out, 100, MPI_DOUBLE, 1, 3, comm));
    GIVES(MPI_Buffer_detach(&at, &bytes));
}

static void probes(void)
{
    MPI_Status status;
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Request request;
    int flag, count;
    MPI_Count large;
    if (rank == 0) {
        filled(1);
        for (int tag = 0; tag < 6; tag++)
            MPI_Send(out, 10 * tag, MPI_DOUBLE, 1, tag, comm);
    }
    if (rank == 1) {
        GIVES(MPI_Probe(0, 3, comm, &status));
        MPI_Get_count(&status, MPI_DOUBLE, &count);
        say("probed: source %d, tag %d, count %d", status.MPI_SOURCE, status.MPI_TAG, count);
        GIVES(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &flag, &status));
        say("the first: flag %d, tag %d", flag, status.MPI_TAG);
        GIVES(MPI_Mprobe(MPI_ANY_SOURCE, 2, comm, &message, &status));
        MPI_Get_count_c(&status, MPI_DOUBLE, &large);
        say("taken: tag %d, count %lld", status.MPI_TAG, (long long) large);
        GIVES(MPI_Iprobe(0, 2, comm, &flag, &status));
        say("is gone: %d", flag);
        GIVES(MPI_Mrecv(in, COUNT, MPI_DOUBLE, &message, &status));
        say("null now: %d, tag %d, last %g", message == MPI_MESSAGE_NULL, status.MPI_TAG, in[19]);
        do {
            MPI_Improbe(0, 4, comm, &flag, &message, &status);
        } while (!flag);
        GIVES(MPI_Imrecv_c(in, COUNT, MPI_DOUBLE, &message, &request));
        GIVES(MPI_Wait(&request, &status));
        say("started: tag %d, last %g", status.MPI_TAG, in[39]);
        GIVES(MPI_Mprobe(MPI_PROC_NULL, 2, comm, &message, &status));
        say("of nobody: %d, source %d, any tag %d", message == MPI_MESSAGE_NO_PROC, status.MPI_SOURCE, status.MPI_TAG == MPI_ANY_TAG);
        GIVES(MPI_Mrecv(in, COUNT, MPI_DOUBLE, &message, &status));
        say("null now: %d", message == MPI_MESSAGE_NULL);
        GIVES(MPI_Mprobe(0, 5, comm, &message, &status));
        GIVES(MPI_Mrecv(in, 2, MPI_DOUBLE, &message, &status));
        for (int tag = 0; tag < 4; tag++)
            if (tag != 2)
                MPI_Recv(in, COUNT, MPI_DOUBLE, 0, tag, comm, MPI_STATUS_IGNORE);
        GIVES(MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &flag, &message, &status));
        say("none: flag %d, %d", flag, message == MPI_MESSAGE_NULL);
    }
}

static void exchanges(void)
{
    int to = (rank + 1) % size, from = (rank + size - 1) % size, count;
    MPI_Status status;
    MPI_Request request;
    filled(rank);
    GIVES(MPI_Sendrecv(out, 5, MPI_DOUBLE, to, 1, in, 9, MPI_DOUBLE, from, 1, comm, &status));
    MPI_Get_count(&status, MPI_DOUBLE, &count);
    say("exchanged: source %d, count %d, %g", status.MPI_SOURCE, count, in[4]);
    GIVES(MPI_Sendrecv_c(out, 6, MPI_DOUBLE, to, 1, in, 9, MPI_DOUBLE, from, MPI_ANY_TAG, comm, &status));
    say("exchanged: tag %d, %g", status.MPI_TAG, in[5]);
    GIVES(MPI_Sendrecv_replace(out, 7, MPI_DOUBLE, to, 2, from, 2, comm, &status));
    say("replaced: %g %g", out[6], out[7]);
    GIVES(MPI_Sendrecv_replace_c(out, 8, MPI_DOUBLE, to, 2, from, 2, comm, &status));
    say("replaced: %g %g", out[6], out[7]);
    GIVES(MPI_Isendrecv(out, 3, MPI_DOUBLE, to, 4, in, 3, MPI_DOUBLE, from, 4, comm, &request));
    GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));
    say("started: %g", in[2]);
    GIVES(MPI_Isendrecv_replace_c(out, 3, MPI_DOUBLE, to, 4, from, 4, comm, &request));
    GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));
    say("started: %g", out[2]);
    GIVES(MPI_Sendrecv(out, 1, MPI_DOUBLE, MPI_PROC_NULL, 1, in, 9, MPI_DOUBLE, MPI_PROC_NULL, 1, comm, &status));
    MPI_Get_count(&status, MPI_DOUBLE, &count);
    say("with nobody: source %d, tag any %d, count %d", status.MPI_SOURCE, status.MPI_TAG == MPI_ANY_TAG, count);
}

static void partitions(void)
{
    enum { PARTS = 4 };
    MPI_Request request = MPI_REQUEST_NULL;
    int flag, list[2] = {3, 1};
    if (rank == 0)
        GIVES(MPI_Psend_init(out, PARTS, 50, MPI_DOUBLE, 1, 7, comm, MPI_INFO_NULL, &request));
    if (rank == 1)
        GIVES(MPI_Precv_init(in, PARTS, 50, MPI_DOUBLE, 0, 7, comm, MPI_INFO_NULL, &request));
    if (rank > 1)
        return;
    for (int round = 0; round < 3; round++) {
        filled(round);
        GIVES(MPI_Start(&request));
        if (rank == 0) {
            GIVES(MPI_Pready_list(2, list, request));
            GIVES(MPI_Pready(0, request));
            GIVES(MPI_Pready_range(2, 2, request));
        }
        GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));
        if (rank == 1) {
            GIVES(MPI_Parrived(request, 2, &flag));
            say("arrived %d, %08x", flag, hash(in, sizeof in));
        }
    }
    GIVES(MPI_Request_free(&request));
}

int main(void)
{
    begin();
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    BLOCKING(MPI_Send)
    BLOCKING(MPI_Send_c)
    BLOCKING(MPI_Ssend)
    BLOCKING(MPI_Ssend_c)
    STARTED(MPI_Isend)
    STARTED(MPI_Isend_c)
    STARTED(MPI_Issend)
    STARTED(MPI_Issend_c)
    PERSISTENT(MPI_Send_init)
    PERSISTENT(MPI_Send_init_c)
    PERSISTENT(MPI_Ssend_init)
    PERSISTENT(MPI_Ssend_init_c)
    ready();
    buffers();
    MPI_Barrier(comm);
    probes();
    MPI_Barrier(comm);
    exchanges();
    partitions();
    MPI_Comm_free(&comm);
    return end();
}
