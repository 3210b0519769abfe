/* Sessions: twice, with a world model (WORLD=1) or without; what comes of process sets; errors; the ABI. */
#include "expect.h"
#include <string.h>

#ifndef WORLD
#define WORLD 0
#endif

static int seen;

static void see(MPI_Session *session, int *code, ...)
{
    (void)session;
    seen = *code;
}

/* One session from its beginning to its end; all failures of all ranks. */
static int one(const char *tag)
{
    MPI_Session session = MPI_SESSION_NULL;
    MPI_Group world, own, first, others;
    MPI_Comm comm, inter;
    int sets, length = 0, has_world = 0, total = 0;
    EXPECT(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session) == MPI_SUCCESS);
    EXPECT(session != MPI_SESSION_NULL);
    MPI_Session_get_num_psets(session, MPI_INFO_NULL, &sets);
    EXPECT(sets >= 2);
    for (int i = 0; i < sets; i++) {
        char name[MPI_MAX_PSET_NAME_LEN];
        length = 0;
        MPI_Session_get_nth_pset(session, MPI_INFO_NULL, i, &length, NULL);
        EXPECT(length > 0 && length <= MPI_MAX_PSET_NAME_LEN);
        MPI_Session_get_nth_pset(session, MPI_INFO_NULL, i, &length, name);
        EXPECT((int)strlen(name) + 1 == length);
        has_world |= !strcmp(name, "mpi://WORLD");
    }
    EXPECT(has_world);
    EXPECT(MPI_Group_from_session_pset(session, "mpi://WORLD", &world) == MPI_SUCCESS);
    EXPECT(MPI_Group_from_session_pset(session, "mpi://SELF", &own) == MPI_SUCCESS);
    MPI_Group_size(own, &length);
    EXPECT(length == 1);
    /* MPI 5.0 7.3.2: of a set that there isn't the group is null; and it is said. */
    first = world;
    EXPECT(MPI_Group_from_session_pset(session, "app://nothing", &first) == MPI_ERR_ARG && first == MPI_GROUP_NULL);
    MPI_Info info, used;
    char value[16] = "";
    int room = sizeof value, flag = 0;
    MPI_Session_get_pset_info(session, "mpi://SELF", &info);
    MPI_Info_get_string(info, "mpi_size", &room, value, &flag);
    EXPECT(flag && !strcmp(value, "1"));
    MPI_Info_free(&info);
    EXPECT(MPI_Session_get_info(session, &used) == MPI_SUCCESS);
    MPI_Info_free(&used);

    EXPECT(MPI_Comm_create_from_group(world, tag, MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm) == MPI_SUCCESS);
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    MPI_Group_size(world, &length);
    EXPECT(size == length);
    EXPECT(MPI_Send(&rank, 1, MPI_INT, size, 0, comm) != MPI_SUCCESS);
    int sum = -1;
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, comm);
    EXPECT(sum == size * (size - 1) / 2);
    if (size > 1) {
        /* The first against the others. */
        int zero[1] = {0}, got = -1, remote;
        MPI_Group_incl(world, 1, zero, &first);
        MPI_Group_excl(world, 1, zero, &others);
        MPI_Intercomm_create_from_groups(rank ? others : first, 0, rank ? first : others, 0, tag, MPI_INFO_NULL,
            MPI_ERRORS_RETURN, &inter);
        MPI_Comm_remote_size(inter, &remote);
        EXPECT(remote == (rank ? 1 : size - 1));
        MPI_Bcast(rank ? &got : &size, 1, MPI_INT, rank ? 0 : MPI_ROOT, inter);
        EXPECT(rank == 0 || got == size);
        MPI_Comm_free(&inter);
        MPI_Group_free(&first);
        MPI_Group_free(&others);
    }

    /* Room for buffered sends, which a copy of the communicator finds as well. */
    static char room_for_sends[200 + MPI_BSEND_OVERHEAD], more[200];
    void *at = NULL;
    int bytes = 0;
    MPI_Comm copy;
    MPI_Comm_dup(comm, &copy);
    EXPECT(MPI_Bsend(&rank, 1, MPI_INT, rank, 3, copy) != MPI_SUCCESS);
    EXPECT(MPI_Session_attach_buffer(session, room_for_sends, sizeof room_for_sends) == MPI_SUCCESS);
    EXPECT(MPI_Session_attach_buffer(session, more, sizeof more) != MPI_SUCCESS);
    EXPECT(MPI_Bsend(&rank, 1, MPI_INT, rank, 3, copy) == MPI_SUCCESS);
    EXPECT(MPI_Bsend(more, sizeof more + 1, MPI_CHAR, rank, 3, copy) != MPI_SUCCESS);
    EXPECT(MPI_Recv(&bytes, 1, MPI_INT, rank, 3, copy, MPI_STATUS_IGNORE) == MPI_SUCCESS && bytes == rank);
    EXPECT(MPI_Session_flush_buffer(session) == MPI_SUCCESS);
    EXPECT(MPI_Session_detach_buffer(session, &at, &bytes) == MPI_SUCCESS);
    EXPECT(at == room_for_sends && bytes == sizeof room_for_sends);
    MPI_Comm_free(&copy);

    MPI_Errhandler handler, other;
    MPI_Session_create_errhandler(see, &handler);
    MPI_Session_set_errhandler(session, handler);
    MPI_Session_get_errhandler(session, &other);
    EXPECT(other == handler);
    MPI_Errhandler_free(&other);
    MPI_Errhandler_free(&handler);
    seen = 0;
    EXPECT(MPI_Session_call_errhandler(session, MPI_ERR_OTHER) == MPI_SUCCESS && seen == MPI_ERR_OTHER);

    MPI_Reduce(&failures, &total, 1, MPI_INT, MPI_SUM, 0, comm);
    MPI_Comm_free(&comm);
    MPI_Group_free(&world);
    MPI_Group_free(&own);
    EXPECT(MPI_Session_finalize(&session) == MPI_SUCCESS && session == MPI_SESSION_NULL);
    return total;
}

int main(int argc, char **argv)
{
    int total, major = 0, minor = -1;
    EXPECT(MPI_Abi_get_version(&major, &minor) == MPI_SUCCESS && major == 1 && minor == 0);
    total = one("before");
    if (WORLD) {
        MPI_Init(&argc, &argv);
        total += one("beside");
        MPI_Barrier(MPI_COMM_WORLD);
        MPI_Finalize();
        total += one("after");
        total += one("after that");
    } else
        total += one("again");
    if (rank == 0)
        printf("%d failures\n", total);
    return failures != 0;
}
