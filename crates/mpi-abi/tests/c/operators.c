// ranks: 1 2
/* Every predefined operator on every predefined datatype: what is defined (MPI 5.0 §6.9.2, §6.9.4) gives what C calculates, to the last
   bit; what isn't is refused. */
#include "expect.h"
#include <complex.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Also what another library may do otherwise: optional datatypes, and to refuse what isn't defined. */
#ifndef STRICT
#define STRICT 0
#endif

#define COUNT 67
#define BYTES_MAX 32

enum { C_INTEGER = 1, FORTRAN_INTEGER = 2, FLOATING = 4, COMPLEX = 8, LOGICAL = 16, BYTE = 32, MULTI = 64, PAIR = 128, OTHER = 256 };
enum { SUM, PRODUCT, MIN, MAX, LAND, LOR, LXOR, BAND, BOR, BXOR, MINLOC, MAXLOC, OPERATORS };


typedef void results(int operator, const void *left, const void *right, void *result);
typedef void filling(void *into, int seed);

#define EACH(expression)                                                                       \
    for (int i = 0; i < COUNT; i++)                                                            \
        z[i] = expression;                                                                     \
    break;

#define KIND(kind, type, value, cases)                                                         \
    static void fill_##kind(void *into, int seed)                                              \
    {                                                                                          \
        type *at = into;                                                                       \
        memset(at, 0, COUNT * sizeof *at);                                                     \
        for (int i = 0; i < COUNT; i++) {                                                      \
            long n = (i * 7919L + seed * 104729L + i * i * seed) % 2003 - 1001;                \
            n = i % 5 == 0 ? 0 : i % 7 == 0 ? 3 : n;                                           \
            value;                                                                             \
        }                                                                                      \
    }                                                                                          \
    static void results_##kind(int operator, const void *left, const void *right, void *result) \
    {                                                                                          \
        const type *x = left, *y = right;                                                      \
        type *z = result;                                                                      \
        memcpy(z, y, COUNT * sizeof *z);                                                       \
        switch (operator) { cases }                                                            \
    }

#define ORDERED case MIN: EACH(x[i] < y[i] ? x[i] : y[i]) case MAX: EACH(x[i] > y[i] ? x[i] : y[i])
#define TRUTHS case LAND: EACH(x[i] && y[i]) case LOR: EACH(x[i] || y[i]) case LXOR: EACH(!x[i] != !y[i])
#define BITS case BAND: EACH(x[i] & y[i]) case BOR: EACH(x[i] | y[i]) case BXOR: EACH(x[i] ^ y[i])
#define SUMS case SUM: EACH(x[i] + y[i]) case PRODUCT: EACH(x[i] * y[i])

/* Signed numbers wrap around where they are calculated as unsigned ones. */
#define INTEGER(kind, type, wide)                                                              \
    KIND(kind, type, at[i] = (type) ((wide) n * (wide) 0x9e3779b97f4a7c15),                    \
         case SUM: EACH((type) ((wide) x[i] + (wide) y[i])) case PRODUCT: EACH((type) ((wide) x[i] * (wide) y[i])) \
         ORDERED TRUTHS BITS)
