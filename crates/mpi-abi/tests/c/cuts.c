// ranks: 2 3
/* Messages that are longer than what is received into: the receive fails, and takes its message all the same. */

#include "expect.h"
#include <stdlib.h>

/* Not every implementation gives the message's name back, whose receive has failed. */
#ifndef STRICT
#define STRICT 0
#endif

enum { ROOM = 10, MOST = 300000 };

static int mine[MOST], theirs[MOST], small[ROOM];

/* Sends are waited for before receives. */
static void both_ways(int count)
{
    int other = size - 1 - rank;
    MPI_Status status;
    if (other == rank) return;
    for (int i = 0; i < count; i++) mine[i] = rank + i;
    int code = MPI_Sendrecv(mine, count, MPI_INT, other, 1, small, ROOM, MPI_INT, other, 1, MPI_COMM_WORLD, &status);
    EXPECT(class_of(code) == MPI_ERR_TRUNCATE);
    EXPECT(status.MPI_SOURCE == other && status.MPI_TAG == 1);
    MPI_Request requests[2];
    MPI_Status statuses[2];
    MPI_Isend(mine, count, MPI_INT, other, 2, MPI_COMM_WORLD, &requests[0]);
    MPI_Irecv(small, ROOM, MPI_INT, other, 2, MPI_COMM_WORLD, &requests[1]);
    code = MPI_Waitall(2, requests, statuses);
    EXPECT(class_of(code) == MPI_ERR_IN_STATUS);
    EXPECT(statuses[0].MPI_ERROR == MPI_SUCCESS && class_of(statuses[1].MPI_ERROR) == MPI_ERR_TRUNCATE);
    EXPECT(statuses[1].MPI_SOURCE == other && statuses[1].MPI_TAG == 2);
    /* Nothing is left of it. */
    for (int tag = 1; tag <= 2; tag++) {
        int found;
        MPI_Iprobe(other, tag, MPI_COMM_WORLD, &found, MPI_STATUS_IGNORE);
        EXPECT(!found);
    }
}

/* The sender is done though its receiver waits for something else. */
static void meanwhile(int count)
{
    MPI_Request request;
    if (rank == 0) MPI_Irecv(small, ROOM, MPI_INT, size - 1, 3, MPI_COMM_WORLD, &request);
    if (rank == size - 1) MPI_Send(mine, count, MPI_INT, 0, 3, MPI_COMM_WORLD);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) EXPECT(class_of(MPI_Wait(&request, MPI_STATUS_IGNORE)) == MPI_ERR_TRUNCATE);
}

/* A message goes to the receive that was posted first, if it fits or not. */
static void in_order(int count)
{
    MPI_Request requests[2];
    MPI_Status status;
    if (rank == 0) {
        int received;
        MPI_Irecv(small, ROOM, MPI_INT, size - 1, 4, MPI_COMM_WORLD, &requests[0]);
        MPI_Irecv(theirs, MOST, MPI_INT, size - 1, 4, MPI_COMM_WORLD, &requests[1]);
        MPI_Barrier(MPI_COMM_WORLD);
        EXPECT(MPI_Wait(&requests[1], &status) == MPI_SUCCESS);
        MPI_Get_count(&status, MPI_INT, &received);
        EXPECT(received == 5 && theirs[0] == 222);
        EXPECT(class_of(MPI_Wait(&requests[0], &status)) == MPI_ERR_TRUNCATE);
    } else {
        MPI_Barrier(MPI_COMM_WORLD);
        if (rank != size - 1) return;
        int few[5] = {222, 222, 222, 222, 222};
        MPI_Isend(mine, count, MPI_INT, 0, 4, MPI_COMM_WORLD, &requests[0]);
        MPI_Isend(few, 5, MPI_INT, 0, 4, MPI_COMM_WORLD, &requests[1]);
        MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    }
}

/* The same of a message that a matched probe took. */
static void taken(int count)
{
    if (rank == 0) {
        MPI_Message message;
        MPI_Status status;
        MPI_Mprobe(size - 1, 5, MPI_COMM_WORLD, &message, &status);
        int code = MPI_Mrecv(small, ROOM, MPI_INT, &message, &status);
        EXPECT(class_of(code) == MPI_ERR_TRUNCATE && (!STRICT || message == MPI_MESSAGE_NULL));
    } else if (rank == size - 1) {
        MPI_Send(mine, count, MPI_INT, 0, 5, MPI_COMM_WORLD);
    }
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    int counts[] = {11, 100, 5000, 200000, MOST};
    for (int i = 0; i < 5; i++) {
        both_ways(counts[i]);
        meanwhile(counts[i]);
        in_order(counts[i]);
        taken(counts[i]);
        MPI_Barrier(MPI_COMM_WORLD);
    }
    int all;
    MPI_Reduce(&failures, &all, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0) printf("%d failures\n", all);
    MPI_Finalize();
    return 0;
}
