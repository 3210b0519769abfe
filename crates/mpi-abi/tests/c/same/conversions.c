// ranks: 1
/* Handles as integers and back, of every kind, predefined and made; what the ABI says of itself; clocks, versions, the environment, and
 * what else there is without communication. */
#include "case.h"

#define BACK(there, back, handle)                                                                  \
    do {                                                                                           \
        int number = there(handle);                                                                \
        say(#handle ": back %d, made ones are none of the predefined %d", back(number) == handle,  \
            number < 0 || number > 4095);                                                          \
    } while (0)

static int copy(MPI_Comm comm, int key, void *extra, void *old, void *new, int *flag)
{
    (void) comm, (void) key, (void) extra;
    *(void **) new = old;
    *flag = 1;
    return MPI_SUCCESS;
}

static int drop(MPI_Comm comm, int key, void *value, void *extra)
{
    (void) comm, (void) key;
    say("dropped %s of %s", (char *) value, (char *) extra);
    return MPI_SUCCESS;
}

static int drop_window(MPI_Win win, int key, void *value, void *extra)
{
    (void) win, (void) key, (void) value, (void) extra;
    return MPI_SUCCESS;
}

static void see_comm(MPI_Comm *comm, int *code, ...)
{
    (void) comm, (void) code;
}

static void see_file(MPI_File *file, int *code, ...)
{
    say("file null %d: %s", *file == MPI_FILE_NULL, class_of(*code));
}

static void see_window(MPI_Win *win, int *code, ...)
{
    (void) win, (void) code;
}

static void see_session(MPI_Session *session, int *code, ...)
{
    (void) session, (void) code;
}

static void add(void *from, void *into, int *count, MPI_Datatype *type)
{
    (void) type;
    for (int at = 0; at < *count; at++)
        ((int *) into)[at] += ((int *) from)[at];
}

