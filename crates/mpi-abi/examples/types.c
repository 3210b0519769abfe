/* What calls that make, describe and free datatypes cost: a line for each kind, nanoseconds of a round, the best of a number of tries.
 *
 *     types [rounds [tries [kind]]]
 *
 * A round is one call of the kind, and for constructors the `MPI_Type_free` of what it made. Every program of the standard ABI can be run
 * with another library in LD_LIBRARY_PATH. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 8 };

static MPI_Datatype vector, structure, nested, subarray;
static int lengths[N] = {1, 2, 3, 1, 2, 3, 1, 2}, places[N] = {0, 2, 5, 9, 11, 14, 18, 20};
static int sizes[3] = {8, 9, 10}, subsizes[3] = {4, 5, 6}, starts[3] = {1, 2, 3};
static int distribs[3] = {MPI_DISTRIBUTE_BLOCK, MPI_DISTRIBUTE_CYCLIC, MPI_DISTRIBUTE_NONE};
static int dargs[3] = {MPI_DISTRIBUTE_DFLT_DARG, 2, MPI_DISTRIBUTE_DFLT_DARG}, psizes[3] = {2, 2, 1};
static MPI_Aint bytes[N] = {0, 16, 40, 72, 88, 112, 144, 160};
static MPI_Datatype members[N];
static char packed[4096];
static double memory[1024];

static void freed(MPI_Datatype of) { MPI_Type_free(&of); }

static void contents(MPI_Datatype of)
{
    int ni, na, nd, combiner, integers[64];
    MPI_Aint addresses[64];
    MPI_Datatype types[64];
    MPI_Type_get_envelope(of, &ni, &na, &nd, &combiner);
    MPI_Type_get_contents(of, ni, na, nd, integers, addresses, types);
    for (int i = 0; i < nd; i++)
        if (types[i] != MPI_DOUBLE) freed(types[i]);
}

static void round_of(int kind)
{
    MPI_Datatype made;
    MPI_Aint low, extent;
    int ni, na, nd, combiner, position = 0;
    char name[MPI_MAX_OBJECT_NAME];
    switch (kind) {
    case 0: MPI_Type_contiguous(N, MPI_DOUBLE, &made); freed(made); break;
    case 1: MPI_Type_vector(N, 2, 3, MPI_DOUBLE, &made); freed(made); break;
    case 2: MPI_Type_create_hvector(N, 2, 24, MPI_DOUBLE, &made); freed(made); break;
    case 3: MPI_Type_indexed(N, lengths, places, MPI_DOUBLE, &made); freed(made); break;
    case 4: MPI_Type_create_hindexed(N, lengths, bytes, MPI_DOUBLE, &made); freed(made); break;
    case 5: MPI_Type_create_indexed_block(N, 2, places, MPI_DOUBLE, &made); freed(made); break;
    case 6: MPI_Type_create_hindexed_block(N, 2, bytes, MPI_DOUBLE, &made); freed(made); break;
    case 7: MPI_Type_create_struct(N, lengths, bytes, members, &made); freed(made); break;
    case 8: MPI_Type_create_subarray(3, sizes, subsizes, starts, MPI_ORDER_C, MPI_DOUBLE, &made); freed(made); break;
    case 9:
        MPI_Type_create_darray(4, 1, 3, sizes, distribs, dargs, psizes, MPI_ORDER_C, MPI_DOUBLE, &made);
        freed(made);
        break;
    case 10: MPI_Type_create_resized(vector, -8, 400, &made); freed(made); break;
    case 11: MPI_Type_dup(vector, &made); freed(made); break;
    case 12: MPI_Type_vector(N, 2, 3, MPI_DOUBLE, &made); MPI_Type_commit(&made); freed(made); break;
    case 13: MPI_Type_create_struct(N, lengths, bytes, members, &made); MPI_Type_commit(&made); freed(made); break;
    case 14:
        MPI_Type_create_subarray(3, sizes, subsizes, starts, MPI_ORDER_C, MPI_DOUBLE, &made);
        MPI_Type_commit(&made);
        freed(made);
        break;
    case 15: MPI_Type_get_envelope(MPI_DOUBLE, &ni, &na, &nd, &combiner); break;
    case 16: MPI_Type_get_envelope(structure, &ni, &na, &nd, &combiner); break;
    case 17: contents(vector); break;
    case 18: contents(structure); break;
    case 19: contents(nested); break;
    case 20: MPI_Type_get_extent(vector, &low, &extent); break;
    case 21: MPI_Type_get_true_extent(vector, &low, &extent); break;
    case 22: MPI_Type_size(vector, &ni); break;
    case 23: MPI_Type_get_name(vector, name, &ni); break;
    case 24: MPI_Pack_size(1, subarray, MPI_COMM_SELF, &ni); break;
    case 25: MPI_Pack(memory, 1, subarray, packed, sizeof packed, &position, MPI_COMM_SELF); break;
    case 26: MPI_Unpack(packed, sizeof packed, &position, memory, 1, subarray, MPI_COMM_SELF); break;
    case 27:
        MPI_Type_vector(N, 2, 3, MPI_DOUBLE, &made);
        MPI_Type_commit(&made);
        MPI_Pack(memory, 1, made, packed, sizeof packed, &position, MPI_COMM_SELF);
        freed(made);
        break;
    default: exit(2);
    }
}

static const char *names[] = {"contiguous", "vector", "hvector", "indexed", "hindexed", "indexed_block", "hindexed_block", "struct",
    "subarray", "darray", "resized", "dup", "vector, commit", "struct, commit", "subarray, commit", "envelope of a named one",
    "envelope of a struct", "contents of a vector", "contents of a struct", "contents of a nested one", "extent", "true extent", "size",
    "name", "pack size", "pack a subarray", "unpack a subarray", "vector, commit, pack"};

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 20000, tries = argc > 2 ? atoi(argv[2]) : 20, only = argc > 3 ? atoi(argv[3]) : -1, provided;
    int multiple = argc > 4 && !strcmp(argv[4], "multiple");
    MPI_Init_thread(&argc, &argv, multiple ? MPI_THREAD_MULTIPLE : MPI_THREAD_SINGLE, &provided);
    for (int i = 0; i < N; i++) members[i] = i % 2 ? MPI_DOUBLE : MPI_INT;
    MPI_Type_vector(N, 2, 3, MPI_DOUBLE, &vector);
    MPI_Type_contiguous(2, vector, &nested);
    MPI_Type_create_subarray(3, sizes, subsizes, starts, MPI_ORDER_C, MPI_DOUBLE, &subarray);
    MPI_Type_commit(&subarray);
    for (int i = 0; i < N; i++) members[i] = MPI_DOUBLE;
    MPI_Type_create_struct(N, lengths, bytes, members, &structure);
    for (int i = 0; i < N; i++) members[i] = i % 2 ? MPI_DOUBLE : MPI_INT;
    for (int kind = 0; kind < (int)(sizeof names / sizeof *names); kind++) {
        double best = 1e9;
        if (only >= 0 && kind != only) continue;
        for (int try = 0; try < tries; try++) {
            double begin = MPI_Wtime();
            for (int round = 0; round < rounds; round++) round_of(kind);
            double each = (MPI_Wtime() - begin) / rounds * 1e9;
            best = each < best ? each : best;
        }
        printf("%-26s %9.1f\n", names[kind], best);
    }
    MPI_Type_free(&vector);
    MPI_Type_free(&nested);
    MPI_Type_free(&structure);
    MPI_Type_free(&subarray);
    MPI_Finalize();
    return 0;
}
