// ranks: 1 2
/* Datatypes: special cases of constructors and queries, what is refused, names, attributes, properties of Fortran's, counts in statuses. */
#include "expect.h"
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>
#include <string.h>

/* Also what MPICH 5.0.2 doesn't do as we do. */
#ifndef STRICT
#define STRICT 0
#endif

#define GIVES(call, expected)                                                                  \
    do {                                                                                       \
        int code = (call), class = -1;                                                         \
        MPI_Error_class(code, &class);                                                         \
        if (class != (expected)) {                                                             \
            printf("line %d: %s gave class %d instead of %d\n", __LINE__, #call, class, expected); \
            failures++;                                                                        \
        }                                                                                      \
    } while (0)

#define BIG ((MPI_Count) 1 << 40)

static int is(MPI_Datatype type, MPI_Count size, MPI_Count lb, MPI_Count extent, MPI_Count true_lb, MPI_Count true_extent)
{
    MPI_Count got[5];
    MPI_Type_size_c(type, &got[0]);
    MPI_Type_get_extent_c(type, &got[1], &got[2]);
    MPI_Type_get_true_extent_c(type, &got[3], &got[4]);
    if (got[0] == size && got[1] == lb && got[2] == extent && got[3] == true_lb && got[4] == true_extent)
        return 1;
    printf("size %lld, bounds %lld %lld, true %lld %lld\n", (long long) got[0], (long long) got[1], (long long) got[2],
           (long long) got[3], (long long) got[4]);
    return 0;
}

static void bounds(void)
{
    MPI_Datatype type, inner;
    int none[1] = {0}, lengths[3] = {1, 0, 2}, at[3] = {4, 100, -2};
    MPI_Aint bytes[3] = {4, 100, -16};
    MPI_Datatype types[3] = {MPI_INT, MPI_DOUBLE, MPI_CHAR};
    MPI_Type_contiguous(0, MPI_INT, &type);
    EXPECT(is(type, 0, 0, 0, 0, 0));
    MPI_Type_free(&type);
    EXPECT(type == MPI_DATATYPE_NULL);
    MPI_Type_vector(0, 5, -7, MPI_INT, &type);
    EXPECT(is(type, 0, 0, 0, 0, 0));
    MPI_Type_free(&type);
    MPI_Type_create_struct(0, NULL, NULL, NULL, &type);
    EXPECT(is(type, 0, 0, 0, 0, 0));
    MPI_Type_free(&type);
    MPI_Type_indexed(1, none, none, MPI_DOUBLE, &type);
    EXPECT(is(type, 0, 0, 0, 0, 0));
    MPI_Type_free(&type);
    MPI_Type_vector(3, 2, -4, MPI_INT, &type);
    EXPECT(is(type, 24, -32, 40, -32, 40));
    MPI_Type_free(&type);
    MPI_Type_create_hvector(3, 1, -3, MPI_SHORT, &type);
    EXPECT(is(type, 6, -6, 8, -6, 8));
    MPI_Type_free(&type);
    MPI_Type_indexed(3, lengths, at, MPI_INT, &type);
    EXPECT(is(type, 12, -8, 28, -8, 28));
    MPI_Type_free(&type);
    MPI_Type_create_hindexed(3, lengths, bytes, MPI_INT, &type);
    EXPECT(is(type, 12, -16, 24, -16, 24));
    MPI_Type_free(&type);
    /* The field of length 0 neither moves the bounds nor asks for its alignment. */
    MPI_Type_create_struct(3, lengths, bytes, types, &type);
    EXPECT(is(type, 6, -16, 24, -16, 24));
    MPI_Type_free(&type);
    /* A struct ends where C lets it end. */
    struct particle {
        double position[3];
        char name;
        short spin;
    };
    int of_fields[3] = {3, 1, 1};
    MPI_Aint fields[3] = {offsetof(struct particle, position), offsetof(struct particle, name), offsetof(struct particle, spin)};
    MPI_Datatype parts[3] = {MPI_DOUBLE, MPI_CHAR, MPI_SHORT};
    MPI_Type_create_struct(3, of_fields, fields, parts, &type);
    EXPECT(is(type, 27, 0, sizeof(struct particle), 0, 28));
    MPI_Type_free(&type);
    MPI_Type_create_resized(MPI_INT, -4, 12, &inner);
    EXPECT(is(inner, 4, -4, 12, 0, 4));
    MPI_Type_contiguous(3, inner, &type);
    MPI_Type_free(&inner);
    EXPECT(is(type, 12, -4, 36, 0, 28));
    MPI_Type_free(&type);
    MPI_Type_create_resized(MPI_DOUBLE, 0, 2, &type);
    EXPECT(is(type, 8, 0, 2, 0, 8));
    MPI_Type_free(&type);
    int sizes[2] = {4, 5}, subsizes[2] = {2, 3}, starts[2] = {1, 2};
    MPI_Type_create_subarray(2, sizes, subsizes, starts, MPI_ORDER_C, MPI_INT, &type);
    EXPECT(is(type, 24, 0, 80, 28, 32));
    MPI_Type_free(&type);
    MPI_Type_create_subarray(2, sizes, subsizes, starts, MPI_ORDER_FORTRAN, MPI_INT, &type);
    EXPECT(is(type, 24, 0, 80, 36, 40));
    MPI_Type_free(&type);
    int kinds[2] = {MPI_DISTRIBUTE_BLOCK, MPI_DISTRIBUTE_CYCLIC}, args[2] = {MPI_DISTRIBUTE_DFLT_DARG, 2}, grid[2] = {2, 2};
    MPI_Type_create_darray(4, 3, 2, sizes, kinds, args, grid, MPI_ORDER_C, MPI_INT, &type);
    EXPECT(is(type, 16, 0, 80, 48, 28));
    MPI_Type_free(&type);

    /* What no int can say is MPI_UNDEFINED. */
    int size, position = 0, small[4];
    MPI_Aint lb, extent;
    MPI_Type_contiguous_c(BIG, MPI_INT, &type);
    EXPECT(is(type, 4 * BIG, 0, 4 * BIG, 0, 4 * BIG));
    GIVES(MPI_Type_size(type, &size), MPI_SUCCESS);
    EXPECT(size == MPI_UNDEFINED);
    MPI_Type_get_extent(type, &lb, &extent);
    EXPECT(lb == 0 && extent == 4 * BIG);
    MPI_Type_commit(&type);
    GIVES(MPI_Pack_size(1, type, MPI_COMM_SELF, &size), MPI_SUCCESS);
    EXPECT(size == MPI_UNDEFINED);
    GIVES(MPI_Type_get_envelope(type, &small[0], &small[1], &small[2], &small[3]), MPI_ERR_TYPE);
    MPI_Type_free(&type);
    (void) position;
}

static void refused(void)
{
    MPI_Datatype type = MPI_DATATYPE_NULL, freed, bad[2] = {MPI_INT, MPI_DATATYPE_NULL};
    int negative[2] = {1, -1}, zero[2] = {0, 0}, ones[2] = {1, 1}, value = 0, position = 0, flag;
    MPI_Aint places[2] = {0, 8};
    char room[64];
    MPI_Status status;
    GIVES(MPI_Type_contiguous(-1, MPI_INT, &type), MPI_ERR_COUNT);
    GIVES(MPI_Type_contiguous(1, MPI_DATATYPE_NULL, &type), MPI_ERR_TYPE);
    GIVES(MPI_Type_contiguous(1, MPI_INT, NULL), MPI_ERR_ARG);
    GIVES(MPI_Type_vector(-1, 1, 1, MPI_INT, &type), MPI_ERR_COUNT);
    GIVES(MPI_Type_vector(1, -1, 1, MPI_INT, &type), MPI_ERR_COUNT);
    GIVES(MPI_Type_create_hvector(-1, 1, 1, MPI_INT, &type), MPI_ERR_COUNT);
    GIVES(MPI_Type_indexed(-1, ones, zero, MPI_INT, &type), MPI_ERR_COUNT);
    GIVES(MPI_Type_indexed(2, negative, zero, MPI_INT, &type), MPI_ERR_COUNT);
    GIVES(MPI_Type_indexed(2, NULL, zero, MPI_INT, &type), MPI_ERR_ARG);
    GIVES(MPI_Type_create_hindexed(2, negative, places, MPI_INT, &type), MPI_ERR_COUNT);
    GIVES(MPI_Type_create_indexed_block(-1, 1, zero, MPI_INT, &type), MPI_ERR_COUNT);
    GIVES(MPI_Type_create_hindexed_block(1, -1, places, MPI_INT, &type), MPI_ERR_COUNT);
    GIVES(MPI_Type_create_struct(2, negative, places, bad, &type), MPI_ERR_COUNT);
    GIVES(MPI_Type_create_struct(2, ones, places, bad, &type), MPI_ERR_TYPE);
    GIVES(MPI_Type_create_subarray(2, ones, ones, zero, 77, MPI_INT, &type), MPI_ERR_ARG);
    GIVES(MPI_Type_create_darray(1, 1, 1, ones, ones, ones, ones, MPI_ORDER_C, MPI_INT, &type), MPI_ERR_RANK);
    GIVES(MPI_Type_create_darray(1, 0, 1, ones, ones, ones, ones, 77, MPI_INT, &type), MPI_ERR_ARG);
    GIVES(MPI_Type_create_resized(MPI_DATATYPE_NULL, 0, 1, &type), MPI_ERR_TYPE);
    GIVES(MPI_Type_dup(MPI_DATATYPE_NULL, &type), MPI_ERR_TYPE);
    EXPECT(type == MPI_DATATYPE_NULL);
    GIVES(MPI_Type_commit(&type), MPI_ERR_TYPE);
    GIVES(MPI_Type_free(&type), MPI_ERR_TYPE);
    type = MPI_INT;
    GIVES(MPI_Type_free(&type), MPI_ERR_TYPE);
    GIVES(MPI_Type_commit(&type), MPI_SUCCESS);
    EXPECT(type == MPI_INT);

    /* Nothing can be sent, received or packed before it is committed. */
    MPI_Type_contiguous(1, MPI_INT, &type);
    GIVES(MPI_Send(&value, 1, type, 0, 0, MPI_COMM_SELF), MPI_ERR_TYPE);
    GIVES(MPI_Recv(&value, 1, type, 0, 0, MPI_COMM_SELF, &status), MPI_ERR_TYPE);
    GIVES(MPI_Bcast(&value, 1, type, 0, MPI_COMM_SELF), MPI_ERR_TYPE);
    GIVES(MPI_Pack(&value, 1, type, room, 64, &position, MPI_COMM_SELF), MPI_ERR_TYPE);
    GIVES(MPI_Unpack(room, 64, &position, &value, 1, type, MPI_COMM_SELF), MPI_ERR_TYPE);
    MPI_Iprobe(0, 0, MPI_COMM_SELF, &flag, &status);
    EXPECT(position == 0 && !flag);
    MPI_Type_commit(&type);
    GIVES(MPI_Pack(&value, 1, type, room, 64, &position, MPI_COMM_SELF), MPI_SUCCESS);
    EXPECT(position == 4);
    GIVES(MPI_Pack(&value, -1, type, room, 64, &position, MPI_COMM_SELF), MPI_ERR_COUNT);
    GIVES(MPI_Pack(&value, 1, type, room, 64, &position, MPI_COMM_NULL), MPI_ERR_COMM);
    GIVES(MPI_Pack_size(-1, type, MPI_COMM_SELF, &position), MPI_ERR_COUNT);
    freed = type;
    MPI_Type_free(&type);
    if (STRICT)
        GIVES(MPI_Send(&value, 1, freed, 0, 0, MPI_COMM_SELF), MPI_ERR_TYPE);
    GIVES(MPI_Type_set_name(MPI_DATATYPE_NULL, "x"), MPI_ERR_TYPE);
    GIVES(MPI_Type_get_contents(MPI_INT, 0, 0, 0, NULL, NULL, NULL), MPI_ERR_TYPE);
    GIVES(MPI_Type_match_size(MPI_TYPECLASS_REAL, 3, &type), MPI_ERR_ARG);
    GIVES(MPI_Type_match_size(7, 4, &type), MPI_ERR_ARG);
    GIVES(MPI_Type_get_value_index(MPI_DATATYPE_NULL, MPI_INT, &type), MPI_ERR_TYPE);
}

static void names(void)
{
    MPI_Datatype type, copy;
    char name[MPI_MAX_OBJECT_NAME], text[2 * MPI_MAX_OBJECT_NAME];
    int length;
    const struct {
        MPI_Datatype type;
        const char *name;
    } all[] = {
        {MPI_INT, "MPI_INT"},
        {MPI_DOUBLE_INT, "MPI_DOUBLE_INT"},
        {MPI_2INT, "MPI_2INT"},
        {MPI_BYTE, "MPI_BYTE"},
        {MPI_UINT64_T, "MPI_UINT64_T"},
        {MPI_2DOUBLE_PRECISION, "MPI_2DOUBLE_PRECISION"},
        {MPI_DATATYPE_NULL, "MPI_DATATYPE_NULL"},
    };
    for (int i = 0; i < 7; i++) {
        MPI_Type_get_name(all[i].type, name, &length);
        EXPECT(strcmp(name, all[i].name) == 0 && length == (int) strlen(name));
    }
    MPI_Type_contiguous(2, MPI_INT, &type);
    MPI_Type_get_name(type, name, &length);
    EXPECT(length == 0 && name[0] == 0);
    MPI_Type_set_name(type, "two");
    MPI_Type_dup(type, &copy);
    MPI_Type_get_name(type, name, &length);
    EXPECT(length == 3 && strcmp(name, "two") == 0);
    MPI_Type_get_name(copy, name, &length);
    EXPECT(length == 0);
    memset(text, 'x', sizeof text - 1);
    text[MPI_MAX_OBJECT_NAME - 1] = 0;
    MPI_Type_set_name(type, text);
    MPI_Type_get_name(type, name, &length);
    EXPECT(length == MPI_MAX_OBJECT_NAME - 1 && strcmp(name, text) == 0);
    MPI_Type_free(&type);
    MPI_Type_free(&copy);
}

static int copied, deleted;

static int copy_attribute(MPI_Datatype type, int key, void *extra, void *in, void *out, int *flag)
{
    (void) type, (void) key;
    copied++;
    *(void **) out = (char *) in + *(int *) extra;
    *flag = 1;
    return MPI_SUCCESS;
}

static int delete_attribute(MPI_Datatype type, int key, void *value, void *extra)
{
    (void) type, (void) key, (void) extra;
    deleted++;
    return value == NULL ? MPI_ERR_OTHER : MPI_SUCCESS;
}

static void attributes(void)
{
    static char place[10];
    MPI_Datatype type, copy;
    int key, other, extra = 3, flag;
    void *value;
    MPI_Type_create_keyval(copy_attribute, delete_attribute, &key, &extra);
    MPI_Type_create_keyval(MPI_TYPE_NULL_COPY_FN, MPI_TYPE_NULL_DELETE_FN, &other, NULL);
    MPI_Type_vector(2, 1, 2, MPI_INT, &type);
    MPI_Type_get_attr(type, key, &value, &flag);
    EXPECT(!flag);
    MPI_Type_set_attr(type, key, place);
    MPI_Type_set_attr(type, other, place + 1);
    MPI_Type_get_attr(type, key, &value, &flag);
    EXPECT(flag && value == place);
    MPI_Type_dup(type, &copy);
    MPI_Type_get_attr(copy, key, &value, &flag);
    EXPECT(flag && value == place + 3 && copied == 1);
    MPI_Type_get_attr(copy, other, &value, &flag);
    EXPECT(!flag);
    /* A constructor copies none. */
    MPI_Datatype row;
    MPI_Type_contiguous(2, type, &row);
    MPI_Type_get_attr(row, key, &value, &flag);
    EXPECT(!flag && copied == 1);
    MPI_Type_free(&row);
    MPI_Type_delete_attr(copy, key);
    EXPECT(deleted == 1);
    MPI_Type_free(&copy);
    EXPECT(deleted == 1);
    MPI_Type_free(&type);
    EXPECT(deleted == 2);
    MPI_Type_set_attr(MPI_INT, key, place);
    MPI_Type_get_attr(MPI_INT, key, &value, &flag);
    EXPECT(flag && value == place);
    MPI_Type_delete_attr(MPI_INT, key);
    MPI_Type_get_attr(MPI_INT, key, &value, &flag);
    EXPECT(!flag && deleted == 3);
    GIVES(MPI_Type_set_attr(MPI_INT, MPI_KEYVAL_INVALID, place), MPI_ERR_KEYVAL);
    MPI_Type_free_keyval(&key);
    MPI_Type_free_keyval(&other);
    EXPECT(key == MPI_KEYVAL_INVALID);
}

static void properties(void)
{
    MPI_Datatype type, same;
    int size, a, b, c, combiner, values[2];
    MPI_Type_match_size(MPI_TYPECLASS_REAL, 4, &type);
    EXPECT(type == MPI_REAL4);
    MPI_Type_match_size(MPI_TYPECLASS_REAL, 8, &type);
    EXPECT(type == MPI_REAL8);
    MPI_Type_match_size(MPI_TYPECLASS_INTEGER, 2, &type);
    EXPECT(type == MPI_INTEGER2);
    MPI_Type_match_size(MPI_TYPECLASS_COMPLEX, 16, &type);
    EXPECT(type == MPI_COMPLEX16);
    MPI_Type_create_f90_real(6, 30, &type);
    MPI_Type_create_f90_real(6, 30, &same);
    MPI_Type_size(type, &size);
    EXPECT(type == same && size == 4);
    MPI_Type_get_envelope(type, &a, &b, &c, &combiner);
    EXPECT(a == 2 && b == 0 && c == 0 && combiner == MPI_COMBINER_F90_REAL);
    MPI_Type_get_contents(type, 2, 0, 0, values, NULL, NULL);
    EXPECT(values[0] == 6 && values[1] == 30);
    MPI_Type_create_f90_real(15, MPI_UNDEFINED, &type);
    MPI_Type_size(type, &size);
    EXPECT(size == 8);
    MPI_Type_create_f90_complex(15, 300, &type);
    MPI_Type_size(type, &size);
    EXPECT(size == 16);
    float sent = 1.5f, got = 0;
    MPI_Sendrecv(&sent, 1, same, 0, 0, &got, 1, MPI_FLOAT, 0, 0, MPI_COMM_SELF, MPI_STATUS_IGNORE);
    EXPECT(got == sent);
    MPI_Type_get_value_index(MPI_LONG_DOUBLE, MPI_INT, &type);
    EXPECT(type == MPI_LONG_DOUBLE_INT);
    MPI_Type_get_value_index(MPI_INT, MPI_INT, &type);
    EXPECT(type == MPI_2INT);
    MPI_Type_get_value_index(MPI_DOUBLE, MPI_FLOAT, &type);
    EXPECT(type == MPI_DATATYPE_NULL);
}

static void counts(void)
{
    MPI_Status status;
    MPI_Datatype type;
    MPI_Count large;
    int count;
    MPI_Recv(NULL, 0, MPI_INT, MPI_PROC_NULL, 0, MPI_COMM_SELF, &status);
    MPI_Get_count(&status, MPI_DOUBLE, &count);
    EXPECT(count == 0);
    MPI_Status_set_elements(&status, MPI_DOUBLE, 3);
    MPI_Get_count(&status, MPI_DOUBLE, &count);
    EXPECT(count == 3);
    MPI_Get_elements(&status, MPI_INT, &count);
    EXPECT(count == 6);
    MPI_Status_set_elements_c(&status, MPI_BYTE, 7);
    MPI_Get_count(&status, MPI_INT, &count);
    EXPECT(count == MPI_UNDEFINED);
    MPI_Get_elements(&status, MPI_INT, &count);
    EXPECT(count == MPI_UNDEFINED);
    MPI_Status_set_elements(&status, MPI_BYTE, 10);
    MPI_Type_contiguous(3, MPI_SHORT, &type);
    MPI_Type_commit(&type);
    MPI_Get_count(&status, type, &count);
    EXPECT(count == MPI_UNDEFINED);
    MPI_Get_elements(&status, type, &count);
    EXPECT(count == 5);
    MPI_Type_free(&type);
    MPI_Type_contiguous(0, MPI_SHORT, &type);
    MPI_Type_commit(&type);
    MPI_Get_count(&status, type, &count);
    EXPECT(count == MPI_UNDEFINED);
    MPI_Status_set_elements(&status, MPI_BYTE, 0);
    MPI_Get_count(&status, type, &count);
    EXPECT(count == 0);
    MPI_Type_free(&type);
    MPI_Status_set_elements_x(&status, MPI_BYTE, BIG);
    MPI_Get_count(&status, MPI_BYTE, &count);
    EXPECT(count == MPI_UNDEFINED);
    MPI_Get_elements(&status, MPI_BYTE, &count);
    EXPECT(count == MPI_UNDEFINED);
    MPI_Get_elements_x(&status, MPI_INT, &large);
    EXPECT(large == BIG / 4);
    MPI_Get_count_c(&status, MPI_INT, &large);
    EXPECT(large == BIG / 4);
    MPI_Status_set_elements(&status, MPI_BYTE, 24);
    MPI_Get_count(&status, MPI_DOUBLE_INT, &count);
    EXPECT(count == 2);
    MPI_Get_elements(&status, MPI_DOUBLE_INT, &count);
    EXPECT(count == 4);
    GIVES(MPI_Status_set_elements(&status, MPI_INT, -1), MPI_ERR_COUNT);
    GIVES(MPI_Status_set_elements(&status, MPI_DATATYPE_NULL, 1), MPI_ERR_TYPE);
}

/* Absolute addresses, and a struct whose fields lie anywhere. */
static void addresses(void)
{
    static int a = 1, in_a;
    static double b[2] = {2, 3}, in_b[2];
    int lengths[2] = {1, 2};
    MPI_Aint out[2], in[2];
    MPI_Datatype types[2] = {MPI_INT, MPI_DOUBLE}, from, to;
    MPI_Get_address(&a, &out[0]);
    MPI_Get_address(b, &out[1]);
    MPI_Get_address(&in_a, &in[0]);
    MPI_Get_address(in_b, &in[1]);
    EXPECT(MPI_Aint_add(out[1], sizeof(double)) - out[1] == 8 && MPI_Aint_diff(in[1], in[1]) == 0);
    MPI_Type_create_struct(2, lengths, out, types, &from);
    MPI_Type_create_struct(2, lengths, in, types, &to);
    MPI_Type_commit(&from);
    MPI_Type_commit(&to);
    MPI_Sendrecv(MPI_BOTTOM, 1, from, 0, 0, MPI_BOTTOM, 1, to, 0, 0, MPI_COMM_SELF, MPI_STATUS_IGNORE);
    EXPECT(in_a == 1 && in_b[0] == 2 && in_b[1] == 3);
    char room[64];
    int position = 0;
    MPI_Pack(MPI_BOTTOM, 1, from, room, 64, &position, MPI_COMM_SELF);
    EXPECT(position == 20);
    MPI_Type_free(&from);
    MPI_Type_free(&to);
}

/* Every datatype that a C program has, there and back in the external format. */
static void external(void)
{
    const struct {
        MPI_Datatype type;
        int bytes;
        unsigned char first[8];
    } all[] = {
        {MPI_INT, 4, {4, 3, 2, 1}},
        {MPI_SHORT, 2, {2, 1}},
        {MPI_DOUBLE, 8, {8, 7, 6, 5, 4, 3, 2, 1}},
        {MPI_FLOAT, 4, {4, 3, 2, 1}},
        {MPI_C_FLOAT_COMPLEX, 8, {4, 3, 2, 1, 8, 7, 6, 5}},
        {MPI_LONG_LONG, 8, {8, 7, 6, 5, 4, 3, 2, 1}},
        {MPI_UNSIGNED_CHAR, 1, {1}},
        {MPI_AINT, 8, {8, 7, 6, 5, 4, 3, 2, 1}},
        {MPI_INT16_T, 2, {2, 1}},
        {MPI_BYTE, 1, {1}},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        unsigned char native[8] = {1, 2, 3, 4, 5, 6, 7, 8}, room[8], back[8];
        MPI_Aint size = 0, position = 0;
        MPI_Pack_external_size("external32", 1, all[i].type, &size);
        EXPECT(size == all[i].bytes);
        MPI_Pack_external("external32", native, 1, all[i].type, room, 8, &position);
        EXPECT(position == size && memcmp(room, all[i].first, size) == 0);
        position = 0;
        MPI_Unpack_external("external32", room, 8, &position, back, 1, all[i].type);
        EXPECT(position == size && memcmp(back, native, size) == 0);
    }
}

/* Types that have another number of bytes there, and a struct: in which another implementation goes wrong. */
static void converted(void)
{
#if STRICT
    long longs[2] = {0x01020304, -2}, longs_back[2];
    wchar_t wide[2] = {L'a', 0x20ac}, wide_back[2];
    struct mixed {
        char letter;
        double number;
        long wide;
        short tail;
    } values[2] = {{'a', 1.5, 258, 7}, {'b', -2.0, -1, -8}}, values_back[2];
    static const unsigned char longs_are[] = {1, 2, 3, 4, 255, 255, 255, 254}, wide_are[] = {0, 'a', 0x20, 0xac},
        values_are[] = {'a', 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 7,
            'b', 0xc0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 0xf8};
    int lengths[4] = {1, 1, 1, 1};
    MPI_Aint places[4] = {offsetof(struct mixed, letter), offsetof(struct mixed, number), offsetof(struct mixed, wide),
        offsetof(struct mixed, tail)};
    MPI_Datatype parts[4] = {MPI_CHAR, MPI_DOUBLE, MPI_LONG, MPI_SHORT}, made, type;
    unsigned char room[64];
    MPI_Aint size = 0, position;
    MPI_Type_create_struct(4, lengths, places, parts, &made);
    MPI_Type_create_resized(made, 0, sizeof(struct mixed), &type);
    MPI_Type_commit(&type);
    const struct {
        MPI_Datatype type;
        MPI_Aint bytes;
        const void *are;
        void *from, *back;
        size_t native;
    } all[] = {
        {MPI_LONG, sizeof longs_are, longs_are, longs, longs_back, sizeof longs},
        {MPI_WCHAR, sizeof wide_are, wide_are, wide, wide_back, sizeof wide},
        {type, sizeof values_are, values_are, values, values_back, sizeof values},
    };
    memset(values_back, 0, sizeof values_back);
    for (size_t i = 0; i < 3; i++) {
        MPI_Pack_external_size("external32", 2, all[i].type, &size);
        EXPECT(size == all[i].bytes);
        position = 0;
        EXPECT(MPI_Pack_external("external32", all[i].from, 2, all[i].type, room, size - 1, &position) != MPI_SUCCESS);
        EXPECT(position == 0);
        EXPECT(MPI_Pack_external("external32", all[i].from, 2, all[i].type, room, sizeof room, &position) == MPI_SUCCESS);
        EXPECT(position == size && !memcmp(room, all[i].are, size));
        position = 0;
        EXPECT(MPI_Unpack_external("external32", room, size, &position, all[i].back, 2, all[i].type) == MPI_SUCCESS);
        EXPECT(position == size);
    }
    EXPECT(!memcmp(longs, longs_back, sizeof longs) && !memcmp(wide, wide_back, sizeof wide));
    for (int at = 0; at < 2; at++)
        EXPECT(values[at].letter == values_back[at].letter && values[at].number == values_back[at].number &&
               values[at].wide == values_back[at].wide && values[at].tail == values_back[at].tail);
    /* What doesn't fit there. */
    longs[0] = 1L << 40;
    position = 0;
    EXPECT(MPI_Pack_external("external32", longs, 1, MPI_LONG, room, sizeof room, &position) != MPI_SUCCESS);
    MPI_Type_free(&made);
    MPI_Type_free(&type);
#endif
}

int main(int argc, char **argv)
{
    int rank, all;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    bounds();
    refused();
    names();
    attributes();
    properties();
    counts();
    addresses();
    external();
    converted();
    MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0)
        printf("%d failures\n", all);
    MPI_Finalize();
    return all != 0;
}
