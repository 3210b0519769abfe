// ranks: 2 3
/* A receive from a rank that is in MPI_Finalize already stays pending, and can be cancelled. */

#include <mpi.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int me, size, is_over, cancelled = 0, number;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &me);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (me == 0) {
        MPI_Request request;
        MPI_Status status;
        MPI_Irecv(&number, 1, MPI_INT, size - 1, 7, MPI_COMM_WORLD, &request);
        for (int i = 0; i < 100; i++) {
            MPI_Test(&request, &is_over, &status);
            if (is_over) printf("it is over\n");
            usleep(1000);
        }
        MPI_Cancel(&request);
        MPI_Wait(&request, &status);
        MPI_Test_cancelled(&status, &cancelled);
        printf("cancelled: %d\n", cancelled);
    }
    MPI_Finalize();
    return 0;
}
