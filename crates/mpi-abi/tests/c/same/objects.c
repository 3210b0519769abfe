// ranks: 1
/* Info, error classes and codes, handlers, names, predefined handles as integers, special datatypes, versions. */
#include "case.h"

static void info(void)
{
    MPI_Info info, copy_of;
    char value[32], key[MPI_MAX_INFO_KEY];
    int flag, length, number;
    MPI_Info_create(&info);
    MPI_Info_get_nkeys(info, &number);
    say("keys: %d", number);
    for (int at = 0; at < 5; at++) {
        sprintf(key, "key %d", at);
        sprintf(value, "value %d", at * at);
        GIVES(MPI_Info_set(info, key, value));
    }
    GIVES(MPI_Info_set(info, "key 2", "another"));
    GIVES(MPI_Info_set(info, "empty", ""));
    MPI_Info_get_nkeys(info, &number);
    say("keys: %d", number);
    for (int at = 0; at < number; at++) {
        MPI_Info_get_nthkey(info, at, key);
        say("key %d is `%s`", at, key);
    }
    GIVES(MPI_Info_get(info, "key 2", 31, value, &flag));
    say("flag %d `%s`", flag, value);
    GIVES(MPI_Info_get(info, "key 2", 3, value, &flag));
    say("cut: flag %d `%s`", flag, value);
    GIVES(MPI_Info_get(info, "no key", 31, value, &flag));
    say("flag %d", flag);
    GIVES(MPI_Info_get_valuelen(info, "key 2", &length, &flag));
    say("length %d %d", flag, length);
    GIVES(MPI_Info_get_valuelen(info, "no key", &length, &flag));
    say("length %d", flag);
    length = 32;
    GIVES(MPI_Info_get_string(info, "key 2", &length, value, &flag));
    say("string: %d %d `%s`", flag, length, value);
    length = 4;
    GIVES(MPI_Info_get_string(info, "key 2", &length, value, &flag));
    say("cut: %d %d `%s`", flag, length, value);
    length = 0;
    GIVES(MPI_Info_get_string(info, "key 2", &length, value, &flag));
    say("its length: %d %d", flag, length);
    length = 32;
    GIVES(MPI_Info_get_string(info, "empty", &length, value, &flag));
    say("empty: %d %d `%s`", flag, length, value);
    GIVES(MPI_Info_dup(info, &copy_of));
    GIVES(MPI_Info_delete(info, "key 0"));
    GIVES(MPI_Info_delete(info, "key 0"));
    MPI_Info_get_nkeys(info, &number);
    MPI_Info_get_nkeys(copy_of, &length);
    say("keys: %d, the copy's %d", number, length);
    MPI_Info_get_nthkey(info, 0, key);
    say("the first: `%s`", key);
    GIVES(MPI_Info_free(&info));
    say("null %d", info == MPI_INFO_NULL);
    GIVES(MPI_Info_free(&copy_of));
}

