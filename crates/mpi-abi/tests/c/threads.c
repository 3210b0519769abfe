/* What threads may do with one object: cancel what another one waits for, complete what another one frees, read info objects at any
 * thread level. */
#include "expect.h"
#include <pthread.h>
#include <unistd.h>

static int freed;

/* MPI 5.0 11.4.1: whatever the thread level is, and before the beginning. */
static void *reads(void *argument)
{
    MPI_Info info = *(MPI_Info *)argument;
    long wrong = 0;
    for (int i = 0; i < 200000; i++) {
        int keys = 0;
        wrong += MPI_Info_get_nkeys(info, &keys) != MPI_SUCCESS || keys != 1;
    }
    return (void *)wrong;
}

static void infos(void)
{
    pthread_t threads[3];
    MPI_Info info;
    void *wrong;
    int flag = 0, length = 0;
    MPI_Info_create(&info);
    MPI_Info_set(info, "key", "value");
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, reads, &info);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], &wrong);
        EXPECT(wrong == NULL);
    }
    EXPECT(MPI_Info_get_valuelen(info, "key", &length, &flag) == MPI_SUCCESS && flag && length == 5);
    EXPECT(MPI_Info_free(&info) == MPI_SUCCESS);
}

static MPI_Status seen;

static void *waits(void *request)
{
    MPI_Request own = *(MPI_Request *)request;
    MPI_Wait(&own, &seen);
    return NULL;
}

/* A listener is stopped. */
static void cancels(void)
{
    for (int round = 0; round < 20; round++) {
        int number = 0, flag = 1, cancelled = 0;
        MPI_Request request;
        pthread_t waiter;
        MPI_Irecv(&number, 1, MPI_INT, MPI_ANY_SOURCE, 7, MPI_COMM_SELF, &request);
        pthread_create(&waiter, NULL, waits, &request);
        /* In most rounds it waits by now. */
        usleep(2000);
        EXPECT(MPI_Request_get_status(request, &flag, MPI_STATUS_IGNORE) == MPI_SUCCESS && !flag);
        EXPECT(MPI_Cancel(&request) == MPI_SUCCESS);
        pthread_join(waiter, NULL);
        MPI_Test_cancelled(&seen, &cancelled);
        EXPECT(cancelled);
    }
}

static int queries(void *state, MPI_Status *status)
{
    (void)state;
    MPI_Status_set_elements(status, MPI_INT, 0);
    MPI_Status_set_cancelled(status, 0);
    status->MPI_SOURCE = MPI_UNDEFINED;
    status->MPI_TAG = MPI_UNDEFINED;
    return MPI_SUCCESS;
}

static int frees(void *state)
{
    (void)state;
    __atomic_add_fetch(&freed, 1, __ATOMIC_SEQ_CST);
    return MPI_SUCCESS;
}

static int is_cancelled(void *state, int complete)
{
    (void)state;
    (void)complete;
    return MPI_SUCCESS;
}

enum { ROUNDS = 20000 };
static MPI_Request requests[ROUNDS];
static int turn;

static void *completes(void *argument)
{
    (void)argument;
    for (int round = 0; round < ROUNDS; round++) {
        while (__atomic_load_n(&turn, __ATOMIC_SEQ_CST) <= round)
            ;
        MPI_Grequest_complete(requests[round]);
    }
    return NULL;
}

/* Whoever comes last has the state freed. */
static void generalised(void)
{
    pthread_t other;
    MPI_Request request;
    for (int round = 0; round < ROUNDS; round++)
        MPI_Grequest_start(queries, frees, is_cancelled, NULL, &requests[round]);
    pthread_create(&other, NULL, completes, NULL);
    for (int round = 0; round < ROUNDS; round++) {
        request = requests[round];
        __atomic_store_n(&turn, round + 1, __ATOMIC_SEQ_CST);
        MPI_Request_free(&request);
    }
    pthread_join(other, NULL);
    EXPECT(freed == ROUNDS);
}

static MPI_Comm shared;
static int stop;

static void sees(MPI_Comm *comm, int *code, ...)
{
    (void)comm, (void)code;
}

/* Errs while the communicator is given other handlers. */
static void *errs(void *argument)
{
    long wrong = 0;
    MPI_Errhandler handler;
    (void)argument;
    while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
        wrong += class_of(MPI_Send(NULL, 0, MPI_INT, 99, 0, shared)) != MPI_ERR_RANK;
        wrong += MPI_Comm_get_errhandler(shared, &handler) != MPI_SUCCESS || MPI_Errhandler_free(&handler) != MPI_SUCCESS;
    }
    return (void *)wrong;
}

static void handlers(void)
{
    pthread_t threads[2];
    void *wrong;
    MPI_Comm_dup(MPI_COMM_SELF, &shared);
    MPI_Comm_set_errhandler(shared, MPI_ERRORS_RETURN);
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, errs, NULL);
    for (int round = 0; round < 20000; round++) {
        MPI_Errhandler handler;
        MPI_Comm_create_errhandler(sees, &handler);
        EXPECT(MPI_Comm_set_errhandler(shared, handler) == MPI_SUCCESS);
        EXPECT(MPI_Errhandler_free(&handler) == MPI_SUCCESS);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], &wrong);
        EXPECT(wrong == NULL);
    }
    MPI_Comm_free(&shared);
}

int main(int argc, char **argv)
{
    int provided;
    MPI_Init_thread(&argc, &argv, LEVEL, &provided);
    infos();
    if (provided == MPI_THREAD_MULTIPLE) {
        cancels();
        generalised();
        handlers();
    }
    printf("%d failures\n", failures);
    MPI_Finalize();
    return failures != 0;
}
