// ranks: 1 4
/* Groups: operations drawn by a seed, and what communicators are made of them. */
#include "case.h"

static void show(const char *what, MPI_Group group, MPI_Group world)
{
    int members, mine, ranks[64], there[64], used = 0;
    char text[512] = "";
    MPI_Group_size(group, &members);
    MPI_Group_rank(group, &mine);
    for (int at = 0; at < members; at++)
        ranks[at] = at;
    MPI_Group_translate_ranks(group, members, ranks, world, there);
    for (int at = 0; at < members; at++)
        used += sprintf(text + used, " %d", there[at]);
    say("%s: %d members, own rank %d:%s%s", what, members, mine == MPI_UNDEFINED ? -1 : mine, text,
        group == MPI_GROUP_EMPTY ? " (the empty one)" : "");
}

static MPI_Group some(MPI_Group world)
{
    int ranks[64], chosen = 0;
    MPI_Group group;
    for (int at = 0; at < size; at++)
        if (draw(3))
            ranks[chosen++] = at;
    for (int at = chosen - 1; at > 0; at--) {
        int with = draw(at + 1), kept = ranks[at];
        ranks[at] = ranks[with];
        ranks[with] = kept;
    }
    MPI_Group_incl(world, chosen, ranks, &group);
    return group;
}

static const char *relation(int result)
{
    return result == MPI_IDENT       ? "identical"
           : result == MPI_CONGRUENT ? "congruent"
           : result == MPI_SIMILAR   ? "similar"
           : result == MPI_UNEQUAL   ? "unequal"
                                     : "?";
}

static void drawn(MPI_Group world)
{
    for (int round = 0; round < 25; round++) {
        MPI_Group one = some(world), other = some(world), made;
        int result, members;
        char what[64];
        show("one", one, world);
        show("other", other, world);
        MPI_Group_compare(one, other, &result);
        say("they are %s", relation(result));
        MPI_Group_union(one, other, &made);
        show("union", made, world);
        MPI_Group_free(&made);
        MPI_Group_intersection(one, other, &made);
        show("intersection", made, world);
        MPI_Group_free(&made);
        MPI_Group_difference(one, other, &made);
        show("difference", made, world);
        MPI_Group_free(&made);
        MPI_Group_size(one, &members);
        if (members) {
            int ranges[2][3] = {{0, members - 1, 1 + (int) draw(3)}, {0, 0, 1}};
            GIVES(MPI_Group_range_incl(one, 1, ranges, &made));
            sprintf(what, "every %dth", ranges[0][2]);
            show(what, made, world);
            MPI_Group_free(&made);
            GIVES(MPI_Group_range_excl(one, 1, ranges, &made));
            show("the rest", made, world);
            MPI_Group_free(&made);
            int back[1][3] = {{members - 1, 0, -1}};
            GIVES(MPI_Group_range_incl(one, 1, back, &made));
            show("backwards", made, world);
            MPI_Group_compare(one, made, &result);
            say("that and the one are %s", relation(result));
            MPI_Group_free(&made);
            int first[1] = {0};
            GIVES(MPI_Group_excl(one, 1, first, &made));
            show("without the first", made, world);
            if (made != MPI_GROUP_EMPTY)
                MPI_Group_free(&made);
        }
        int from[3] = {0, MPI_PROC_NULL, 0}, to[3] = {-1, -1, -1};
        if (members) {
            MPI_Group_translate_ranks(one, 2, from, other, to);
            say("its first there: %s %s", to[0] == MPI_UNDEFINED ? "undefined" : "a rank",
                to[1] == MPI_PROC_NULL ? "nobody" : "?");
        }
        MPI_Comm comm;
        MPI_Comm_create(MPI_COMM_WORLD, one, &comm);
        if (comm != MPI_COMM_NULL) {
            int there, in;
            MPI_Comm_rank(comm, &in);
            MPI_Comm_size(comm, &there);
            say("a communicator of the one: %d of %d", in, there);
            MPI_Comm small;
            MPI_Comm_create_group(MPI_COMM_WORLD, one, 5, &small);
            MPI_Comm_compare(comm, small, &result);
            say("and again: %s", relation(result));
            MPI_Comm_compare(comm, MPI_COMM_WORLD, &result);
            say("and the world: %s", relation(result));
            int sum = rank, all;
            MPI_Allreduce(&sum, &all, 1, MPI_INT, MPI_SUM, small);
            say("sum of its ranks: %d", all);
            MPI_Comm_free(&small);
            MPI_Comm_free(&comm);
        } else {
            say("not in it");
        }
        if (one != MPI_GROUP_EMPTY)
            MPI_Group_free(&one);
        if (other != MPI_GROUP_EMPTY)
            MPI_Group_free(&other);
    }
}

