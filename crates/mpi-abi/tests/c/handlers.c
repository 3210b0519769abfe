/* Who sees an error where the object has no name yet, or none any more; and what a process may begin after its end. */
#include "expect.h"
#include <string.h>

static int seen;

static void see(MPI_Comm *comm, int *code, ...)
{
    seen = *comm == MPI_COMM_NULL ? class_of(*code) : -1;
}

/* MPI 5.0 11.3.1, 7.4.2: the handler of the object that is made sees the errors of its making. */
static void before(void)
{
    MPI_Comm comm;
    MPI_Group group;
    MPI_Errhandler handler;
    MPI_Comm_group(MPI_COMM_SELF, &group);
    EXPECT(class_of(MPI_Comm_create_from_group(MPI_GROUP_NULL, "t", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm)) == MPI_ERR_GROUP);
    EXPECT(class_of(MPI_Intercomm_create_from_groups(group, 0, group, 0, "t", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm)) ==
           MPI_ERR_GROUP);
    MPI_Comm_create_errhandler(see, &handler);
    EXPECT(class_of(MPI_Comm_create_from_group(MPI_GROUP_NULL, "t", MPI_INFO_NULL, handler, &comm)) == MPI_ERR_GROUP);
    EXPECT(seen == MPI_ERR_GROUP);
    MPI_Errhandler_free(&handler);
    MPI_Group_free(&group);
}

/* The communicator's handler outlives its name. */
static void after(void)
{
    MPI_Comm comm;
    MPI_Request requests[2];
    MPI_Status status;
    int two[2] = {1, 2}, one;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    MPI_Irecv(&one, 1, MPI_INT, 0, 0, comm, &requests[0]);
    MPI_Isend(two, 2, MPI_INT, 0, 0, comm, &requests[1]);
    MPI_Comm_free(&comm);
    EXPECT(class_of(MPI_Wait(&requests[0], &status)) == MPI_ERR_TRUNCATE);
    EXPECT(MPI_Wait(&requests[1], MPI_STATUS_IGNORE) == MPI_SUCCESS);
}

/* MPI 5.0 7.6.2: the other side's leader is significant at this side's leader alone. */
static void leaders(void)
{
    MPI_Group world, even, odd, own, other;
    MPI_Comm comm = MPI_COMM_NULL;
    int evens[2][3] = {{0, size - 1, 2}, {1, size - 1, 2}}, count = 0, leads;
    if (size < 3)
        return;
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Group_range_incl(world, 1, &evens[0], &even);
    MPI_Group_range_incl(world, 1, &evens[1], &odd);
    own = rank % 2 ? odd : even;
    other = rank % 2 ? even : odd;
    MPI_Group_size(other, &count);
    /* The last of this side leads. */
    int mine, leader;
    MPI_Group_size(own, &leader);
    MPI_Group_rank(own, &mine);
    leads = mine == leader - 1;
    EXPECT(MPI_Intercomm_create_from_groups(own, leader - 1, other, leads ? count - 1 : -1 - mine, "leaders", MPI_INFO_NULL,
                                            MPI_ERRORS_RETURN, &comm) == MPI_SUCCESS);
    MPI_Comm_remote_size(comm, &leader);
    EXPECT(leader == count);
    MPI_Barrier(comm);
    MPI_Comm_free(&comm);
    MPI_Group_free(&world);
    MPI_Group_free(&even);
    MPI_Group_free(&odd);
}

/* Errors of files and of the tool interface are returned, whatever handler the communicator has. */
static void returned(void)
{
    int provided;
    MPI_File file = MPI_FILE_NULL;
    EXPECT(MPI_T_init_thread(MPI_THREAD_SINGLE, &provided) != MPI_SUCCESS);
    EXPECT(MPI_File_open(MPI_COMM_WORLD, "/nowhere", MPI_MODE_RDONLY, MPI_INFO_NULL, &file) != MPI_SUCCESS);
}

