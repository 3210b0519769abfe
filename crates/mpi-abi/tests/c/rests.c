/* After MPI_Finalize a process is its own: some end at once and without a word, some stay, one begins a session with itself, and nobody
 * waits for them. */
#include "expect.h"
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int naps = argc > 1;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    /* What is under way when it ends is completed, though its request was freed. */
    static char large[2][1 << 20];
    MPI_Request request, receive;
    memset(large[0], rank + 1, sizeof large[0]);
    MPI_Irecv(large[1], sizeof large[1], MPI_CHAR, (rank + 1) % size, 0, MPI_COMM_WORLD, &receive);
    MPI_Isend(large[0], sizeof large[0], MPI_CHAR, (rank + size - 1) % size, 0, MPI_COMM_WORLD, &request);
    MPI_Request_free(&request);
    MPI_Wait(&receive, MPI_STATUS_IGNORE);
    EXPECT(large[1][0] == (rank + 1) % size + 1 && large[1][sizeof large[1] - 1] == (rank + 1) % size + 1);
    MPI_Finalize();
    memset(large, 0, sizeof large);
    if (rank == 0) {
        struct timespec nap = {naps, 300000000};
        nanosleep(&nap, NULL);
        MPI_Session session;
        MPI_Group own;
        MPI_Comm comm;
        int value = 1, sum = 0;
        EXPECT(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session) == MPI_SUCCESS);
        MPI_Group_from_session_pset(session, "mpi://SELF", &own);
        EXPECT(MPI_Comm_create_from_group(own, "own", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm) == MPI_SUCCESS);
        MPI_Allreduce(&value, &sum, 1, MPI_INT, MPI_SUM, comm);
        EXPECT(sum == 1);
        MPI_Comm_free(&comm);
        MPI_Group_free(&own);
        MPI_Session_finalize(&session);
        printf("%d failures\n", failures);
    } else if (rank == 1) {
        _exit(failures);
    } else if (rank == 2 && failures == 0) {
        execlp("true", "true", NULL);
        return 9;
    }
    return failures != 0;
}
