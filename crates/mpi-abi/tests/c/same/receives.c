// ranks: 2 3
/* Receives in every form and both widths, of anybody and any tag, matched before or not; exchanges; ready sends in all forms;
 * partitions of other numbers on both sides. Between ranks 0 and 1; others look on. */
#include "case.h"

enum { COUNT = 600 };

static int out[COUNT], in[COUNT];
static MPI_Comm comm;

static void filled(int with)
{
    for (int at = 0; at < COUNT; at++)
        out[at] = with * 1000 + rank * 100000 + at, in[at] = -1;
}

static void shown(const char *how, const MPI_Status *status)
{
    int count = -1;
    MPI_Get_count(status, MPI_INT, &count);
    say("%s: source %d, tag %d, count %d, %08x", how, status->MPI_SOURCE, status->MPI_TAG, count, hash(in, sizeof in));
}

static MPI_Status status;
static MPI_Request request;
static MPI_Message message;

static void plain(int source, int tag, int count)
{
    MPI_Recv(in, count, MPI_INT, source, tag, comm, &status);
}

static void plain_c(int source, int tag, int count)
{
    MPI_Recv_c(in, count, MPI_INT, source, tag, comm, &status);
}

static void started(int source, int tag, int count)
{
    MPI_Irecv(in, count, MPI_INT, source, tag, comm, &request);
    MPI_Wait(&request, &status);
}

static void started_c(int source, int tag, int count)
{
    MPI_Irecv_c(in, count, MPI_INT, source, tag, comm, &request);
    MPI_Wait(&request, &status);
}

static void persistent(int source, int tag, int count)
{
    MPI_Recv_init(in, count, MPI_INT, source, tag, comm, &request);
    MPI_Start(&request);
    MPI_Wait(&request, &status);
    MPI_Request_free(&request);
}

static void persistent_c(int source, int tag, int count)
{
    MPI_Recv_init_c(in, count, MPI_INT, source, tag, comm, &request);
    MPI_Start(&request);
    MPI_Wait(&request, &status);
    MPI_Request_free(&request);
}

static void matched(int source, int tag, int count)
{
    MPI_Mprobe(source, tag, comm, &message, &status);
    MPI_Mrecv(in, count, MPI_INT, &message, &status);
}

static void matched_c(int source, int tag, int count)
{
    MPI_Mprobe(source, tag, comm, &message, &status);
    MPI_Mrecv_c(in, count, MPI_INT, &message, &status);
}

static void matched_started(int source, int tag, int count)
{
    int flag;
    do
        MPI_Improbe(source, tag, comm, &flag, &message, &status);
    while (!flag);
    MPI_Imrecv(in, count, MPI_INT, &message, &request);
    MPI_Wait(&request, &status);
}

static void matched_started_c(int source, int tag, int count)
{
    MPI_Mprobe(source, tag, comm, &message, &status);
    MPI_Imrecv_c(in, count, MPI_INT, &message, &request);
    MPI_Wait(&request, &status);
}

static void probed(int source, int tag, int count)
{
    int flag;
    MPI_Probe(source, tag, comm, &status);
    MPI_Iprobe(status.MPI_SOURCE, status.MPI_TAG, comm, &flag, MPI_STATUS_IGNORE);
    MPI_Recv(in, count, MPI_INT, status.MPI_SOURCE, status.MPI_TAG, comm, &status);
}

#define FORMS(X) \
    X(plain) X(plain_c) X(started) X(started_c) X(persistent) X(persistent_c) X(matched) X(matched_c) X(matched_started) \
    X(matched_started_c) X(probed)

