// ranks: 1 2
/* Requests: completed one, some, all; null, inactive, persistent and generalised ones; cancelled ones; statuses. */
#include "case.h"

static void show(const char *what, const MPI_Status *status)
{
    int count, cancelled;
    MPI_Get_count(status, MPI_INT, &count);
    MPI_Test_cancelled(status, &cancelled);
    say("%s: source %d, tag %d, count %d, cancelled %d", what, status->MPI_SOURCE, status->MPI_TAG, count, cancelled);
}

static void nothing(void)
{
    MPI_Request requests[3] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    MPI_Status status, statuses[3];
    int at, flag, count, indices[3];
    memset(&status, 7, sizeof status);
    status.MPI_ERROR = 1234;
    GIVES(MPI_Wait(requests, &status));
    show("wait for nothing", &status);
    say("its error is untouched: %d", status.MPI_ERROR == 1234);
    GIVES(MPI_Test(requests, &flag, &status));
    show("test nothing", &status);
    say("flag %d", flag);
    GIVES(MPI_Waitany(3, requests, &at, &status));
    say("index undefined: %d", at == MPI_UNDEFINED);
    show("any of nothing", &status);
    GIVES(MPI_Waitany(0, requests, &at, &status));
    say("index undefined: %d", at == MPI_UNDEFINED);
    GIVES(MPI_Testany(3, requests, &at, &flag, &status));
    say("index undefined: %d, flag %d", at == MPI_UNDEFINED, flag);
    GIVES(MPI_Waitsome(3, requests, &count, indices, statuses));
    say("count undefined: %d", count == MPI_UNDEFINED);
    GIVES(MPI_Testsome(3, requests, &count, indices, statuses));
    say("count undefined: %d", count == MPI_UNDEFINED);
    GIVES(MPI_Waitall(3, requests, statuses));
    show("all of nothing", &statuses[2]);
    GIVES(MPI_Testall(3, requests, &flag, statuses));
    say("flag %d", flag);
    GIVES(MPI_Testall(0, NULL, &flag, MPI_STATUSES_IGNORE));
    say("flag %d", flag);
    GIVES(MPI_Request_get_status(MPI_REQUEST_NULL, &flag, &status));
    say("flag %d", flag);
    show("status of nothing", &status);
    GIVES(MPI_Request_get_status_any(3, requests, &at, &flag, &status));
    say("flag %d, undefined %d", flag, at == MPI_UNDEFINED);
    GIVES(MPI_Request_get_status_all(3, requests, &flag, statuses));
    say("flag %d", flag);
    GIVES(MPI_Request_get_status_some(3, requests, &count, indices, statuses));
    say("undefined %d", count == MPI_UNDEFINED);
}

static void messages(MPI_Comm comm, int to, int from)
{
    enum { NUMBER = 5 };
    int in[NUMBER][4], out[4] = {rank, 1, 2, 3}, at, flag, count, indices[NUMBER];
    MPI_Request requests[NUMBER];
    MPI_Status status, statuses[NUMBER];
    for (int each = 0; each < NUMBER; each++)
        MPI_Irecv(in[each], 4, MPI_INT, from, each, comm, &requests[each]);
    GIVES(MPI_Testany(NUMBER, requests, &at, &flag, &status));
    say("any yet: %d %d", flag, at == MPI_UNDEFINED);
    GIVES(MPI_Testall(NUMBER, requests, &flag, statuses));
    say("all yet: %d", flag);
    GIVES(MPI_Testsome(NUMBER, requests, &count, indices, statuses));
    say("some yet: %d", count);
    MPI_Barrier(comm);
    MPI_Send(out, 2, MPI_INT, to, 3, comm);
    GIVES(MPI_Waitany(NUMBER, requests, &at, &status));
    say("came: %d, null now %d", at, requests[at] == MPI_REQUEST_NULL);
    show("its status", &status);
    MPI_Barrier(comm);
    MPI_Send(out, 1, MPI_INT, to, 0, comm);
    do {
        MPI_Request_get_status(requests[0], &flag, &status);
    } while (!flag);
    show("looked at", &status);
    say("it stays: %d", requests[0] != MPI_REQUEST_NULL);
    GIVES(MPI_Request_get_status_any(NUMBER, requests, &at, &flag, &status));
    say("flag %d at %d", flag, at);
    GIVES(MPI_Waitsome(NUMBER, requests, &count, indices, statuses));
    say("some: %d, the first %d", count, indices[0]);
    show("its status", &statuses[0]);
    MPI_Barrier(comm);
    for (int each = 1; each < NUMBER; each++)
        if (each != 3)
            MPI_Send(out, each % 4, MPI_INT, to, each, comm);
    GIVES(MPI_Waitall(NUMBER, requests, statuses));
    for (int each = 0; each < NUMBER; each++)
        show("all", &statuses[each]);
    MPI_Barrier(comm);
    /* One that is too long: its error is in its status. */
    MPI_Irecv(in[0], 1, MPI_INT, from, 40, comm, &requests[0]);
    requests[1] = MPI_REQUEST_NULL;
    MPI_Barrier(comm);
    MPI_Send(out, 3, MPI_INT, to, 40, comm);
    MPI_Barrier(comm);
    GIVES(MPI_Waitall(2, requests, statuses));
    say("errors: %s %s", class_of(statuses[0].MPI_ERROR), class_of(statuses[1].MPI_ERROR));
    MPI_Irecv(in[0], 1, MPI_INT, from, 42, comm, &requests[0]);
    MPI_Barrier(comm);
    MPI_Send(out, 2, MPI_INT, to, 42, comm);
    GIVES(MPI_Wait(&requests[0], &status));
    say("null now: %d", requests[0] == MPI_REQUEST_NULL);
    MPI_Barrier(comm);
    MPI_Irecv(in[0], 1, MPI_INT, from, 43, comm, &requests[0]);
    GIVES(MPI_Cancel(&requests[0]));
    GIVES(MPI_Wait(&requests[0], &status));
    MPI_Test_cancelled(&status, &flag);
    say("cancelled: %d", flag);
    MPI_Irecv(in[0], 4, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &requests[0]);
    MPI_Barrier(comm);
    MPI_Send(out, 4, MPI_INT, to, 99, comm);
    MPI_Wait(&requests[0], &status);
    show("of anybody", &status);
    MPI_Irecv(in[0], 4, MPI_INT, MPI_PROC_NULL, 3, comm, &requests[0]);
    MPI_Wait(&requests[0], &status);
    show("of nobody", &status);
}