INTEGER(i8, int8_t, unsigned)
INTEGER(i16, int16_t, unsigned)
INTEGER(i32, int32_t, unsigned)
INTEGER(i64, int64_t, uint64_t)
INTEGER(i128, __int128, unsigned __int128)
INTEGER(u8, uint8_t, unsigned)
INTEGER(u16, uint16_t, unsigned)
INTEGER(u32, uint32_t, unsigned)
INTEGER(u64, uint64_t, uint64_t)
KIND(bool, _Bool, at[i] = n & 1, TRUTHS)
/* Of a Fortran logical 0 and 1 mean something. */
KIND(l8, int8_t, at[i] = n & 1, TRUTHS)
KIND(l16, int16_t, at[i] = n & 1, TRUTHS)
KIND(l32, int32_t, at[i] = n & 1, TRUTHS)
KIND(l64, int64_t, at[i] = n & 1, TRUTHS)
KIND(l128, __int128, at[i] = n & 1, TRUTHS)
KIND(f16, _Float16, at[i] = n / 7.0f, SUMS ORDERED)
KIND(f32, float, at[i] = n / 7.0f, SUMS ORDERED)
KIND(f64, double, at[i] = n / 7.0, SUMS ORDERED)
KIND(f80, long double, at[i] = n / 7.0L, SUMS ORDERED)
KIND(c32, float _Complex, at[i] = n / 7.0f + I * (n % 13) / 3.0f, SUMS)
KIND(c64, double _Complex, at[i] = n / 7.0 + I * (n % 13) / 3.0, SUMS)
KIND(c80, long double _Complex, at[i] = n / 7.0L + I * (n % 13) / 3.0L, SUMS)

typedef struct { _Float16 re, im; } complex_half;

static float _Complex wide(complex_half x)
{
    return x.re + I * x.im;
}

static complex_half narrow(float _Complex x)
{
    return (complex_half) {(_Float16) crealf(x), (_Float16) cimagf(x)};
}

KIND(c16, complex_half, at[i] = narrow(n / 70.0f + I * (n % 13) / 3.0f),
     case SUM: EACH(narrow(wide(x[i]) + wide(y[i]))) case PRODUCT: EACH(narrow(wide(x[i]) * wide(y[i]))))

#define LOCATED(kind, value, index)                                                            \
    typedef struct { value v; index i; } located_##kind;                                       \
    KIND(kind, located_##kind, at[i].v = (value) (n % 5 / 7.0L * 7.0L); at[i].i = (index) (n % 11),                     \
         case MINLOC: EACH(x[i].v < y[i].v || (x[i].v == y[i].v && x[i].i < y[i].i) ? x[i] : y[i])                      \
         case MAXLOC: EACH(x[i].v > y[i].v || (x[i].v == y[i].v && x[i].i < y[i].i) ? x[i] : y[i]))
LOCATED(float_int, float, int)
LOCATED(double_int, double, int)
LOCATED(long_int, long, int)
LOCATED(two_int, int, int)
LOCATED(short_int, short, int)
LOCATED(long_double_int, long double, int)
LOCATED(two_real, float, float)
LOCATED(two_double, double, double)

static const struct {
    MPI_Op op;
    const char *name;
    int classes;
} operators[OPERATORS] = {
    [SUM] = {MPI_SUM, "SUM", C_INTEGER | FORTRAN_INTEGER | FLOATING | COMPLEX | MULTI},
    [PRODUCT] = {MPI_PROD, "PROD", C_INTEGER | FORTRAN_INTEGER | FLOATING | COMPLEX | MULTI},
    [MIN] = {MPI_MIN, "MIN", C_INTEGER | FORTRAN_INTEGER | FLOATING | MULTI},
    [MAX] = {MPI_MAX, "MAX", C_INTEGER | FORTRAN_INTEGER | FLOATING | MULTI},
    [LAND] = {MPI_LAND, "LAND", C_INTEGER | LOGICAL},
    [LOR] = {MPI_LOR, "LOR", C_INTEGER | LOGICAL},
    [LXOR] = {MPI_LXOR, "LXOR", C_INTEGER | LOGICAL},
    [BAND] = {MPI_BAND, "BAND", C_INTEGER | FORTRAN_INTEGER | BYTE | MULTI},
    [BOR] = {MPI_BOR, "BOR", C_INTEGER | FORTRAN_INTEGER | BYTE | MULTI},
    [BXOR] = {MPI_BXOR, "BXOR", C_INTEGER | FORTRAN_INTEGER | BYTE | MULTI},
    [MINLOC] = {MPI_MINLOC, "MINLOC", PAIR},
    [MAXLOC] = {MPI_MAXLOC, "MAXLOC", PAIR},
};

