/* A profiling library: it defines some of the functions and calls their second names. */
#include <mpi.h>
#include <stdio.h>

static int sends, begins;

int MPI_Init(int *argc, char ***argv)
{
    begins++;
    return PMPI_Init(argc, argv);
}

int MPI_Send(const void *buf, int count, MPI_Datatype datatype, int dest, int tag, MPI_Comm comm)
{
    sends++;
    return PMPI_Send(buf, count, datatype, dest, tag, comm);
}

int MPI_Finalize(void)
{
    int rank, total;
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    PMPI_Reduce(&sends, &total, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    int code = PMPI_Finalize();
    if (rank == 0)
        printf("the tool saw %d beginning and %d sends\n", begins, total);
    return code;
}
