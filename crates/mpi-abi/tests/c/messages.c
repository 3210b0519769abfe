// ranks: 1 2 3
/* Messages between two processes, in every mode and form. */
#include "expect.h"
#include <stdlib.h>
#include <string.h>

static int left, right;

static void modes(void)
{
    enum { N = 3000 };
    int *out = malloc(N * sizeof(int)), *in = malloc(N * sizeof(int));
    for (int mode = 0; mode < 4; mode++)
        for (int count = 1; count <= N; count = count * 7 + 1) {
            MPI_Request request;
            MPI_Status status;
            for (int i = 0; i < count; i++)
                out[i] = rank * 100000 + mode * 10000 + i;
            memset(in, 0, N * sizeof(int));
            MPI_Irecv(in, N, MPI_INT, left, mode, MPI_COMM_WORLD, &request);
            if (mode == 3)
                MPI_Barrier(MPI_COMM_WORLD);
            switch (mode) {
            case 0: MPI_Send(out, count, MPI_INT, right, mode, MPI_COMM_WORLD); break;
            case 1: {
                MPI_Request sent;
                MPI_Issend(out, count, MPI_INT, right, mode, MPI_COMM_WORLD, &sent);
                MPI_Wait(&sent, MPI_STATUS_IGNORE);
                break;
            }
            case 2: MPI_Bsend(out, count, MPI_INT, right, mode, MPI_COMM_WORLD); break;
            case 3: MPI_Rsend(out, count, MPI_INT, right, mode, MPI_COMM_WORLD); break;
            }
            MPI_Wait(&request, &status);
            EXPECT(status.MPI_SOURCE == left && status.MPI_TAG == mode);
            EXPECT(request == MPI_REQUEST_NULL);
            for (int i = 0; i < count; i++)
                EXPECT(in[i] == left * 100000 + mode * 10000 + i);
        }
    free(out);
    free(in);
}

static void persistent(void)
{
    int out[2] = {0, 0}, in[2];
    MPI_Request requests[2];
    MPI_Status statuses[2];
    MPI_Send_init(out, 2, MPI_INT, right, 11, MPI_COMM_WORLD, &requests[0]);
    MPI_Recv_init(in, 2, MPI_INT, left, 11, MPI_COMM_WORLD, &requests[1]);
    for (int round = 0; round < 10; round++) {
        out[0] = rank;
        out[1] = round;
        MPI_Startall(2, requests);
        MPI_Waitall(2, requests, statuses);
        EXPECT(in[0] == left && in[1] == round && requests[0] != MPI_REQUEST_NULL);
        EXPECT(statuses[1].MPI_SOURCE == left);
        int flag = 0;
        MPI_Test(&requests[0], &flag, MPI_STATUS_IGNORE);
        EXPECT(flag);
    }
    MPI_Request_free(&requests[0]);
    MPI_Request_free(&requests[1]);
    EXPECT(requests[0] == MPI_REQUEST_NULL);
}