static void every(void)
{
    int sizes[] = {0, 1, 8, 9, 500};
    for (int synchronous = 0; synchronous < 2; synchronous++)
        for (int at = 0; at < 5; at++)
            for (int wild = 0; wild < 4; wild++) {
                int source = wild & 1 ? MPI_ANY_SOURCE : 0, tag = wild & 2 ? MPI_ANY_TAG : 7 + at;
#define X(form)                                                                                            \
    filled(at);                                                                                            \
    if (rank == 0)                                                                                         \
        (synchronous ? MPI_Ssend : MPI_Send)(out, sizes[at], MPI_INT, 1, 7 + at, comm);                      \
    if (rank == 1) {                                                                                       \
        form(source, tag, COUNT);                                                                          \
        shown(#form, &status);                                                                             \
    }
                FORMS(X)
#undef X
            }
}

/* Two messages of one kind are received in their order, whatever takes them. */
static void orders(void)
{
    for (int from = 0; from < 11; from++) {
        filled(0);
        for (int number = 0; rank == 0 && number < 11; number++)
            MPI_Send(&number, 1, MPI_INT, 1, 1, comm);
        if (rank == 1) {
            static void (*const forms[])(int, int, int) = {
#define X(form) form,
                FORMS(X)
#undef X
            };
            for (int number = 0; number < 11; number++) {
                forms[(from + number) % 11](0, 1, 1);
                say("in order: %d", in[0] == number);
            }
        }
    }
}

static void exchanges(void)
{
    int other = 1 - rank;
    if (rank > 1)
        return;
    filled(1);
    GIVES(MPI_Isendrecv(out, 40, MPI_INT, other, 1, in, 50, MPI_INT, other, 1, comm, &request));
    GIVES(MPI_Wait(&request, &status));
    shown("exchange started", &status);
    filled(2);
    GIVES(MPI_Isendrecv_c(out, 41, MPI_INT, other, 1, in, 50, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &request));
    GIVES(MPI_Wait(&request, &status));
    shown("exchange started, large", &status);
    filled(3);
    memcpy(in, out, sizeof in);
    GIVES(MPI_Isendrecv_replace(in, 42, MPI_INT, other, 1, other, 1, comm, &request));
    GIVES(MPI_Wait(&request, &status));
    shown("exchange replaced", &status);
    memcpy(in, out, sizeof in);
    GIVES(MPI_Isendrecv_replace_c(in, 43, MPI_INT, other, 1, MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &request));
    GIVES(MPI_Wait(&request, &status));
    shown("exchange replaced, large", &status);
    filled(4);
    GIVES(MPI_Sendrecv_c(out, 10, MPI_INT, other, 1, in, 5, MPI_INT, other, 1, comm, &status));
    GIVES(MPI_Isendrecv(out, 10, MPI_INT, MPI_PROC_NULL, 1, in, 50, MPI_INT, MPI_PROC_NULL, 1, comm, &request));
    GIVES(MPI_Wait(&request, &status));
    shown("exchange with nobody", &status);
}

static void ready(void)
{
#define READY(make)                                            \
    do {                                                       \
        MPI_Request sent = MPI_REQUEST_NULL;                   \
        if (rank == 0)                                         \
            GIVES(make);                                       \
        for (int round = 0; round < 2; round++) {              \
            filled(round);                                     \
            if (rank == 1)                                     \
                MPI_Irecv(in, COUNT, MPI_INT, 0, 3, comm, &request); \
            MPI_Barrier(comm);                                 \
            if (rank == 0) {                                   \
                MPI_Start(&sent);                              \
                MPI_Wait(&sent, MPI_STATUS_IGNORE);            \
            }                                                  \
            if (rank == 1) {                                   \
                MPI_Wait(&request, &status);                   \
                shown(#make, &status);                         \
            }                                                  \
        }                                                      \
        if (rank == 0)                                         \
            GIVES(MPI_Request_free(&sent));                    \
    } while (0)
    READY(MPI_Rsend_init(out, 5, MPI_INT, 1, 3, comm, &sent));
    READY(MPI_Rsend_init_c(out, 500, MPI_INT, 1, 3, comm, &sent));
}

/* So many partitions here, and there. */
static void partitions(int given, int taken)
{
    MPI_Request own = MPI_REQUEST_NULL;
    int flag = -1, all = 120;
    if (rank == 0)
        GIVES(MPI_Psend_init(out, given, all / given, MPI_INT, 1, 9, comm, MPI_INFO_NULL, &own));
    if (rank == 1)
        GIVES(MPI_Precv_init(in, taken, all / taken, MPI_INT, 0, 9, comm, MPI_INFO_NULL, &own));
    if (rank > 1)
        return;
    for (int round = 0; round < 3; round++) {
        filled(round);
        MPI_Start(&own);
        for (int part = 0; rank == 0 && part < given; part++)
            MPI_Pready((part * 7 + round) % given, own);
        if (rank == 1)
            for (int part = 0; part < taken; part++)
                do
                    MPI_Parrived(own, part, &flag);
                while (!flag);
        MPI_Wait(&own, &status);
        if (rank == 1)
            say("%d partitions to %d: %08x", given, taken, hash(in, sizeof in));
    }
    GIVES(MPI_Request_free(&own));
}

int main(void)
{
    begin();
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    every();
    orders();
    exchanges();
    ready();
    for (int given = 1; given <= 5; given += 2)
        partitions(given, given);
    MPI_Comm_free(&comm);
    return end();
}
