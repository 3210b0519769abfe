/* Started with standard streams that are closed: what the library opens never takes their numbers, so that nothing that the program writes
 * there reaches it. */
#include <fcntl.h>
#include <mpi.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int rank, sum, failures = 0, open_before[3];
    MPI_Comm copies[4];
    for (int number = 0; number < 3; number++)
        open_before[number] = fcntl(number, F_GETFD) >= 0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    for (int round = 0; round < 4; round++) {
        MPI_Comm_dup(MPI_COMM_WORLD, &copies[round]);
        for (int number = 0; number < 3; number++) {
            failures += (fcntl(number, F_GETFD) >= 0) != open_before[number];
            /* What is not there can't be written to. */
            if (!open_before[number])
                failures += write(number, "some words that are nobody's", 28) >= 0;
        }
        MPI_Sendrecv(&round, 1, MPI_INT, 1 - rank, 0, &sum, 1, MPI_INT, 1 - rank, 0, copies[round], MPI_STATUS_IGNORE);
        failures += sum != round;
        MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, copies[round]);
        failures += sum != 1;
        /* The program closes one itself. */
        if (round == 1 && open_before[0]) {
            close(0);
            open_before[0] = 0;
        }
    }
    for (int round = 0; round < 4; round++)
        MPI_Comm_free(&copies[round]);
    MPI_Finalize();
    return failures != 0;
}
