// ranks: 1 2 3
/* What outlives its name, and what is left where something fails or has nothing to do. */
#include "expect.h"
#include <string.h>
#include <time.h>

/* What another library may do otherwise. */
#ifndef STRICT
#define STRICT 0
#endif

static MPI_Datatype pairs, told;
static int sizes_seen, calls;

/* Sums pairs; asks the library about the datatype that it is told. */
static void add(void *left, void *right, int *count, MPI_Datatype *type)
{
    int bytes = -1, *from = left, *into = right;
    MPI_Aint low, extent = 0;
    MPI_Type_size(*type, &bytes);
    MPI_Type_get_extent(*type, &low, &extent);
    sizes_seen += bytes == 2 * (int)sizeof(int) && extent == 3 * (MPI_Aint)sizeof(int);
    told = *type;
    calls++;
    for (int at = 0; at < *count; at++)
        for (int of = 0; of < 2; of++)
            into[3 * at + of] += from[3 * at + of];
}

/* MPI 5.0 5.1.9, 6.9.5: what is under way goes on when the datatype and the operator are freed. */
static void of_operators(void)
{
    int values[3 * 4], sums[3 * 4] = {0}, sums_again[3 * 4] = {0};
    MPI_Datatype packed, type, name;
    MPI_Op op, used;
    MPI_Request requests[2];
    for (int at = 0; at < 12; at++) values[at] = at + rank;
    MPI_Type_contiguous(2, MPI_INT, &packed);
    MPI_Type_create_resized(packed, 0, 3 * sizeof(int), &type);
    MPI_Type_commit(&type);
    MPI_Type_free(&packed);
    MPI_Op_create(add, 1, &op);
    pairs = name = type;
    used = op;
    MPI_Iallreduce(values, sums, 4, type, op, MPI_COMM_WORLD, &requests[0]);
    MPI_Allreduce_init(values, sums_again, 4, type, op, MPI_COMM_WORLD, MPI_INFO_NULL, &requests[1]);
    EXPECT(MPI_Type_free(&type) == MPI_SUCCESS && type == MPI_DATATYPE_NULL);
    MPI_Op_free(&op);
    MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
    for (int round = 0; round < 2; round++) {
        MPI_Start(&requests[1]);
        MPI_Wait(&requests[1], MPI_STATUS_IGNORE);
    }
    for (int at = 0; at < 12; at++) {
        int is = at % 3 < 2 ? size * at + size * (size - 1) / 2 : 0;
        EXPECT(sums[at] == is && sums_again[at] == is);
    }
    EXPECT(sizes_seen == calls);
    int all_calls = 0;
    MPI_Allreduce(&calls, &all_calls, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    EXPECT(size == 1 || all_calls > 0);
#if STRICT
    EXPECT(!calls || told == pairs);
    EXPECT(class_of(MPI_Type_free(&name)) == MPI_ERR_TYPE);
#endif
    MPI_Request_free(&requests[1]);
#if STRICT
    int bytes;
    EXPECT(class_of(MPI_Type_size(pairs, &bytes)) == MPI_ERR_TYPE);
#endif
    (void)used, (void)name;
}

/* MPI 5.0 3.7.3, 3.9: an inactive request's status is empty, its error field among it. */
static void of_statuses(void)
{
    int value = 0, got = 0, flag, at;
    MPI_Request requests[2];
    MPI_Status status, statuses[2];
    MPI_Send_init(&value, 1, MPI_INT, rank, 0, MPI_COMM_WORLD, &requests[0]);
    MPI_Recv_init(&got, 1, MPI_INT, rank, 0, MPI_COMM_WORLD, &requests[1]);
#define EMPTY(status)                                                                                   \
    EXPECT((status).MPI_SOURCE == MPI_ANY_SOURCE && (status).MPI_TAG == MPI_ANY_TAG && (status).MPI_ERROR == MPI_SUCCESS)
    memset(&status, 7, sizeof status);
    MPI_Wait(&requests[0], &status);
    EMPTY(status);
    memset(&status, 7, sizeof status);
    MPI_Test(&requests[1], &flag, &status);
    EXPECT(flag);
    EMPTY(status);
    memset(&status, 7, sizeof status);
    MPI_Request_get_status(requests[1], &flag, &status);
    EXPECT(flag);
    EMPTY(status);
    memset(&status, 7, sizeof status);
    MPI_Waitany(2, requests, &at, &status);
    EXPECT(at == MPI_UNDEFINED);
    EMPTY(status);
    memset(statuses, 7, sizeof statuses);
    MPI_Waitall(2, requests, statuses);
    EMPTY(statuses[0]);
    EMPTY(statuses[1]);
    memset(statuses, 7, sizeof statuses);
    MPI_Request_get_status_all(2, requests, &flag, statuses);
    EXPECT(flag);
    EMPTY(statuses[0]);
    EMPTY(statuses[1]);
    /* Of what did something the field stays. */
    MPI_Startall(2, requests);
    memset(&status, 7, sizeof status);
    int before = status.MPI_ERROR;
    MPI_Wait(&requests[1], &status);
    EXPECT(status.MPI_SOURCE == rank && status.MPI_ERROR == before);
    MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
    MPI_Request_free(&requests[0]);
    MPI_Request_free(&requests[1]);
}

static int copies, deletions;

static int copy(MPI_Comm comm, int key, void *extra, void *old, void *new, int *flag)
{
    (void)comm, (void)key;
    if (!extra)
        return MPI_ERR_OTHER;
    copies++;
    *(void **)new = old;
    *flag = 1;
    return MPI_SUCCESS;
}

static int drop(MPI_Comm comm, int key, void *value, void *extra)
{
    (void)comm, (void)key, (void)value, (void)extra;
    deletions++;
    return MPI_SUCCESS;
}

static int UNUSED drop_type(MPI_Datatype type, int key, void *value, void *extra)
{
    (void)type, (void)key, (void)value, (void)extra;
    deletions++;
    return MPI_SUCCESS;
}

/* Copies that were made for a duplicate that isn't are deleted. */
static void of_copies(void)
{
    int fails, works, value;
    MPI_Comm comm, none = MPI_COMM_NULL;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    MPI_Comm_create_keyval(copy, drop, &fails, NULL);
    MPI_Comm_create_keyval(copy, drop, &works, &value);
    /* The last that was set is copied first. */
    MPI_Comm_set_attr(comm, fails, &value);
    MPI_Comm_set_attr(comm, works, &value);
    EXPECT(MPI_Comm_dup(comm, &none) != MPI_SUCCESS);
#if STRICT
    EXPECT(copies == 1 && deletions == 1);
#endif
    deletions = 0;
#if STRICT
    /* A datatype's go with its name, though a copy lives. */
    int key;
    MPI_Datatype type, copy_of;
    MPI_Type_create_keyval(MPI_TYPE_NULL_COPY_FN, drop_type, &key, NULL);
    MPI_Type_contiguous(2, MPI_INT, &type);
    MPI_Type_set_attr(type, key, &value);
    MPI_Type_dup(type, &copy_of);
    MPI_Type_free(&type);
    EXPECT(deletions == 1);
    MPI_Type_free(&copy_of);
    EXPECT(deletions == 1);
    MPI_Type_free_keyval(&key);
    deletions = 0;
#endif
    MPI_Comm_free_keyval(&fails);
    MPI_Comm_free_keyval(&works);
    MPI_Comm_free(&comm);
    EXPECT(deletions == 2);
}

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

/* Whoever waits for a buffer to be empty, or for partitions, among others, sleeps. */
static void of_waits(void)
{
    static char buffer[1 << 20], room[(1 << 20) + MPI_BSEND_OVERHEAD];
    int index;
    MPI_Request request;
    if (size < 2 || rank > 1)
        return;
    MPI_Comm pair;
    int both[2] = {0, 1};
    MPI_Group world, group;
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Group_incl(world, 2, both, &group);
    MPI_Comm_create_group(MPI_COMM_WORLD, group, 0, &pair);
    for (int round = 0; round < 2; round++) {
        MPI_Barrier(pair);
        if (rank == 0) {
            double spent = 0, passed = 0;
            int value = 0;
            if (round == 0) {
                MPI_Buffer_attach(room, sizeof room);
                MPI_Bsend(buffer, sizeof buffer, MPI_CHAR, 1, 0, pair);
                MPI_Buffer_iflush(&request);
            } else {
                MPI_Irecv(&value, 1, MPI_INT, 1, 1, pair, &request);
            }
            spent = -seconds(CLOCK_PROCESS_CPUTIME_ID), passed = -seconds(CLOCK_MONOTONIC);
            MPI_Waitany(1, &request, &index, MPI_STATUS_IGNORE);
            spent += seconds(CLOCK_PROCESS_CPUTIME_ID), passed += seconds(CLOCK_MONOTONIC);
            EXPECT(index == 0 && request == MPI_REQUEST_NULL);
#if STRICT
            EXPECT(spent < passed / 2);
#endif
            if (round == 0) {
                void *at;
                int bytes;
                MPI_Buffer_detach(&at, &bytes);
                EXPECT(at == room && bytes == (int)sizeof room);
            }
        } else {
            struct timespec nap = {0, 400000000};
            nanosleep(&nap, NULL);
            if (round == 0)
                MPI_Recv(buffer, sizeof buffer, MPI_CHAR, 0, 0, pair, MPI_STATUS_IGNORE);
            else
                MPI_Send(&index, 1, MPI_INT, 0, 1, pair);
        }
    }
    MPI_Group_free(&world);
    MPI_Group_free(&group);
    MPI_Comm_free(&pair);
}

/* Of an empty block neither the type nor the place counts. */
static void of_empty_blocks(void)
{
    int counts[8] = {0}, places[8], in[8], out[8];
    MPI_Datatype types[8];
    for (int at = 0; at < 8; at++) types[at] = MPI_DATATYPE_NULL, places[at] = in[at] = at, out[at] = -1;
    EXPECT(MPI_Alltoallw(in, counts, places, types, out, counts, places, types, MPI_COMM_WORLD) == MPI_SUCCESS);
    counts[rank] = 1;
    types[rank] = MPI_INT;
    places[rank] = 0;
    EXPECT(MPI_Alltoallw(in, counts, places, types, out, counts, places, types, MPI_COMM_WORLD) == MPI_SUCCESS);
    EXPECT(out[0] == 0 && out[1] == -1);
}

/* A buffer whose size can't be told stays attached. */
static void of_buffers(void)
{
    void *at = NULL;
    MPI_Count large;
    int bytes;
    static char room[1000];
#if STRICT
    MPI_Buffer_attach_c(room, (MPI_Count)1 << 32);
    EXPECT(MPI_Buffer_detach(&at, &bytes) != MPI_SUCCESS);
    EXPECT(MPI_Buffer_detach_c(&at, &large) == MPI_SUCCESS && at == room && large == (MPI_Count)1 << 32);
#endif
    MPI_Buffer_attach_c(room, sizeof room);
    EXPECT(MPI_Buffer_detach_c(&at, &large) == MPI_SUCCESS && at == room && large == sizeof room);
    /* MPI 5.0 3.6: without a buffer it is as if there were one of no bytes. */
    EXPECT(MPI_Buffer_detach(&at, &bytes) == MPI_SUCCESS && bytes == 0);
    EXPECT(MPI_Buffer_flush() == MPI_SUCCESS);
}

/* MPI 5.0 7.4.2: the group is of this side. */
static void of_sides(void)
{
#if STRICT
    MPI_Comm half, between, made;
    MPI_Group all;
    if (size < 2)
        return;
    MPI_Comm_split(MPI_COMM_WORLD, rank > 0, 0, &half);
    MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, rank ? 0 : 1, 0, &between);
    MPI_Comm_set_errhandler(between, MPI_ERRORS_RETURN);
    MPI_Comm_group(MPI_COMM_WORLD, &all);
    EXPECT(class_of(MPI_Comm_create(between, all, &made)) == MPI_ERR_GROUP);
    MPI_Group_free(&all);
    MPI_Comm_free(&half);
    MPI_Comm_free(&between);
#endif
}

int main(int argc, char **argv)
{
    int all;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    of_operators();
    of_statuses();
    of_copies();
    of_waits();
    of_empty_blocks();
    of_buffers();
    of_sides();
#if STRICT
    EXPECT(class_of(MPI_Win_call_errhandler(MPI_WIN_NULL, MPI_ERR_RANK)) == MPI_ERR_WIN);
    EXPECT(class_of(MPI_Win_call_errhandler((MPI_Win)(size_t)0x12345, MPI_ERR_RANK)) == MPI_ERR_WIN);
#endif
    EXPECT(MPI_File_call_errhandler(MPI_FILE_NULL, MPI_ERR_RANK) == MPI_SUCCESS);
    MPI_Reduce(&failures, &all, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    MPI_Finalize();
    if (rank == 0)
        printf("%d failures\n", all);
    return failures != 0;
}
