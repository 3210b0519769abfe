// ranks: 1 3 4
/* Communicators made of others in every way, what they keep of them and how they compare; with hints, by groups under tags, by types of
 * split, started and waited for in another order; many at once; ended by free and by disconnect. */
#include "case.h"

static const char *relation(int result)
{
    return result == MPI_IDENT       ? "identical"
           : result == MPI_CONGRUENT ? "congruent"
           : result == MPI_SIMILAR   ? "similar"
           : result == MPI_UNEQUAL   ? "unequal"
                                     : "?";
}

static void about(const char *what, MPI_Comm comm)
{
    if (comm == MPI_COMM_NULL) {
        say("%s: null", what);
        return;
    }
    int in, of, inter, kind, to_world = -1, sum = -1, mine = rank + 1;
    char name[MPI_MAX_OBJECT_NAME];
    int length;
    MPI_Comm_rank(comm, &in);
    MPI_Comm_size(comm, &of);
    MPI_Comm_test_inter(comm, &inter);
    MPI_Topo_test(comm, &kind);
    MPI_Comm_compare(comm, MPI_COMM_WORLD, &to_world);
    MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, comm);
    MPI_Comm_get_name(comm, name, &length);
    say("%s: %d of %d, inter %d, topology %d, to the world %s, sum %d, name `%s`", what, in, of, inter, kind == MPI_UNDEFINED ? 0 : kind,
        relation(to_world), sum, name);
}

static void hint(const char *what, MPI_Comm comm, const char *key)
{
    MPI_Info info;
    char value[64] = "";
    int room = sizeof value, flag = -1;
    GIVES(MPI_Comm_get_info(comm, &info));
    MPI_Info_get_string(info, key, &room, value, &flag);
    /* Some tell of hints that nobody gave. */
    say("%s: %s %d", what, key, flag && !strcmp(value, "true"));
    MPI_Info_free(&info);
}

/* Hints that the standard names: a copy with hints has these alone. */
static void hints(void)
{
    MPI_Info info;
    MPI_Comm comm, copy_of, started;
    MPI_Request request;
    MPI_Info_create(&info);
    MPI_Info_set(info, "mpi_assert_no_any_tag", "true");
    GIVES(MPI_Comm_dup_with_info(MPI_COMM_WORLD, info, &comm));
    about("with a hint", comm);
    hint("with a hint", comm, "mpi_assert_no_any_tag");
    GIVES(MPI_Comm_dup(comm, &copy_of));
    hint("its copy", copy_of, "mpi_assert_no_any_tag");
    MPI_Comm_free(&copy_of);
    GIVES(MPI_Comm_dup_with_info(comm, MPI_INFO_NULL, &copy_of));
    MPI_Comm_free(&copy_of);
    MPI_Info_set(info, "mpi_assert_no_any_tag", "false");
    GIVES(MPI_Comm_idup_with_info(comm, info, &started, &request));
    GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));
    about("started with another", started);
    hint("started with another", started, "mpi_assert_no_any_tag");
    GIVES(MPI_Comm_set_info(started, info));
    hint("started with another", started, "mpi_assert_no_any_tag");
    MPI_Comm_free(&started);
    MPI_Comm_free(&comm);
    MPI_Info_free(&info);
}

/* Several are started before one is waited for, and messages go in the first while the last is not there yet. */
static void started(void)
{
    MPI_Comm comms[4], parent;
    MPI_Request requests[4];
    MPI_Comm_dup(MPI_COMM_WORLD, &parent);
    MPI_Comm_set_name(parent, "the parent");
    for (int at = 0; at < 4; at++)
        GIVES(MPI_Comm_idup(parent, &comms[at], &requests[at]));
    for (int at = 3; at >= 0; at--) {
        GIVES(MPI_Wait(&requests[at], MPI_STATUS_IGNORE));
        about("started", comms[at]);
    }
    int value = -1, result;
    for (int at = 0; at < 4; at++) {
        int to = (rank + 1) % size, from = (rank + size - 1) % size, mine = 10 * at + rank;
        MPI_Sendrecv(&mine, 1, MPI_INT, to, 5, &value, 1, MPI_INT, from, 5, comms[3 - at], MPI_STATUS_IGNORE);
        say("in number %d: %d", 3 - at, value);
        MPI_Comm_compare(comms[at], parent, &result);
        say("it is %s", relation(result));
        MPI_Comm_compare(comms[at], comms[at], &result);
        say("to itself %s", relation(result));
    }
    for (int at = 0; at < 4; at++)
        GIVES(MPI_Comm_free(&comms[at]));
    GIVES(MPI_Comm_disconnect(&parent));
    say("null %d", parent == MPI_COMM_NULL);
}

