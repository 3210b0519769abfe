// ranks: 1 2
/* What is refused, and as what class: handles that are null, ranks, tags, counts, datatypes, operators, roots, null pointers. */
#include "case.h"

static int buffer[16], other[16];
static MPI_Datatype uncommitted;
static MPI_Comm self, between;

static void messages(void)
{
    MPI_Status status;
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Message message = MPI_MESSAGE_NULL;
    int flag;
    GIVES(MPI_Send(buffer, 1, MPI_INT, 0, 0, MPI_COMM_NULL));
    GIVES(MPI_Send(buffer, -1, MPI_INT, 0, 0, self));
    GIVES(MPI_Send(buffer, 1, MPI_DATATYPE_NULL, 0, 0, self));
    GIVES(MPI_Send(buffer, 1, uncommitted, 0, 0, self));
    GIVES(MPI_Send(buffer, 1, MPI_INT, 1, 0, self));
    GIVES(MPI_Send(buffer, 1, MPI_INT, -7, 0, self));
    GIVES(MPI_Send(buffer, 1, MPI_INT, MPI_ANY_SOURCE, 0, self));
    GIVES(MPI_Send(buffer, 1, MPI_INT, 0, -1, self));
    GIVES(MPI_Send(buffer, 1, MPI_INT, 0, MPI_ANY_TAG, self));
    GIVES(MPI_Send(NULL, 1, MPI_INT, MPI_PROC_NULL, 0, self));
    GIVES(MPI_Send(buffer, 1, MPI_INT, MPI_PROC_NULL, 0, self));
    GIVES(MPI_Send_c(buffer, -1, MPI_INT, 0, 0, self));
    GIVES(MPI_Send_c(buffer, 1, MPI_INT, 5, 0, self));
    GIVES(MPI_Ssend(buffer, -1, MPI_INT, 0, 0, self));
    GIVES(MPI_Ssend(buffer, 1, MPI_INT, 9, 0, self));
    GIVES(MPI_Rsend(buffer, 1, MPI_DATATYPE_NULL, 0, 0, self));
    GIVES(MPI_Bsend(buffer, 1, MPI_INT, 0, -3, self));
    GIVES(MPI_Isend(buffer, -1, MPI_INT, 0, 0, self, &request));
    GIVES(MPI_Isend(buffer, 1, MPI_INT, 7, 0, self, &request));
    GIVES(MPI_Isend(buffer, 1, MPI_INT, 0, 0, MPI_COMM_NULL, &request));
    GIVES(MPI_Isend(buffer, 1, MPI_INT, 0, 0, self, NULL));
    GIVES(MPI_Issend(buffer, 1, uncommitted, 0, 0, self, &request));
    GIVES(MPI_Irsend(buffer, 1, MPI_INT, 0, -9, self, &request));
    GIVES(MPI_Ibsend(buffer, 1, MPI_INT, 3, 0, self, &request));
    GIVES(MPI_Send_init(buffer, -1, MPI_INT, 0, 0, self, &request));
    GIVES(MPI_Ssend_init(buffer, 1, MPI_INT, 4, 0, self, &request));
    GIVES(MPI_Rsend_init(buffer, 1, MPI_INT, 0, -2, self, &request));
    GIVES(MPI_Bsend_init(buffer, 1, MPI_DATATYPE_NULL, 0, 0, self, &request));
    GIVES(MPI_Recv_init(buffer, -1, MPI_INT, 0, 0, self, &request));
    GIVES(MPI_Recv(buffer, 1, MPI_INT, 0, 0, MPI_COMM_NULL, &status));
    GIVES(MPI_Recv(buffer, -1, MPI_INT, 0, 0, self, &status));
    GIVES(MPI_Recv(buffer, 1, MPI_DATATYPE_NULL, 0, 0, self, &status));
    GIVES(MPI_Recv(buffer, 1, uncommitted, 0, 0, self, &status));
    GIVES(MPI_Recv(buffer, 1, MPI_INT, 1, 0, self, &status));
    GIVES(MPI_Recv(buffer, 1, MPI_INT, -8, 0, self, &status));
    GIVES(MPI_Recv(buffer, 1, MPI_INT, 0, -5, self, &status));
    GIVES(MPI_Recv_c(buffer, -1, MPI_INT, 0, 0, self, &status));
    GIVES(MPI_Irecv(buffer, 1, MPI_INT, 2, 0, self, &request));
    GIVES(MPI_Irecv(buffer, 1, MPI_INT, 0, -4, self, &request));
    GIVES(MPI_Irecv(buffer, -2, MPI_INT, 0, 0, self, &request));
    GIVES(MPI_Sendrecv(buffer, 1, MPI_INT, 5, 0, other, 1, MPI_INT, 0, 0, self, &status));
    GIVES(MPI_Sendrecv(buffer, 1, MPI_INT, 0, 0, other, -1, MPI_INT, 0, 0, self, &status));
    GIVES(MPI_Sendrecv_replace(buffer, -1, MPI_INT, 0, 0, 0, 0, self, &status));
    GIVES(MPI_Sendrecv_replace(buffer, 1, MPI_INT, 0, 0, 3, 0, self, &status));
    GIVES(MPI_Probe(3, 0, self, &status));
    GIVES(MPI_Probe(0, -3, self, &status));
    GIVES(MPI_Probe(0, 0, MPI_COMM_NULL, &status));
    GIVES(MPI_Iprobe(3, 0, self, &flag, &status));
    GIVES(MPI_Mprobe(3, 0, self, &message, &status));
    GIVES(MPI_Improbe(0, -3, self, &flag, &message, &status));
    message = MPI_MESSAGE_NULL;
    GIVES(MPI_Mrecv(buffer, 1, MPI_INT, &message, &status));
    GIVES(MPI_Imrecv(buffer, 1, MPI_INT, &message, &request));
    message = MPI_MESSAGE_NO_PROC;
    GIVES(MPI_Mrecv(buffer, -1, MPI_INT, &message, &status));
    GIVES(MPI_Psend_init(buffer, 1, 1, MPI_INT, 7, 0, self, MPI_INFO_NULL, &request));
    GIVES(MPI_Psend_init(buffer, 1, 1, MPI_DATATYPE_NULL, 0, 0, self, MPI_INFO_NULL, &request));
    GIVES(MPI_Buffer_attach(buffer, -1));
}

