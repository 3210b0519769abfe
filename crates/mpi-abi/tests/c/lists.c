/* Lists of requests of every kind: each is told at its place, whatever became of the others, and nothing is left of any. */

#include "expect.h"

enum { FAILING = 3, ALL = 9 };

static int room[2], two[2] = {1, 2}, one = 7, queried, freed;
static MPI_Request requests[ALL];
static MPI_Status statuses[ALL];

static int query(void *code, MPI_Status *status)
{
    queried++;
    MPI_Status_set_elements(status, MPI_INT, 4);
    MPI_Status_set_cancelled(status, 0);
    status->MPI_SOURCE = 5;
    status->MPI_TAG = 6;
    return *(int *)code;
}

static int release(void *code)
{
    (void)code;
    freed++;
    return MPI_SUCCESS;
}

static int cancel(void *code, int complete)
{
    (void)code;
    (void)complete;
    return MPI_SUCCESS;
}

/* Null, inactive, a send, a receive that is too small, a collective, generalised ones of which one fails, and more after them. All to and from
 * this rank itself, on a communicator that is freed first. */
static void begin(int with_failures)
{
    static int good = MPI_SUCCESS, bad = MPI_ERR_QUOTA, sum;
    MPI_Comm comm;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    requests[0] = MPI_REQUEST_NULL;
    MPI_Send_init(&one, 1, MPI_INT, 0, 9, comm, &requests[1]);
    MPI_Isend(two, 2, MPI_INT, 0, 1, comm, &requests[2]);
    MPI_Irecv(room, with_failures ? 1 : 2, MPI_INT, 0, 1, comm, &requests[FAILING]);
    MPI_Iallreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm, &requests[4]);
    MPI_Grequest_start(query, release, cancel, &good, &requests[5]);
    MPI_Grequest_start(query, release, cancel, with_failures ? &bad : &good, &requests[6]);
    MPI_Isend(&one, 1, MPI_INT, 0, 2, comm, &requests[7]);
    MPI_Irecv(&room[1], 1, MPI_INT, 0, 2, comm, &requests[8]);
    MPI_Grequest_complete(requests[5]);
    MPI_Grequest_complete(requests[6]);
    MPI_Comm_free(&comm);
    for (int i = 0; i < ALL; i++) statuses[i] = (MPI_Status){.MPI_SOURCE = -77, .MPI_TAG = -77, .MPI_ERROR = -77};
    queried = freed = 0;
}

/* The inactive one keeps its name. */
static void ended(void)
{
    for (int i = 0; i < ALL; i++) EXPECT((requests[i] == MPI_REQUEST_NULL) == (i != 1));
    EXPECT(queried == 2 && freed == 2);
    MPI_Request_free(&requests[1]);
}

static int becomes(int at)
{
    return at == FAILING ? MPI_ERR_TRUNCATE : at == 6 ? MPI_ERR_QUOTA : MPI_SUCCESS;
}

static void whole(int tests)
{
    int code, over = 0;
    for (int with_failures = 0; with_failures < 2; with_failures++) {
        begin(with_failures);
        if (tests)
            do code = MPI_Testall(ALL, requests, &over, statuses);
            while (!over && code == MPI_SUCCESS);
        else
            code = MPI_Waitall(ALL, requests, statuses);
        EXPECT(class_of(code) == (with_failures ? MPI_ERR_IN_STATUS : MPI_SUCCESS));
        for (int at = 0; at < ALL; at++) {
            int is_empty = at < 2;
            if (with_failures)
                EXPECT(class_of(statuses[at].MPI_ERROR) == becomes(at));
            else if (!is_empty)
                /* It is left alone where all goes well, but for empty statuses, which collectives have too. */
                EXPECT(statuses[at].MPI_ERROR == -77 || statuses[at].MPI_SOURCE == MPI_ANY_SOURCE);
            if (is_empty) EXPECT(statuses[at].MPI_SOURCE == MPI_ANY_SOURCE && statuses[at].MPI_TAG == MPI_ANY_TAG);
        }
        EXPECT(statuses[FAILING].MPI_SOURCE == 0 && statuses[FAILING].MPI_TAG == 1);
        EXPECT(statuses[5].MPI_SOURCE == 5 && statuses[6].MPI_TAG == 6 && statuses[8].MPI_TAG == 2);
        ended();
    }
}

