/* Handles that are none: null, invented, freed, of constants that mean something else; in functions of every group. All of them are refused
 * with their class, and none does harm. */
#include "expect.h"
#include <stdint.h>
#include <string.h>

#define REFUSED(class, call)                                                                                       \
    do {                                                                                                           \
        int given = class_of(call);                                                                                \
        if (given != (class)) {                                                                                    \
            printf("line %d, handle %#lx: %s gave class %d instead of %d\n", __LINE__, (unsigned long)bad, #call,  \
                given, class);                                                                                     \
            failures++;                                                                                            \
        }                                                                                                          \
    } while (0)

/* Handles that nobody gave: 0, numbers of other constants, names beyond every table, of a slot that was never used, and any bits. */
static const uintptr_t invented[] = {0, 1, 2, 4095, 4096, 0x1ff, 0x300, 0x12345678, 0x7fffffff, 0x80000000, UINTPTR_MAX,
    (uintptr_t)1 << 40, 0x400000 + 0x3ffff0};

enum { INVENTED = sizeof invented / sizeof *invented };

static int value, list[64], flag;
static MPI_Aint address, addresses[8];
static MPI_Count large;
static MPI_Status status;
static MPI_Request request;
static char text[1024];

static void comms(uintptr_t bad)
{
    MPI_Comm comm = (MPI_Comm)bad, made;
    MPI_Group group;
    MPI_Info info;
    MPI_Message message;
    MPI_Errhandler handler;
    int class = MPI_ERR_COMM;
    REFUSED(class, MPI_Send(list, 1, MPI_INT, 0, 0, comm));
    REFUSED(class, MPI_Send_c(list, 1, MPI_INT, 0, 0, comm));
    REFUSED(class, MPI_Ssend(list, 1, MPI_INT, 0, 0, comm));
    REFUSED(class, MPI_Rsend(list, 1, MPI_INT, 0, 0, comm));
    REFUSED(class, MPI_Bsend(list, 1, MPI_INT, 0, 0, comm));
    REFUSED(class, MPI_Isend(list, 1, MPI_INT, 0, 0, comm, &request));
    REFUSED(class, MPI_Send_init(list, 1, MPI_INT, 0, 0, comm, &request));
    REFUSED(class, MPI_Recv(list, 1, MPI_INT, 0, 0, comm, &status));
    REFUSED(class, MPI_Irecv(list, 1, MPI_INT, 0, 0, comm, &request));
    REFUSED(class, MPI_Recv_init(list, 1, MPI_INT, 0, 0, comm, &request));
    REFUSED(class, MPI_Psend_init(list, 1, 1, MPI_INT, 0, 0, comm, MPI_INFO_NULL, &request));
    REFUSED(class, MPI_Precv_init(list, 1, 1, MPI_INT, 0, 0, comm, MPI_INFO_NULL, &request));
    REFUSED(class, MPI_Sendrecv(list, 1, MPI_INT, 0, 0, list, 1, MPI_INT, 0, 0, comm, &status));
    REFUSED(class, MPI_Isendrecv_replace(list, 1, MPI_INT, 0, 0, 0, 0, comm, &request));
    REFUSED(class, MPI_Probe(0, 0, comm, &status));
    REFUSED(class, MPI_Iprobe(0, 0, comm, &flag, &status));
    REFUSED(class, MPI_Mprobe(0, 0, comm, &message, &status));
    REFUSED(class, MPI_Comm_attach_buffer(comm, list, 100));
    REFUSED(class, MPI_Comm_detach_buffer(comm, &info, &value));
    REFUSED(class, MPI_Comm_flush_buffer(comm));
    REFUSED(class, MPI_Barrier(comm));
    REFUSED(class, MPI_Ibarrier(comm, &request));
    REFUSED(class, MPI_Barrier_init(comm, MPI_INFO_NULL, &request));
    REFUSED(class, MPI_Bcast(list, 1, MPI_INT, 0, comm));
    REFUSED(class, MPI_Gather(list, 1, MPI_INT, list, 1, MPI_INT, 0, comm));
    REFUSED(class, MPI_Gatherv(list, 1, MPI_INT, list, list, list, MPI_INT, 0, comm));
    REFUSED(class, MPI_Scatter(list, 1, MPI_INT, list, 1, MPI_INT, 0, comm));
    REFUSED(class, MPI_Allgather(list, 1, MPI_INT, list, 1, MPI_INT, comm));
    REFUSED(class, MPI_Alltoall(list, 1, MPI_INT, list, 1, MPI_INT, comm));
    REFUSED(class, MPI_Alltoallv(list, list, list, MPI_INT, list, list, list, MPI_INT, comm));
    REFUSED(class, MPI_Reduce(list, list + 1, 1, MPI_INT, MPI_SUM, 0, comm));
    REFUSED(class, MPI_Allreduce(list, list + 1, 1, MPI_INT, MPI_SUM, comm));
    REFUSED(class, MPI_Iallreduce(list, list + 1, 1, MPI_INT, MPI_SUM, comm, &request));
    REFUSED(class, MPI_Allreduce_init(list, list + 1, 1, MPI_INT, MPI_SUM, comm, MPI_INFO_NULL, &request));
    REFUSED(class, MPI_Scan(list, list + 1, 1, MPI_INT, MPI_SUM, comm));
    REFUSED(class, MPI_Exscan(list, list + 1, 1, MPI_INT, MPI_SUM, comm));
    REFUSED(class, MPI_Reduce_scatter_block(list, list + 1, 1, MPI_INT, MPI_SUM, comm));
    REFUSED(class, MPI_Neighbor_allgather(list, 1, MPI_INT, list, 1, MPI_INT, comm));
    REFUSED(class, MPI_Ineighbor_alltoall(list, 1, MPI_INT, list, 1, MPI_INT, comm, &request));
    REFUSED(class, MPI_Comm_rank(comm, &value));
    REFUSED(class, MPI_Comm_size(comm, &value));
    REFUSED(class, MPI_Comm_remote_size(comm, &value));
    REFUSED(class, MPI_Comm_test_inter(comm, &value));
    REFUSED(class, MPI_Comm_compare(comm, MPI_COMM_SELF, &value));
    REFUSED(class, MPI_Comm_compare(MPI_COMM_SELF, comm, &value));
    REFUSED(class, MPI_Comm_dup(comm, &made));
    REFUSED(class, MPI_Comm_idup(comm, &made, &request));
    REFUSED(class, MPI_Comm_dup_with_info(comm, MPI_INFO_NULL, &made));
    REFUSED(class, MPI_Comm_split(comm, 0, 0, &made));
    REFUSED(class, MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &made));
    REFUSED(class, MPI_Comm_create(comm, MPI_GROUP_EMPTY, &made));
    REFUSED(class, MPI_Comm_create_group(comm, MPI_GROUP_EMPTY, 0, &made));
    REFUSED(class, MPI_Intercomm_create(comm, 0, MPI_COMM_SELF, 0, 0, &made));
    REFUSED(class, MPI_Intercomm_merge(comm, 0, &made));
    made = comm;
    REFUSED(class, MPI_Comm_free(&made));
    made = comm;
    REFUSED(class, MPI_Comm_disconnect(&made));
    REFUSED(class, MPI_Comm_group(comm, &group));
    REFUSED(class, MPI_Comm_remote_group(comm, &group));
    REFUSED(class, MPI_Comm_set_name(comm, "x"));
    if (comm != MPI_COMM_NULL) REFUSED(class, MPI_Comm_get_name(comm, text, &value));
    REFUSED(class, MPI_Comm_get_info(comm, &info));
    REFUSED(class, MPI_Comm_set_info(comm, MPI_INFO_ENV));
    REFUSED(class, MPI_Comm_get_errhandler(comm, &handler));
    REFUSED(class, MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN));
    REFUSED(class, MPI_Comm_call_errhandler(comm, MPI_ERR_TAG));
    REFUSED(class, MPI_Comm_get_attr(comm, MPI_TAG_UB, &info, &flag));
    REFUSED(class, MPI_Comm_set_attr(comm, MPI_TAG_UB, &info));
    REFUSED(class, MPI_Comm_delete_attr(comm, MPI_TAG_UB));
    REFUSED(class, MPI_Topo_test(comm, &value));
    REFUSED(class, MPI_Cart_create(comm, 1, list, list, 0, &made));
    REFUSED(class, MPI_Cart_coords(comm, 0, 1, list));
    REFUSED(class, MPI_Cart_shift(comm, 0, 1, list, list));
    REFUSED(class, MPI_Cart_sub(comm, list, &made));
    REFUSED(class, MPI_Cart_map(comm, 1, list, list, &value));
    REFUSED(class, MPI_Graph_create(comm, 1, list, list, 0, &made));
    REFUSED(class, MPI_Graph_neighbors_count(comm, 0, &value));
    REFUSED(class, MPI_Dist_graph_neighbors_count(comm, &value, &value, &flag));
    REFUSED(class, MPI_Dist_graph_create_adjacent(comm, 0, list, list, 0, list, list, MPI_INFO_NULL, 0, &made));
    REFUSED(class, MPI_Pack(list, 1, MPI_INT, text, 100, &value, comm));
    REFUSED(class, MPI_Unpack(text, 100, &value, list, 1, MPI_INT, comm));
    REFUSED(class, MPI_Pack_size(1, MPI_INT, comm, &value));
}