static void requests(void)
{
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Status status;
    int flag, at;
    GIVES(MPI_Wait(&request, &status));
    GIVES(MPI_Wait(NULL, &status));
    GIVES(MPI_Test(&request, &flag, &status));
    GIVES(MPI_Test(&request, NULL, &status));
    GIVES(MPI_Waitall(-1, &request, MPI_STATUSES_IGNORE));
    GIVES(MPI_Testall(1, &request, NULL, MPI_STATUSES_IGNORE));
    GIVES(MPI_Request_free(&request));
    GIVES(MPI_Cancel(&request));
    GIVES(MPI_Start(&request));
    GIVES(MPI_Startall(-1, &request));
    GIVES(MPI_Request_get_status(request, &flag, &status));
    GIVES(MPI_Grequest_complete(MPI_REQUEST_NULL));
    GIVES(MPI_Pready(0, MPI_REQUEST_NULL));
    GIVES(MPI_Get_count(&status, MPI_DATATYPE_NULL, &at));
    GIVES(MPI_Get_elements(&status, MPI_DATATYPE_NULL, &at));
    GIVES(MPI_Get_count(&status, MPI_INT, NULL));
    GIVES(MPI_Test_cancelled(&status, NULL));
    GIVES(MPI_Isend(buffer, 1, MPI_INT, MPI_PROC_NULL, 0, self, &request));
    GIVES(MPI_Start(&request));
    GIVES(MPI_Wait(&request, &status));
    MPI_Recv_init(buffer, 1, MPI_INT, 0, 77, self, &request);
    GIVES(MPI_Start(&request));
    GIVES(MPI_Start(&request));
    MPI_Send(other, 1, MPI_INT, 0, 77, self);
    GIVES(MPI_Wait(&request, &status));
    GIVES(MPI_Request_free(&request));
}

