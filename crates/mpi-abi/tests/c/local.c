/* The library is loaded as Python and plugins load it: late, and visible to nobody else. It stays when it is closed. */
#include <dlfcn.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

static void *library;

static void *symbol(const char *name)
{
    void *found = dlsym(library, name);
    if (!found) {
        printf("%s is missing\n", name);
        exit(1);
    }
    return found;
}

#define OF(name) __typeof__(&name) call_##name = (__typeof__(&name)) symbol(#name)

int main(int argc, char **argv)
{
    (void) argc;
    library = dlopen(argv[1], RTLD_LAZY | RTLD_LOCAL);
    if (!library) {
        printf("%s\n", dlerror());
        return 1;
    }
    if (dlsym(RTLD_DEFAULT, "MPI_Init"))
        printf("it is visible to others\n");
    OF(MPI_Init);
    OF(MPI_Comm_rank);
    OF(MPI_Comm_size);
    OF(MPI_Allreduce);
    OF(MPI_Finalize);
    OF(MPI_Finalized);
    int rank, size, sum = 0, done = 0;
    call_MPI_Init(NULL, NULL);
    call_MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    call_MPI_Comm_size(MPI_COMM_WORLD, &size);
    rank++;
    call_MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    call_MPI_Finalize();
    dlclose(library);
    /* Its threads and exit handlers may still run. */
    call_MPI_Finalized(&done);
    if (sum != size * (size + 1) / 2 || !done)
        printf("sum %d of %d, finalised %d\n", sum, size, done);
    else if (rank == 1)
        printf("0 failures\n");
    return 0;
}
