// ranks: 1 2
/* Attributes whose functions fail, whose keys are freed while they are in use, that are on communicators of every kind, on datatypes and
 * on copies of copies; in which order they are deleted; what may be called by those who are told. */
#include "case.h"

static int fails_copy, fails_delete, calls;

static int copy(MPI_Comm comm, int key, void *extra, void *old, void *new, int *flag)
{
    (void) key;
    int in;
    /* The communicator is whole while its values are copied. */
    MPI_Comm_rank(comm, &in);
    say("copy of %s by %s, as rank %d", (char *) old, (char *) extra, in);
    *(void **) new = old;
    *flag = 1;
    return fails_copy ? MPI_ERR_QUOTA : MPI_SUCCESS;
}

static int drop(MPI_Comm comm, int key, void *value, void *extra)
{
    (void) key;
    int in;
    MPI_Comm_rank(comm, &in);
    say("delete of %s by %s, as rank %d", (char *) value, (char *) extra, in);
    calls++;
    return fails_delete ? MPI_ERR_QUOTA : MPI_SUCCESS;
}

static int copy_type(MPI_Datatype type, int key, void *extra, void *old, void *new, int *flag)
{
    (void) key;
    int bytes;
    MPI_Type_size(type, &bytes);
    say("copy of %s by %s, of %d bytes", (char *) old, (char *) extra, bytes);
    *(void **) new = old;
    *flag = strcmp(old, "alone") != 0;
    return fails_copy ? MPI_ERR_QUOTA : MPI_SUCCESS;
}

static int drop_type(MPI_Datatype type, int key, void *value, void *extra)
{
    (void) type, (void) key;
    say("delete of %s by %s", (char *) value, (char *) extra);
    return fails_delete ? MPI_ERR_QUOTA : MPI_SUCCESS;
}

static void shown(MPI_Comm comm, int key)
{
    char *value = "none";
    int flag = -1, code = MPI_Comm_get_attr(comm, key, &value, &flag);
    say("it has: %s, %d, %s", class_of(code), flag, flag == 1 ? value : "-");
}

static void failing(void)
{
    int key;
    MPI_Comm comm, copy_of = MPI_COMM_NULL;
    MPI_Comm_create_keyval(copy, drop, &key, "the key");
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_set_attr(comm, key, "a value");
    fails_copy = 1;
    GIVES(MPI_Comm_dup(comm, &copy_of));
    fails_copy = 0;
    MPI_Barrier(MPI_COMM_WORLD);
    fails_delete = 1;
    GIVES(MPI_Comm_set_attr(comm, key, "another"));
    shown(comm, key);
    GIVES(MPI_Comm_delete_attr(comm, key));
    shown(comm, key);
    fails_delete = 0;
    GIVES(MPI_Comm_delete_attr(comm, key));
    shown(comm, key);
    GIVES(MPI_Comm_delete_attr(comm, key));
    GIVES(MPI_Comm_free(&comm));
    GIVES(MPI_Comm_free_keyval(&key));
}

/* Copies of copies; values that are set anew in one of them. */
static void chained(void)
{
    int keys[3];
    MPI_Comm chain[4];
    for (int at = 0; at < 3; at++)
        MPI_Comm_create_keyval(at == 2 ? MPI_COMM_DUP_FN : copy, drop, &keys[at], at == 0 ? "first" : at == 1 ? "second" : "third");
    MPI_Comm_dup(MPI_COMM_SELF, &chain[0]);
    for (int at = 0; at < 3; at++)
        GIVES(MPI_Comm_set_attr(chain[0], keys[at], "of the first"));
    for (int at = 1; at < 4; at++) {
        GIVES(MPI_Comm_dup(chain[at - 1], &chain[at]));
        if (at == 2)
            GIVES(MPI_Comm_set_attr(chain[at], keys[1], "of the third"));
        for (int key = 0; key < 3; key++)
            shown(chain[at], keys[key]);
    }
    /* Nobody can name the key any more, and it works. */
    int gone = keys[0];
    GIVES(MPI_Comm_free_keyval(&keys[0]));
    say("invalid %d, it was none %d", keys[0] == MPI_KEYVAL_INVALID, gone == MPI_KEYVAL_INVALID);
    MPI_Comm copy_of;
    GIVES(MPI_Comm_dup(chain[3], &copy_of));
    GIVES(MPI_Comm_free(&copy_of));
    for (int at = 0; at < 4; at++) {
        calls = 0;
        GIVES(MPI_Comm_free(&chain[at]));
        say("deleted with it: %d", calls);
    }
    GIVES(MPI_Comm_free_keyval(&keys[1]));
    GIVES(MPI_Comm_free_keyval(&keys[2]));
}

