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
    /* MPI 5.0 7.6.2: with nobody on a side the call is local. */
    for (int empty = 0; empty < 3; empty++) {
        MPI_Group own = empty == 1 ? group : MPI_GROUP_EMPTY, other = empty == 2 ? group : MPI_GROUP_EMPTY;
        comm = MPI_COMM_SELF;
        EXPECT(MPI_Intercomm_create_from_groups(own, 0, other, 0, "t", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm) == MPI_SUCCESS);
        EXPECT(comm == MPI_COMM_NULL);
    }
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

/* So does one of the program's, of which nothing else is left. */
static void last(void)
{
    MPI_Comm comm;
    MPI_Request requests[4];
    MPI_Status statuses[4];
    MPI_Errhandler handler, copy;
    int two[2] = {1, 2}, one;
    for (int all = 0; all < 2; all++) {
        MPI_Comm_dup(MPI_COMM_SELF, &comm);
        MPI_Comm_create_errhandler(see, &handler);
        MPI_Comm_set_errhandler(comm, handler);
        MPI_Irecv(&one, 1, MPI_INT, 0, 0, comm, &requests[0]);
        MPI_Isend(two, 2, MPI_INT, 0, 0, comm, &requests[1]);
        MPI_Comm_free(&comm);
        MPI_Errhandler_free(&handler);
        seen = 0;
        if (all) {
            EXPECT(class_of(MPI_Waitall(2, requests, statuses)) == MPI_ERR_IN_STATUS && seen == MPI_ERR_IN_STATUS);
        } else {
            EXPECT(class_of(MPI_Wait(&requests[0], statuses)) == MPI_ERR_TRUNCATE && seen == MPI_ERR_TRUNCATE);
            MPI_Wait(&requests[1], MPI_STATUS_IGNORE);
        }
    }
    /* A name is freed as often as there are names: a communicator keeps what it has. */
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_create_errhandler(see, &handler);
    MPI_Comm_set_errhandler(comm, handler);
    copy = handler;
    EXPECT(MPI_Errhandler_free(&handler) == MPI_SUCCESS);
    handler = copy;
    EXPECT(class_of(MPI_Errhandler_free(&handler)) == MPI_ERR_ERRHANDLER);
    EXPECT(class_of(MPI_Comm_set_errhandler(MPI_COMM_SELF, copy)) == MPI_ERR_ERRHANDLER);
    EXPECT(MPI_Comm_get_errhandler(comm, &handler) == MPI_SUCCESS && handler == copy);
    EXPECT(MPI_Errhandler_free(&handler) == MPI_SUCCESS);
    seen = 0;
    EXPECT(class_of(MPI_Send(&one, 1, MPI_INT, 5, 0, comm)) == MPI_ERR_RANK && seen == -1);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_ARE_FATAL);
    MPI_Comm_free(&comm);
}

static int has_hint(MPI_Comm comm, const char *key)
{
    MPI_Info info;
    char text[16];
    int room = sizeof text, flag = -1;
    MPI_Comm_get_info(comm, &info);
    MPI_Info_get_string(info, key, &room, text, &flag);
    MPI_Info_free(&info);
    return flag;
}

/* MPI 5.0 7.4.4: hints are not propagated, and those that are ignored are not told. */
static void hints(void)
{
    MPI_Comm comm, copy;
    MPI_Info info;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    MPI_Info_create(&info);
    MPI_Info_set(info, "mpi_assert_no_any_tag", "true");
    MPI_Info_set(info, "mpi_assert_exact_length", "perhaps");
    MPI_Info_set(info, "somebodys_own_hint", "true");
    EXPECT(MPI_Comm_set_info(comm, info) == MPI_SUCCESS);
    MPI_Info_free(&info);
    MPI_Comm_dup(comm, &copy);
    EXPECT(has_hint(comm, "mpi_assert_no_any_tag") && !has_hint(copy, "mpi_assert_no_any_tag"));
    EXPECT(!has_hint(comm, "mpi_assert_exact_length") && !has_hint(comm, "somebodys_own_hint"));
    MPI_Comm_free(&copy);
    MPI_Comm_free(&comm);
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

static int fails(void *state, MPI_Status *status)
{
    queries(state, status);
    return MPI_ERR_OTHER;
}

static int refuses(void *state)
{
    (void)state;
    return MPI_ERR_INTERN;
}

/* MPI 5.0 13.2: the code is that of the last function; one that failed before it is not kept quiet. The status is told
 * whatever they are. */
static void codes(void)
{
    MPI_Request request;
    MPI_Status status;
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    for (int round = 0; round < 2; round++) {
        MPI_Grequest_start(fails, round ? refuses : nothing, no_cancel, NULL, &request);
        MPI_Grequest_complete(request);
        asked = 41;
        EXPECT(MPI_Wait(&request, &status) == (round ? MPI_ERR_INTERN : MPI_ERR_OTHER));
        EXPECT(status.MPI_TAG == 42 && request == MPI_REQUEST_NULL);
    }
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_ARE_FATAL);
}

/* What was removed makes room. */
static void classes(void)
{
    int class, first, *last, flag;
    MPI_Add_error_class(&first);
    for (int i = 0; i < 1000; i++) {
        MPI_Add_error_class(&class);
        EXPECT(MPI_Remove_error_class(class) == MPI_SUCCESS);
    }
    MPI_Add_error_class(&class);
    EXPECT(MPI_Remove_error_class(first) == MPI_SUCCESS);
    MPI_Comm_get_attr(MPI_COMM_SELF, MPI_LASTUSEDCODE, &last, &flag);
    EXPECT(flag && *last == class && class <= MPI_ERR_LASTCODE + 2);
    EXPECT(MPI_Remove_error_class(class) == MPI_SUCCESS);
}

/* Memory as it is asked for. */
static void memory(void)
{
    MPI_Info info;
    void *at = NULL;
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Info_create(&info);
    MPI_Info_set(info, "mpi_minimum_memory_alignment", "4096");
    EXPECT(MPI_Alloc_mem(100, info, &at) == MPI_SUCCESS && (size_t)at % 4096 == 0);
    MPI_Free_mem(at);
    MPI_Info_set(info, "mpi_minimum_memory_alignment", "2");
    EXPECT(MPI_Alloc_mem(100, info, &at) == MPI_SUCCESS && (size_t)at % 16 == 0);
    MPI_Free_mem(at);
    MPI_Info_set(info, "mpi_minimum_memory_alignment", "100");
    EXPECT(class_of(MPI_Alloc_mem(100, info, &at)) == MPI_ERR_INFO_VALUE);
    MPI_Info copy = info;
    MPI_Info_free(&info);
    EXPECT(class_of(MPI_Alloc_mem(100, copy, &at)) == MPI_ERR_INFO);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_ARE_FATAL);
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
    last();
    hints();
    leaders();
    returned();
    keys_freed();
    strangers();
    level();
    queried();
    codes();
    classes();
    memory();
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
