// ranks: 2 3
/* Partitioned messages whose partitions threads declare ready while another thread waits. */

#include <mpi.h>
#include <pthread.h>
#include <stdio.h>

enum { PARTITIONS = 12, EACH = 500, THREADS = 3, ROUNDS = 200 };

static int values[PARTITIONS * EACH];
static MPI_Request request;

static void *declare(void *number)
{
    for (int part = (int)(long)number; part < PARTITIONS; part += THREADS) MPI_Pready(part, request);
    return NULL;
}

int main(int argc, char **argv)
{
    int me, size, provided, failures = 0, all;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &me);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    int is_sender = me == 0, is_receiver = me == size - 1;
    if (is_sender) MPI_Psend_init(values, PARTITIONS, EACH, MPI_INT, size - 1, 3, MPI_COMM_WORLD, MPI_INFO_NULL, &request);
    if (is_receiver) MPI_Precv_init(values, PARTITIONS, EACH, MPI_INT, 0, 3, MPI_COMM_WORLD, MPI_INFO_NULL, &request);
    for (int round = 0; round < ROUNDS; round++) {
        if (is_sender) {
            for (int i = 0; i < PARTITIONS * EACH; i++) values[i] = i + round;
            MPI_Start(&request);
            pthread_t threads[THREADS];
            for (long t = 0; t < THREADS; t++) pthread_create(&threads[t], NULL, declare, (void *)t);
            MPI_Wait(&request, MPI_STATUS_IGNORE);
            for (int t = 0; t < THREADS; t++) pthread_join(threads[t], NULL);
        } else if (is_receiver) {
            MPI_Start(&request);
            MPI_Wait(&request, MPI_STATUS_IGNORE);
            for (int i = 0; i < PARTITIONS * EACH; i++) failures += values[i] != i + round;
        }
    }
    if (is_sender || is_receiver) MPI_Request_free(&request);
    MPI_Reduce(&failures, &all, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    if (me == 0) printf("%d failures\n", all);
    MPI_Finalize();
    return 0;
}