static void collectives(void)
{
    MPI_Request request;
    int counts[2] = {1, -1}, zero[2] = {0, 0};
    GIVES(MPI_Barrier(MPI_COMM_NULL));
    GIVES(MPI_Bcast(buffer, -1, MPI_INT, 0, self));
    GIVES(MPI_Bcast(buffer, 1, MPI_DATATYPE_NULL, 0, self));
    GIVES(MPI_Bcast(buffer, 1, uncommitted, 0, self));
    GIVES(MPI_Bcast(buffer, 1, MPI_INT, 1, self));
    GIVES(MPI_Bcast(buffer, 1, MPI_INT, -1, self));
    GIVES(MPI_Bcast(buffer, 1, MPI_INT, 0, MPI_COMM_NULL));
    GIVES(MPI_Bcast_c(buffer, -1, MPI_INT, 0, self));
    GIVES(MPI_Ibcast(buffer, 1, MPI_INT, 6, self, &request));
    GIVES(MPI_Bcast_init(buffer, 1, MPI_INT, 6, self, MPI_INFO_NULL, &request));
    GIVES(MPI_Gather(buffer, 1, MPI_INT, other, 1, MPI_INT, 2, self));
    GIVES(MPI_Gather(buffer, -1, MPI_INT, other, 1, MPI_INT, 0, self));
    GIVES(MPI_Gather(buffer, 1, MPI_INT, other, -1, MPI_INT, 0, self));
    GIVES(MPI_Gather(buffer, 1, MPI_INT, other, 1, MPI_DATATYPE_NULL, 0, self));
    GIVES(MPI_Gatherv(buffer, 1, MPI_INT, other, counts + 1, zero, MPI_INT, 0, self));
    GIVES(MPI_Scatter(buffer, 1, MPI_INT, other, 1, MPI_INT, -2, self));
    GIVES(MPI_Scatter(buffer, 1, MPI_DATATYPE_NULL, other, 1, MPI_INT, 0, self));
    GIVES(MPI_Scatterv(buffer, counts + 1, zero, MPI_INT, other, 1, MPI_INT, 0, self));
    GIVES(MPI_Allgather(buffer, 1, MPI_INT, other, -1, MPI_INT, self));
    GIVES(MPI_Allgather(buffer, 1, MPI_INT, other, 1, uncommitted, self));
    GIVES(MPI_Allgatherv(buffer, 1, MPI_INT, other, counts + 1, zero, MPI_INT, self));
    GIVES(MPI_Alltoall(buffer, -1, MPI_INT, other, 1, MPI_INT, self));
    GIVES(MPI_Alltoall(buffer, 1, MPI_DATATYPE_NULL, other, 1, MPI_INT, self));
    GIVES(MPI_Alltoallv(buffer, counts + 1, zero, MPI_INT, other, counts, zero, MPI_INT, self));
    GIVES(MPI_Reduce(buffer, other, 1, MPI_INT, MPI_OP_NULL, 0, self));
    GIVES(MPI_Reduce(buffer, other, 1, MPI_INT, MPI_SUM, 3, self));
    GIVES(MPI_Reduce(buffer, other, 1, MPI_DOUBLE, MPI_BAND, 0, self));
    GIVES(MPI_Allreduce(buffer, other, 1, MPI_INT, MPI_MAXLOC, self));
    GIVES(MPI_Allreduce(buffer, other, 1, MPI_2INT, MPI_SUM, self));
    GIVES(MPI_Allreduce(buffer, other, 1, MPI_CHAR, MPI_SUM, self));
    GIVES(MPI_Allreduce(buffer, other, 1, MPI_BYTE, MPI_SUM, self));
    GIVES(MPI_Allreduce(buffer, other, 1, MPI_INT, MPI_OP_NULL, self));
    GIVES(MPI_Allreduce_init(buffer, other, 1, MPI_INT, MPI_OP_NULL, self, MPI_INFO_NULL, &request));
    GIVES(MPI_Scan(buffer, other, 1, MPI_INT, MPI_OP_NULL, self));
    GIVES(MPI_Scan(buffer, other, 1, MPI_INT, MPI_SUM, between));
    GIVES(MPI_Reduce_scatter(buffer, other, counts + 1, MPI_INT, MPI_SUM, self));
    GIVES(MPI_Reduce_local(buffer, other, -1, MPI_INT, MPI_SUM));
    GIVES(MPI_Reduce_local(buffer, other, 1, MPI_INT, MPI_OP_NULL));
    GIVES(MPI_Reduce_local(buffer, other, 1, MPI_DOUBLE, MPI_BOR));
    GIVES(MPI_Neighbor_allgather(buffer, 1, MPI_INT, other, 1, MPI_INT, self));
    GIVES(MPI_Neighbor_alltoall(buffer, 1, MPI_INT, other, 1, MPI_INT, MPI_COMM_NULL));
    MPI_Op op = MPI_SUM;
    GIVES(MPI_Op_free(&op));
    op = MPI_OP_NULL;
    GIVES(MPI_Op_free(&op));
    GIVES(MPI_Op_commutative(MPI_OP_NULL, zero));
}

