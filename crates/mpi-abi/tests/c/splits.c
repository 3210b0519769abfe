/* Communicators that are split by what their members share, of one side and of two; and what is refused before anybody waits. */
#include "expect.h"
#include <string.h>

static MPI_Info info_of(const char *key, const char *value)
{
    MPI_Info info;
    MPI_Info_create(&info);
    MPI_Info_set(info, key, value);
    return info;
}

/* The size of this process's part; 0: it is in none. */
static int part(MPI_Comm comm, int type, const char *key, const char *value)
{
    MPI_Comm made = MPI_COMM_NULL;
    MPI_Info info = key ? info_of(key, value) : MPI_INFO_NULL;
    int members = 0;
    EXPECT(MPI_Comm_split_type(comm, type, 0, info, &made) == MPI_SUCCESS);
    if (key)
        MPI_Info_free(&info);
    if (made != MPI_COMM_NULL) {
        MPI_Comm_size(made, &members);
        MPI_Barrier(made);
        MPI_Comm_free(&made);
    }
    return members;
}

/* MPI 5.0 9.1.3: what the machine consists of by its names is what it can be split by. */
static void machine(void)
{
    MPI_Info info;
    int number;
    MPI_Get_hw_resource_info(&info);
    MPI_Info_get_nkeys(info, &number);
    EXPECT(number >= 3);
    for (int at = 0; at < number; at++) {
        char key[MPI_MAX_INFO_KEY], value[8] = "";
        int room = sizeof value, flag;
        MPI_Info_get_nthkey(info, at, key);
        MPI_Info_get_string(info, key, &room, value, &flag);
        int alone = !strcmp(value, "true"), types[] = {MPI_COMM_TYPE_HW_GUIDED, MPI_COMM_TYPE_RESOURCE_GUIDED};
        for (int type = 0; type < 2; type++)
            EXPECT((part(MPI_COMM_WORLD, types[type], "mpi_hw_resource_type", key) > 0) == alone);
    }
    MPI_Info_free(&info);
    EXPECT(part(MPI_COMM_WORLD, MPI_COMM_TYPE_RESOURCE_GUIDED, "mpi_pset_name", "mpi://WORLD") == size);
    EXPECT(part(MPI_COMM_WORLD, MPI_COMM_TYPE_RESOURCE_GUIDED, "mpi_pset_name", "mpi://SELF") == 1);
    EXPECT(part(MPI_COMM_WORLD, MPI_COMM_TYPE_RESOURCE_GUIDED, "mpi_pset_name", "app://none") == 0);
    EXPECT(part(MPI_COMM_WORLD, MPI_COMM_TYPE_HW_GUIDED, "mpi_pset_name", "mpi://WORLD") == 0);
    EXPECT(part(MPI_COMM_WORLD, MPI_COMM_TYPE_HW_GUIDED, NULL, NULL) == 0);
}

/* Some take no part, whatever the others ask for. */
static void sides(void)
{
    MPI_Comm local, inter;
    int side = rank % 2, mine, waits;
    MPI_Comm_split(MPI_COMM_WORLD, side, 0, &local);
    MPI_Intercomm_create(local, 0, MPI_COMM_WORLD, 1 - side, 5, &inter);
    MPI_Comm_size(inter, &mine);
    const char *resources[] = {"hwloc://Nothing", "hwloc://NUMANode", "hwloc://L3Cache", "mpi_shared_memory"};
    for (int at = 0; at < 4; at++) {
        /* Nobody, the last of all, or one side takes no part. */
        for (int who = 0; who < 3; who++) {
            waits = (who == 1 && rank == size - 1) || (who == 2 && side == 1);
            int type = waits ? MPI_UNDEFINED : MPI_COMM_TYPE_HW_GUIDED;
            int members = part(inter, type, "mpi_hw_resource_type", resources[at]);
            EXPECT(!waits || members == 0);
            EXPECT(at != 0 || members == 0);
            if (at == 3 && who == 0)
                EXPECT(members == mine);
        }
    }
    MPI_Comm_free(&inter);
    MPI_Comm_free(&local);
}

/* Refused by one rank alone: it waits for nobody. */
static void refused(void)
{
    MPI_Comm comm = MPI_COMM_WORLD;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    if (rank == size - 1)
        EXPECT(class_of(MPI_Comm_disconnect(&comm)) == MPI_ERR_COMM && comm == MPI_COMM_WORLD);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ARE_FATAL);
}