static void made(void)
{
    MPI_Comm comm;
    MPI_Group group;
    MPI_Info info;
    MPI_Request request;
    MPI_Message message;
    MPI_Op op;
    MPI_Datatype type;
    MPI_Errhandler of_comm, of_file, of_window, of_session;
    MPI_Session session;
    int value = 3, got = 0;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    BACK(MPI_Comm_toint, MPI_Comm_fromint, comm);
    MPI_Comm_group(MPI_COMM_SELF, &group);
    BACK(MPI_Group_toint, MPI_Group_fromint, group);
    MPI_Info_create(&info);
    BACK(MPI_Info_toint, MPI_Info_fromint, info);
    MPI_Irecv(&got, 1, MPI_INT, 0, 1, comm, &request);
    BACK(MPI_Request_toint, MPI_Request_fromint, request);
    MPI_Request by_number = MPI_Request_fromint(MPI_Request_toint(request));
    MPI_Send(&value, 1, MPI_INT, 0, 1, comm);
    GIVES(MPI_Wait(&by_number, MPI_STATUS_IGNORE));
    say("got %d", got);
    MPI_Request sent;
    MPI_Isend(&value, 1, MPI_INT, 0, 2, comm, &sent);
    MPI_Mprobe(0, 2, comm, &message, MPI_STATUS_IGNORE);
    BACK(MPI_Message_toint, MPI_Message_fromint, message);
    message = MPI_Message_fromint(MPI_Message_toint(message));
    GIVES(MPI_Mrecv(&got, 1, MPI_INT, &message, MPI_STATUS_IGNORE));
    MPI_Wait(&sent, MPI_STATUS_IGNORE);
    MPI_Op_create(add, 1, &op);
    BACK(MPI_Op_toint, MPI_Op_fromint, op);
    GIVES(MPI_Reduce_local(&value, &got, 1, MPI_INT, MPI_Op_fromint(MPI_Op_toint(op))));
    say("sum %d", got);
    MPI_Type_contiguous(3, MPI_INT, &type);
    BACK(MPI_Type_toint, MPI_Type_fromint, type);
    GIVES(MPI_Type_size(MPI_Type_fromint(MPI_Type_toint(type)), &value));
    say("size %d", value);
    GIVES(MPI_Comm_create_errhandler(see_comm, &of_comm));
    BACK(MPI_Errhandler_toint, MPI_Errhandler_fromint, of_comm);
    GIVES(MPI_File_create_errhandler(see_file, &of_file));
    BACK(MPI_Errhandler_toint, MPI_Errhandler_fromint, of_file);
    GIVES(MPI_Win_create_errhandler(see_window, &of_window));
    BACK(MPI_Errhandler_toint, MPI_Errhandler_fromint, of_window);
    GIVES(MPI_Session_create_errhandler(see_session, &of_session));
    BACK(MPI_Errhandler_toint, MPI_Errhandler_fromint, of_session);
    MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session);
    BACK(MPI_Session_toint, MPI_Session_fromint, session);
    /* The null file has the handler of files that will be opened. */
    MPI_Errhandler found;
    GIVES(MPI_File_set_errhandler(MPI_FILE_NULL, of_file));
    GIVES(MPI_File_get_errhandler(MPI_FILE_NULL, &found));
    say("found %d", found == of_file);
    MPI_Errhandler_free(&found);
    GIVES(MPI_File_call_errhandler(MPI_FILE_NULL, MPI_ERR_AMODE));
    GIVES(MPI_File_set_errhandler(MPI_FILE_NULL, MPI_ERRORS_RETURN));
    GIVES(MPI_File_set_errhandler(MPI_FILE_NULL, of_comm));
    GIVES(MPI_File_call_errhandler(MPI_FILE_NULL, MPI_ERR_AMODE));
    GIVES(MPI_Win_call_errhandler(MPI_WIN_NULL, MPI_ERR_WIN));
    GIVES(MPI_Session_set_errhandler(session, of_comm));
    GIVES(MPI_Comm_set_errhandler(comm, of_session));
    GIVES(MPI_Comm_set_errhandler(comm, of_window));
    GIVES(MPI_Session_set_errhandler(session, of_session));
    GIVES(MPI_Session_get_errhandler(session, &found));
    say("found %d", found == of_session);
    MPI_Errhandler_free(&found);
    MPI_Errhandler_free(&of_comm);
    MPI_Errhandler_free(&of_file);
    MPI_Errhandler_free(&of_window);
    MPI_Errhandler_free(&of_session);
    MPI_Session_finalize(&session);
    MPI_Type_free(&type);
    MPI_Op_free(&op);
    MPI_Info_free(&info);
    MPI_Group_free(&group);
    MPI_Comm_free(&comm);
    say("null ones: %d %d", MPI_File_fromint(MPI_File_toint(MPI_FILE_NULL)) == MPI_FILE_NULL,
        MPI_Win_fromint(MPI_Win_toint(MPI_WIN_NULL)) == MPI_WIN_NULL);
}

static void fortran(void)
{
    MPI_Info info, found = MPI_INFO_ENV;
    int yes = 1, no = 0, is_set = -1, there_yes = -7, there_no = -7;
    GIVES(MPI_Abi_get_fortran_info(&found));
    say("nothing yet: %d", found == MPI_INFO_NULL);
    GIVES(MPI_Abi_get_fortran_booleans(4, &there_yes, &there_no, &is_set));
    say("is set %d", is_set);
    GIVES(MPI_Abi_set_fortran_booleans(4, &yes, &no));
    GIVES(MPI_Abi_set_fortran_booleans(4, &yes, &no));
    GIVES(MPI_Abi_get_fortran_booleans(4, &there_yes, &there_no, &is_set));
    say("is set %d: %d %d", is_set, there_yes, there_no);
    MPI_Info_create(&info);
    MPI_Info_set(info, "mpi_logical_size", "4");
    MPI_Info_set(info, "mpi_integer_size", "4");
    MPI_Info_set(info, "mpi_real_size", "4");
    MPI_Info_set(info, "mpi_double_precision_size", "8");
    GIVES(MPI_Abi_set_fortran_info(info));
    GIVES(MPI_Abi_set_fortran_info(info));
    GIVES(MPI_Abi_get_fortran_info(&found));
    char value[32] = "";
    int room = sizeof value, flag = 0;
    if (found != MPI_INFO_NULL) {
        GIVES(MPI_Info_get_string(found, "mpi_logical_size", &room, value, &flag));
        say("logical: %d %s", flag, value);
        MPI_Info_free(&found);
    }
    MPI_Info_free(&info);
}

