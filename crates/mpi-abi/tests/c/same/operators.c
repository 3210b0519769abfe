// ranks: 1 3
/* Every predefined datatype with every predefined operator: what it gives, or that it is refused. */
#include "case.h"

enum kind { INTEGER, FLOAT, COMPLEX, LONG_DOUBLE, LONG_COMPLEX, PAIR };

#define OF(type, kind) {type, #type, kind}

static const struct {
    MPI_Datatype handle;
    const char *name;
    enum kind kind;
} types[] = {
    OF(MPI_AINT, INTEGER),
    OF(MPI_COUNT, INTEGER),
    OF(MPI_OFFSET, INTEGER),
    OF(MPI_SHORT, INTEGER),
    OF(MPI_INT, INTEGER),
    OF(MPI_LONG, INTEGER),
    OF(MPI_LONG_LONG, INTEGER),
    OF(MPI_UNSIGNED_SHORT, INTEGER),
    OF(MPI_UNSIGNED, INTEGER),
    OF(MPI_UNSIGNED_LONG, INTEGER),
    OF(MPI_UNSIGNED_LONG_LONG, INTEGER),
    OF(MPI_FLOAT, FLOAT),
    OF(MPI_C_FLOAT_COMPLEX, COMPLEX),
    OF(MPI_CXX_FLOAT_COMPLEX, COMPLEX),
    OF(MPI_DOUBLE, FLOAT),
    OF(MPI_C_DOUBLE_COMPLEX, COMPLEX),
    OF(MPI_CXX_DOUBLE_COMPLEX, COMPLEX),
    OF(MPI_LOGICAL, INTEGER),
    OF(MPI_INTEGER, INTEGER),
    OF(MPI_REAL, FLOAT),
    OF(MPI_COMPLEX, COMPLEX),
    OF(MPI_DOUBLE_PRECISION, FLOAT),
    OF(MPI_DOUBLE_COMPLEX, COMPLEX),
    OF(MPI_CHARACTER, INTEGER),
    OF(MPI_LONG_DOUBLE, LONG_DOUBLE),
    OF(MPI_C_LONG_DOUBLE_COMPLEX, LONG_COMPLEX),
    OF(MPI_CXX_LONG_DOUBLE_COMPLEX, LONG_COMPLEX),
    OF(MPI_FLOAT_INT, PAIR),
    OF(MPI_DOUBLE_INT, PAIR),
    OF(MPI_LONG_INT, PAIR),
    OF(MPI_2INT, PAIR),
    OF(MPI_SHORT_INT, PAIR),
    OF(MPI_LONG_DOUBLE_INT, PAIR),
    OF(MPI_2REAL, PAIR),
    OF(MPI_2DOUBLE_PRECISION, PAIR),
    OF(MPI_2INTEGER, PAIR),
    OF(MPI_C_BOOL, INTEGER),
    OF(MPI_CXX_BOOL, INTEGER),
    OF(MPI_WCHAR, INTEGER),
    OF(MPI_INT8_T, INTEGER),
    OF(MPI_UINT8_T, INTEGER),
    OF(MPI_CHAR, INTEGER),
    OF(MPI_SIGNED_CHAR, INTEGER),
    OF(MPI_UNSIGNED_CHAR, INTEGER),
    OF(MPI_BYTE, INTEGER),
    OF(MPI_INT16_T, INTEGER),
    OF(MPI_UINT16_T, INTEGER),
    OF(MPI_INT32_T, INTEGER),
    OF(MPI_UINT32_T, INTEGER),
    OF(MPI_INT64_T, INTEGER),
    OF(MPI_UINT64_T, INTEGER),
    OF(MPI_LOGICAL1, INTEGER),
    OF(MPI_INTEGER1, INTEGER),
    OF(MPI_LOGICAL2, INTEGER),
    OF(MPI_INTEGER2, INTEGER),
    OF(MPI_REAL2, FLOAT),
    OF(MPI_LOGICAL4, INTEGER),
    OF(MPI_INTEGER4, INTEGER),
    OF(MPI_REAL4, FLOAT),
    OF(MPI_LOGICAL8, INTEGER),
    OF(MPI_INTEGER8, INTEGER),
    OF(MPI_REAL8, FLOAT),
    OF(MPI_COMPLEX8, COMPLEX),
    OF(MPI_INTEGER16, INTEGER),
    OF(MPI_COMPLEX16, COMPLEX),
};

#define OP(op) {op, #op}

static const struct {
    MPI_Op handle;
    const char *name;
} ops[] = {
    OP(MPI_MAX), OP(MPI_MIN), OP(MPI_SUM), OP(MPI_PROD), OP(MPI_LAND), OP(MPI_BAND), OP(MPI_LOR),
    OP(MPI_BOR), OP(MPI_LXOR), OP(MPI_BXOR), OP(MPI_MINLOC), OP(MPI_MAXLOC),
};

enum { ELEMENTS = 3, BYTES = 64 };