/* MPI 5.0 8.6: a star whose leaves alone name its hub is no graph for collectives of neighbours; one with edges both ways is. */
static void stars(void)
{
    int index[16], edges[64], got[16] = {0}, degree;
    MPI_Comm star;
    if (size > 16)
        return;
    for (int both = 0; both < 2; both++) {
        int next = 0;
        for (int at = 0; at < size; at++) {
            if (at == 0)
                for (int leaf = 1; both && leaf < size; leaf++) edges[next++] = leaf;
            else
                edges[next++] = 0;
            index[at] = next;
        }
        MPI_Graph_create(MPI_COMM_WORLD, size, index, edges, 0, &star);
        MPI_Comm_set_errhandler(star, MPI_ERRORS_RETURN);
        MPI_Graph_neighbors_count(star, rank, &degree);
        int class = class_of(MPI_Neighbor_allgather(&rank, 1, MPI_INT, got, 1, MPI_INT, star));
        EXPECT(class == (both || size == 1 ? MPI_SUCCESS : MPI_ERR_TOPOLOGY));
        if (both)
            for (int at = 0; at < degree; at++) EXPECT(got[at] == (rank ? 0 : at + 1));
        else
            EXPECT(got[0] == 0);
        MPI_Comm_free(&star);
    }
}

static int copied;

static int refuses_at_first(MPI_Comm comm, int key, void *extra, void *old, void *new, int *flag)
{
    (void)comm, (void)key, (void)extra, (void)old, (void)new;
    *flag = 0;
    copied++;
    return rank == 0 ? MPI_ERR_INTERN : MPI_SUCCESS;
}

/* One rank's copy function refuses: the others have the duplicate, and nobody waits. */
static void copies(void)
{
    MPI_Comm comm, copy = MPI_COMM_NULL;
    int key, value;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    MPI_Comm_create_keyval(refuses_at_first, MPI_COMM_NULL_DELETE_FN, &key, NULL);
    MPI_Comm_set_attr(comm, key, &value);
    EXPECT(class_of(MPI_Comm_dup(comm, &copy)) == (rank ? MPI_SUCCESS : MPI_ERR_INTERN) && copied == 1);
    EXPECT((copy == MPI_COMM_NULL) == (rank == 0));
    if (rank)
        MPI_Comm_free(&copy);
    MPI_Comm_free_keyval(&key);
    MPI_Comm_free(&comm);
}

static void larger(void *left, void *right, int *count, MPI_Datatype *type)
{
    MPI_Aint lb, extent;
    MPI_Type_get_extent(*type, &lb, &extent);
    for (int at = 0; at < *count; at++) {
        int *a = (int *)((char *)left + at * extent), *b = (int *)((char *)right + at * extent);
        *b = *a > *b ? *a : *b;
    }
}

/* Elements far apart: no more of them are laid out for an operator's function than there is room for. */
static void apart(void)
{
    enum { COUNT = 100, APART = 1 << 16 };
    static char here[COUNT * APART], there[COUNT * APART];
    MPI_Datatype type;
    MPI_Op op;
    MPI_Type_create_resized(MPI_INT, 0, APART, &type);
    MPI_Type_commit(&type);
    MPI_Op_create(larger, 1, &op);
    for (int at = 0; at < COUNT; at++) {
        *(int *)(here + at * APART) = at % 7 + rank;
        *(int *)(there + at * APART) = at % 5;
    }
    EXPECT(MPI_Reduce_local(here, there, COUNT, type, op) == MPI_SUCCESS);
    for (int at = 0; at < COUNT; at++)
        EXPECT(*(int *)(there + at * APART) == (at % 7 + rank > at % 5 ? at % 7 + rank : at % 5));
    EXPECT(MPI_Allreduce(here, there, COUNT, type, op, MPI_COMM_WORLD) == MPI_SUCCESS);
    for (int at = 0; at < COUNT; at++) EXPECT(*(int *)(there + at * APART) == at % 7 + size - 1);
    MPI_Type_free(&type);
    /* A gibibyte apart, one element: there is room for that. */
    int one[2] = {3, 4}, two[2] = {5, 1};
    MPI_Type_create_resized(MPI_INT, 0, 1 << 30, &type);
    MPI_Type_commit(&type);
    EXPECT(MPI_Reduce_local(one, two, 1, type, op) == MPI_SUCCESS && two[0] == 5);
    MPI_Type_free(&type);
    MPI_Op_free(&op);
    /* Rows stay where they are. */
    EXPECT(MPI_Reduce_local(one, two, 2, MPI_INT, MPI_SUM) == MPI_SUCCESS && two[0] == 8 && two[1] == 5);
}

int main(int argc, char **argv)
{
    int all;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    machine();
    if (size > 1)
        sides();
    refused();
    stars();
    copies();
    apart();
    MPI_Reduce(&failures, &all, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    MPI_Finalize();
    if (rank == 0)
        printf("%d failures\n", all);
    return failures != 0;
}