static void communicators(void)
{
    MPI_Comm comm = MPI_COMM_NULL;
    MPI_Group group, none = MPI_GROUP_NULL;
    int value, ranks[2] = {0, 0}, wrong[1] = {9};
    char name[MPI_MAX_OBJECT_NAME];
    GIVES(MPI_Comm_rank(MPI_COMM_NULL, &value));
    GIVES(MPI_Comm_rank(MPI_COMM_WORLD, NULL));
    GIVES(MPI_Comm_size(MPI_COMM_NULL, &value));
    GIVES(MPI_Comm_size(MPI_COMM_WORLD, NULL));
    GIVES(MPI_Comm_dup(MPI_COMM_NULL, &comm));
    GIVES(MPI_Comm_dup(self, NULL));
    GIVES(MPI_Comm_split(MPI_COMM_NULL, 0, 0, &comm));
    GIVES(MPI_Comm_split(self, -5, 0, &comm));
    GIVES(MPI_Comm_split_type(self, -77, 0, MPI_INFO_NULL, &comm));
    GIVES(MPI_Comm_create(self, MPI_GROUP_NULL, &comm));
    GIVES(MPI_Comm_create_group(self, MPI_GROUP_NULL, 0, &comm));
    GIVES(MPI_Comm_free(&comm));
    comm = MPI_COMM_WORLD;
    GIVES(MPI_Comm_free(&comm));
    GIVES(MPI_Comm_compare(MPI_COMM_NULL, self, &value));
    GIVES(MPI_Comm_test_inter(MPI_COMM_NULL, &value));
    GIVES(MPI_Comm_remote_size(self, &value));
    GIVES(MPI_Comm_group(MPI_COMM_NULL, &group));
    GIVES(MPI_Comm_set_name(MPI_COMM_NULL, "x"));
    GIVES(MPI_Comm_set_name(self, NULL));
    GIVES(MPI_Comm_get_name(self, NULL, &value));
    GIVES(MPI_Comm_get_name(self, name, NULL));
    GIVES(MPI_Intercomm_create(self, 3, MPI_COMM_WORLD, 0, 0, &comm));
    GIVES(MPI_Comm_get_info(MPI_COMM_NULL, NULL));
    GIVES(MPI_Comm_set_info(MPI_COMM_NULL, MPI_INFO_NULL));
    GIVES(MPI_Comm_set_errhandler(self, MPI_ERRHANDLER_NULL));
    GIVES(MPI_Comm_set_errhandler(MPI_COMM_NULL, MPI_ERRORS_RETURN));
    GIVES(MPI_Group_size(MPI_GROUP_NULL, &value));
    GIVES(MPI_Group_rank(MPI_GROUP_NULL, &value));
    GIVES(MPI_Group_size(MPI_GROUP_EMPTY, NULL));
    GIVES(MPI_Group_union(MPI_GROUP_NULL, MPI_GROUP_EMPTY, &group));
    GIVES(MPI_Group_compare(MPI_GROUP_NULL, MPI_GROUP_EMPTY, &value));
    GIVES(MPI_Group_free(&none));
    MPI_Comm_group(MPI_COMM_WORLD, &group);
    GIVES(MPI_Group_incl(group, 1, wrong, &none));
    GIVES(MPI_Group_incl(group, -1, ranks, &none));
    GIVES(MPI_Group_incl(group, 2, ranks, &none));
    GIVES(MPI_Group_excl(group, 1, wrong, &none));
    GIVES(MPI_Group_excl(group, -1, ranks, &none));
    int backwards[1][3] = {{0, 9, 1}}, still[1][3] = {{0, 0, 0}};
    GIVES(MPI_Group_range_incl(group, 1, backwards, &none));
    GIVES(MPI_Group_range_incl(group, 1, still, &none));
    GIVES(MPI_Group_range_excl(group, -1, still, &none));
    GIVES(MPI_Group_translate_ranks(group, 1, wrong, MPI_GROUP_EMPTY, ranks));
    GIVES(MPI_Group_translate_ranks(group, -1, wrong, MPI_GROUP_EMPTY, ranks));
    GIVES(MPI_Group_free(&group));
}