static void splits(void)
{
    MPI_Comm part, again;
    int result, in, there;
    for (int colours = 1; colours <= 3; colours++)
        for (int key = -1; key <= 1; key++) {
            MPI_Comm_split(MPI_COMM_WORLD, rank % colours, key * rank, &part);
            MPI_Comm_rank(part, &in);
            MPI_Comm_size(part, &there);
            say("split by %d, key %d: %d of %d", colours, key, in, there);
            MPI_Comm_split(part, in ? MPI_UNDEFINED : 3, 0, &again);
            say("those after the first are in none: %d", again == MPI_COMM_NULL);
            if (again != MPI_COMM_NULL)
                MPI_Comm_free(&again);
            MPI_Comm_dup(part, &again);
            MPI_Comm_compare(part, again, &result);
            say("a copy is %s", relation(result));
            MPI_Comm_free(&again);
            MPI_Comm_free(&part);
        }
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, -rank, MPI_INFO_NULL, &part);
    MPI_Comm_rank(part, &in);
    MPI_Comm_size(part, &there);
    say("of the host: %d of %d", in, there);
    MPI_Comm_free(&part);
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_UNDEFINED, 0, MPI_INFO_NULL, &part);
    say("none: %d", part == MPI_COMM_NULL);
}

static void names(void)
{
    char name[MPI_MAX_OBJECT_NAME], longer[MPI_MAX_OBJECT_NAME * 2];
    int length;
    MPI_Comm copy_of;
#define NAME(comm)                                    \
    do {                                              \
        MPI_Comm_get_name(comm, name, &length);       \
        say(#comm " is called `%s` %d", name, length); \
    } while (0)
    NAME(MPI_COMM_WORLD);
    NAME(MPI_COMM_SELF);
    NAME(MPI_COMM_NULL);
    MPI_Comm_dup(MPI_COMM_WORLD, &copy_of);
    NAME(copy_of);
    MPI_Comm_set_name(copy_of, "a longer name, with spaces ");
    NAME(copy_of);
    MPI_Comm_set_name(copy_of, "");
    NAME(copy_of);
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = 0;
    MPI_Comm_set_name(copy_of, longer);
    NAME(copy_of);
    MPI_Comm_set_name(MPI_COMM_WORLD, "everybody");
    NAME(MPI_COMM_WORLD);
    MPI_Comm_free(&copy_of);
}

static void between(void)
{
    if (size < 2)
        return;
    int side = rank % 2, remote, in, there, result, flag;
    MPI_Comm half, inter, copy_of, merged, part;
    MPI_Group group;
    MPI_Comm_split(MPI_COMM_WORLD, side, 0, &half);
    GIVES(MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, 1 - side, 9, &inter));
    MPI_Comm_test_inter(inter, &flag);
    MPI_Comm_remote_size(inter, &remote);
    MPI_Comm_size(inter, &there);
    MPI_Comm_rank(inter, &in);
    say("inter %d: %d of %d, and %d", flag, in, there, remote);
    MPI_Comm_remote_group(inter, &group);
    MPI_Group_size(group, &there);
    MPI_Group_rank(group, &in);
    say("the other side: %d, own rank there %d", there, in == MPI_UNDEFINED);
    MPI_Group_free(&group);
    MPI_Comm_dup(inter, &copy_of);
    MPI_Comm_compare(inter, copy_of, &result);
    say("a copy is %s", relation(result));
    MPI_Comm_compare(inter, half, &result);
    say("and its half is %s", relation(result));
    MPI_Comm_free(&copy_of);
    MPI_Request request;
    MPI_Comm_idup(inter, &copy_of, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPI_Comm_compare(inter, copy_of, &result);
    say("a copy that was started is %s", relation(result));
    int mine = rank, sum = -1;
    MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, copy_of);
    say("sum of the other side: %d", sum);
    MPI_Comm_free(&copy_of);
    for (int high = 0; high < 2; high++) {
        MPI_Intercomm_merge(inter, side ? high : !high, &merged);
        MPI_Comm_rank(merged, &in);
        MPI_Comm_size(merged, &there);
        say("merged, the odd ones high %d: %d of %d", high, in, there);
        MPI_Comm_free(&merged);
    }
    MPI_Comm_split(inter, rank < 2 ? 1 : MPI_UNDEFINED, 0, &part);
    if (part == MPI_COMM_NULL) {
        say("in no part");
    } else {
        MPI_Comm_remote_size(part, &remote);
        MPI_Comm_size(part, &there);
        say("a part: %d and %d", there, remote);
        MPI_Comm_free(&part);
    }
    MPI_Comm_group(inter, &group);
    GIVES(MPI_Comm_create(inter, group, &part));
    MPI_Comm_remote_size(part, &remote);
    say("of all: %d", remote);
    MPI_Comm_free(&part);
    MPI_Group_free(&group);
    MPI_Comm_free(&half);
    GIVES(MPI_Comm_free(&inter));
}

int main(void)
{
    MPI_Group world;
    begin();
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    drawn(world);
    MPI_Group_free(&world);
    splits();
    names();
    between();
    return end();
}
