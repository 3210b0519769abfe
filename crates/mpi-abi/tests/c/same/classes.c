// ranks: 1
/* Every error class: raised by the program on a communicator and on a session, and by a call where one can; codes and texts of the
 * program's own, added and removed. */
#include "case.h"

static int seen;

static void see(MPI_Comm *comm, int *code, ...)
{
    (void) comm;
    seen = *code;
}

static void see_session(MPI_Session *session, int *code, ...)
{
    (void) session;
    seen = *code;
}

static void raised(void)
{
    MPI_Comm comm;
    MPI_Session session;
    MPI_Errhandler of_comm, of_session;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    MPI_Comm_create_errhandler(see, &of_comm);
    MPI_Comm_set_errhandler(comm, of_comm);
    MPI_Errhandler_free(&of_comm);
    MPI_Session_create_errhandler(see_session, &of_session);
    MPI_Session_init(MPI_INFO_NULL, of_session, &session);
    MPI_Errhandler_free(&of_session);
#define X(name)                                                                                              \
    {                                                                                                        \
        int code, class = -1, length = -1;                                                                   \
        char text[MPI_MAX_ERROR_STRING];                                                                     \
        seen = -1;                                                                                           \
        code = MPI_Comm_call_errhandler(comm, MPI_##name);                                                   \
        say(#name " on a communicator: %s, seen %s", class_of(code), class_of(seen));                        \
        seen = -1;                                                                                           \
        code = MPI_Session_call_errhandler(session, MPI_##name);                                             \
        say(#name " on a session: %s, seen %s", class_of(code), class_of(seen));                             \
        MPI_Error_class(MPI_##name, &class);                                                                 \
        code = MPI_Error_string(MPI_##name, text, &length);                                                  \
        say(#name " is %d: its class %d, its text %s, of its length %d", MPI_##name, class, class_of(code),   \
            length == (int) strlen(text) && length > 0 && length < MPI_MAX_ERROR_STRING);                    \
    }
    ERRORS
#undef X
    MPI_Session_finalize(&session);
    MPI_Comm_free(&comm);
}

/* A call for each class that a call without windows, files and new processes raises. */
static void met(void)
{
    int value = 0, other[4] = {0}, key = MPI_KEYVAL_INVALID, flag, none[1] = {-7};
    char text[MPI_MAX_INFO_VAL + 8];
    MPI_Comm comm, null = MPI_COMM_NULL;
    MPI_Request requests[2];
    MPI_Status statuses[2];
    MPI_Datatype type;
    MPI_Group group;
    MPI_Info info;
    MPI_Errhandler handler = MPI_ERRHANDLER_NULL;
    MPI_Session session = MPI_SESSION_NULL;
    MPI_Aint bytes, position = 0;
    MPI_Count many = 0;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    MPI_Info_create(&info);
    MPI_Comm_group(comm, &group);
    GIVES(MPI_Send(NULL, 1, MPI_INT, 0, 0, comm));
    GIVES(MPI_Send(&value, -1, MPI_INT, 0, 0, comm));
    GIVES(MPI_Send(&value, 1, MPI_DATATYPE_NULL, 0, 0, comm));
    GIVES(MPI_Send(&value, 1, MPI_INT, 0, -8, comm));
    GIVES(MPI_Send(&value, 1, MPI_INT, 0, 0, null));
    GIVES(MPI_Send(&value, 1, MPI_INT, 3, 0, comm));
    requests[0] = MPI_REQUEST_NULL;
    GIVES(MPI_Start(&requests[0]));
    GIVES(MPI_Bcast(&value, 1, MPI_INT, 3, comm));
    GIVES(MPI_Group_size(MPI_GROUP_NULL, &value));
    GIVES(MPI_Allreduce(&value, other, 1, MPI_INT, MPI_OP_NULL, comm));
    GIVES(MPI_Cartdim_get(comm, &value));
    GIVES(MPI_Dims_create(7, 1, none));
    none[0] = 5;
    GIVES(MPI_Dims_create(7, 1, none));
    GIVES(MPI_Comm_rank(comm, NULL));
    MPI_Isend(other, 3, MPI_INT, 0, 1, comm, &requests[0]);
    GIVES(MPI_Recv(&value, 1, MPI_INT, 0, 1, comm, &statuses[0]));
    MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
    GIVES(MPI_Init(NULL, NULL));
    MPI_Irecv(&value, 1, MPI_INT, 0, 1, comm, &requests[0]);
    MPI_Isend(other, 2, MPI_INT, 0, 1, comm, &requests[1]);
    GIVES(MPI_Waitall(2, requests, statuses));
    say("the status of what failed: %s", class_of(statuses[0].MPI_ERROR));
    say("the other's status: %s", class_of(statuses[1].MPI_ERROR));
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    memset(text, 'k', sizeof text);
    text[sizeof text - 1] = 0;
    GIVES(MPI_Info_set(info, text, "v"));
    GIVES(MPI_Info_set(info, "", "v"));
    GIVES(MPI_Info_set(info, "k", text));
    GIVES(MPI_Info_delete(info, "nothing"));
    GIVES(MPI_Comm_set_attr(comm, key, &value));
    GIVES(MPI_Comm_free_keyval(&key));
    GIVES(MPI_Comm_get_attr(comm, key, other, &flag));
    GIVES(MPI_Pack_external_size("external33", 1, MPI_INT, &bytes));
    GIVES(MPI_Pack_external("native", &value, 1, MPI_INT, text, 100, &position));
    GIVES(MPI_Session_finalize(&session));
    GIVES(MPI_Session_get_num_psets(MPI_SESSION_NULL, MPI_INFO_NULL, &value));
    GIVES(MPI_Errhandler_free(&handler));
    GIVES(MPI_Comm_set_errhandler(comm, MPI_ERRHANDLER_NULL));
    MPI_Type_contiguous_c((MPI_Count) 1 << 40, MPI_INT, &type);
    GIVES(MPI_Type_size(type, &value));
    say("a size that doesn't fit: %d", value == MPI_UNDEFINED);
    MPI_Type_size_c(type, &many);
    say("in 64 bits: %lld", (long long) many);
    MPI_Type_free(&type);
    MPI_Info_free(&info);
    MPI_Group_free(&group);
    MPI_Comm_free(&comm);
}

static void text_of(int code)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = -1, given = MPI_Error_string(code, text, &length);
    say("its text: %s, %d `%s`", class_of(given), length, text);
}

/* Removed in the other order. */
static void own(void)
{
    int classes[3], codes[3][2], of, *last, flag;
    for (int at = 0; at < 3; at++) {
        char text[32];
        GIVES(MPI_Add_error_class(&classes[at]));
        for (int each = 0; each < 2; each++) {
            GIVES(MPI_Add_error_code(each ? MPI_ERR_IO : classes[at], &codes[at][each]));
            sprintf(text, "code %d of class %d", each, at);
            text_of(codes[at][each]);
            GIVES(MPI_Add_error_string(codes[at][each], text));
            text_of(codes[at][each]);
            MPI_Error_class(codes[at][each], &of);
            say("its class: %d", of == (each ? MPI_ERR_IO : classes[at]));
        }
        MPI_Error_class(classes[at], &of);
        say("a class's class: %d", of == classes[at]);
    }
    MPI_Comm_get_attr(MPI_COMM_SELF, MPI_LASTUSEDCODE, &last, &flag);
    int most = 0;
    for (int at = 0; at < 3; at++)
        for (int each = 0; each < 2; each++)
            if (codes[at][each] > most) most = codes[at][each];
    say("the last used code: %d", flag);
    say("at least the largest: %d", *last >= most);
    GIVES(MPI_Add_error_string(codes[0][0], "again"));
    text_of(codes[0][0]);
    MPI_Comm comm;
    MPI_Errhandler handler;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    MPI_Comm_create_errhandler(see, &handler);
    MPI_Comm_set_errhandler(comm, handler);
    MPI_Errhandler_free(&handler);
    GIVES(MPI_Comm_call_errhandler(comm, codes[1][0]));
    say("seen: %d", seen == codes[1][0]);
    MPI_Comm_free(&comm);
    for (int at = 2; at >= 0; at--) {
        for (int each = 1; each >= 0; each--) {
            GIVES(MPI_Remove_error_string(codes[at][each]));
            say("code %d of class %d: %s", each, at, class_of(MPI_Remove_error_code(codes[at][each])));
        }
        say("class %d: %s", at, class_of(MPI_Remove_error_class(classes[at])));
    }
}

int main(void)
{
    begin();
    raised();
    met();
    own();
    return end();
}