static void topologies(void)
{
    MPI_Comm comm;
    int one[2] = {1, 1}, two[2] = {99, 2}, minus[1] = {-1}, value, dims[2] = {0, 0}, three[1] = {3};
    GIVES(MPI_Cart_create(MPI_COMM_NULL, 1, one, one, 0, &comm));
    GIVES(MPI_Cart_create(self, 2, two, one, 0, &comm));
    GIVES(MPI_Cart_create(self, -1, one, one, 0, &comm));
    GIVES(MPI_Cart_create(self, 1, minus, one, 0, &comm));
    GIVES(MPI_Cart_create(between, 1, one, one, 0, &comm));
    GIVES(MPI_Cartdim_get(self, &value));
    GIVES(MPI_Cart_rank(self, one, &value));
    GIVES(MPI_Cart_coords(self, 0, 1, one));
    GIVES(MPI_Cart_shift(self, 0, 1, &value, one));
    GIVES(MPI_Cart_sub(self, one, &comm));
    GIVES(MPI_Cart_create(self, 1, one, dims, 0, &comm));
    GIVES(MPI_Cart_coords(comm, 3, 1, one));
    GIVES(MPI_Cart_coords(comm, 0, 0, one));
    GIVES(MPI_Cart_rank(comm, three, &value));
    GIVES(MPI_Cart_shift(comm, 1, 1, &value, one));
    GIVES(MPI_Cart_shift(comm, -1, 1, &value, one));
    GIVES(MPI_Graph_neighbors_count(comm, 0, &value));
    MPI_Comm_free(&comm);
    GIVES(MPI_Graph_create(self, -1, one, one, 0, &comm));
    GIVES(MPI_Graph_create(self, 9, one, one, 0, &comm));
    GIVES(MPI_Graphdims_get(self, &value, one));
    GIVES(MPI_Graph_get(self, 1, 1, one, one));
    GIVES(MPI_Graph_neighbors_count(self, 0, &value));
    GIVES(MPI_Graph_neighbors(self, 0, 1, one));
    GIVES(MPI_Dist_graph_neighbors_count(self, &value, one, two));
    GIVES(MPI_Topo_test(MPI_COMM_NULL, &value));
    int seven[2] = {7, 0};
    GIVES(MPI_Dims_create(6, 2, seven));
    GIVES(MPI_Dims_create(-1, 2, dims));
    int below[2] = {-1, 0};
    GIVES(MPI_Dims_create(6, 2, below));
}

