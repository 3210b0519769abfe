/* Partitions that are ready go before the others: the receiver has some while the sender has not made the rest. */
#include "expect.h"
#include <stdlib.h>
#include <string.h>

enum { GO = 77 };

static void wait_for(MPI_Request request, int partition)
{
    int flag = 0;
    while (!flag) MPI_Parrived(request, partition, &flag);
}

/* As many partitions on both sides, of a size whose pieces aren't shared: in any order, one by one. */
static void one_by_one(int partitions, int each)
{
    int *values = calloc(partitions * each, sizeof(int)), flag;
    MPI_Request request;
    if (rank == 0)
        MPI_Psend_init(values, partitions, each, MPI_INT, 1, 3, MPI_COMM_WORLD, MPI_INFO_NULL, &request);
    else
        MPI_Precv_init(values, partitions, each, MPI_INT, 0, 3, MPI_COMM_WORLD, MPI_INFO_NULL, &request);
    for (int round = 0; round < 3; round++) {
        for (int at = 0; at < partitions * each; at++) values[at] = rank ? -1 : at ^ round;
        MPI_Start(&request);
        for (int turn = 0; turn < partitions; turn++) {
            int part = (turn * 5 + round) % partitions;
            if (rank == 0) {
                MPI_Pready(part, request);
                /* The receiver has it, though the next one isn't ready. */
                MPI_Recv(&flag, 1, MPI_INT, 1, GO, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            } else {
                wait_for(request, part);
                for (int at = part * each; at < (part + 1) * each; at++) EXPECT(values[at] == (at ^ round));
                if (turn + 1 < partitions) {
                    MPI_Parrived(request, (part + 5) % partitions, &flag);
                    EXPECT(!flag);
                }
                MPI_Send(&turn, 1, MPI_INT, 0, GO, MPI_COMM_WORLD);
            }
        }
        MPI_Status status;
        MPI_Wait(&request, &status);
        if (rank == 1) {
            int count;
            MPI_Get_count(&status, MPI_INT, &count);
            EXPECT(count == partitions * each && status.MPI_SOURCE == 0 && status.MPI_TAG == 3);
            MPI_Parrived(request, 0, &flag);
            EXPECT(flag);
        }
    }
    MPI_Request_free(&request);
    free(values);
}

/* Any numbers of partitions on either side, of a type with gaps on one, both or none. */
static void any_cuts(int seed)
{
    int total = 5040 * (1 + seed % 7), numbers[] = {1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 21, 35, 48, 60};
    int mine = numbers[(seed * 7 + rank * 5 + 3) % 16], gaps = (seed >> rank) % 2, stride = gaps ? 3 : 1;
    int *values = calloc(total * stride, sizeof(int)), flag;
    MPI_Datatype type = MPI_INT;
    MPI_Request request;
    MPI_Status status;
    if (gaps) {
        MPI_Type_create_resized(MPI_INT, 0, stride * sizeof(int), &type);
        MPI_Type_commit(&type);
    }
    if (rank == 0)
        MPI_Psend_init(values, mine, total / mine, type, 1, seed, MPI_COMM_WORLD, MPI_INFO_NULL, &request);
    else
        MPI_Precv_init(values, mine, total / mine, type, 0, seed, MPI_COMM_WORLD, MPI_INFO_NULL, &request);
    for (int round = 0; round < 2; round++) {
        for (int at = 0; at < total * stride; at++)
            values[at] = !rank && at % stride == 0 ? (at / stride) ^ round : -1;
        MPI_Start(&request);
        if (rank == 0)
            for (int turn = 0; turn < mine; turn++)
                MPI_Pready(mine - 1 - turn, request);
        else if (round == seed % 2)
            for (int part = 0; part < mine; part++) {
                wait_for(request, part);
                for (int at = part * (total / mine); at < (part + 1) * (total / mine); at++)
                    if (values[at * stride] != (at ^ round)) failures++;
            }
        if (seed % 3) {
            MPI_Wait(&request, &status);
        } else {
            int index;
            MPI_Waitany(1, &request, &index, &status);
            EXPECT(index == 0);
        }
        if (rank == 1) {
            for (int at = 0; at < total * stride; at++)
                if (values[at] != (at % stride == 0 ? (at / stride) ^ round : -1)) failures++;
            MPI_Get_count(&status, type, &flag);
            EXPECT(flag == total);
        }
    }
    MPI_Request_free(&request);
    if (gaps) MPI_Type_free(&type);
    free(values);
}

/* Sides that disagree on how much there is. */
static void disagreement(int ours, int theirs, int class)
{
    int *values = calloc(ours > theirs ? ours : theirs, sizeof(int));
    MPI_Request request;
    MPI_Comm comm;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    if (rank == 0) {
        MPI_Psend_init(values, 1, ours, MPI_INT, 1, 0, comm, MPI_INFO_NULL, &request);
        MPI_Start(&request);
        MPI_Pready(0, request);
    } else {
        MPI_Precv_init(values, 1, theirs, MPI_INT, 0, 0, comm, MPI_INFO_NULL, &request);
        MPI_Start(&request);
        EXPECT(class_of(MPI_Wait(&request, MPI_STATUS_IGNORE)) == class);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Request_free(&request);
    MPI_Comm_free(&comm);
    free(values);
}

/* What is refused has no effect: no partition of a list with a bad one goes. MPI 5.0 4.2.1: there is one partition at least. */
static void refusals(void)
{
    int values[4] = {1, 2, 3, 4}, bad[3] = {0, 1, 7}, twice[3] = {2, 3, 2}, flag;
    MPI_Request request;
    MPI_Comm comm;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    for (int number = -1; number < 1; number++) {
        EXPECT(class_of(MPI_Psend_init(values, number, 1, MPI_INT, 1, 0, comm, MPI_INFO_NULL, &request)) == MPI_ERR_ARG);
        EXPECT(class_of(MPI_Precv_init(values, number, 1, MPI_INT, 0, 0, comm, MPI_INFO_NULL, &request)) == MPI_ERR_ARG);
    }
    if (rank == 0) {
        MPI_Psend_init(values, 4, 1, MPI_INT, 1, 0, comm, MPI_INFO_NULL, &request);
        EXPECT(class_of(MPI_Pready(0, request)) == MPI_ERR_REQUEST);
        MPI_Start(&request);
        EXPECT(class_of(MPI_Pready_list(3, bad, request)) == MPI_ERR_ARG);
        EXPECT(class_of(MPI_Pready_list(3, twice, request)) == MPI_ERR_ARG);
        EXPECT(class_of(MPI_Pready_range(1, 4, request)) == MPI_ERR_ARG);
        EXPECT(MPI_Pready_range(0, 3, request) == MPI_SUCCESS);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
    } else {
        for (int at = 0; at < 4; at++) values[at] = 0;
        MPI_Precv_init(values, 4, 1, MPI_INT, 0, 0, comm, MPI_INFO_NULL, &request);
        EXPECT(MPI_Parrived(request, 0, &flag) == MPI_SUCCESS && flag);
        MPI_Start(&request);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        EXPECT(values[0] == 1 && values[3] == 4);
    }
    MPI_Request_free(&request);
    MPI_Comm_free(&comm);
}

int main(int argc, char **argv)
{
    int all;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    one_by_one(4, 64 << 10);
    one_by_one(3, 100000);
    one_by_one(6, 48 << 10);
    one_by_one(1, 10);
    for (int seed = 0; seed < 40; seed++) any_cuts(seed);
    /* Nothing at all. */
    MPI_Request request;
    for (int partitions = 1; partitions < 4; partitions++) {
        if (rank == 0)
            MPI_Psend_init(NULL, partitions, 0, MPI_INT, 1, 1, MPI_COMM_WORLD, MPI_INFO_NULL, &request);
        else
            MPI_Precv_init(NULL, 4 - partitions, 0, MPI_INT, 0, 1, MPI_COMM_WORLD, MPI_INFO_NULL, &request);
        MPI_Start(&request);
        if (rank == 0) MPI_Pready_range(0, partitions - 1, request);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        MPI_Request_free(&request);
    }
    refusals();
    disagreement(1000, 900, MPI_ERR_TRUNCATE);
    disagreement(1000, 10000, MPI_ERR_COUNT);
    MPI_Reduce(&failures, &all, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    MPI_Finalize();
    if (rank == 0)
        printf("%d failures\n", all);
    return failures != 0;
}