static void persistent(MPI_Comm comm, int to, int from)
{
    int in[2] = {0}, out[2], flag, at;
    MPI_Request requests[2];
    MPI_Status statuses[2];
    MPI_Send_init(out, 1, MPI_INT, to, 5, comm, &requests[0]);
    MPI_Recv_init(in, 2, MPI_INT, from, 5, comm, &requests[1]);
    GIVES(MPI_Wait(&requests[0], &statuses[0]));
    show("inactive", &statuses[0]);
    GIVES(MPI_Test(&requests[1], &flag, &statuses[1]));
    say("flag %d", flag);
    GIVES(MPI_Waitany(2, requests, &at, &statuses[0]));
    say("none is active: %d", at == MPI_UNDEFINED);
    for (int round = 0; round < 3; round++) {
        out[0] = 10 * round + to;
        GIVES(MPI_Startall(2, requests));
        GIVES(MPI_Waitall(2, requests, statuses));
        show("received", &statuses[1]);
        say("value %d, not null %d", in[0], requests[0] != MPI_REQUEST_NULL && requests[1] != MPI_REQUEST_NULL);
    }
    GIVES(MPI_Request_free(&requests[0]));
    GIVES(MPI_Request_free(&requests[1]));
    say("null: %d", requests[0] == MPI_REQUEST_NULL);
    MPI_Request sum;
    int all = 0;
    out[0] = rank + 1;
    MPI_Allreduce_init(out, &all, 1, MPI_INT, MPI_SUM, comm, MPI_INFO_NULL, &sum);
    for (int round = 0; round < 3; round++) {
        all = 0;
        GIVES(MPI_Start(&sum));
        GIVES(MPI_Wait(&sum, MPI_STATUS_IGNORE));
        say("sum %d", all);
    }
    MPI_Request_free(&sum);
}

static int query(void *state, MPI_Status *status)
{
    say("query %s", (char *) state);
    MPI_Status_set_elements(status, MPI_INT, 3);
    MPI_Status_set_cancelled(status, 0);
    status->MPI_SOURCE = 4;
    status->MPI_TAG = 44;
    return MPI_SUCCESS;
}

static int release(void *state)
{
    say("free %s", (char *) state);
    return MPI_SUCCESS;
}

static int cancel(void *state, int complete)
{
    say("cancel %s %d", (char *) state, complete);
    return MPI_SUCCESS;
}

static void generalised(void)
{
    MPI_Request request, kept;
    MPI_Status status;
    int flag;
    MPI_Grequest_start(query, release, cancel, "one", &request);
    GIVES(MPI_Test(&request, &flag, &status));
    say("flag %d", flag);
    GIVES(MPI_Cancel(&request));
    GIVES(MPI_Grequest_complete(request));
    GIVES(MPI_Request_get_status(request, &flag, &status));
    show("looked at", &status);
    GIVES(MPI_Wait(&request, &status));
    show("waited for", &status);
    MPI_Grequest_start(query, release, cancel, "two", &request);
    kept = request;
    GIVES(MPI_Request_free(&request));
    say("null %d", request == MPI_REQUEST_NULL);
    GIVES(MPI_Grequest_complete(kept));
}

static void filled(void)
{
    MPI_Status status;
    int number, flag;
    MPI_Count large;
    memset(&status, 0, sizeof status);
    MPI_Status_set_elements(&status, MPI_DOUBLE, 7);
    MPI_Get_count(&status, MPI_DOUBLE, &number);
    say("count %d", number);
    MPI_Get_count(&status, MPI_BYTE, &number);
    say("bytes %d", number);
    MPI_Status_set_elements_c(&status, MPI_BYTE, (MPI_Count) 5 << 32);
    MPI_Get_count_c(&status, MPI_INT, &large);
    say("large count %lld", (long long) large);
    MPI_Get_count(&status, MPI_BYTE, &number);
    say("too large for an int: %d", number == MPI_UNDEFINED);
    MPI_Get_elements_c(&status, MPI_SHORT, &large);
    say("large elements %lld", (long long) large);
    MPI_Status_set_cancelled(&status, 1);
    MPI_Test_cancelled(&status, &flag);
    say("cancelled %d", flag);
    MPI_Status_set_source(&status, 3);
    MPI_Status_set_tag(&status, 5);
    MPI_Status_set_error(&status, MPI_ERR_TAG);
    MPI_Status_get_source(&status, &number);
    say("source %d %d", number, status.MPI_SOURCE);
    MPI_Status_get_tag(&status, &number);
    say("tag %d %d", number, status.MPI_TAG);
    MPI_Status_get_error(&status, &number);
    say("error %s", class_of(number));
}

int main(void)
{
    MPI_Comm comm;
    begin();
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    nothing();
    messages(comm, (rank + 1) % size, (rank + size - 1) % size);
    persistent(comm, (rank + 1) % size, (rank + size - 1) % size);
    generalised();
    filled();
    MPI_Comm_free(&comm);
    return end();
}