/* A real number of so many bytes; 2: the upper half of a float's bits suffices for these. */
static void real(unsigned char *at, int bytes, int value)
{
    float single = (float) value;
    double twice = value;
    long double more = value;
    if (bytes == 2) {
        static const uint16_t halves[] = {0, 0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600, 0x4700};
        memcpy(at, &halves[value & 7], 2);
    } else if (bytes == 4) {
        memcpy(at, &single, 4);
    } else if (bytes == 8) {
        memcpy(at, &twice, 8);
    } else if (bytes == 16) {
        memset(at, 0, 16);
        memcpy(at, &more, 10);
    }
}

static void value(unsigned char *at, int which, int bytes, int number)
{
    memset(at, 0, bytes);
    switch (types[which].kind) {
    case INTEGER:
        at[0] = (unsigned char) number;
        break;
    case FLOAT:
    case LONG_DOUBLE:
        real(at, bytes, number);
        break;
    case COMPLEX:
    case LONG_COMPLEX:
        real(at, bytes / 2, number);
        real(at + bytes / 2, bytes / 2, 1);
        break;
    case PAIR:
        break;
    }
}

/* The pairs of C, and those of Fortran. */
static void pair(unsigned char *at, MPI_Datatype type, int number, int place)
{
#define PAIRS(handle, of, index)                                                                             \
    if (type == handle) {                                                                                    \
        struct {                                                                                             \
            of value;                                                                                        \
            index place;                                                                                     \
        } both;                                                                                              \
        memset(&both, 0, sizeof both);                                                                       \
        both.value = (of) number;                                                                            \
        both.place = (index) place;                                                                          \
        memcpy(at, &both, sizeof both);                                                                      \
    }
    PAIRS(MPI_FLOAT_INT, float, int)
    PAIRS(MPI_DOUBLE_INT, double, int)
    PAIRS(MPI_LONG_INT, long, int)
    PAIRS(MPI_2INT, int, int)
    PAIRS(MPI_SHORT_INT, short, int)
    PAIRS(MPI_LONG_DOUBLE_INT, long double, int)
    PAIRS(MPI_2REAL, float, float)
    PAIRS(MPI_2DOUBLE_PRECISION, double, double)
    PAIRS(MPI_2INTEGER, int, int)
}

/* Bytes that count: not the padding of a long double, nor that of a pair. */
static const char *shown(int which, MPI_Datatype type, unsigned char *bytes, int extent)
{
    static char text[8 * BYTES];
    int used = 0;
    for (int element = 0; element < ELEMENTS; element++) {
        unsigned char *at = bytes + element * extent;
        used += sprintf(text + used, element ? " " : "");
        if (types[which].kind == PAIR) {
            unsigned char packed[BYTES];
            int position = 0;
            MPI_Pack(at, 1, type, packed, BYTES, &position, MPI_COMM_SELF);
            for (int byte = 0; byte < position; byte++)
                if (type != MPI_LONG_DOUBLE_INT || byte < 10 || byte > 15)
                    used += sprintf(text + used, "%02x", packed[byte]);
            continue;
        }
        for (int byte = 0; byte < extent; byte++)
            if ((types[which].kind != LONG_DOUBLE && types[which].kind != LONG_COMPLEX) || byte % 16 < 10)
                used += sprintf(text + used, "%02x", at[byte]);
    }
    return text;
}

int main(void)
{
    begin();
    for (int which = 0; which < (int) (sizeof types / sizeof *types); which++) {
        MPI_Datatype type = types[which].handle;
        MPI_Aint lb, extent;
        int bytes;
        MPI_Type_size(type, &bytes);
        if (bytes == MPI_UNDEFINED) {
            say("%s: no such type", types[which].name);
            continue;
        }
        MPI_Type_get_extent(type, &lb, &extent);
        say("%s: %d bytes, extent %ld", types[which].name, bytes, (long) extent);
        for (int op = 0; op < (int) (sizeof ops / sizeof *ops); op++) {
            unsigned char mine[ELEMENTS * BYTES] = {0}, all[ELEMENTS * BYTES] = {0};
            for (int element = 0; element < ELEMENTS; element++) {
                // Small, so that every type holds every result; truth values where only those are defined.
                int truth = strstr(types[which].name, "BOOL") || strstr(types[which].name, "LOGICAL");
                int number = truth ? (rank + element) % 2 : 1 + (rank + element) % 2;
                unsigned char *at = mine + element * extent;
                if (types[which].kind == PAIR)
                    pair(at, type, number, 10 + rank);
                else
                    value(at, which, (int) extent, number);
            }
            int code = MPI_Allreduce(mine, all, ELEMENTS, type, ops[op].handle, MPI_COMM_WORLD);
            if (code != MPI_SUCCESS)
                say("%s %s: %s", types[which].name, ops[op].name, class_of(code));
            else
                say("%s %s: %s", types[which].name, ops[op].name, shown(which, type, all, (int) extent));
            code = MPI_Reduce_local_c(mine, all, ELEMENTS, type, ops[op].handle);
            say("%s %s, local: %s", types[which].name, ops[op].name,
                code ? class_of(code) : shown(which, type, all, (int) extent));
        }
    }
    return end();
}