static void datatypes(void)
{
    MPI_Datatype type = MPI_DATATYPE_NULL;
    int minus[1] = {-1}, one[1] = {1}, zero[1] = {0}, value, position = 0;
    MPI_Aint byte[1] = {0}, lb, extent;
    MPI_Datatype none[1] = {MPI_DATATYPE_NULL};
    GIVES(MPI_Type_contiguous(-1, MPI_INT, &type));
    GIVES(MPI_Type_contiguous(1, MPI_DATATYPE_NULL, &type));
    GIVES(MPI_Type_contiguous(1, MPI_INT, NULL));
    GIVES(MPI_Type_vector(-1, 1, 1, MPI_INT, &type));
    GIVES(MPI_Type_vector(1, -1, 1, MPI_INT, &type));
    GIVES(MPI_Type_create_hvector(1, -1, 1, MPI_INT, &type));
    GIVES(MPI_Type_create_hvector(1, 1, 1, MPI_DATATYPE_NULL, &type));
    GIVES(MPI_Type_indexed(-1, one, zero, MPI_INT, &type));
    GIVES(MPI_Type_indexed(1, minus, zero, MPI_INT, &type));
    GIVES(MPI_Type_indexed(1, NULL, zero, MPI_INT, &type));
    GIVES(MPI_Type_create_hindexed(1, minus, byte, MPI_INT, &type));
    GIVES(MPI_Type_create_indexed_block(1, -1, zero, MPI_INT, &type));
    GIVES(MPI_Type_create_hindexed_block(-1, 1, byte, MPI_INT, &type));
    GIVES(MPI_Type_create_struct(1, one, byte, none, &type));
    GIVES(MPI_Type_create_struct(1, minus, byte, none, &type));
    GIVES(MPI_Type_create_struct(-1, one, byte, none, &type));
    GIVES(MPI_Type_create_resized(MPI_DATATYPE_NULL, 0, 4, &type));
    GIVES(MPI_Type_create_subarray(1, one, one, one, MPI_ORDER_C, MPI_INT, &type));
    GIVES(MPI_Type_create_subarray(0, one, one, zero, MPI_ORDER_C, MPI_INT, &type));
    GIVES(MPI_Type_create_subarray(1, one, one, zero, 77, MPI_INT, &type));
    int distribution[1] = {MPI_DISTRIBUTE_BLOCK}, argument[1] = {MPI_DISTRIBUTE_DFLT_DARG};
    GIVES(MPI_Type_create_darray(1, 2, 1, one, distribution, argument, one, MPI_ORDER_C, MPI_INT, &type));
    GIVES(MPI_Type_dup(MPI_DATATYPE_NULL, &type));
    type = MPI_DATATYPE_NULL;
    GIVES(MPI_Type_commit(&type));
    GIVES(MPI_Type_free(&type));
    type = MPI_INT;
    GIVES(MPI_Type_commit(&type));
    GIVES(MPI_Type_free(&type));
    GIVES(MPI_Type_size(MPI_DATATYPE_NULL, &value));
    GIVES(MPI_Type_size(MPI_INT, NULL));
    GIVES(MPI_Type_get_extent(MPI_DATATYPE_NULL, &lb, &extent));
    GIVES(MPI_Type_get_true_extent(MPI_INT, NULL, &extent));
    GIVES(MPI_Type_get_envelope(MPI_DATATYPE_NULL, &value, one, zero, minus));
    GIVES(MPI_Type_get_contents(MPI_INT, 1, 1, 1, one, byte, none));
    GIVES(MPI_Type_get_contents(uncommitted, 0, 0, 0, one, byte, none));
    GIVES(MPI_Pack(buffer, -1, MPI_INT, other, 8, &position, self));
    GIVES(MPI_Pack(buffer, 1, MPI_DATATYPE_NULL, other, 8, &position, self));
    GIVES(MPI_Pack(buffer, 3, MPI_INT, other, 8, &position, self));
    GIVES(MPI_Pack(buffer, 1, uncommitted, other, 8, &position, self));
    GIVES(MPI_Pack(buffer, 1, MPI_INT, other, 8, &position, MPI_COMM_NULL));
    GIVES(MPI_Pack(buffer, 1, MPI_INT, other, 8, NULL, self));
    GIVES(MPI_Unpack(buffer, 8, &position, other, 3, MPI_INT, self));
    GIVES(MPI_Unpack(buffer, 8, &position, other, -3, MPI_INT, self));
    GIVES(MPI_Pack_size(-1, MPI_INT, self, &value));
    GIVES(MPI_Pack_size(1, MPI_DATATYPE_NULL, self, &value));
    GIVES(MPI_Pack_external("external32", buffer, -1, MPI_INT, other, 8, byte));
    GIVES(MPI_Type_set_name(MPI_DATATYPE_NULL, "x"));
    GIVES(MPI_Type_set_name(MPI_INT, NULL));
    GIVES(MPI_Type_match_size(77, 4, &type));
    GIVES(MPI_Type_match_size(MPI_TYPECLASS_REAL, 3, &type));
    GIVES(MPI_Get_address(buffer, NULL));
}