static void types(uintptr_t bad)
{
    MPI_Datatype type = (MPI_Datatype)bad, made;
    int class = MPI_ERR_TYPE, one[1] = {1};
    REFUSED(class, MPI_Send(list, 1, type, 0, 0, MPI_COMM_SELF));
    REFUSED(class, MPI_Irecv(list, 1, type, 0, 0, MPI_COMM_SELF, &request));
    REFUSED(class, MPI_Psend_init(list, 1, 1, type, 0, 0, MPI_COMM_SELF, MPI_INFO_NULL, &request));
    REFUSED(class, MPI_Bcast(list, 1, type, 0, MPI_COMM_SELF));
    REFUSED(class, MPI_Gather(list, 1, type, list, 1, MPI_INT, 0, MPI_COMM_SELF));
    REFUSED(class, MPI_Gather(list, 1, MPI_INT, list, 1, type, 0, MPI_COMM_SELF));
    REFUSED(class, MPI_Alltoallw(list, one, list + 8, &type, list, one, list + 8, &type, MPI_COMM_SELF));
    REFUSED(class, MPI_Allreduce(list, list + 1, 1, type, MPI_SUM, MPI_COMM_SELF));
    REFUSED(class, MPI_Reduce_local(list, list + 1, 1, type, MPI_SUM));
    REFUSED(class, MPI_Type_contiguous(1, type, &made));
    REFUSED(class, MPI_Type_vector(1, 1, 1, type, &made));
    REFUSED(class, MPI_Type_create_hvector_c(1, 1, 1, type, &made));
    REFUSED(class, MPI_Type_indexed(1, one, one, type, &made));
    REFUSED(class, MPI_Type_create_hindexed_block(1, 1, addresses, type, &made));
    REFUSED(class, MPI_Type_create_struct(1, one, addresses, &type, &made));
    REFUSED(class, MPI_Type_create_subarray(1, one, one, list + 8, MPI_ORDER_C, type, &made));
    REFUSED(class, MPI_Type_create_resized(type, 0, 8, &made));
    REFUSED(class, MPI_Type_dup(type, &made));
    made = type;
    REFUSED(class, MPI_Type_commit(&made));
    made = type;
    REFUSED(class, MPI_Type_free(&made));
    REFUSED(class, MPI_Type_size(type, &value));
    REFUSED(class, MPI_Type_size_c(type, &large));
    REFUSED(class, MPI_Type_get_extent(type, &address, &address));
    REFUSED(class, MPI_Type_get_true_extent(type, &address, &address));
    REFUSED(class, MPI_Type_get_envelope(type, list, list, list, list));
    REFUSED(class, MPI_Type_get_contents(type, 1, 1, 1, list, addresses, &made));
    REFUSED(class, MPI_Type_set_name(type, "x"));
    if (type != MPI_DATATYPE_NULL) REFUSED(class, MPI_Type_get_name(type, text, &value));
    REFUSED(class, MPI_Type_get_attr(type, 5000, &made, &flag));
    REFUSED(class, MPI_Type_set_attr(type, 5000, &made));
    REFUSED(class, MPI_Get_count(&status, type, &value));
    REFUSED(class, MPI_Get_elements(&status, type, &value));
    REFUSED(class, MPI_Status_set_elements(&status, type, 1));
    REFUSED(class, MPI_Pack(list, 1, type, text, 100, &value, MPI_COMM_SELF));
    REFUSED(class, MPI_Pack_external_size("external32", 1, type, &address));
    REFUSED(class, MPI_Unpack_external("external32", text, 100, &address, list, 1, type));
}

