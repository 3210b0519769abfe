// ranks: 1 2 4
/* Sessions: before, beside and without a world model, one in another, again and again; what comes of process sets. */
#include "case.h"

static int seen;

static void see(MPI_Session *session, int *code, ...)
{
    (void) session;
    seen = *code;
}

static void sets(MPI_Session session)
{
    int number = 0, world = 0, self = 0;
    MPI_Session_get_num_psets(session, MPI_INFO_NULL, &number);
    say("there are the two that the standard names: %d", number >= 2);
    for (int at = 0; at < number; at++) {
        char name[MPI_MAX_PSET_NAME_LEN] = "";
        int length = 0, again = 4;
        MPI_Session_get_nth_pset(session, MPI_INFO_NULL, at, &length, NULL);
        MPI_Session_get_nth_pset(session, MPI_INFO_NULL, at, &again, name);
        int whole = length;
        char cut[5] = "";
        memcpy(cut, name, 4);
        MPI_Session_get_nth_pset(session, MPI_INFO_NULL, at, &length, name);
        if (!strcmp(name, "mpi://WORLD") || !strcmp(name, "mpi://SELF")) {
            world += !strcmp(name, "mpi://WORLD");
            self += !strcmp(name, "mpi://SELF");
            say("length %d, the same again %d, cut to `%s`", whole, whole == length, cut);
        }
    }
    say("world %d, self %d", world, self);
    for (int which = 0; which < 2; which++) {
        const char *name = which ? "mpi://SELF" : "mpi://WORLD";
        MPI_Info info;
        char value[16] = "";
        int room = sizeof value, flag = 0;
        GIVES(MPI_Session_get_pset_info(session, name, &info));
        MPI_Info_get_string(info, "mpi_size", &room, value, &flag);
        say("%s has mpi_size %d: %s", name, flag, value);
        MPI_Info_free(&info);
    }
}

static void groups(MPI_Session session, const char *tag)
{
    MPI_Group world, self, some, none;
    MPI_Comm comm = MPI_COMM_NULL, part = MPI_COMM_NULL;
    int result, members, me, sum = 0, one[1] = {0};
    GIVES(MPI_Group_from_session_pset(session, "mpi://WORLD", &world));
    GIVES(MPI_Group_from_session_pset(session, "mpi://SELF", &self));
    MPI_Group_size(world, &members);
    MPI_Group_rank(world, &me);
    say("%d members, rank %d", members, me);
    MPI_Group_size(self, &result);
    say("self has %d", result);
    MPI_Group_compare(world, self, &result);
    say("the same %d", result == MPI_IDENT);
    GIVES(MPI_Comm_create_from_group(world, tag, MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm));
    MPI_Allreduce(&me, &sum, 1, MPI_INT, MPI_SUM, comm);
    say("sum of ranks %d", sum);
    GIVES(MPI_Send(&me, 1, MPI_INT, members, 0, comm));
    MPI_Group again;
    MPI_Comm_group(comm, &again);
    MPI_Group_compare(world, again, &result);
    say("its group is the same %d", result == MPI_IDENT);
    MPI_Group_free(&again);
    /* Each of its own group, under one tag. */
    GIVES(MPI_Comm_create_from_group(self, "alone", MPI_INFO_NULL, MPI_ERRORS_RETURN, &part));
    MPI_Comm_size(part, &result);
    say("alone %d", result);
    MPI_Comm_free(&part);
    /* Even and odd ones, at once. */
    int range[1][3] = {{me % 2, members - 1, 2}};
    MPI_Group_range_incl(world, 1, range, &some);
    GIVES(MPI_Comm_create_from_group(some, "half", MPI_INFO_NULL, MPI_ERRORS_RETURN, &part));
    MPI_Comm_size(part, &result);
    MPI_Allreduce(&me, &sum, 1, MPI_INT, MPI_SUM, part);
    say("half of them: %d, sum %d", result, sum);
    MPI_Comm_free(&part);
    MPI_Group_free(&some);
    if (members > 1) {
        MPI_Group first, others;
        MPI_Comm between = MPI_COMM_NULL;
        MPI_Group_incl(world, 1, one, &first);
        MPI_Group_excl(world, 1, one, &others);
        GIVES(MPI_Intercomm_create_from_groups(me ? others : first, 0, me ? first : others, 0, "sides", MPI_INFO_NULL,
            MPI_ERRORS_RETURN, &between));
        MPI_Comm_remote_size(between, &result);
        say("the other side has %d", result);
        sum = 0;
        MPI_Allreduce(&members, &sum, 1, MPI_INT, MPI_SUM, between);
        say("it gave %d", sum);
        MPI_Comm_free(&between);
        MPI_Group_free(&first);
        MPI_Group_free(&others);
    }
    none = MPI_GROUP_EMPTY;
    GIVES(MPI_Comm_create_from_group(none, "nobody", MPI_INFO_NULL, MPI_ERRORS_RETURN, &part));
    say("null %d", part == MPI_COMM_NULL);
    char name[MPI_MAX_OBJECT_NAME];
    MPI_Comm_get_name(comm, name, &result);
    MPI_Comm_set_name(comm, "mine");
    MPI_Comm_get_name(comm, name, &result);
    say("name %s", name);
    GIVES(MPI_Comm_free(&comm));
    GIVES(MPI_Group_free(&world));
    GIVES(MPI_Group_free(&self));
}