static void split_types(void)
{
    MPI_Comm part, again;
    MPI_Info info;
    GIVES(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &part));
    about("shared", part);
    GIVES(MPI_Comm_split_type(part, MPI_COMM_TYPE_SHARED, -rank, MPI_INFO_NULL, &again));
    about("backwards", again);
    MPI_Comm_free(&again);
    GIVES(MPI_Comm_split_type(part, rank % 2 ? MPI_UNDEFINED : MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &again));
    about("some", again);
    if (again != MPI_COMM_NULL)
        MPI_Comm_free(&again);
    MPI_Info_create(&info);
    MPI_Info_set(info, "mpi_hw_resource_type", "mpi_shared_memory");
    GIVES(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_HW_GUIDED, 0, info, &again));
    about("guided", again);
    if (again != MPI_COMM_NULL)
        MPI_Comm_free(&again);
    MPI_Info_set(info, "mpi_hw_resource_type", "nothing that is known");
    GIVES(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_HW_GUIDED, 0, info, &again));
    about("guided by nothing", again);
    if (again != MPI_COMM_NULL)
        MPI_Comm_free(&again);
    MPI_Info_free(&info);
    MPI_Comm_free(&part);
}

/* Of groups, some of them at once under tags of their own. */
static void of_groups(void)
{
    MPI_Group world, group, other;
    MPI_Comm comm, parts;
    int result, last[1] = {size - 1};
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    int back[1][3] = {{size - 1, 0, -1}};
    MPI_Group_range_incl(world, 1, back, &group);
    GIVES(MPI_Comm_create(MPI_COMM_WORLD, group, &comm));
    about("backwards", comm);
    MPI_Comm_group(comm, &other);
    MPI_Group_compare(group, other, &result);
    say("its group is %s", relation(result));
    MPI_Group_free(&other);
    MPI_Comm_free(&comm);
    /* Disjoint ones in one call. */
    int mine[1][3] = {{rank % 2, size - 1, 2}};
    MPI_Group_range_incl(world, 1, mine, &other);
    GIVES(MPI_Comm_create(MPI_COMM_WORLD, other, &comm));
    about("every other", comm);
    GIVES(MPI_Comm_create_group(MPI_COMM_WORLD, other, rank % 2, &parts));
    about("by itself", parts);
    MPI_Comm_compare(comm, parts, &result);
    say("they are %s", relation(result));
    MPI_Comm_free(&parts);
    MPI_Comm_free(&comm);
    MPI_Group_free(&other);
    /* The last alone; the others look on. */
    MPI_Group_incl(world, 1, last, &other);
    GIVES(MPI_Comm_create(MPI_COMM_WORLD, other, &comm));
    about("the last", comm);
    if (comm != MPI_COMM_NULL)
        MPI_Comm_free(&comm);
    MPI_Group_free(&other);
    GIVES(MPI_Comm_create(MPI_COMM_WORLD, MPI_GROUP_EMPTY, &comm));
    about("nobody", comm);
    MPI_Group_free(&group);
    MPI_Group_free(&world);
}

/* Splits of splits drawn by a seed, all the way down to single ranks. */
static void down(MPI_Comm comm, int depth)
{
    int in, of;
    MPI_Comm part;
    char what[32];
    MPI_Comm_rank(comm, &in);
    MPI_Comm_size(comm, &of);
    seed = 77 + depth;
    int colours[16], keys[16];
    for (int at = 0; at < 16; at++)
        colours[at] = draw(3), keys[at] = (int) draw(9) - 4;
    int colour = colours[in] == 2 ? MPI_UNDEFINED : colours[in];
    GIVES(MPI_Comm_split(comm, colour, keys[in], &part));
    sprintf(what, "down %d", depth);
    about(what, part);
    if (part == MPI_COMM_NULL)
        return;
    int rest;
    MPI_Comm_size(part, &rest);
    if (rest > 1 && depth < 6)
        down(part, depth + 1);
    MPI_Comm_free(&part);
}

/* Many at once, freed in another order; a message in each. */
static void many(void)
{
    enum { MANY = 100 };
    MPI_Comm comms[MANY];
    int right = 0, sum;
    for (int at = 0; at < MANY; at++)
        MPI_Comm_dup(at ? comms[at - 1] : MPI_COMM_WORLD, &comms[at]);
    for (int at = 0; at < MANY; at++) {
        MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, comms[at]);
        right += sum == size * (size - 1) / 2;
    }
    say("sums that are right: %d", right);
    for (int at = 0; at < MANY; at += 2)
        MPI_Comm_free(&comms[at]);
    right = 0;
    for (int at = 1; at < MANY; at += 2) {
        MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, comms[at]);
        right += sum == size * (size - 1) / 2;
    }
    say("and again: %d", right);
    for (int at = MANY - 1; at > 0; at -= 2)
        MPI_Comm_free(&comms[at]);
}

/* What is under way goes on when its communicator's name is freed. */
static void freed_early(void)
{
    MPI_Comm comm;
    MPI_Request requests[2];
    int to = (rank + 1) % size, from = (rank + size - 1) % size, got = -1;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Irecv(&got, 1, MPI_INT, from, 1, comm, &requests[0]);
    MPI_Isend(&rank, 1, MPI_INT, to, 1, comm, &requests[1]);
    GIVES(MPI_Comm_free(&comm));
    GIVES(MPI_Waitall(2, requests, MPI_STATUSES_IGNORE));
    say("got %d", got);
}

int main(void)
{
    begin();
    about("world", MPI_COMM_WORLD);
    about("self", MPI_COMM_SELF);
    hints();
    started();
    split_types();
    of_groups();
    down(MPI_COMM_WORLD, 0);
    many();
    freed_early();
    return end();
}
