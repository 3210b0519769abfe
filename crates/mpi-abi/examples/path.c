/* What a call in C costs: a number of rounds of `message` (a send to itself, and its receive), `posted`
 * (started receive and send, waited for by MPI_Waitall), `any` (by MPI_Waitany twice), `tested` (by MPI_Testall), `again` (persistent ones,
 * started by MPI_Startall), `exchange` (MPI_Sendrecv), `barrier`, `allreduce` or `bcast` of 8 bytes, on a
 * communicator that the program made, or on MPI_COMM_WORLD (the fifth argument `world`; the fourth is the thread level, `single` or `multiple`). Prints the nanoseconds of a round, the best of 20 tries; under callgrind the difference between
 * two numbers of rounds is what a round takes. The engine's part alone is `crates/runtime/examples/path.rs`. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "message";
    int rounds = argc > 2 ? atoi(argv[2]) : 100000, tries = argc > 3 ? atoi(argv[3]) : 20, rank, provided;
    int level = argc > 4 && !strcmp(argv[4], "multiple") ? MPI_THREAD_MULTIPLE : MPI_THREAD_SINGLE;
    double best = 1e9;
    long in = 1, out = 0;
    MPI_Comm comm;
    MPI_Init_thread(&argc, &argv, level, &provided);
    if (argc > 5 && !strcmp(argv[5], "world"))
        comm = MPI_COMM_WORLD;
    else
        MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_rank(comm, &rank);
    MPI_Request persistent[2];
    MPI_Recv_init(&out, 1, MPI_LONG, rank, 0, comm, &persistent[0]);
    MPI_Send_init(&in, 1, MPI_LONG, rank, 0, comm, &persistent[1]);
    for (int try = 0; try < tries; try++) {
        double begin = MPI_Wtime();
        if (!strcmp(what, "message"))
            for (int round = 0; round < rounds; round++) {
                MPI_Send(&in, 1, MPI_LONG, rank, 0, comm);
                MPI_Recv(&out, 1, MPI_LONG, rank, 0, comm, MPI_STATUS_IGNORE);
            }
        else if (!strcmp(what, "posted"))
            for (int round = 0; round < rounds; round++) {
                MPI_Request requests[2];
                MPI_Irecv(&out, 1, MPI_LONG, rank, 0, comm, &requests[0]);
                MPI_Isend(&in, 1, MPI_LONG, rank, 0, comm, &requests[1]);
                MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
            }
        else if (!strcmp(what, "any"))
            for (int round = 0; round < rounds; round++) {
                MPI_Request requests[2];
                int which;
                MPI_Irecv(&out, 1, MPI_LONG, rank, 0, comm, &requests[0]);
                MPI_Isend(&in, 1, MPI_LONG, rank, 0, comm, &requests[1]);
                MPI_Waitany(2, requests, &which, MPI_STATUS_IGNORE);
                MPI_Waitany(2, requests, &which, MPI_STATUS_IGNORE);
            }
        else if (!strcmp(what, "tested"))
            for (int round = 0; round < rounds; round++) {
                MPI_Request requests[2];
                MPI_Irecv(&out, 1, MPI_LONG, rank, 0, comm, &requests[0]);
                MPI_Isend(&in, 1, MPI_LONG, rank, 0, comm, &requests[1]);
                for (int over = 0; !over;) MPI_Testall(2, requests, &over, MPI_STATUSES_IGNORE);
            }
        else if (!strcmp(what, "again"))
            for (int round = 0; round < rounds; round++) {
                MPI_Startall(2, persistent);
                MPI_Waitall(2, persistent, MPI_STATUSES_IGNORE);
            }
        else if (!strcmp(what, "exchange"))
            for (int round = 0; round < rounds; round++)
                MPI_Sendrecv(&in, 1, MPI_LONG, rank, 0, &out, 1, MPI_LONG, rank, 0, comm, MPI_STATUS_IGNORE);
        else if (!strcmp(what, "barrier"))
            for (int round = 0; round < rounds; round++) MPI_Barrier(comm);
        else if (!strcmp(what, "allreduce"))
            for (int round = 0; round < rounds; round++) MPI_Allreduce(&in, &out, 1, MPI_LONG, MPI_SUM, comm);
        else
            for (int round = 0; round < rounds; round++) MPI_Bcast(&in, 1, MPI_LONG, 0, comm);
        double each = (MPI_Wtime() - begin) / rounds * 1e9;
        best = each < best ? each : best;
    }
    MPI_Request_free(&persistent[0]);
    MPI_Request_free(&persistent[1]);
    if (comm != MPI_COMM_WORLD) MPI_Comm_free(&comm);
    if (rank == 0) printf("%s: %.1f ns\n", what, best);
    MPI_Finalize();
    return 0;
}