static void refused(MPI_Datatype type, const char *name, MPI_Op op, const char *of, int expected)
{
    static char x[COUNT * BYTES_MAX], y[COUNT * BYTES_MAX];
    MPI_Request request = MPI_REQUEST_NULL;
    int got[] = {
        class_of(MPI_Reduce_local(x, y, 1, type, op)),
        class_of(MPI_Allreduce(x, y, 1, type, op, MPI_COMM_WORLD)),
        class_of(MPI_Iallreduce(x, y, 1, type, op, MPI_COMM_WORLD, &request)),
        class_of(MPI_Scan(MPI_IN_PLACE, y, 1, type, op, MPI_COMM_WORLD)),
        class_of(MPI_Reduce_scatter_block(x, y, 1, type, op, MPI_COMM_WORLD)),
        class_of(MPI_Reduce_init(x, y, 1, type, op, 0, MPI_COMM_WORLD, MPI_INFO_NULL, &request)),
    };
    for (unsigned i = 0; i < sizeof got / sizeof *got; i++)
        if (got[i] != expected) {
            printf("MPI_%s on %s: call %u gave class %d instead of %d\n", of, name, i, got[i], expected);
            failures++;
        }
}

/* Compares `bytes` of each element, which are `extent` apart; of long doubles ten bytes mean something. */
static void equal(const char *name, const char *of, const char *got, const char *expected, int extent, const int *parts)
{
    for (int i = 0; i < COUNT; i++)
        for (int part = 0; part < 4; part += 2)
            if (memcmp(got + i * extent + parts[part], expected + i * extent + parts[part], parts[part + 1]) != 0) {
                printf("MPI_%s on %s: element %d differs\n", of, name, i);
                failures++;
                return;
            }
}

static void check(MPI_Datatype type, const char *name, int class, int extent, const int *parts, filling *fill, results *results)
{
    static _Alignas(32) char x[COUNT * BYTES_MAX], y[COUNT * BYTES_MAX], expected[COUNT * BYTES_MAX], got[COUNT * BYTES_MAX];
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    fill(x, 1);
    fill(y, 2);
    for (int o = 0; o < OPERATORS; o++) {
        if (!(operators[o].classes & class)) {
            if (STRICT)
                refused(type, name, operators[o].op, operators[o].name, MPI_ERR_OP);
            continue;
        }
        memset(expected, 0, sizeof expected);
        results(o, x, y, expected);
        memcpy(got, y, sizeof got);
        int code = MPI_Reduce_local(x, got, COUNT, type, operators[o].op);
        if (code != MPI_SUCCESS) {
            printf("MPI_%s on %s is refused\n", operators[o].name, name);
            failures++;
            continue;
        }
        equal(name, operators[o].name, got, expected, extent, parts);
        if (size == 2) {
            memset(got, 0, sizeof got);
            MPI_Allreduce(rank == 0 ? x : y, got, COUNT, type, operators[o].op, MPI_COMM_WORLD);
            equal(name, operators[o].name, got, expected, extent, parts);
        }
    }
    if (STRICT) {
        refused(type, name, MPI_REPLACE, "REPLACE", MPI_ERR_OP);
        refused(type, name, MPI_NO_OP, "NO_OP", MPI_ERR_OP);
    }
}