/* One after the other: the failing ones fail alone. */
static void single(int tests)
{
    int seen = 0;
    begin(1);
    for (;;) {
        MPI_Status status;
        int at = -5, over = 1;
        int code = tests ? MPI_Testany(ALL, requests, &at, &over, &status) : MPI_Waitany(ALL, requests, &at, &status);
        if (!over) continue;
        if (at == MPI_UNDEFINED) break;
        EXPECT(at >= 2 && at < ALL && class_of(code) == becomes(at) && requests[at] == MPI_REQUEST_NULL);
        EXPECT(!(seen & 1 << at));
        seen |= 1 << at;
    }
    EXPECT(seen == (1 << ALL) - 4);
    ended();
}

static void several(int tests)
{
    int seen = 0, failed = 0;
    begin(1);
    for (;;) {
        int number, indices[ALL];
        int code = tests ? MPI_Testsome(ALL, requests, &number, indices, statuses)
                         : MPI_Waitsome(ALL, requests, &number, indices, statuses);
        if (number == MPI_UNDEFINED) break;
        EXPECT(tests || number > 0);
        failed += class_of(code) == MPI_ERR_IN_STATUS;
        for (int i = 0; i < number; i++) {
            EXPECT(indices[i] >= 2 && indices[i] < ALL && !(seen & 1 << indices[i]));
            if (code != MPI_SUCCESS) EXPECT(class_of(statuses[i].MPI_ERROR) == becomes(indices[i]));
            seen |= 1 << indices[i];
        }
    }
    EXPECT(seen == (1 << ALL) - 4 && failed > 0 && failed <= 2);
    ended();
}

/* Who looks at one that fails is told its status all the same. */
static void seen(void)
{
    int flag, bad = MPI_ERR_QUOTA;
    MPI_Status status = {.MPI_SOURCE = -77, .MPI_TAG = -77, .MPI_ERROR = -77};
    MPI_Request request;
    MPI_Grequest_start(query, release, cancel, &bad, &request);
    MPI_Grequest_complete(request);
    EXPECT(class_of(MPI_Request_get_status(request, &flag, &status)) == MPI_ERR_QUOTA && flag);
    EXPECT(status.MPI_SOURCE == 5 && status.MPI_TAG == 6);
    EXPECT(class_of(MPI_Request_get_status_all(1, &request, &flag, statuses)) == MPI_ERR_IN_STATUS && flag);
    EXPECT(statuses[0].MPI_SOURCE == 5 && class_of(statuses[0].MPI_ERROR) == MPI_ERR_QUOTA);
    EXPECT(class_of(MPI_Wait(&request, &status)) == MPI_ERR_QUOTA && request == MPI_REQUEST_NULL);
}

/* A name that stands in the list twice was one: what comes behind it is told all the same. */
static void twice(void)
{
    MPI_Isend(&one, 1, MPI_INT, 0, 3, MPI_COMM_SELF, &requests[0]);
    requests[1] = requests[0];
    MPI_Irecv(room, 1, MPI_INT, 0, 3, MPI_COMM_SELF, &requests[2]);
    room[0] = 0;
    EXPECT(class_of(MPI_Waitall(3, requests, statuses)) == MPI_ERR_IN_STATUS);
    EXPECT(class_of(statuses[1].MPI_ERROR) == MPI_ERR_REQUEST && statuses[2].MPI_ERROR == MPI_SUCCESS);
    EXPECT(room[0] == one && requests[0] == MPI_REQUEST_NULL && requests[2] == MPI_REQUEST_NULL);
}

/* A message that was taken out of matching keeps the handler of its communicator. */
static void taken(void)
{
    MPI_Comm comm;
    MPI_Message message;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_ARE_FATAL);
    MPI_Isend(two, 2, MPI_INT, 0, 4, comm, &requests[0]);
    MPI_Mprobe(0, 4, comm, &message, MPI_STATUS_IGNORE);
    MPI_Comm_free(&comm);
    EXPECT(class_of(MPI_Mrecv(room, 1, MPI_INT, &message, MPI_STATUS_IGNORE)) == MPI_ERR_TRUNCATE);
    MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
}

int main(int argc, char **argv)
{
    int all;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    for (int round = 0; round < 20; round++) {
        for (int tests = 0; tests < 2; tests++) {
            whole(tests);
            single(tests);
            several(tests);
        }
        seen();
        twice();
        taken();
    }
    MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0) printf("%d failures\n", all);
    MPI_Finalize();
    return all != 0;
}
