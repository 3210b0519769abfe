/* What programs share that check themselves: how many of their expectations didn't hold, and which. */
#include <mpi.h>
#include <stdio.h>

#define UNUSED __attribute__((unused))

static int failures, rank UNUSED, size UNUSED;

#define EXPECT(what)                                                 \
    do {                                                             \
        if (!(what)) {                                               \
            printf("rank %d, line %d: %s\n", rank, __LINE__, #what); \
            failures++;                                              \
        }                                                            \
    } while (0)

static UNUSED int class_of(int code)
{
    int class;
    MPI_Error_class(code, &class);
    return class;
}
