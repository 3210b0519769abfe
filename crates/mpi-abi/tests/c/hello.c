/* Ranks, messages, a broadcast: the smallest program that uses everything once. */
#include <mpi.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    int rank, size, flag, length;
    char name[MPI_MAX_OBJECT_NAME];
    MPI_Initialized(&flag);
    if (flag)
        return 1;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_get_name(MPI_COMM_WORLD, name, &length);
    if (strcmp(name, "MPI_COMM_WORLD") || length != 14)
        return 2;

    int token = rank == 0 ? 42 : 0;
    MPI_Status status;
    if (rank > 0) {
        MPI_Recv(&token, 1, MPI_INT, rank - 1, 7, MPI_COMM_WORLD, &status);
        if (status.MPI_SOURCE != rank - 1 || status.MPI_TAG != 7)
            return 3;
    }
    if (rank + 1 < size)
        MPI_Send(&token, 1, MPI_INT, rank + 1, 7, MPI_COMM_WORLD);

    double large[5000];
    for (int i = 0; i < 5000; i++)
        large[i] = rank == size - 1 ? i * 0.5 : -1;
    MPI_Bcast(large, 5000, MPI_DOUBLE, size - 1, MPI_COMM_WORLD);
    for (int i = 0; i < 5000; i++)
        if (large[i] != i * 0.5)
            return 4;

    int in = -1, out = rank;
    MPI_Request requests[2];
    MPI_Irecv(&in, 1, MPI_INT, (rank + size - 1) % size, 0, MPI_COMM_WORLD, &requests[0]);
    MPI_Isend(&out, 1, MPI_INT, (rank + 1) % size, 0, MPI_COMM_WORLD, &requests[1]);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    if (in != (rank + size - 1) % size || requests[0] != MPI_REQUEST_NULL)
        return 5;

    MPI_Comm half;
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &half);
    int half_rank;
    MPI_Comm_rank(half, &half_rank);
    MPI_Comm_free(&half);
    if (half != MPI_COMM_NULL)
        return 6;
    MPI_Barrier(MPI_COMM_WORLD);
    for (int i = 0; i < size; i++) {
        if (i == rank)
            printf("rank %d of %d has token %d, half rank %d\n", rank, size, token, half_rank);
        fflush(stdout);
        MPI_Barrier(MPI_COMM_WORLD);
    }
    MPI_Finalize();
    MPI_Finalized(&flag);
    return flag ? 0 : 7;
}
