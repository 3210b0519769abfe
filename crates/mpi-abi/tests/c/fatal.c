/* A mistake under the default handler, which ends the job and says what was called: the first argument says which mistake. */
#include <mpi.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    int values[4] = {0};
    const char *what = argc > 1 ? argv[1] : "";
    MPI_Comm halo;
    MPI_Datatype column;
    MPI_Request request;
    MPI_Init(&argc, &argv);
    MPI_Comm_dup(MPI_COMM_SELF, &halo);
    MPI_Comm_set_name(halo, "halo");
    MPI_Type_vector(2, 1, 2, MPI_INT, &column);
    MPI_Type_set_name(column, "column");
    if (!strcmp(what, "rank"))
        MPI_Send(values, 4, MPI_INT, 9, 7, halo);
    else if (!strcmp(what, "tag"))
        MPI_Recv(values, 4, MPI_INT, MPI_ANY_SOURCE, -5, halo, MPI_STATUS_IGNORE);
    else if (!strcmp(what, "type"))
        MPI_Send(values, 1, column, 0, 7, halo);
    else if (!strcmp(what, "root"))
        MPI_Bcast(values, 4, MPI_INT, 3, halo);
    else if (!strcmp(what, "operator"))
        MPI_Allreduce(MPI_IN_PLACE, values, 2, MPI_DOUBLE, MPI_BAND, halo);
    else if (!strcmp(what, "null"))
        MPI_Type_commit(&(MPI_Datatype){MPI_DATATYPE_NULL});
    else if (!strcmp(what, "later"))
        MPI_Comm_get_parent(&(MPI_Comm){MPI_COMM_NULL}), MPI_Open_port(MPI_INFO_NULL, (char[MPI_MAX_PORT_NAME]){""});
    else if (!strcmp(what, "cut")) {
        MPI_Irecv(values, 1, MPI_INT, 0, 7, halo, &request);
        MPI_Send(values, 2, MPI_INT, 0, 7, halo);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
    }
    printf("not reached\n");
    return 0;
}