static void groups(uintptr_t bad)
{
    MPI_Group group = (MPI_Group)bad, made;
    MPI_Comm comm;
    int class = MPI_ERR_GROUP, range[1][3] = {{0, 0, 1}};
    REFUSED(class, MPI_Group_size(group, &value));
    REFUSED(class, MPI_Group_rank(group, &value));
    REFUSED(class, MPI_Group_compare(group, MPI_GROUP_EMPTY, &value));
    REFUSED(class, MPI_Group_compare(MPI_GROUP_EMPTY, group, &value));
    REFUSED(class, MPI_Group_union(group, MPI_GROUP_EMPTY, &made));
    REFUSED(class, MPI_Group_intersection(MPI_GROUP_EMPTY, group, &made));
    REFUSED(class, MPI_Group_difference(group, group, &made));
    REFUSED(class, MPI_Group_incl(group, 1, list + 8, &made));
    REFUSED(class, MPI_Group_excl(group, 1, list + 8, &made));
    REFUSED(class, MPI_Group_range_incl(group, 1, range, &made));
    REFUSED(class, MPI_Group_translate_ranks(group, 1, list + 8, MPI_GROUP_EMPTY, list));
    made = group;
    REFUSED(class, MPI_Group_free(&made));
    REFUSED(class, MPI_Comm_create(MPI_COMM_SELF, group, &comm));
    REFUSED(class, MPI_Comm_create_group(MPI_COMM_SELF, group, 0, &comm));
    REFUSED(class, MPI_Comm_create_from_group(group, "t", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm));
    REFUSED(class, MPI_Intercomm_create_from_groups(group, 0, group, 0, "t", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm));
}