/* Bytes that mean something: from where and how many, twice. */
#define WHOLE(type) (int[4]) {0, sizeof(type), 0, 0}
#define CHECK(type, ctype, class, kind) check(type, #type, class, sizeof(ctype), WHOLE(ctype), fill_##kind, results_##kind)
#define CHECK_PAIR(type, kind, value_bytes)                                                    \
    check(type, #type, PAIR, sizeof(located_##kind),                                           \
          (int[4]) {0, value_bytes, offsetof(located_##kind, i), sizeof(((located_##kind *) 0)->i)}, fill_##kind, results_##kind)

static void named(void)
{
    CHECK(MPI_SHORT, short, C_INTEGER, i16);
    CHECK(MPI_INT, int, C_INTEGER, i32);
    CHECK(MPI_LONG, long, C_INTEGER, i64);
    CHECK(MPI_LONG_LONG, long long, C_INTEGER, i64);
    CHECK(MPI_LONG_LONG_INT, long long, C_INTEGER, i64);
    CHECK(MPI_SIGNED_CHAR, signed char, C_INTEGER, i8);
    CHECK(MPI_UNSIGNED_CHAR, unsigned char, C_INTEGER, u8);
    CHECK(MPI_UNSIGNED_SHORT, unsigned short, C_INTEGER, u16);
    CHECK(MPI_UNSIGNED, unsigned, C_INTEGER, u32);
    CHECK(MPI_UNSIGNED_LONG, unsigned long, C_INTEGER, u64);
    CHECK(MPI_UNSIGNED_LONG_LONG, unsigned long long, C_INTEGER, u64);
    CHECK(MPI_INT8_T, int8_t, C_INTEGER, i8);
    CHECK(MPI_INT16_T, int16_t, C_INTEGER, i16);
    CHECK(MPI_INT32_T, int32_t, C_INTEGER, i32);
    CHECK(MPI_INT64_T, int64_t, C_INTEGER, i64);
    CHECK(MPI_UINT8_T, uint8_t, C_INTEGER, u8);
    CHECK(MPI_UINT16_T, uint16_t, C_INTEGER, u16);
    CHECK(MPI_UINT32_T, uint32_t, C_INTEGER, u32);
    CHECK(MPI_UINT64_T, uint64_t, C_INTEGER, u64);
    CHECK(MPI_INTEGER, int, FORTRAN_INTEGER, i32);
    CHECK(MPI_INTEGER1, int8_t, FORTRAN_INTEGER, i8);
    CHECK(MPI_INTEGER2, int16_t, FORTRAN_INTEGER, i16);
    CHECK(MPI_INTEGER4, int32_t, FORTRAN_INTEGER, i32);
    CHECK(MPI_INTEGER8, int64_t, FORTRAN_INTEGER, i64);
    CHECK(MPI_FLOAT, float, FLOATING, f32);
    CHECK(MPI_DOUBLE, double, FLOATING, f64);
    check(MPI_LONG_DOUBLE, "MPI_LONG_DOUBLE", FLOATING, 16, (int[4]) {0, 10, 0, 0}, fill_f80, results_f80);
    CHECK(MPI_REAL, float, FLOATING, f32);
    CHECK(MPI_DOUBLE_PRECISION, double, FLOATING, f64);
    CHECK(MPI_REAL4, float, FLOATING, f32);
    CHECK(MPI_REAL8, double, FLOATING, f64);
    CHECK(MPI_LOGICAL, int, LOGICAL, l32);
    CHECK(MPI_C_BOOL, _Bool, LOGICAL, bool);
    CHECK(MPI_CXX_BOOL, _Bool, LOGICAL, bool);
    CHECK(MPI_COMPLEX, float _Complex, COMPLEX, c32);
    CHECK(MPI_DOUBLE_COMPLEX, double _Complex, COMPLEX, c64);
    CHECK(MPI_C_COMPLEX, float _Complex, COMPLEX, c32);
    CHECK(MPI_C_FLOAT_COMPLEX, float _Complex, COMPLEX, c32);
    CHECK(MPI_C_DOUBLE_COMPLEX, double _Complex, COMPLEX, c64);
    check(MPI_C_LONG_DOUBLE_COMPLEX, "MPI_C_LONG_DOUBLE_COMPLEX", COMPLEX, 32, (int[4]) {0, 10, 16, 10}, fill_c80, results_c80);
    CHECK(MPI_CXX_FLOAT_COMPLEX, float _Complex, COMPLEX, c32);
    CHECK(MPI_CXX_DOUBLE_COMPLEX, double _Complex, COMPLEX, c64);
    check(MPI_CXX_LONG_DOUBLE_COMPLEX, "MPI_CXX_LONG_DOUBLE_COMPLEX", COMPLEX, 32, (int[4]) {0, 10, 16, 10}, fill_c80, results_c80);
    CHECK(MPI_COMPLEX8, float _Complex, COMPLEX, c32);
    CHECK(MPI_COMPLEX16, double _Complex, COMPLEX, c64);
    CHECK(MPI_BYTE, unsigned char, BYTE, u8);
    CHECK(MPI_AINT, MPI_Aint, MULTI, i64);
    CHECK(MPI_OFFSET, MPI_Offset, MULTI, i64);
    CHECK(MPI_COUNT, MPI_Count, MULTI, i64);
    CHECK(MPI_CHAR, char, OTHER, u8);
    CHECK(MPI_CHARACTER, char, OTHER, u8);
    CHECK(MPI_WCHAR, int, OTHER, i32);
    CHECK(MPI_PACKED, char, OTHER, u8);
}

static void optional(void)
{
    CHECK(MPI_INTEGER16, __int128, FORTRAN_INTEGER, i128);
    CHECK(MPI_REAL2, _Float16, FLOATING, f16);
    CHECK(MPI_COMPLEX4, complex_half, COMPLEX, c16);
    CHECK(MPI_LOGICAL1, int8_t, LOGICAL, l8);
    CHECK(MPI_LOGICAL2, int16_t, LOGICAL, l16);
    CHECK(MPI_LOGICAL4, int32_t, LOGICAL, l32);
    CHECK(MPI_LOGICAL8, int64_t, LOGICAL, l64);
    CHECK(MPI_LOGICAL16, __int128, LOGICAL, l128);
    refused(MPI_REAL16, "MPI_REAL16", MPI_SUM, "SUM", MPI_ERR_TYPE);
    refused(MPI_COMPLEX32, "MPI_COMPLEX32", MPI_SUM, "SUM", MPI_ERR_TYPE);
}

static void pairs(void)
{
    CHECK_PAIR(MPI_FLOAT_INT, float_int, 4);
    CHECK_PAIR(MPI_DOUBLE_INT, double_int, 8);
    CHECK_PAIR(MPI_LONG_INT, long_int, 8);
    CHECK_PAIR(MPI_2INT, two_int, 4);
    CHECK_PAIR(MPI_SHORT_INT, short_int, 2);
    CHECK_PAIR(MPI_LONG_DOUBLE_INT, long_double_int, 10);
    CHECK_PAIR(MPI_2REAL, two_real, 4);
    CHECK_PAIR(MPI_2DOUBLE_PRECISION, two_double, 8);
    CHECK_PAIR(MPI_2INTEGER, two_int, 4);
}

static void of_properties(void)
{
    MPI_Datatype integer, real, both;
    MPI_Type_create_f90_integer(9, &integer);
    MPI_Type_create_f90_real(15, 307, &real);
    MPI_Type_create_f90_complex(6, 37, &both);
    CHECK(integer, int32_t, FORTRAN_INTEGER, i32);
    CHECK(real, double, FLOATING, f64);
    CHECK(both, float _Complex, COMPLEX, c32);
}

static void no_operators(void)
{
    MPI_Datatype two;
    MPI_Type_contiguous(2, MPI_INT, &two);
    MPI_Type_commit(&two);
    for (int o = 0; o < OPERATORS; o++)
        refused(two, "a derived datatype", operators[o].op, operators[o].name, MPI_ERR_OP);
    MPI_Type_free(&two);
    refused(MPI_INT, "MPI_INT", MPI_OP_NULL, "OP_NULL", MPI_ERR_OP);
    refused(MPI_DATATYPE_NULL, "MPI_DATATYPE_NULL", MPI_SUM, "SUM", MPI_ERR_TYPE);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    named();
    pairs();
    of_properties();
    if (STRICT) {
        optional();
        no_operators();
    }
    int all, rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Reduce(&failures, &all, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("%d failures\n", all);
    MPI_Finalize();
    return failures != 0;
}