static void probes(void)
{
    double out[3] = {rank, 2, 3}, in[3];
    MPI_Request request;
    MPI_Message message;
    MPI_Status status;
    int flag = 0;
    MPI_Isend(out, 3, MPI_DOUBLE, right, 21, MPI_COMM_WORLD, &request);
    MPI_Probe(left, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
    EXPECT(status.MPI_TAG == 21);
    while (!flag)
        MPI_Iprobe(MPI_ANY_SOURCE, 21, MPI_COMM_WORLD, &flag, &status);
    MPI_Mprobe(left, 21, MPI_COMM_WORLD, &message, &status);
    MPI_Iprobe(left, 21, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE);
    EXPECT(!flag);
    MPI_Mrecv(in, 3, MPI_DOUBLE, &message, &status);
    EXPECT(in[0] == left && in[2] == 3 && message == MPI_MESSAGE_NULL);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPI_Mprobe(MPI_PROC_NULL, 0, MPI_COMM_WORLD, &message, &status);
    EXPECT(message == MPI_MESSAGE_NO_PROC && status.MPI_SOURCE == MPI_PROC_NULL);
    MPI_Imrecv(in, 1, MPI_DOUBLE, &message, &request);
    MPI_Wait(&request, &status);
    EXPECT(status.MPI_SOURCE == MPI_PROC_NULL && status.MPI_TAG == MPI_ANY_TAG);
}

static void exchanges(void)
{
    int out = rank, in = -1;
    MPI_Status status;
    MPI_Sendrecv(&out, 1, MPI_INT, right, 31, &in, 1, MPI_INT, left, 31, MPI_COMM_WORLD, &status);
    EXPECT(in == left && status.MPI_SOURCE == left);
    MPI_Sendrecv_replace(&out, 1, MPI_INT, right, 32, left, 32, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    EXPECT(out == left);
    MPI_Request requests[2];
    int more = rank * 2, got = -1;
    MPI_Isendrecv(&more, 1, MPI_INT, right, 33, &got, 1, MPI_INT, left, 33, MPI_COMM_WORLD, &requests[0]);
    MPI_Isendrecv_replace(&out, 1, MPI_INT, right, 34, left, 34, MPI_COMM_WORLD, &requests[1]);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    EXPECT(got == left * 2);
    EXPECT(out == (left + size - 1) % size);
}

static void any_and_some(void)
{
    enum { N = 6 };
    int in[N], out[N], index, flag, done = 0;
    MPI_Request requests[N + 1], sends[N];
    MPI_Status statuses[N + 1];
    for (int i = 0; i < N; i++)
        MPI_Irecv(&in[i], 1, MPI_INT, left, 40 + i, MPI_COMM_WORLD, &requests[i]);
    requests[N] = MPI_REQUEST_NULL;
    for (int i = N - 1; i >= 0; i--) {
        out[i] = i * i;
        MPI_Isend(&out[i], 1, MPI_INT, right, 40 + i, MPI_COMM_WORLD, &sends[i]);
    }
    MPI_Waitany(N + 1, requests, &index, &statuses[0]);
    EXPECT(index >= 0 && index < N && in[index] == index * index && statuses[0].MPI_TAG == 40 + index);
    done = 1;
    while (done < N) {
        int count, indices[N + 1];
        MPI_Waitsome(N + 1, requests, &count, indices, statuses);
        for (int i = 0; i < count; i++)
            EXPECT(in[indices[i]] == indices[i] * indices[i] && statuses[i].MPI_TAG == 40 + indices[i]);
        done += count;
    }
    MPI_Waitany(N + 1, requests, &index, MPI_STATUS_IGNORE);
    EXPECT(index == MPI_UNDEFINED);
    MPI_Testany(N + 1, requests, &index, &flag, MPI_STATUS_IGNORE);
    EXPECT(flag && index == MPI_UNDEFINED);
    int count;
    MPI_Testsome(N + 1, requests, &count, &index, MPI_STATUSES_IGNORE);
    EXPECT(count == MPI_UNDEFINED);
    flag = 0;
    while (!flag)
        MPI_Testall(N, sends, &flag, MPI_STATUSES_IGNORE);
}

static void cancelled(void)
{
    int in, flag;
    MPI_Request request;
    MPI_Status status;
    MPI_Irecv(&in, 1, MPI_INT, left, 51, MPI_COMM_WORLD, &request);
    MPI_Cancel(&request);
    MPI_Wait(&request, &status);
    MPI_Test_cancelled(&status, &flag);
    EXPECT(flag);
}

static int query(void *state, MPI_Status *status)
{
    MPI_Status_set_source(status, *(int *) state);
    MPI_Status_set_tag(status, 3);
    MPI_Status_set_cancelled(status, 0);
    return MPI_SUCCESS;
}

static int released;

static int release(void *state)
{
    released += *(int *) state;
    return MPI_SUCCESS;
}

static int cancel(void *state, int complete)
{
    (void) state;
    (void) complete;
    return MPI_SUCCESS;
}

static void generalised(void)
{
    int state = 5, flag;
    MPI_Request request;
    MPI_Status status;
    MPI_Grequest_start(query, release, cancel, &state, &request);
    MPI_Test(&request, &flag, &status);
    EXPECT(!flag);
    MPI_Cancel(&request);
    MPI_Grequest_complete(request);
    MPI_Request_get_status(request, &flag, &status);
    EXPECT(flag && released == 0);
    MPI_Wait(&request, &status);
    EXPECT(status.MPI_SOURCE == 5 && status.MPI_TAG == 3 && released == 5 && request == MPI_REQUEST_NULL);
}

static void partitions(void)
{
    enum { PARTS = 5, EACH = 7 };
    int out[PARTS * EACH] = {0}, in[2][PARTS * EACH], flag;
    MPI_Request send[2], receive[2];
    for (int k = 0; k < 2; k++) {
        MPI_Psend_init(out, PARTS, EACH, MPI_INT, right, 60, MPI_COMM_WORLD, MPI_INFO_NULL, &send[k]);
        MPI_Precv_init(in[k], PARTS, EACH, MPI_INT, left, 60, MPI_COMM_WORLD, MPI_INFO_NULL, &receive[k]);
    }
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < PARTS * EACH; i++)
            out[i] = rank * 1000 + round * 100 + i;
        /* The second pair first: they meet as they were made. */
        for (int k = 1; k >= 0; k--) {
            MPI_Start(&receive[1 - k]);
            MPI_Start(&send[k]);
            MPI_Pready(2, send[k]);
            MPI_Pready_range(3, 4, send[k]);
            int rest[2] = {1, 0};
            MPI_Pready_list(2, rest, send[k]);
        }
        for (int k = 0; k < 2; k++) {
            MPI_Wait(&send[k], MPI_STATUS_IGNORE);
            flag = 0;
            while (!flag)
                MPI_Parrived(receive[k], 3, &flag);
            MPI_Status status;
            MPI_Wait(&receive[k], &status);
            for (int i = 0; i < PARTS * EACH; i++)
                EXPECT(in[k][i] == left * 1000 + round * 100 + i);
        }
    }
    for (int k = 0; k < 2; k++) {
        MPI_Request_free(&send[k]);
        MPI_Request_free(&receive[k]);
    }
}

int main(int argc, char **argv)
{
    int provided, bytes;
    void *room = malloc(1 << 20), *back;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    EXPECT(provided == MPI_THREAD_MULTIPLE);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    left = (rank + size - 1) % size;
    right = (rank + 1) % size;
    MPI_Buffer_attach(room, 1 << 20);
    modes();
    persistent();
    probes();
    exchanges();
    any_and_some();
    cancelled();
    generalised();
    partitions();
    MPI_Buffer_detach(&back, &bytes);
    EXPECT(back == room && bytes == 1 << 20);
    free(room);
    int total = 0;
    MPI_Barrier(MPI_COMM_WORLD);
    total = failures;
    if (rank == 0)
        printf("%d failures\n", total);
    MPI_Finalize();
    return failures != 0;
}
