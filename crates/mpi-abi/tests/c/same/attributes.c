// ranks: 1 2
/* Lives of communicators and their attributes: in which order what is called, and with what. */
#include "case.h"

static int calls;

static int copy(MPI_Comm comm, int key, void *extra, void *old, void *new, int *flag)
{
    (void) comm, (void) key;
    say("copy %d: extra %s, value %s", ++calls, (char *) extra, (char *) old);
    *(void **) new = old;
    *flag = strcmp(old, "stays") != 0;
    return MPI_SUCCESS;
}

static int drop(MPI_Comm comm, int key, void *value, void *extra)
{
    (void) comm, (void) key;
    say("delete %d: extra %s, value %s", ++calls, (char *) extra, (char *) value);
    return strcmp(value, "kept") ? MPI_SUCCESS : MPI_ERR_INTERN;
}

static int copy_type(MPI_Datatype type, int key, void *extra, void *old, void *new, int *flag)
{
    (void) type, (void) key;
    say("copy of a datatype's: extra %s, value %s", (char *) extra, (char *) old);
    *(void **) new = "a copy";
    *flag = 1;
    return MPI_SUCCESS;
}

static int drop_type(MPI_Datatype type, int key, void *value, void *extra)
{
    (void) type, (void) key;
    say("delete of a datatype's: extra %s, value %s", (char *) extra, (char *) value);
    return MPI_SUCCESS;
}

static void show(const char *what, MPI_Comm comm, int key)
{
    char *value = "none";
    int flag = -1, code = MPI_Comm_get_attr(comm, key, &value, &flag);
    say("%s: %s, flag %d, %s", what, class_of(code), flag, flag == 1 ? value : "-");
}

static void life(MPI_Comm parent)
{
    int key, second, copied, silent;
    MPI_Comm comm, copy_of, third;
    MPI_Comm_create_keyval(copy, drop, &key, "one");
    MPI_Comm_create_keyval(copy, drop, &second, "two");
    MPI_Comm_create_keyval(MPI_COMM_DUP_FN, drop, &copied, "dup");
    MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, MPI_COMM_NULL_DELETE_FN, &silent, NULL);
    MPI_Comm_dup(parent, &comm);
    show("before", comm, key);
    GIVES(MPI_Comm_set_attr(comm, key, "first"));
    GIVES(MPI_Comm_set_attr(comm, second, "stays"));
    GIVES(MPI_Comm_set_attr(comm, copied, "goes along"));
    GIVES(MPI_Comm_set_attr(comm, silent, "silent"));
    show("key", comm, key);
    show("silent", comm, silent);
    GIVES(MPI_Comm_set_attr(comm, key, "another"));
    show("key", comm, key);
    GIVES(MPI_Comm_dup(comm, &copy_of));
    show("copy's key", copy_of, key);
    show("copy's second", copy_of, second);
    show("copy's copied", copy_of, copied);
    show("copy's silent", copy_of, silent);
    GIVES(MPI_Comm_delete_attr(comm, key));
    show("after it was deleted", comm, key);
    GIVES(MPI_Comm_free_keyval(&key));
    say("key is invalid: %d", key == MPI_KEYVAL_INVALID);
    MPI_Request request;
    GIVES(MPI_Comm_idup(copy_of, &third, &request));
    GIVES(MPI_Wait(&request, MPI_STATUS_IGNORE));
    show("third's copied", third, copied);
    GIVES(MPI_Comm_free(&third));
    GIVES(MPI_Comm_set_attr(copy_of, second, "kept"));
    GIVES(MPI_Comm_delete_attr(copy_of, second));
    show("deletion failed", copy_of, second);
    GIVES(MPI_Comm_set_attr(copy_of, second, "given up"));
    show("was set again", copy_of, second);
    GIVES(MPI_Comm_free(&comm));
    MPI_Comm_free_keyval(&copied);
    MPI_Comm_free_keyval(&silent);
    MPI_Comm_delete_attr(copy_of, second);
    MPI_Comm_set_attr(copy_of, second, "at last");
    MPI_Comm_free_keyval(&second);
    GIVES(MPI_Comm_free(&copy_of));
}

static void of_types(void)
{
    int key, flag;
    char *value = "none";
    MPI_Datatype type, copy_of;
    MPI_Type_create_keyval(copy_type, drop_type, &key, "types");
    MPI_Type_contiguous(2, MPI_INT, &type);
    GIVES(MPI_Type_set_attr(type, key, "original"));
    GIVES(MPI_Type_dup(type, &copy_of));
    GIVES(MPI_Type_get_attr(copy_of, key, &value, &flag));
    say("the copy's: %d %s", flag, value);
    GIVES(MPI_Type_delete_attr(copy_of, key));
    GIVES(MPI_Type_get_attr(copy_of, key, &value, &flag));
    say("flag: %d", flag);
    GIVES(MPI_Type_set_attr(MPI_INT, key, "predefined"));
    GIVES(MPI_Type_get_attr(MPI_INT, key, &value, &flag));
    say("of a predefined one: %d %s", flag, value);
    GIVES(MPI_Type_delete_attr(MPI_INT, key));
    GIVES(MPI_Type_free(&copy_of));
    /* Before the copy it would be deleted by another library with that. */
    GIVES(MPI_Type_free(&type));
    GIVES(MPI_Type_free_keyval(&key));
}

static void predefined(void)
{
    int *value, flag;
    GIVES(MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &value, &flag));
    say("tags: %d %d", flag, *value >= 32767);
    GIVES(MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_WTIME_IS_GLOBAL, &value, &flag));
    say("clock: %d", flag);
    GIVES(MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_LASTUSEDCODE, &value, &flag));
    say("last code: %d %d", flag, *value >= MPI_ERR_LASTCODE);
    MPI_Comm copy_of;
    MPI_Comm_dup(MPI_COMM_WORLD, &copy_of);
    GIVES(MPI_Comm_get_attr(copy_of, MPI_TAG_UB, &value, &flag));
    say("a copy has tags: %d", flag);
    MPI_Comm_free(&copy_of);
}

static int last_words(MPI_Comm comm, int key, void *value, void *extra)
{
    (void) comm, (void) key, (void) extra;
    int finalized;
    MPI_Finalized(&finalized);
    if (!rank)
        printf("at the end: %s, finalised %d\n", (char *) value, finalized);
    return MPI_SUCCESS;
}

int main(void)
{
    begin();
    life(MPI_COMM_WORLD);
    life(MPI_COMM_SELF);
    of_types();
    predefined();
    int key;
    for (int at = 0; at < 3; at++) {
        static char *words[] = {"first", "second", "third"};
        MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, last_words, &key, NULL);
        MPI_Comm_set_attr(MPI_COMM_SELF, key, words[at]);
        MPI_Comm_free_keyval(&key);
    }
    return end();
}
