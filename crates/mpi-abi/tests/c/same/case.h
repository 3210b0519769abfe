/* What these programs share. Each prints lines that every MPI must print alike: `case: value`, in order of rank. */
#include <limits.h>
#include <mpi.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNUSED __attribute__((unused))

static int rank UNUSED, size UNUSED;
static char *said;
static size_t said_bytes, said_room;

/* One case. Where a program doesn't come to its end, CASES_NOW in the environment shows how far it came. */
static void UNUSED __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
    va_list values;
    if (said_room - said_bytes < 4096)
        said = realloc(said, said_room = said_room * 2 + 65536);
    va_start(values, format);
    said_bytes += vsnprintf(said + said_bytes, 4000, format, values);
    va_end(values);
    said[said_bytes++] = '\n';
    if (getenv("CASES_NOW")) {
        fwrite(said, 1, said_bytes, stdout);
        fflush(stdout);
        said_bytes = 0;
    }
}

#define ERRORS \
    X(ERR_BUFFER) X(ERR_COUNT) X(ERR_TYPE) X(ERR_TAG) X(ERR_COMM) X(ERR_RANK) X(ERR_REQUEST) X(ERR_ROOT) \
    X(ERR_GROUP) X(ERR_OP) X(ERR_TOPOLOGY) X(ERR_DIMS) X(ERR_ARG) X(ERR_UNKNOWN) X(ERR_TRUNCATE) X(ERR_OTHER) \
    X(ERR_INTERN) X(ERR_PENDING) X(ERR_IN_STATUS) X(ERR_ACCESS) X(ERR_AMODE) X(ERR_ASSERT) X(ERR_BAD_FILE) \
    X(ERR_BASE) X(ERR_CONVERSION) X(ERR_DISP) X(ERR_DUP_DATAREP) X(ERR_FILE_EXISTS) X(ERR_FILE_IN_USE) \
    X(ERR_FILE) X(ERR_INFO_KEY) X(ERR_INFO_NOKEY) X(ERR_INFO_VALUE) X(ERR_INFO) X(ERR_IO) X(ERR_KEYVAL) \
    X(ERR_LOCKTYPE) X(ERR_NAME) X(ERR_NO_MEM) X(ERR_NOT_SAME) X(ERR_NO_SPACE) X(ERR_NO_SUCH_FILE) X(ERR_PORT) \
    X(ERR_QUOTA) X(ERR_READ_ONLY) X(ERR_RMA_ATTACH) X(ERR_RMA_CONFLICT) X(ERR_RMA_RANGE) X(ERR_RMA_SHARED) \
    X(ERR_RMA_SYNC) X(ERR_SERVICE) X(ERR_SIZE) X(ERR_SPAWN) X(ERR_UNSUPPORTED_DATAREP) \
    X(ERR_UNSUPPORTED_OPERATION) X(ERR_WIN) X(ERR_RMA_FLAVOR) X(ERR_PROC_ABORTED) X(ERR_VALUE_TOO_LARGE) \
    X(ERR_SESSION) X(ERR_ERRHANDLER) X(ERR_ABI)

/* The name of a code's class. */
static const char UNUSED *class_of(int code)
{
    static const struct {
        int number;
        const char *name;
    } classes[] = {{MPI_SUCCESS, "SUCCESS"},
#define X(name) {MPI_##name, #name},
                   ERRORS
#undef X
    };
    int class = -1;
    MPI_Error_class(code, &class);
    for (size_t at = 0; at < sizeof classes / sizeof *classes; at++)
        if (classes[at].number == class)
            return classes[at].name;
    return "another";
}

/* What a call gives. */
#define GIVES(call) say("%s: %s", #call, class_of(call))

static void UNUSED begin(void)
{
    MPI_Init(NULL, NULL);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
}

static void print(const char *text, int from)
{
    for (const char *end; (end = strchr(text, '\n')); text = end + 1)
        printf("%d %.*s\n", from, (int) (end - text), text);
}

static int UNUSED end(void)
{
    say("end");
    said[said_bytes++] = 0;
    if (rank) {
        MPI_Send(said, (int) said_bytes, MPI_CHAR, 0, 31000, MPI_COMM_WORLD);
    } else {
        print(said, 0);
        for (int from = 1; from < size; from++) {
            MPI_Status status;
            int bytes;
            MPI_Probe(from, 31000, MPI_COMM_WORLD, &status);
            MPI_Get_count(&status, MPI_CHAR, &bytes);
            char *text = malloc(bytes);
            MPI_Recv(text, bytes, MPI_CHAR, from, 31000, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            print(text, from);
            free(text);
        }
    }
    MPI_Finalize();
    return 0;
}

/* Numbers that look random, the same everywhere. */
static uint64_t seed = 1;

static unsigned UNUSED draw(unsigned below)
{
    seed += 0x9e3779b97f4a7c15;
    uint64_t word = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9;
    word = (word ^ word >> 27) * 0x94d049bb133111eb;
    return (unsigned) ((word ^ word >> 31) % below);
}

static unsigned UNUSED hash(const void *bytes, size_t count)
{
    unsigned sum = 2166136261u;
    for (size_t at = 0; at < count; at++)
        sum = (sum ^ ((const unsigned char *) bytes)[at]) * 16777619u;
    return sum;
}