static void operators(uintptr_t bad)
{
    MPI_Op op = (MPI_Op)bad;
    int class = MPI_ERR_OP, one[1] = {1};
    REFUSED(class, MPI_Reduce(list, list + 1, 1, MPI_INT, op, 0, MPI_COMM_SELF));
    REFUSED(class, MPI_Allreduce(list, list + 1, 1, MPI_INT, op, MPI_COMM_SELF));
    REFUSED(class, MPI_Iallreduce(list, list + 1, 1, MPI_INT, op, MPI_COMM_SELF, &request));
    REFUSED(class, MPI_Allreduce_init(list, list + 1, 1, MPI_INT, op, MPI_COMM_SELF, MPI_INFO_NULL, &request));
    REFUSED(class, MPI_Reduce_scatter(list, list + 1, one, MPI_INT, op, MPI_COMM_SELF));
    REFUSED(class, MPI_Reduce_scatter_block(list, list + 1, 1, MPI_INT, op, MPI_COMM_SELF));
    REFUSED(class, MPI_Scan(list, list + 1, 1, MPI_INT, op, MPI_COMM_SELF));
    REFUSED(class, MPI_Exscan(list, list + 1, 1, MPI_INT, op, MPI_COMM_SELF));
    REFUSED(class, MPI_Reduce_local(list, list + 1, 1, MPI_INT, op));
    REFUSED(class, MPI_Op_commutative(op, &value));
    REFUSED(class, MPI_Op_free(&op));
}