/* What is made otherwise than by a copy inherits nothing. */
static void others(void)
{
    int key, dims[1] = {1};
    MPI_Comm comm, made;
    MPI_Group group;
    MPI_Comm_create_keyval(copy, drop, &key, "of others");
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    MPI_Comm_set_attr(comm, key, "mine");
    GIVES(MPI_Comm_split(comm, 0, 0, &made));
    shown(made, key);
    MPI_Comm_free(&made);
    MPI_Comm_group(comm, &group);
    GIVES(MPI_Comm_create(comm, group, &made));
    shown(made, key);
    MPI_Comm_free(&made);
    GIVES(MPI_Comm_create_group(comm, group, 0, &made));
    shown(made, key);
    MPI_Comm_free(&made);
    MPI_Group_free(&group);
    GIVES(MPI_Cart_create(comm, 1, dims, dims, 0, &made));
    shown(made, key);
    GIVES(MPI_Comm_set_attr(made, key, "of the grid"));
    MPI_Comm copy_of;
    GIVES(MPI_Comm_dup(made, &copy_of));
    int kind;
    MPI_Topo_test(copy_of, &kind);
    say("a grid %d", kind == MPI_CART);
    shown(copy_of, key);
    MPI_Comm_free(&copy_of);
    MPI_Comm_free(&made);
    MPI_Comm_free(&comm);
    MPI_Comm_free_keyval(&key);
}

static void of_types(void)
{
    int key, flag;
    char *value;
    MPI_Datatype type, copy_of = MPI_DATATYPE_NULL, made;
    GIVES(MPI_Type_create_keyval(copy_type, drop_type, &key, "types"));
    MPI_Type_contiguous(5, MPI_INT, &type);
    GIVES(MPI_Type_set_attr(type, key, "alone"));
    GIVES(MPI_Type_dup(type, &copy_of));
    GIVES(MPI_Type_get_attr(copy_of, key, &value, &flag));
    say("flag %d", flag);
    MPI_Type_free(&copy_of);
    GIVES(MPI_Type_set_attr(type, key, "together"));
    GIVES(MPI_Type_dup(type, &copy_of));
    GIVES(MPI_Type_get_attr(copy_of, key, &value, &flag));
    say("flag %d, %s", flag, flag ? value : "-");
    MPI_Type_free(&copy_of);
    GIVES(MPI_Type_contiguous(2, type, &made));
    GIVES(MPI_Type_get_attr(made, key, &value, &flag));
    say("what is made of it: flag %d", flag);
    MPI_Type_free(&made);
    fails_delete = 1;
    GIVES(MPI_Type_delete_attr(type, key));
    fails_delete = 0;
    GIVES(MPI_Type_delete_attr(type, key));
    GIVES(MPI_Type_free(&type));
    GIVES(MPI_Type_free_keyval(&key));
    int of_comms;
    MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, MPI_COMM_NULL_DELETE_FN, &of_comms, NULL);
    GIVES(MPI_Type_set_attr(MPI_INT, of_comms, "wrong"));
    GIVES(MPI_Comm_free_keyval(&of_comms));
}

int main(void)
{
    begin();
    failing();
    chained();
    others();
    of_types();
    return end();
}
