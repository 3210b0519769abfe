/* operations NAME INPUT OUTPUT: combines pairs of operands of the input as C calculates. It ends with 4 if it knows no such operation. */
#include <complex.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef unsigned __int128 u128;
typedef __int128 i128;
typedef uint16_t bf16;
typedef struct { _Float16 re, im; } complex_half;

static const char *name;
static FILE *in, *out;
static int known;
static unsigned char a[64], b[64], c[64];

#define CASE(what, type, expression)                                                           \
    if (strcmp(name, what) == 0) {                                                             \
        known = 1;                                                                             \
        while (fread(a, sizeof(type), 1, in) == 1 && fread(b, sizeof(type), 1, in) == 1) {     \
            type x, y, z;                                                                      \
            memcpy(&x, a, sizeof x);                                                           \
            memcpy(&y, b, sizeof y);                                                           \
            z = expression;                                                                    \
            memcpy(c, &z, sizeof z);                                                           \
            fwrite(c, sizeof z, 1, out);                                                       \
        }                                                                                      \
    }

#define LOCATED(of, value, index_name, index)                                                  \
    {                                                                                          \
        typedef struct { value v; index i; } pair;                                             \
        CASE(of " MinLocation " index_name, pair, x.v < y.v || (x.v == y.v && x.i < y.i) ? x : y) \
        CASE(of " MaxLocation " index_name, pair, x.v > y.v || (x.v == y.v && x.i < y.i) ? x : y) \
    }

#define TRUTHS(of, type)                                                                       \
    CASE(of " And", type, x && y)                                                              \
    CASE(of " Or", type, x || y)                                                               \
    CASE(of " Xor", type, !x != !y)

#define BITS(of, type)                                                                         \
    CASE(of " BitAnd", type, x & y)                                                            \
    CASE(of " BitOr", type, x | y)                                                             \
    CASE(of " BitXor", type, x ^ y)

#define ORDERED(of, type)                                                                      \
    CASE(of " Min", type, x < y ? x : y)                                                       \
    CASE(of " Max", type, x > y ? x : y)                                                       \
    LOCATED(of, type, "i32", int32_t)                                                          \
    LOCATED(of, type, "u64", uint64_t)

/* Signed numbers wrap around where they are calculated as unsigned ones, which are as wide as an int at least. */
#define INTEGER(of, type, wide)                                                                \
    CASE(of " Sum", type, (type) ((wide) x + (wide) y))                                        \
    CASE(of " Product", type, (type) ((wide) x * (wide) y))                                    \
    ORDERED(of, type) TRUTHS(of, type) BITS(of, type)

#define FLOAT(of, type)                                                                        \
    CASE(of " Sum", type, x + y)                                                               \
    CASE(of " Product", type, x * y)                                                           \
    ORDERED(of, type) TRUTHS(of, type) LOCATED(of, type, of, type)

#define COMPLEX(of, type)                                                                      \
    CASE(of " Sum", type, x + y)                                                               \
    CASE(of " Product", type, x * y)

static float wide(bf16 half)
{
    uint32_t bits = (uint32_t) half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static bf16 narrow(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (value != value)
        return 0x7fc0;
    return (bf16) ((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static float _Complex wide_complex(complex_half x)
{
    return CMPLXF(x.re, x.im);
}

static complex_half narrow_complex(float _Complex x)
{
    return (complex_half) {(_Float16) crealf(x), (_Float16) cimagf(x)};
}

#define BETTER(sign) (wide(x.v) sign wide(y.v) || (wide(x.v) == wide(y.v) && x.i < y.i) ? x : y)

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    name = argv[1];
    in = fopen(argv[2], "rb"), out = fopen(argv[3], "wb");
    if (!in || !out)
        return 3;
    INTEGER("i8", int8_t, unsigned)
    INTEGER("i16", int16_t, unsigned)
    INTEGER("i32", int32_t, unsigned)
    INTEGER("i64", int64_t, uint64_t)
    INTEGER("i128", i128, u128)
    INTEGER("u8", uint8_t, unsigned)
    INTEGER("u16", uint16_t, unsigned)
    INTEGER("u32", uint32_t, unsigned)
    INTEGER("u64", uint64_t, uint64_t)
    INTEGER("u128", u128, u128)
    FLOAT("f16", _Float16)
    FLOAT("f32", float)
    FLOAT("f64", double)
    FLOAT("long double", long double)
    COMPLEX("complex f32", float _Complex)
    COMPLEX("complex f64", double _Complex)
    COMPLEX("complex long double", long double _Complex)
    CASE("complex f16 Sum", complex_half, narrow_complex(wide_complex(x) + wide_complex(y)))
    CASE("complex f16 Product", complex_half, narrow_complex(wide_complex(x) * wide_complex(y)))
    CASE("bf16 Sum", bf16, narrow(wide(x) + wide(y)))
    CASE("bf16 Product", bf16, narrow(wide(x) * wide(y)))
    CASE("bf16 Min", bf16, wide(x) < wide(y) ? x : y)
    CASE("bf16 Max", bf16, wide(x) > wide(y) ? x : y)
    CASE("bf16 And", bf16, narrow(wide(x) && wide(y)))
    CASE("bf16 Or", bf16, narrow(wide(x) || wide(y)))
    CASE("bf16 Xor", bf16, narrow(!wide(x) != !wide(y)))
    {
        typedef struct { bf16 v; int32_t i; } pair;
        CASE("bf16 MinLocation i32", pair, BETTER(<))
        CASE("bf16 MaxLocation i32", pair, BETTER(>))
    }
    TRUTHS("bool", _Bool)
    BITS("bool", _Bool)
    BITS("byte", unsigned char)
    if (!known)
        return 4;
    return fclose(out);
}
