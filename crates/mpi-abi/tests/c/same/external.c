// ranks: 1
/* The portable format of all predefined datatypes: how many bytes, which, and back. */
#include "case.h"

#define TYPES                                                                                                         \
    X(MPI_CHAR) X(MPI_SIGNED_CHAR) X(MPI_UNSIGNED_CHAR) X(MPI_BYTE) X(MPI_WCHAR) X(MPI_SHORT) X(MPI_UNSIGNED_SHORT)    \
    X(MPI_INT) X(MPI_UNSIGNED) X(MPI_LONG) X(MPI_UNSIGNED_LONG) X(MPI_LONG_LONG) X(MPI_UNSIGNED_LONG_LONG)             \
    X(MPI_FLOAT) X(MPI_DOUBLE) X(MPI_LONG_DOUBLE) X(MPI_C_BOOL) X(MPI_INT8_T) X(MPI_INT16_T) X(MPI_INT32_T)             \
    X(MPI_INT64_T) X(MPI_UINT8_T) X(MPI_UINT16_T) X(MPI_UINT32_T) X(MPI_UINT64_T) X(MPI_AINT) X(MPI_COUNT)              \
    X(MPI_OFFSET) X(MPI_C_FLOAT_COMPLEX) X(MPI_C_DOUBLE_COMPLEX) X(MPI_C_LONG_DOUBLE_COMPLEX)                          \
    X(MPI_CXX_BOOL) X(MPI_CXX_FLOAT_COMPLEX) X(MPI_CXX_DOUBLE_COMPLEX) X(MPI_CXX_LONG_DOUBLE_COMPLEX) X(MPI_PACKED)     \
    X(MPI_CHARACTER) X(MPI_LOGICAL) X(MPI_INTEGER) X(MPI_REAL) X(MPI_DOUBLE_PRECISION) X(MPI_COMPLEX)                  \
    X(MPI_DOUBLE_COMPLEX) X(MPI_INTEGER1) X(MPI_INTEGER2) X(MPI_INTEGER4) X(MPI_INTEGER8) X(MPI_REAL4) X(MPI_REAL8)     \
    X(MPI_COMPLEX8) X(MPI_COMPLEX16)

/* Numbers that every type has, so that nothing is lost on the way: one to three, minus one for the signed. */
#define FILL(type)                                                                     \
    static void fill_##type(void *into, int at)                                        \
    {                                                                                  \
        type value = (type) (at + 1);                                                  \
        memcpy((char *) into + at * sizeof value, &value, sizeof value);               \
    }
FILL(int8_t)
FILL(int16_t)
FILL(int32_t)
FILL(int64_t)
FILL(float)
FILL(double)

static int is_real(const char *name)
{
    return strstr(name, "FLOAT") || strstr(name, "DOUBLE") || strstr(name, "REAL") || strstr(name, "COMPLEX");
}

static void one(MPI_Datatype type, const char *name)
{
    int bytes = 0, back, code;
    MPI_Aint external = -1, position = 0;
    _Alignas(16) char values[256] = {0}, again[256] = {0}, packed[256] = {0}, text[513] = "";
    MPI_Type_size(type, &bytes);
    code = MPI_Pack_external_size("external32", 3, type, &external);
    say("%s of %d bytes: %s, three have %ld", name, bytes, class_of(code), (long) external);
    /* Long doubles have bytes that nobody defines. */
    if (strstr(name, "LONG_DOUBLE") || external < 0 || external > 256 || bytes <= 0)
        return;
    /* Another library has no conversion to another number of bytes, and ends the program: tests/c/types.c has these. */
    if (external != 3 * bytes)
        return;
    int parts = strstr(name, "COMPLEX") ? 2 : 1, width = bytes / parts;
    for (int at = 0; at < 3 * parts; at++)
        if (is_real(name)) (width == 4 ? fill_float : fill_double)(values, at);
        else if (strstr(name, "BOOL") || strstr(name, "LOGICAL")) values[at * width] = at % 2;
        else (width == 1 ? fill_int8_t : width == 2 ? fill_int16_t : width == 4 ? fill_int32_t : fill_int64_t)(values, at);
    code = MPI_Pack_external("external32", values, 3, type, packed, sizeof packed, &position);
    for (int at = 0; at < position && at < 256; at++) sprintf(text + 2 * at, "%02x", (unsigned char) packed[at]);
    say("%s packed: %s, %ld bytes, %s", name, class_of(code), (long) position, text);
    position = 0;
    code = MPI_Unpack_external("external32", packed, external, &position, again, 3, type);
    back = !memcmp(values, again, 3 * bytes);
    say("%s unpacked: %s, at %ld, the same %d", name, class_of(code), (long) position, back);
}

int main(void)
{
    begin();
#define X(type) one(type, #type);
    TYPES
#undef X
    return end();
}
