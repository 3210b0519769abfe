// ranks: 2 3
/* Who only asks, and never waits, is answered: also where the answer comes on another communicator than the question went on, and neither was
 * used before. */

#include "expect.h"

enum { KINDS = 6, HOPELESS = 60 };

static MPI_Request request;

/* Asks in one of several ways. */
static int is_there(int kind, MPI_Comm comm)
{
    int flag = 0, at, number;
    switch (kind) {
    case 0: MPI_Test(&request, &flag, MPI_STATUS_IGNORE); break;
    case 1: MPI_Testany(1, &request, &at, &flag, MPI_STATUS_IGNORE); break;
    case 2: MPI_Testall(1, &request, &flag, MPI_STATUSES_IGNORE); break;
    case 3:
        MPI_Testsome(1, &request, &number, &at, MPI_STATUSES_IGNORE);
        flag = number > 0;
        break;
    case 4:
        MPI_Request_get_status(request, &flag, MPI_STATUS_IGNORE);
        if (flag) MPI_Wait(&request, MPI_STATUS_IGNORE);
        break;
    default: MPI_Iprobe(1, 7, comm, &flag, MPI_STATUS_IGNORE);
    }
    return flag;
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    for (int kind = 0; kind < KINDS; kind++) {
        MPI_Comm there, back;
        int question = 40 + kind, answer = 0;
        MPI_Comm_dup(MPI_COMM_WORLD, &there);
        MPI_Comm_dup(MPI_COMM_WORLD, &back);
        if (rank == 0) {
            double begin = MPI_Wtime();
            if (kind < KINDS - 1) MPI_Irecv(&answer, 1, MPI_INT, 1, 6, back, &request);
            MPI_Send(&question, 1, MPI_INT, 1, 5, there);
            while (!is_there(kind, back) && MPI_Wtime() - begin < HOPELESS) {}
            EXPECT(MPI_Wtime() - begin < HOPELESS);
            if (kind == KINDS - 1) MPI_Recv(&answer, 1, MPI_INT, 1, 7, back, MPI_STATUS_IGNORE);
            EXPECT(answer == question + 1);
        } else if (rank == 1) {
            MPI_Recv(&question, 1, MPI_INT, 0, 5, there, MPI_STATUS_IGNORE);
            question++;
            MPI_Send(&question, 1, MPI_INT, 0, kind < KINDS - 1 ? 6 : 7, back);
        }
        MPI_Comm_free(&there);
        MPI_Comm_free(&back);
    }
    int all;
    MPI_Reduce(&failures, &all, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0) printf("%d failures\n", all);
    MPI_Finalize();
    return 0;
}
