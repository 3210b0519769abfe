/* The textbook's distributed matrix multiplication: rows of A are scattered, B is broadcast, rows of C are gathered.
 *
 * mpicc -O2 gram.c -o gram && mpiexec -n 4 ./gram INPUT.mtx OUTPUT.npy
 *
 * B is A transposed, so that one file is enough: C is A's Gram matrix. The number of rows need not be a multiple of the
 * number of processes: the last block is filled up with rows of zeros. */

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what, const char *path)
{
    fprintf(stderr, "gram: %s%s%s\n", what, path ? ": " : "", path ? path : "");
    MPI_Abort(MPI_COMM_WORLD, 1);
    exit(1);
}

static double *zeros(size_t count)
{
    double *values = calloc(count ? count : 1, sizeof *values);
    if (!values)
        fail("no memory", NULL);
    return values;
}

/* Reads a dense Matrix Market file, which lists column by column; returns the rows, filled up to a multiple of `size`. */
static double *read_matrix(const char *path, int size, int *rows, int *columns)
{
    FILE *file = fopen(path, "r");
    if (!file)
        fail("cannot be read", path);
    char line[1024];
    if (!fgets(line, sizeof line, file) || strncmp(line, "%%MatrixMarket matrix array ", 28) != 0 || !strstr(line, " general"))
        fail("not a dense general matrix in Matrix Market's format", path);
    do
        if (!fgets(line, sizeof line, file))
            fail("ends before the size", path);
    while (line[0] == '%');
    if (sscanf(line, "%d %d", rows, columns) != 2 || *rows < 1 || *columns < 1 || *rows > 16384 || *columns > 16384)
        fail("has no size, or too large a one", path);
    size_t padded = (size_t)(*rows + size - 1) / size * size;
    double *values = zeros(padded * *columns);
    for (int column = 0; column < *columns; column++)
        for (int row = 0; row < *rows; row++)
            if (fscanf(file, "%lf", &values[(size_t)row * *columns + column]) != 1)
                fail("ends before its last element", path);
    fclose(file);
    return values;
}

/* Writes rows of doubles as NumPy has them. (The machine is taken to be little-endian, as this MPI does.) */
static void write_matrix(const char *path, const double *values, int rows, int columns)
{
    char header[118];
    int length = snprintf(header, sizeof header, "{'descr': '<f8', 'fortran_order': False, 'shape': (%d, %d), }", rows, columns);
    memset(header + length, ' ', sizeof header - length);
    header[sizeof header - 1] = '\n';
    FILE *file = fopen(path, "w");
    size_t count = (size_t)rows * columns;
    if (!file || fwrite("\x93NUMPY\1\0\x76\0", 1, 10, file) != 10 || fwrite(header, 1, sizeof header, file) != sizeof header
        || fwrite(values, sizeof *values, count, file) != count || fclose(file) != 0)
        fail("cannot be written", path);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    int rank, size;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (argc != 3) {
        if (rank == 0)
            fail("usage: gram INPUT.mtx OUTPUT.npy", NULL);
        MPI_Barrier(MPI_COMM_WORLD);
    }

    int shape[2];
    double *a = NULL, *c = NULL;
    if (rank == 0)
        a = read_matrix(argv[1], size, &shape[0], &shape[1]);
    MPI_Bcast(shape, 2, MPI_INT, 0, MPI_COMM_WORLD);
    int rows = shape[0], inner = shape[1], mine = (rows + size - 1) / size;

    double *b = zeros((size_t)inner * rows);
    if (rank == 0) {
        for (int i = 0; i < rows; i++)
            for (int k = 0; k < inner; k++)
                b[(size_t)k * rows + i] = a[(size_t)i * inner + k];
        c = zeros((size_t)mine * size * rows);
    }
    double *my_a = zeros((size_t)mine * inner), *my_c = zeros((size_t)mine * rows);

    double begin = MPI_Wtime();
    MPI_Scatter(a, mine * inner, MPI_DOUBLE, my_a, mine * inner, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    MPI_Bcast(b, inner * rows, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    for (int i = 0; i < mine; i++)
        for (int k = 0; k < inner; k++)
            for (int j = 0; j < rows; j++)
                my_c[(size_t)i * rows + j] += my_a[(size_t)i * inner + k] * b[(size_t)k * rows + j];
    MPI_Gather(my_c, mine * rows, MPI_DOUBLE, c, mine * rows, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    double took = MPI_Wtime() - begin, longest;
    MPI_Reduce(&took, &longest, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);

    if (rank == 0) {
        write_matrix(argv[2], c, rows, rows);
        printf("%dx%d times %dx%d on %d process%s, in C: %.1f ms\n", rows, inner, inner, rows, size, size == 1 ? "" : "es",
               longest * 1e3);
    }
    free(a), free(b), free(c), free(my_a), free(my_c);
    MPI_Finalize();
    return 0;
}