/* MPI 5.0 7.7.2: a key is freed once, also while values keep it. */
static void keys_freed(void)
{
    MPI_Comm comm;
    int key, again, value;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, MPI_COMM_NULL_DELETE_FN, &key, NULL);
    MPI_Comm_set_attr(comm, key, &value);
    again = key;
    EXPECT(MPI_Comm_free_keyval(&key) == MPI_SUCCESS);
    EXPECT(class_of(MPI_Comm_free_keyval(&again)) == MPI_ERR_KEYVAL);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_ARE_FATAL);
    MPI_Comm_free(&comm);
}

/* A group with strangers. */
static void strangers(void)
{
    MPI_Comm self, made = MPI_COMM_NULL;
    MPI_Group world;
    MPI_Comm_dup(MPI_COMM_SELF, &self);
    MPI_Comm_set_errhandler(self, MPI_ERRORS_RETURN);
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    if (size > 1)
        EXPECT(class_of(MPI_Comm_create(self, world, &made)) == MPI_ERR_GROUP);
    MPI_Group_free(&world);
    MPI_Comm_free(&self);
}

/* MPI 5.0 11.3.1: the level that is provided. */
static void level(void)
{
    MPI_Session session;
    MPI_Info used;
    char text[32] = "";
    int room = sizeof text, flag = 0;
    EXPECT(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session) == MPI_SUCCESS);
    MPI_Session_get_info(session, &used);
    MPI_Info_get_string(used, "thread_level", &room, text, &flag);
    EXPECT(flag && !strcmp(text, "MPI_THREAD_MULTIPLE"));
    MPI_Info_free(&used);
    MPI_Session_finalize(&session);
}

static int asked;

static int queries(void *state, MPI_Status *status)
{
    (void)state;
    MPI_Status_set_elements(status, MPI_INT, 0);
    MPI_Status_set_cancelled(status, 0);
    status->MPI_SOURCE = 0;
    status->MPI_TAG = ++asked;
    return MPI_SUCCESS;
}

static int nothing(void *state)
{
    (void)state;
    return MPI_SUCCESS;
}

static int no_cancel(void *state, int complete)
{
    (void)state;
    (void)complete;
    return MPI_SUCCESS;
}

/* MPI 5.0 13.2: the program is asked for each status, and by nothing that gives none. */
static void queried(void)
{
    MPI_Request both[2];
    MPI_Status status, statuses[2];
    int flag = 1;
    for (int i = 0; i < 2; i++)
        MPI_Grequest_start(queries, nothing, no_cancel, NULL, &both[i]);
    MPI_Grequest_complete(both[0]);
    MPI_Testall(2, both, &flag, statuses);
    EXPECT(!flag && asked == 0);
    MPI_Request_get_status(both[0], &flag, &status);
    EXPECT(flag && status.MPI_TAG == 1);
    MPI_Wait(&both[0], &status);
    EXPECT(status.MPI_TAG == 2);
    MPI_Grequest_complete(both[1]);
    MPI_Wait(&both[1], &status);
    EXPECT(status.MPI_TAG == 3 && asked == 3);
}

int main(int argc, char **argv)
{
    int all, keys = 0;
    MPI_Aint bytes = 0;
    MPI_Session session = MPI_SESSION_NULL;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    before();
    after();
    leaders();
    returned();
    keys_freed();
    strangers();
    level();
    queried();
    /* An argument of any bytes. */
    EXPECT(MPI_Info_get_nkeys(MPI_INFO_ENV, &keys) == MPI_SUCCESS && keys > 0);
    /* MPI 5.0 table "external32" sizes. */
    MPI_Pack_external_size("external32", 3, MPI_WCHAR, &bytes);
    EXPECT(bytes == 6);
    MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    MPI_Finalize();
    /* There is no way back, but for sessions. */
    EXPECT(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session) == MPI_SUCCESS);
    MPI_Session_finalize(&session);
    if (rank == 0)
        printf("%d failures\n", all + failures);
    return all + failures != 0;
}
