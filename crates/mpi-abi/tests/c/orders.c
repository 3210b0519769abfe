/* In which orders collectives may be started; what Fortran tells; what machines tell. */
#include "expect.h"
#include <string.h>

/* Started here before a barrier, and there after it. */
static void around_a_barrier(MPI_Comm comm)
{
    for (int early = 0; early < size; early++) {
        MPI_Request request;
        int one = 1, sum = 0, flag = 1;
        if (rank == early) {
            MPI_Iallreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm, &request);
            if (size > 1)
                MPI_Test(&request, &flag, MPI_STATUS_IGNORE);
            EXPECT(size == 1 || !flag);
        }
        MPI_Barrier(comm);
        if (rank != early)
            MPI_Iallreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm, &request);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        EXPECT(sum == size);
    }
}

/* Persistent ones are made in one order, and started in any. */
static void persistent(MPI_Comm comm)
{
    enum { NUMBER = 4 };
    MPI_Request requests[NUMBER];
    int in[NUMBER], out[NUMBER];
    for (int each = 0; each < NUMBER; each++) {
        in[each] = each * 100 + rank;
        MPI_Allreduce_init(&in[each], &out[each], 1, MPI_INT, each % 2 ? MPI_MAX : MPI_SUM, comm, MPI_INFO_NULL,
                           &requests[each]);
    }
    for (int round = 0; round < 3; round++) {
        for (int each = 0; each < NUMBER; each++)
            MPI_Start(&requests[(each + rank + round) % NUMBER]);
        MPI_Waitall(NUMBER, requests, MPI_STATUSES_IGNORE);
        for (int each = 0; each < NUMBER; each++) {
            int all = each * 100 * size + size * (size - 1) / 2;
            EXPECT(out[each] == (each % 2 ? each * 100 + size - 1 : all));
        }
    }
    for (int each = 0; each < NUMBER; each++)
        MPI_Request_free(&requests[each]);
}

/* A duplicate waits for nobody: rank 0 has its own before the others ask for theirs. */
static void duplicates(MPI_Comm comm)
{
    MPI_Comm first, second;
    MPI_Request request;
    int token = 7;
    if (rank == 0) {
        MPI_Comm_idup(comm, &first, &request);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        for (int to = 1; to < size; to++)
            MPI_Send(&token, 1, MPI_INT, to, 0, comm);
    } else {
        MPI_Recv(&token, 1, MPI_INT, 0, 0, comm, MPI_STATUS_IGNORE);
        MPI_Comm_idup(comm, &first, &request);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
    }
    MPI_Comm_idup(comm, &second, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    int result, sum = 0, one = rank;
    MPI_Comm_compare(first, second, &result);
    EXPECT(result == MPI_CONGRUENT);
    MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, first);
    EXPECT(sum == size * (size - 1) / 2);
    MPI_Bcast(&token, 1, MPI_INT, size - 1, second);
    MPI_Comm_free(&first);
    MPI_Comm_free(&second);
}

static void fortran(void)
{
    MPI_Info info, wrong;
    int yes = 1, no = 0, got_yes = 0, got_no = 7, is_set = 7;
    EXPECT(MPI_Abi_get_fortran_info(&info) == MPI_SUCCESS && info == MPI_INFO_NULL);
    MPI_Abi_get_fortran_booleans(sizeof yes, &got_yes, &got_no, &is_set);
    EXPECT(!is_set);
    MPI_Info_create(&wrong);
    MPI_Info_set(wrong, "mpi_integer_size", "3");
    EXPECT(MPI_Abi_set_fortran_info(wrong) == MPI_ERR_ABI);
    MPI_Info_free(&wrong);
    MPI_Info_create(&info);
    MPI_Info_set(info, "mpi_integer_size", "4");
    EXPECT(MPI_Abi_set_fortran_info(info) == MPI_SUCCESS);
    EXPECT(MPI_Abi_set_fortran_info(info) == MPI_ERR_ABI);
    MPI_Info_free(&info);
    char value[4] = "";
    int room = sizeof value, flag = 0;
    MPI_Abi_get_fortran_info(&info);
    MPI_Info_get_string(info, "mpi_integer_size", &room, value, &flag);
    EXPECT(flag && !strcmp(value, "4"));
    MPI_Info_free(&info);
    EXPECT(MPI_Abi_set_fortran_booleans(sizeof yes, &yes, &no) == MPI_SUCCESS);
    EXPECT(MPI_Abi_set_fortran_booleans(sizeof yes, &yes, &no) == MPI_ERR_ABI);
    MPI_Abi_get_fortran_booleans(sizeof yes, &got_yes, &got_no, &is_set);
    EXPECT(is_set && got_yes == yes && got_no == no);
}

static void machine(void)
{
    MPI_Info info;
    int keys = 0, result = -1;
    EXPECT(MPI_Get_hw_resource_info(&info) == MPI_SUCCESS);
    MPI_Info_get_nkeys(info, &keys);
    EXPECT(keys > 0);
    for (int at = 0; at < keys; at++) {
        char key[MPI_MAX_INFO_KEY], value[8];
        int room = sizeof value, flag = 0;
        MPI_Info_get_nthkey(info, at, key);
        MPI_Info_get_string(info, key, &room, value, &flag);
        EXPECT(flag && (!strcmp(value, "true") || !strcmp(value, "false")));
    }
    MPI_Info_free(&info);
    /* The machine as a type of resource. */
    MPI_Comm part;
    MPI_Info_create(&info);
    MPI_Info_set(info, "mpi_hw_resource_type", "mpi_shared_memory");
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_HW_GUIDED, 0, info, &part);
    EXPECT(part != MPI_COMM_NULL);
    MPI_Comm_compare(part, MPI_COMM_WORLD, &result);
    EXPECT(result == MPI_CONGRUENT);
    MPI_Comm_free(&part);
    MPI_Info_free(&info);
}

/* Both sides of an inter-communicator by their hosts. */
static void between(void)
{
    if (size < 2)
        return;
    MPI_Comm half, inter, part;
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, 0, &half);
    MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, 1 - rank % 2, 9, &inter);
    int mine, remote, there;
    MPI_Comm_remote_size(inter, &there);
    MPI_Comm_split_type(inter, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &part);
    EXPECT(part != MPI_COMM_NULL);
    MPI_Comm_size(part, &mine);
    MPI_Comm_remote_size(part, &remote);
    EXPECT(mine + remote == size && remote == there);
    MPI_Comm_free(&part);
    MPI_Comm_split_type(inter, MPI_UNDEFINED, 0, MPI_INFO_NULL, &part);
    EXPECT(part == MPI_COMM_NULL);
    MPI_Comm_free(&inter);
    MPI_Comm_free(&half);
}

int main(void)
{
    int all = 0;
    MPI_Init(NULL, NULL);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    around_a_barrier(MPI_COMM_WORLD);
    persistent(MPI_COMM_WORLD);
    duplicates(MPI_COMM_WORLD);
    fortran();
    machine();
    between();
    MPI_Reduce(&failures, &all, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("%d failures\n", all);
    MPI_Finalize();
    return failures != 0;
}