static void codes(void)
{
    int class, code, of, length;
    char text[MPI_MAX_ERROR_STRING];
    GIVES(MPI_Add_error_class(&class));
    say("beyond the last: %d", class > MPI_ERR_LASTCODE);
    GIVES(MPI_Add_error_code(class, &code));
    GIVES(MPI_Error_class(code, &of));
    say("its class: %d", of == class);
    MPI_Error_string(code, text, &length);
    say("no text yet: %d `%s`", length, text);
    GIVES(MPI_Add_error_string(code, "out of tea"));
    GIVES(MPI_Add_error_string(class, "a lack of drinks"));
    MPI_Error_string(code, text, &length);
    say("text: %d `%s`", length, text);
    MPI_Error_string(class, text, &length);
    say("text: %d `%s`", length, text);
    GIVES(MPI_Add_error_string(code, "out of coffee"));
    MPI_Error_string(code, text, &length);
    say("text: `%s`", text);
    MPI_Add_error_code(MPI_ERR_ARG, &of);
    MPI_Error_class(of, &length);
    say("a code of a predefined class: %d", length == MPI_ERR_ARG);
    GIVES(MPI_Remove_error_string(code));
    GIVES(MPI_Remove_error_string(class));
    GIVES(MPI_Remove_error_code(code));
    GIVES(MPI_Remove_error_class(class));
#define X(name)                                             \
    MPI_Error_class(MPI_##name, &of);                       \
    MPI_Error_string(MPI_##name, text, &length);            \
    say(#name ": %d, class %d, has a text %d", MPI_##name, of, length > 0);
    ERRORS
#undef X
}

static void handler(MPI_Comm *comm, int *code, ...)
{
    say("handler: %s, world %d", class_of(*code), *comm == MPI_COMM_WORLD);
}

static void other_handler(MPI_Comm *comm, int *code, ...)
{
    say("another handler: %s, self %d", class_of(*code), *comm == MPI_COMM_SELF);
}

static void handlers(void)
{
    MPI_Errhandler made, other, found, again;
    MPI_Comm copy_of;
    int value = 0;
    MPI_Comm_create_errhandler(handler, &made);
    MPI_Comm_create_errhandler(other_handler, &other);
    GIVES(MPI_Comm_set_errhandler(MPI_COMM_WORLD, made));
    GIVES(MPI_Send(&value, 1, MPI_INT, 99, 0, MPI_COMM_WORLD));
    GIVES(MPI_Comm_call_errhandler(MPI_COMM_WORLD, MPI_ERR_TAG));
    MPI_Comm_dup(MPI_COMM_WORLD, &copy_of);
    MPI_Comm_get_errhandler(copy_of, &found);
    say("inherited: %d", found == made);
    MPI_Errhandler_free(&found);
    GIVES(MPI_Bcast(&value, 1, MPI_INT, 99, copy_of));
    GIVES(MPI_Comm_set_errhandler(MPI_COMM_SELF, other));
    GIVES(MPI_Type_size(MPI_DATATYPE_NULL, &value));
    GIVES(MPI_Comm_rank(MPI_COMM_NULL, &value));
    GIVES(MPI_Errhandler_free(&made));
    say("null %d", made == MPI_ERRHANDLER_NULL);
    GIVES(MPI_Send(&value, 1, MPI_INT, 0, -7, MPI_COMM_WORLD));
    MPI_Comm_get_errhandler(MPI_COMM_WORLD, &found);
    MPI_Comm_get_errhandler(MPI_COMM_WORLD, &again);
    say("the same twice: %d", found == again);
    MPI_Errhandler_free(&found);
    MPI_Errhandler_free(&again);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Errhandler_free(&other);
    MPI_Comm_free(&copy_of);
    MPI_Comm_get_errhandler(MPI_COMM_WORLD, &found);
    say("return: %d", found == MPI_ERRORS_RETURN);
    MPI_File_get_errhandler(MPI_FILE_NULL, &found);
    say("of files: return %d", found == MPI_ERRORS_RETURN);
}

static void integers(void)
{
    int flag, major, minor, bytes;
    MPI_Info about;
    char value[16];
#define INTEGER(of, handle) say(#handle ": %d, and back %d", of##_toint(handle), of##_fromint(of##_toint(handle)) == handle)
    INTEGER(MPI_Comm, MPI_COMM_NULL);
    INTEGER(MPI_Comm, MPI_COMM_WORLD);
    INTEGER(MPI_Comm, MPI_COMM_SELF);
    INTEGER(MPI_Group, MPI_GROUP_NULL);
    INTEGER(MPI_Group, MPI_GROUP_EMPTY);
    INTEGER(MPI_Info, MPI_INFO_NULL);
    INTEGER(MPI_Info, MPI_INFO_ENV);
    INTEGER(MPI_Request, MPI_REQUEST_NULL);
    INTEGER(MPI_Message, MPI_MESSAGE_NULL);
    INTEGER(MPI_Message, MPI_MESSAGE_NO_PROC);
    INTEGER(MPI_Errhandler, MPI_ERRORS_ARE_FATAL);
    INTEGER(MPI_Errhandler, MPI_ERRORS_RETURN);
    INTEGER(MPI_Errhandler, MPI_ERRORS_ABORT);
    INTEGER(MPI_Session, MPI_SESSION_NULL);
    INTEGER(MPI_File, MPI_FILE_NULL);
    INTEGER(MPI_Win, MPI_WIN_NULL);
    INTEGER(MPI_Op, MPI_SUM);
    INTEGER(MPI_Op, MPI_NO_OP);
    INTEGER(MPI_Type, MPI_INT);
    INTEGER(MPI_Type, MPI_DATATYPE_NULL);
    MPI_Datatype type;
    MPI_Type_contiguous(2, MPI_INT, &type);
    say("a made one: %d", MPI_Type_fromint(MPI_Type_toint(type)) == type);
    MPI_Type_free(&type);
    MPI_Abi_get_version(&major, &minor);
    say("ABI %d.%d", major, minor);
    MPI_Get_version(&major, &minor);
    say("MPI %d.%d", major, minor);
    MPI_Abi_get_info(&about);
    MPI_Info_get(about, "mpi_aint_size", 15, value, &flag);
    say("addresses: %d %s", flag, value);
    MPI_Info_get(about, "mpi_offset_size", 15, value, &flag);
    say("offsets: %d %s", flag, value);
    MPI_Info_free(&about);
    MPI_Initialized(&flag);
    say("initialised %d", flag);
    MPI_Finalized(&flag);
    say("finalised %d", flag);
    MPI_Is_thread_main(&flag);
    say("main thread %d", flag);
    MPI_Type_size(MPI_INT, &bytes);
    say("an int: %d", bytes);
    int here = 0;
    MPI_Aint address, sum;
    MPI_Get_address(&here, &address);
    sum = MPI_Aint_add(address, 100);
    say("difference: %ld", (long) MPI_Aint_diff(sum, address));
    void *memory = NULL;
    GIVES(MPI_Alloc_mem(1000, MPI_INFO_NULL, &memory));
    say("memory: %d", memory != NULL);
    GIVES(MPI_Free_mem(memory));
}

static void types(void)
{
    MPI_Datatype type, copy_of;
    int values[4], integers, addresses, inner, combiner, length, index;
    char name[MPI_MAX_OBJECT_NAME];
    for (int digits = 1; digits <= 18; digits += 3) {
        int code = MPI_Type_create_f90_integer(digits, &type);
        int bytes = 0;
        if (code == MPI_SUCCESS)
            MPI_Type_size(type, &bytes);
        say("integer of %d digits: %s, %d bytes", digits, class_of(code), bytes);
    }
    for (int digits = 3; digits <= 15; digits += 6) {
        int bytes = 0, code = MPI_Type_create_f90_real(digits, MPI_UNDEFINED, &type);
        MPI_Type_size(type, &bytes);
        say("real of %d digits: %s, %d bytes", digits, class_of(code), bytes);
        MPI_Type_get_envelope(type, &integers, &addresses, &inner, &combiner);
        say("its envelope: %d %d %d, %d", integers, addresses, inner, combiner == MPI_COMBINER_F90_REAL);
        MPI_Type_get_contents(type, 2, 0, 0, values, NULL, NULL);
        say("its contents: %d %d", values[0], values[1] == MPI_UNDEFINED);
        code = MPI_Type_create_f90_real(digits, MPI_UNDEFINED, &copy_of);
        say("the same again: %d", type == copy_of);
    }
    for (int bytes = 1; bytes <= 8; bytes *= 2) {
        GIVES(MPI_Type_match_size(MPI_TYPECLASS_INTEGER, bytes, &type));
        MPI_Type_get_name(type, name, &length);
        say("integer of %d bytes: %s", bytes, name);
    }
    MPI_Type_match_size(MPI_TYPECLASS_REAL, 8, &type);
    MPI_Type_get_name(type, name, &length);
    say("real of 8 bytes: %s", name);
    MPI_Type_get_value_index(MPI_FLOAT, MPI_INT, &type);
    say("a pair: %d", type == MPI_FLOAT_INT);
    MPI_Type_get_value_index(MPI_INT, MPI_INT, &type);
    say("a pair: %d", type == MPI_2INT);
    MPI_Type_vector(2, 1, 3, MPI_INT, &type);
    MPI_Type_get_name(type, name, &length);
    say("no name: %d `%s`", length, name);
    MPI_Type_set_name(type, "stripes");
    MPI_Type_get_name(type, name, &length);
    say("name: %d `%s`", length, name);
    MPI_Type_dup(type, &copy_of);
    MPI_Type_get_envelope(copy_of, &integers, &addresses, &inner, &combiner);
    say("a copy: %d %d %d %d", integers, addresses, inner, combiner == MPI_COMBINER_DUP);
    MPI_Type_free(&copy_of);
    MPI_Type_free(&type);
    MPI_Count wide, many, large, shapes;
    MPI_Type_vector_c(2, 1, 3, MPI_INT, &type);
    GIVES(MPI_Type_get_envelope_c(type, &wide, &many, &large, &shapes, &index));
    say("in 64 bits: %lld %lld %lld %lld, %d", (long long) wide, (long long) many, (long long) large, (long long) shapes,
        index == MPI_COMBINER_VECTOR);
    MPI_Type_free(&type);
}

int main(void)
{
    begin();
    info();
    codes();
    handlers();
    integers();
    types();
    return end();
}