static void requests(uintptr_t bad, int is_null)
{
    MPI_Request own = (MPI_Request)bad, both[2] = {MPI_REQUEST_NULL, own};
    int class = MPI_ERR_REQUEST;
    if (!is_null) {
        REFUSED(class, MPI_Wait(&own, &status));
        REFUSED(class, MPI_Test(&own, &flag, &status));
        REFUSED(class, MPI_Waitall(2, both, MPI_STATUSES_IGNORE));
        REFUSED(class, MPI_Testall(2, both, &flag, MPI_STATUSES_IGNORE));
        REFUSED(class, MPI_Waitany(2, both, &value, &status));
        REFUSED(class, MPI_Testany(2, both, &value, &flag, &status));
        REFUSED(class, MPI_Waitsome(2, both, &value, list, MPI_STATUSES_IGNORE));
        REFUSED(class, MPI_Testsome(2, both, &value, list, MPI_STATUSES_IGNORE));
        REFUSED(class, MPI_Request_get_status(own, &flag, &status));
        REFUSED(class, MPI_Request_get_status_all(2, both, &flag, MPI_STATUSES_IGNORE));
        REFUSED(class, MPI_Request_get_status_any(2, both, &value, &flag, &status));
        REFUSED(class, MPI_Parrived(own, 0, &flag));
    } else {
        /* MPI 5.0 4.2.2: of the null request all has arrived. */
        flag = 0;
        EXPECT(MPI_Parrived(own, 0, &flag) == MPI_SUCCESS && flag == 1);
    }
    REFUSED(class, MPI_Start(&own));
    REFUSED(class, MPI_Startall(1, &own));
    REFUSED(class, MPI_Cancel(&own));
    REFUSED(class, MPI_Request_free(&own));
    REFUSED(class, MPI_Grequest_complete(own));
    REFUSED(class, MPI_Pready(0, own));
    REFUSED(class, MPI_Pready_list(1, list + 8, own));
    EXPECT(own == (MPI_Request)bad);
}

static void messages(uintptr_t bad)
{
    MPI_Message message = (MPI_Message)bad;
    REFUSED(MPI_ERR_REQUEST, MPI_Mrecv(list, 1, MPI_INT, &message, &status));
    REFUSED(MPI_ERR_REQUEST, MPI_Imrecv(list, 1, MPI_INT, &message, &request));
}

static void infos(uintptr_t bad, int is_null)
{
    MPI_Info info = (MPI_Info)bad, made;
    int class = MPI_ERR_INFO, room = 4;
    MPI_Comm comm;
    REFUSED(class, MPI_Info_set(info, "k", "v"));
    REFUSED(class, MPI_Info_delete(info, "k"));
    REFUSED(class, MPI_Info_get(info, "k", 4, text, &flag));
    REFUSED(class, MPI_Info_get_string(info, "k", &room, text, &flag));
    REFUSED(class, MPI_Info_get_valuelen(info, "k", &value, &flag));
    REFUSED(class, MPI_Info_get_nkeys(info, &value));
    REFUSED(class, MPI_Info_get_nthkey(info, 0, text));
    REFUSED(class, MPI_Info_dup(info, &made));
    made = info;
    REFUSED(class, MPI_Info_free(&made));
    REFUSED(class, MPI_Comm_set_info(MPI_COMM_SELF, info));
    if (is_null)
        return;
    REFUSED(class, MPI_Comm_dup_with_info(MPI_COMM_SELF, info, &comm));
    REFUSED(class, MPI_Comm_split_type(MPI_COMM_SELF, MPI_COMM_TYPE_SHARED, 0, info, &comm));
    REFUSED(class, MPI_Barrier_init(MPI_COMM_SELF, info, &request));
    REFUSED(class, MPI_Alloc_mem(8, info, &made));
    REFUSED(class, MPI_Psend_init(list, 1, 1, MPI_INT, 0, 0, MPI_COMM_SELF, info, &request));
    MPI_Session session;
    REFUSED(class, MPI_Session_init(info, MPI_ERRORS_RETURN, &session));
}