/* What makes a communicator ends another library's program where it is refused: tests/c/handlers.c has that. */
static void refused(MPI_Session session)
{
    int number;
    GIVES(MPI_Session_get_num_psets(session, MPI_INFO_NULL, NULL));
    GIVES(MPI_Session_get_nth_pset(session, MPI_INFO_NULL, -1, &number, NULL));
    GIVES(MPI_Session_get_info(session, NULL));
    GIVES(MPI_Group_from_session_pset(session, "mpi://WORLD", NULL));
}

static void handlers(MPI_Session session)
{
    MPI_Errhandler made, found;
    MPI_Session_create_errhandler(see, &made);
    GIVES(MPI_Session_set_errhandler(session, made));
    GIVES(MPI_Session_get_errhandler(session, &found));
    say("found %d", found == made);
    MPI_Errhandler_free(&found);
    MPI_Errhandler_free(&made);
    seen = 0;
    GIVES(MPI_Session_call_errhandler(session, MPI_ERR_TAG));
    say("seen %s", class_of(seen));
    GIVES(MPI_Session_set_errhandler(session, MPI_ERRORS_RETURN));
}

static void hints(const char *level)
{
    MPI_Info info, used;
    MPI_Session session;
    char value[32] = "";
    int room = sizeof value, flag = 0;
    MPI_Info_create(&info);
    MPI_Info_set(info, "thread_level", level);
    GIVES(MPI_Session_init(info, MPI_ERRORS_RETURN, &session));
    MPI_Info_free(&info);
    GIVES(MPI_Session_get_info(session, &used));
    MPI_Info_get_string(used, "thread_level", &room, value, &flag);
    say("thread level is told: %d", flag);
    MPI_Info_free(&used);
    GIVES(MPI_Session_finalize(&session));
}

static void room_for_sends(MPI_Session session)
{
    static char bytes[1000 + MPI_BSEND_OVERHEAD];
    void *at = NULL;
    int length = 0, value = 7, got = 0;
    MPI_Group group;
    MPI_Comm comm;
    MPI_Group_from_session_pset(session, "mpi://SELF", &group);
    MPI_Comm_create_from_group(group, "room", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm);
    GIVES(MPI_Session_attach_buffer(session, bytes, sizeof bytes));
    GIVES(MPI_Bsend(&value, 1, MPI_INT, 0, 0, comm));
    GIVES(MPI_Recv(&got, 1, MPI_INT, 0, 0, comm, MPI_STATUS_IGNORE));
    GIVES(MPI_Session_flush_buffer(session));
    GIVES(MPI_Session_detach_buffer(session, &at, &length));
    say("got %d, the same buffer %d, %d", got, at == (void *) bytes, length == (int) sizeof bytes);
    MPI_Comm_free(&comm);
    MPI_Group_free(&group);
}

static void one(const char *tag, int inner)
{
    MPI_Session session = MPI_SESSION_NULL;
    GIVES(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session));
    say("not null %d", session != MPI_SESSION_NULL);
    sets(session);
    groups(session, tag);
    refused(session);
    handlers(session);
    room_for_sends(session);
    if (inner) {
        say("one in another");
        one("inner", 0);
        groups(session, "after the inner one");
    }
    GIVES(MPI_Session_finalize(&session));
    say("null %d", session == MPI_SESSION_NULL);
}

int main(void)
{
    int flag;
    MPI_Initialized(&flag);
    say("initialised %d", flag);
    one("first", 1);
    one("second", 0);
    hints("MPI_THREAD_SINGLE");
    hints("MPI_THREAD_MULTIPLE");
    MPI_Initialized(&flag);
    say("initialised %d", flag);
    begin();
    one("beside", 1);
    MPI_Session longer;
    MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &longer);
    MPI_Session_finalize(&longer);
    return end();
}
