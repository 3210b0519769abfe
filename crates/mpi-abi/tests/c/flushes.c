/* A flush waits for the messages that are in the buffer when it begins, and for none that comes later (MPI 5.0 3.6). */
#include "expect.h"
#include <stdlib.h>

enum { LARGE = 1 << 20 };

static char *message, *more;

/* The later message is received after a word that the flush of the earlier one lets go. */
static void of(MPI_Comm comm, int own)
{
    int go = 7, back = 0, flag = 0;
    MPI_Request request;
    void *room;
    if (rank == 0) {
        int bytes = 2 * (LARGE + MPI_BSEND_OVERHEAD);
        room = malloc(bytes);
        EXPECT((own ? MPI_Comm_attach_buffer(comm, room, bytes) : MPI_Buffer_attach(room, bytes)) == MPI_SUCCESS);
        MPI_Bsend(message, LARGE, MPI_CHAR, 1, 1, comm);
        if (own)
            MPI_Comm_iflush_buffer(comm, &request);
        else
            MPI_Buffer_iflush(&request);
        MPI_Bsend(more, LARGE, MPI_CHAR, 1, 2, comm);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        MPI_Send(&go, 1, MPI_INT, 1, 3, comm);
        /* This one waits for both. */
        if (own)
            MPI_Comm_flush_buffer(comm);
        else
            MPI_Buffer_flush();
        if (own)
            MPI_Comm_detach_buffer(comm, &room, &bytes);
        else
            MPI_Buffer_detach(&room, &bytes);
        EXPECT(bytes == 2 * (LARGE + MPI_BSEND_OVERHEAD));
        free(room);
    } else if (rank == 1) {
        MPI_Recv(message, LARGE, MPI_CHAR, 0, 1, comm, MPI_STATUS_IGNORE);
        MPI_Recv(&back, 1, MPI_INT, 0, 3, comm, MPI_STATUS_IGNORE);
        EXPECT(back == go);
        MPI_Iprobe(0, 2, comm, &flag, MPI_STATUS_IGNORE);
        MPI_Recv(more, LARGE, MPI_CHAR, 0, 2, comm, MPI_STATUS_IGNORE);
    }
    MPI_Barrier(comm);
}

int main(int argc, char **argv)
{
    int all;
    void *room = NULL;
    MPI_Comm copy;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_dup(MPI_COMM_WORLD, &copy);
    message = calloc(LARGE, 1);
    more = calloc(LARGE, 1);
    of(MPI_COMM_WORLD, 0);
    of(copy, 1);
    /* The size is irrelevant then, and fits any form. */
    MPI_Count large = 0;
    EXPECT(MPI_Buffer_attach(MPI_BUFFER_AUTOMATIC, -1) == MPI_SUCCESS);
    EXPECT(MPI_Buffer_detach_c(&room, &large) == MPI_SUCCESS && room == MPI_BUFFER_AUTOMATIC);
    EXPECT(MPI_Buffer_attach_c(MPI_BUFFER_AUTOMATIC, (MPI_Count)1 << 40) == MPI_SUCCESS);
    EXPECT(MPI_Buffer_detach(&room, &all) == MPI_SUCCESS && room == MPI_BUFFER_AUTOMATIC);
    free(message);
    free(more);
    MPI_Comm_free(&copy);
    MPI_Reduce(&failures, &all, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    /* What is attached now goes with the world. */
    static char left[100];
    MPI_Buffer_attach(left, sizeof left);
    MPI_Finalize();
    MPI_Session session;
    MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session);
    EXPECT(MPI_Buffer_attach(left, sizeof left) == MPI_SUCCESS);
    MPI_Session_finalize(&session);
    if (rank == 0)
        printf("%d failures\n", all + failures);
    return failures != 0;
}
