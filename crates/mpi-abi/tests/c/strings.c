// ranks: 1
/* Strings are bytes: what is no text in any encoding comes back as it was given. */
#include "expect.h"
#include <string.h>

/* Latin-1, half a character of UTF-8, everything that a byte can be. */
static const char *odd[] = {"caf\xe9", "\xc3", "a\xff\xfe z", "\x80\x81", "\x01\x7f\n\t"};

enum { ODD = sizeof odd / sizeof *odd };

static void infos(void)
{
    MPI_Info info, copy_of;
    char value[MPI_MAX_INFO_VAL + 1], key[MPI_MAX_INFO_KEY], long_one[MPI_MAX_INFO_VAL];
    int flag, length, number;
    MPI_Info_create(&info);
    for (int at = 0; at < ODD; at++)
        EXPECT(MPI_Info_set(info, odd[at], odd[ODD - 1 - at]) == MPI_SUCCESS);
    MPI_Info_get_nkeys(info, &number);
    EXPECT(number == ODD);
    /* Keys that differ in such a byte are two. */
    MPI_Info_set(info, "caf\xe8", "another");
    MPI_Info_get_nkeys(info, &number);
    EXPECT(number == ODD + 1);
    MPI_Info_dup(info, &copy_of);
    for (int at = 0; at < ODD; at++) {
        const char *is = odd[ODD - 1 - at];
        MPI_Info_get_nthkey(copy_of, at, key);
        EXPECT(!strcmp(key, odd[at]));
        MPI_Info_get_valuelen(copy_of, odd[at], &length, &flag);
        EXPECT(flag && length == (int)strlen(is));
        MPI_Info_get(copy_of, odd[at], MPI_MAX_INFO_VAL, value, &flag);
        EXPECT(flag && !strcmp(value, is));
        length = sizeof value;
        MPI_Info_get_string(copy_of, odd[at], &length, value, &flag);
        EXPECT(flag && length == (int)strlen(is) + 1 && !strcmp(value, is));
        /* Cut at a byte. */
        length = 2;
        memset(value, 'x', sizeof value);
        MPI_Info_get_string(copy_of, odd[at], &length, value, &flag);
        EXPECT(flag && length == (int)strlen(is) + 1 && value[0] == is[0] && !value[1] && value[2] == 'x');
    }
    EXPECT(MPI_Info_delete(copy_of, odd[0]) == MPI_SUCCESS);
    MPI_Info_get_valuelen(copy_of, odd[0], &length, &flag);
    EXPECT(!flag);
    MPI_Info_get_valuelen(copy_of, "caf\xe8", &length, &flag);
    EXPECT(flag && length == 7);
    MPI_Info_free(&copy_of);
    /* As long as may be. */
    memset(long_one, '\xe9', sizeof long_one - 1);
    long_one[sizeof long_one - 1] = 0;
    EXPECT(MPI_Info_set(info, "long", long_one) == MPI_SUCCESS);
    MPI_Info_get(info, "long", MPI_MAX_INFO_VAL, value, &flag);
    EXPECT(flag && !strcmp(value, long_one));
    MPI_Info_free(&info);
}

static void names(void)
{
    char name[MPI_MAX_OBJECT_NAME], too_long[2 * MPI_MAX_OBJECT_NAME];
    int length;
    MPI_Comm comm;
    MPI_Datatype type;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    MPI_Type_contiguous(2, MPI_INT, &type);
    for (int at = 0; at < ODD; at++) {
        MPI_Comm_set_name(comm, odd[at]);
        MPI_Comm_get_name(comm, name, &length);
        EXPECT(length == (int)strlen(odd[at]) && !strcmp(name, odd[at]));
        MPI_Type_set_name(type, odd[at]);
        MPI_Type_get_name(type, name, &length);
        EXPECT(length == (int)strlen(odd[at]) && !strcmp(name, odd[at]));
    }
    memset(too_long, '\xe9', sizeof too_long);
    too_long[sizeof too_long - 1] = 0;
    MPI_Comm_set_name(comm, too_long);
    MPI_Comm_get_name(comm, name, &length);
    EXPECT(length == MPI_MAX_OBJECT_NAME - 1 && !memcmp(name, too_long, length) && !name[length]);
    MPI_Comm_set_name(comm, "");
    MPI_Comm_get_name(comm, name, &length);
    EXPECT(length == 0 && !name[0]);
    MPI_Type_free(&type);
    MPI_Comm_free(&comm);
}

static void errors(void)
{
    char text[MPI_MAX_ERROR_STRING];
    int class, code, length;
    MPI_Add_error_class(&class);
    MPI_Add_error_code(class, &code);
    for (int at = 0; at < ODD; at++) {
        MPI_Add_error_string(code, odd[at]);
        MPI_Error_string(code, text, &length);
        EXPECT(length == (int)strlen(odd[at]) && !strcmp(text, odd[at]));
    }
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    infos();
    names();
    errors();
    MPI_Finalize();
    printf("%d failures\n", failures);
    return failures != 0;
}