/* The names of MPI-1, which the standard ABI leaves out, and everybody has. */
static void old(void)
{
    int key, flag = -1;
    char *value = "none";
    MPI_Comm comm, copy_of;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    GIVES(MPI_Keyval_create(copy, drop, &key, "old"));
    GIVES(MPI_Attr_put(comm, key, "first"));
    GIVES(MPI_Attr_put(comm, key, "second"));
    GIVES(MPI_Attr_get(comm, key, &value, &flag));
    say("flag %d, %s", flag, value);
    MPI_Comm_dup(comm, &copy_of);
    GIVES(MPI_Attr_get(copy_of, key, &value, &flag));
    say("the copy's: flag %d, %s", flag, value);
    GIVES(MPI_Attr_delete(comm, key));
    GIVES(MPI_Attr_get(comm, key, &value, &flag));
    say("flag %d", flag);
    GIVES(MPI_Keyval_free(&key));
    say("invalid now: %d", key == MPI_KEYVAL_INVALID);
    MPI_Comm_free(&copy_of);
    MPI_Comm_free(&comm);
    GIVES(MPI_Win_create_keyval(MPI_WIN_NULL_COPY_FN, drop_window, &key, NULL));
    say("a key: %d", key != MPI_KEYVAL_INVALID);
    int of_windows = key;
    GIVES(MPI_Comm_set_attr(MPI_COMM_SELF, of_windows, value));
    GIVES(MPI_Comm_free_keyval(&of_windows));
    GIVES(MPI_Win_free_keyval(&key));
    say("invalid now: %d", key == MPI_KEYVAL_INVALID);
    GIVES(MPI_Win_free_keyval(&key));
}

static void surroundings(char *program)
{
    char text[MPI_MAX_LIBRARY_VERSION_STRING], value[256];
    int length = -1, provided = -1, flag = 0, room;
    MPI_Info info;
    MPI_Comm parent;
    GIVES(MPI_Get_library_version(text, &length));
    say("its length: %d", length == (int) strlen(text) && length > 0);
    GIVES(MPI_Get_processor_name(text, &length));
    say("its length: %d", length == (int) strlen(text) && length > 0);
    double from = MPI_Wtime(), tick = MPI_Wtick();
    say("a clock: %d %d", MPI_Wtime() >= from, tick > 0 && tick < 0.1);
    GIVES(MPI_Pcontrol(1));
    GIVES(MPI_Pcontrol(0, "anything"));
    GIVES(MPI_Query_thread(&provided));
    say("several threads: %d", provided == MPI_THREAD_MULTIPLE);
    GIVES(MPI_Comm_get_parent(&parent));
    say("nobody's child: %d", parent == MPI_COMM_NULL);
    GIVES(MPI_Get_hw_resource_info(&info));
    GIVES(MPI_Info_free(&info));
    char *arguments[] = {program, "one", NULL}, **argv = arguments;
    GIVES(MPI_Info_create_env(2, argv, &info));
    room = sizeof value;
    GIVES(MPI_Info_get_string(info, "maxprocs", &room, value, &flag));
    GIVES(MPI_Info_free(&info));
    room = sizeof value;
    GIVES(MPI_Info_get_string(MPI_INFO_ENV, "no such thing", &room, value, &flag));
    say("flag %d", flag);
    for (int kind = 0; kind < 4; kind++) {
        MPI_Datatype type;
        int code = MPI_Type_create_f90_complex(6 + 3 * kind, kind < 3 ? 30 : MPI_UNDEFINED, &type), bytes = -1, ints, places, types, combiner;
        if (code == MPI_SUCCESS) {
            MPI_Type_size(type, &bytes);
            MPI_Type_get_envelope(type, &ints, &places, &types, &combiner);
            say("complex %d: %s, %d bytes, %d", kind, class_of(code), bytes, combiner == MPI_COMBINER_F90_COMPLEX);
        } else {
            say("complex %d: %s", kind, class_of(code));
        }
    }
}

int main(int argc, char **argv)
{
    int provided = -1;
    (void) argc;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    say("several threads: %d", provided == MPI_THREAD_MULTIPLE);
    made();
    fortran();
    old();
    surroundings(argv[0]);
    return end();
}
