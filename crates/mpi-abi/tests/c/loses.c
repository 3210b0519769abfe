/* Rank 1 is killed while the others wait for it, asleep. They are told, and go on without it. Needs a launcher that lets them. */
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int rank, size, value = 0, class = 0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 1) {
        sleep(1);
        raise(SIGKILL);
    }
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    double begin = MPI_Wtime();
    int code = MPI_Recv(&value, 1, MPI_INT, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    double waited = MPI_Wtime() - begin;
    getrusage(RUSAGE_SELF, &after);
    double used = after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_stime.tv_sec
        + 1e-6 * (after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_stime.tv_usec);
    MPI_Error_class(code, &class);
    int failures = (class != MPI_ERR_PROC_ABORTED) + (used > waited / 2);
    /* Around what is left. */
    int right = (rank + 1) % size == 1 ? (rank + 2) % size : (rank + 1) % size;
    int left = (rank + size - 1) % size == 1 ? (rank + size - 2) % size : (rank + size - 1) % size;
    MPI_Sendrecv(&rank, 1, MPI_INT, right, 1, &value, 1, MPI_INT, left, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    failures += value != left;
    printf("rank %d of %d: class %s, %s, %d failures\n", rank, size,
           class == MPI_ERR_PROC_ABORTED ? "MPI_ERR_PROC_ABORTED" : "another", used > waited / 2 ? "spun" : "slept", failures);
    MPI_Finalize();
    return failures;
}