static void handlers(uintptr_t bad)
{
    MPI_Errhandler handler = (MPI_Errhandler)bad;
    MPI_Session session;
    MPI_Comm comm;
    int class = MPI_ERR_ERRHANDLER;
    REFUSED(class, MPI_Comm_set_errhandler(MPI_COMM_SELF, handler));
    REFUSED(class, MPI_File_set_errhandler(MPI_FILE_NULL, handler));
    REFUSED(class, MPI_Session_init(MPI_INFO_NULL, handler, &session));
    REFUSED(class, MPI_Comm_create_from_group(MPI_GROUP_EMPTY, "t", MPI_INFO_NULL, handler, &comm));
    REFUSED(class, MPI_Errhandler_free(&handler));
}

static void sessions(uintptr_t bad)
{
    MPI_Session session = (MPI_Session)bad;
    MPI_Info info;
    MPI_Group group;
    MPI_Errhandler handler;
    int class = MPI_ERR_SESSION;
    REFUSED(class, MPI_Session_get_info(session, &info));
    REFUSED(class, MPI_Session_get_num_psets(session, MPI_INFO_NULL, &value));
    value = sizeof text;
    REFUSED(class, MPI_Session_get_nth_pset(session, MPI_INFO_NULL, 0, &value, text));
    REFUSED(class, MPI_Session_get_pset_info(session, "mpi://WORLD", &info));
    REFUSED(class, MPI_Group_from_session_pset(session, "mpi://WORLD", &group));
    REFUSED(class, MPI_Session_get_errhandler(session, &handler));
    REFUSED(class, MPI_Session_set_errhandler(session, MPI_ERRORS_RETURN));
    REFUSED(class, MPI_Session_call_errhandler(session, MPI_ERR_TAG));
    REFUSED(class, MPI_Session_attach_buffer(session, list, 100));
    REFUSED(class, MPI_Session_flush_buffer(session));
    REFUSED(class, MPI_Session_iflush_buffer(session, &request));
    REFUSED(class, MPI_Session_finalize(&session));
}

static void keys(int key)
{
    uintptr_t bad = (uintptr_t)(unsigned)key;
    int own = key, class = MPI_ERR_KEYVAL;
    REFUSED(class, MPI_Comm_set_attr(MPI_COMM_SELF, key, &value));
    REFUSED(class, MPI_Comm_get_attr(MPI_COMM_SELF, key, &address, &flag));
    REFUSED(class, MPI_Comm_delete_attr(MPI_COMM_SELF, key));
    REFUSED(class, MPI_Comm_free_keyval(&own));
    REFUSED(class, MPI_Type_set_attr(MPI_INT, key, &value));
    REFUSED(class, MPI_Type_get_attr(MPI_INT, key, &address, &flag));
    REFUSED(class, MPI_Type_free_keyval(&own));
}