static void others(void)
{
    MPI_Info info = MPI_INFO_NULL;
    MPI_Errhandler handler = MPI_ERRHANDLER_NULL;
    int key = MPI_KEYVAL_INVALID, flag, tag_ub = MPI_TAG_UB;
    char value[8], *at = value, longer[MPI_MAX_INFO_KEY + 10];
    memset(longer, 'k', sizeof longer);
    longer[sizeof longer - 1] = 0;
    GIVES(MPI_Info_free(&info));
    GIVES(MPI_Info_set(MPI_INFO_NULL, "a", "b"));
    GIVES(MPI_Info_get(MPI_INFO_NULL, "a", 7, value, &flag));
    GIVES(MPI_Info_get_nkeys(MPI_INFO_NULL, &flag));
    GIVES(MPI_Info_dup(MPI_INFO_NULL, &info));
    GIVES(MPI_Info_create(NULL));
    GIVES(MPI_Info_create(&info));
    GIVES(MPI_Info_set(info, NULL, "b"));
    GIVES(MPI_Info_set(info, "", "b"));
    GIVES(MPI_Info_set(info, longer, "b"));
    GIVES(MPI_Info_set(info, "a", NULL));
    GIVES(MPI_Info_delete(info, "a"));
    GIVES(MPI_Info_get_nthkey(info, 0, value));
    GIVES(MPI_Info_get_nthkey(info, -1, value));
    GIVES(MPI_Info_free(&info));
    GIVES(MPI_Comm_free_keyval(&key));
    GIVES(MPI_Comm_set_attr(self, MPI_KEYVAL_INVALID, value));
    GIVES(MPI_Comm_get_attr(self, MPI_KEYVAL_INVALID, &at, &flag));
    GIVES(MPI_Comm_delete_attr(self, MPI_KEYVAL_INVALID));
    GIVES(MPI_Comm_set_attr(MPI_COMM_WORLD, tag_ub, value));
    GIVES(MPI_Comm_delete_attr(MPI_COMM_WORLD, tag_ub));
    GIVES(MPI_Comm_free_keyval(&tag_ub));
    GIVES(MPI_Comm_get_attr(MPI_COMM_NULL, MPI_TAG_UB, &at, &flag));
    GIVES(MPI_Type_set_attr(MPI_DATATYPE_NULL, 3, value));
    GIVES(MPI_Errhandler_free(&handler));
    GIVES(MPI_Comm_create_errhandler(NULL, &handler));
    GIVES(MPI_Error_class(-1, &flag));
    GIVES(MPI_Error_class(0, NULL));
    GIVES(MPI_Error_string(0, NULL, &flag));
    GIVES(MPI_Add_error_code(-1, &flag));
    GIVES(MPI_Add_error_string(MPI_ERR_ARG, "x"));
    GIVES(MPI_Remove_error_class(MPI_ERR_ARG));
    GIVES(MPI_Alloc_mem(-1, MPI_INFO_NULL, &at));
    GIVES(MPI_Initialized(NULL));
    GIVES(MPI_Init(NULL, NULL));
    GIVES(MPI_Get_version(NULL, &flag));
    GIVES(MPI_Get_processor_name(value, NULL));
    GIVES(MPI_Query_thread(NULL));
    GIVES(MPI_Keyval_free(&key));
}

int main(void)
{
    begin();
    MPI_Comm_dup(MPI_COMM_SELF, &self);
    if (size > 1) {
        int side = rank < size / 2;
        MPI_Comm half;
        MPI_Comm_split(MPI_COMM_WORLD, side, 0, &half);
        MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, side ? size / 2 : 0, 1, &between);
        MPI_Comm_free(&half);
    } else {
        between = MPI_COMM_NULL;
    }
    MPI_Type_contiguous(1, MPI_INT, &uncommitted);
    messages();
    requests();
    collectives();
    communicators();
    topologies();
    datatypes();
    others();
    MPI_Type_free(&uncommitted);
    MPI_Comm_free(&self);
    if (between != MPI_COMM_NULL)
        MPI_Comm_free(&between);
    return end();
}
