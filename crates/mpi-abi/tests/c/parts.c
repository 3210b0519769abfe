/* MPI 5.0 11.10.3: which part of the command line this process belongs to. */
#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    int *number, flag;
    (void)argc;
    MPI_Init(NULL, NULL);
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_APPNUM, &number, &flag);
    printf("%s is of part %d\n", argv[1], flag ? *number : -1);
    MPI_Finalize();
    return 0;
}