static void files_and_windows(uintptr_t bad)
{
    MPI_Errhandler handler;
    REFUSED(MPI_ERR_FILE, MPI_File_get_errhandler((MPI_File)bad, &handler));
    REFUSED(MPI_ERR_FILE, MPI_File_call_errhandler((MPI_File)bad, MPI_ERR_TAG));
    REFUSED(MPI_ERR_WIN, MPI_Win_call_errhandler((MPI_Win)bad, MPI_ERR_TAG));
}

static void add(void *left, void *right, int *count, MPI_Datatype *type)
{
    (void)left, (void)right, (void)count, (void)type;
}

static void see(MPI_Comm *comm, int *code, ...)
{
    (void)comm, (void)code;
}

/* Handles that were good, and are freed: their slots are empty, or have another object by now. */
static void freed(void)
{
    MPI_Comm comm, comm_now;
    MPI_Datatype type, type_now;
    MPI_Group group, group_now;
    MPI_Op op, op_now;
    MPI_Info info, info_now;
    MPI_Errhandler handler, handler_now;
    MPI_Session session, session_now;
    MPI_Request own, own_now;
    MPI_Message message, message_now;
    int key, key_now;
    for (int again = 0; again < 2; again++) {
        MPI_Comm_dup(MPI_COMM_SELF, &comm);
        MPI_Type_contiguous(3, MPI_INT, &type);
        MPI_Comm_group(MPI_COMM_SELF, &group);
        MPI_Op_create(add, 1, &op);
        MPI_Info_create(&info);
        MPI_Comm_create_errhandler(see, &handler);
        MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session);
        MPI_Recv_init(list, 1, MPI_INT, 0, 0, MPI_COMM_SELF, &own);
        MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, MPI_COMM_NULL_DELETE_FN, &key, NULL);
        MPI_Send(list, 1, MPI_INT, 0, 0, MPI_COMM_SELF);
        MPI_Mprobe(0, 0, MPI_COMM_SELF, &message, &status);
        comm_now = comm, type_now = type, group_now = group, op_now = op, info_now = info, handler_now = handler;
        session_now = session, own_now = own, message_now = message, key_now = key;
        MPI_Comm_free(&comm_now);
        MPI_Type_free(&type_now);
        MPI_Group_free(&group_now);
        MPI_Op_free(&op_now);
        MPI_Info_free(&info_now);
        MPI_Errhandler_free(&handler_now);
        MPI_Session_finalize(&session_now);
        MPI_Request_free(&own_now);
        MPI_Mrecv(list, 1, MPI_INT, &message_now, &status);
        MPI_Comm_free_keyval(&key_now);
        comms((uintptr_t)comm);
        types((uintptr_t)type);
        groups((uintptr_t)group);
        operators((uintptr_t)op);
        infos((uintptr_t)info, 0);
        handlers((uintptr_t)handler);
        sessions((uintptr_t)session);
        requests((uintptr_t)own, 0);
        messages((uintptr_t)message);
        keys(key);
    }
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    for (int at = 0; at < INVENTED; at++) {
        uintptr_t bad = invented[at];
        comms(bad);
        types(bad);
        groups(bad);
        operators(bad);
        requests(bad, 0);
        messages(bad);
        infos(bad, 0);
        handlers(bad);
        sessions(bad);
        files_and_windows(bad);
        keys((int)bad);
    }
    comms((uintptr_t)MPI_COMM_NULL);
    types((uintptr_t)MPI_DATATYPE_NULL);
    groups((uintptr_t)MPI_GROUP_NULL);
    operators((uintptr_t)MPI_OP_NULL);
    requests((uintptr_t)MPI_REQUEST_NULL, 1);
    messages((uintptr_t)MPI_MESSAGE_NULL);
    infos((uintptr_t)MPI_INFO_NULL, 1);
    handlers((uintptr_t)MPI_ERRHANDLER_NULL);
    sessions((uintptr_t)MPI_SESSION_NULL);
    keys(MPI_KEYVAL_INVALID);
    freed();
    MPI_Finalize();
    printf("%d failures\n", failures);
    return failures != 0;
}
