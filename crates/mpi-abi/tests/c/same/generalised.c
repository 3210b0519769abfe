// ranks: 1
/* Generalised requests: when their functions are called and what becomes of what they return, in every way to complete requests, among
 * others of other kinds; freed and cancelled before and after they are complete. */
#include "case.h"

static int answers[3];

static int query(void *state, MPI_Status *status)
{
    say("query %s", (char *) state);
    MPI_Status_set_elements(status, MPI_INT, 5);
    MPI_Status_set_cancelled(status, 0);
    MPI_Status_set_source(status, 11);
    MPI_Status_set_tag(status, 22);
    return answers[0];
}

static int release(void *state)
{
    say("free %s", (char *) state);
    return answers[1];
}

static int cancel(void *state, int complete)
{
    say("cancel %s %d", (char *) state, complete);
    return answers[2];
}

static void shown(const char *what, const MPI_Status *status)
{
    int count, cancelled;
    MPI_Get_count(status, MPI_INT, &count);
    MPI_Test_cancelled(status, &cancelled);
    say("%s: source %d, tag %d, count %d, cancelled %d", what, status->MPI_SOURCE, status->MPI_TAG, count, cancelled);
}

static MPI_Request started(const char *name)
{
    MPI_Request request;
    GIVES(MPI_Grequest_start(query, release, cancel, (void *) name, &request));
    return request;
}

static void completed(void)
{
    MPI_Request requests[3];
    MPI_Status statuses[3], status;
    int flag, at, count, indices[3];
    requests[0] = started("waited for");
    MPI_Grequest_complete(requests[0]);
    GIVES(MPI_Wait(&requests[0], &status));
    shown("waited for", &status);
    say("null %d", requests[0] == MPI_REQUEST_NULL);
    requests[0] = started("tested");
    GIVES(MPI_Test(&requests[0], &flag, &status));
    say("flag %d", flag);
    GIVES(MPI_Grequest_complete(requests[0]));
    GIVES(MPI_Test(&requests[0], &flag, &status));
    shown("tested", &status);
    requests[0] = started("ignored");
    MPI_Grequest_complete(requests[0]);
    GIVES(MPI_Wait(&requests[0], MPI_STATUS_IGNORE));
    for (int each = 0; each < 3; each++)
        requests[each] = started(each == 0 ? "first" : each == 1 ? "second" : "third");
    GIVES(MPI_Testall(3, requests, &flag, statuses));
    say("flag %d", flag);
    MPI_Grequest_complete(requests[1]);
    GIVES(MPI_Waitany(3, requests, &at, &status));
    say("index %d", at);
    shown("any", &status);
    MPI_Grequest_complete(requests[2]);
    GIVES(MPI_Waitsome(3, requests, &count, indices, statuses));
    say("some: %d, %d", count, indices[0]);
    shown("some", &statuses[0]);
    MPI_Grequest_complete(requests[0]);
    GIVES(MPI_Waitall(3, requests, statuses));
    shown("all", &statuses[0]);
    shown("null", &statuses[1]);
    /* Among messages. */
    int in = 0, out = 9;
    requests[0] = started("among others");
    MPI_Irecv(&in, 1, MPI_INT, 0, 1, MPI_COMM_SELF, &requests[1]);
    MPI_Isend(&out, 1, MPI_INT, 0, 1, MPI_COMM_SELF, &requests[2]);
    MPI_Grequest_complete(requests[0]);
    GIVES(MPI_Waitall(3, requests, statuses));
    shown("generalised", &statuses[0]);
    shown("received", &statuses[1]);
}

static void ended(void)
{
    MPI_Request request, kept;
    MPI_Status status;
    int flag;
    request = kept = started("freed first");
    GIVES(MPI_Request_free(&request));
    GIVES(MPI_Grequest_complete(kept));
    request = started("freed afterwards");
    MPI_Grequest_complete(request);
    GIVES(MPI_Request_free(&request));
    request = started("cancelled first");
    GIVES(MPI_Cancel(&request));
    GIVES(MPI_Cancel(&request));
    MPI_Grequest_complete(request);
    GIVES(MPI_Wait(&request, &status));
    request = started("cancelled afterwards");
    MPI_Grequest_complete(request);
    GIVES(MPI_Cancel(&request));
    GIVES(MPI_Wait(&request, &status));
    request = started("looked at");
    MPI_Grequest_complete(request);
    GIVES(MPI_Request_get_status(request, &flag, &status));
    say("flag %d", flag);
    shown("looked at", &status);
    GIVES(MPI_Request_get_status(request, &flag, MPI_STATUS_IGNORE));
    GIVES(MPI_Wait(&request, &status));
}

/* What their functions return becomes the error. */
static void failed(void)
{
    MPI_Request request;
    MPI_Status status;
    int flag;
    answers[0] = MPI_ERR_QUOTA;
    request = started("a query that fails");
    MPI_Grequest_complete(request);
    GIVES(MPI_Wait(&request, &status));
    request = started("a tested query that fails");
    MPI_Grequest_complete(request);
    GIVES(MPI_Test(&request, &flag, &status));
    answers[0] = 0;
    answers[1] = MPI_ERR_BASE;
    request = started("a free that fails");
    MPI_Grequest_complete(request);
    GIVES(MPI_Wait(&request, &status));
    request = started("freed, which fails");
    MPI_Grequest_complete(request);
    GIVES(MPI_Request_free(&request));
    answers[1] = 0;
    answers[2] = MPI_ERR_SIZE;
    request = started("a cancel that fails");
    GIVES(MPI_Cancel(&request));
    MPI_Grequest_complete(request);
    GIVES(MPI_Wait(&request, &status));
    answers[2] = 0;
}

int main(void)
{
    begin();
    completed();
    ended();
    failed();
    return end();
}
