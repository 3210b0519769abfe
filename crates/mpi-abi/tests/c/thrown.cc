// Error handlers that throw, and that jump out: no lock is held, nothing is lost, and the next call works.
#include <csetjmp>
#include <cstdio>
#include <mpi.h>
#include <string>

struct Wrong {
    int code;
    std::string call;
};

static std::jmp_buf back;

static void thrower(MPI_Comm *, int *code, ...)
{
    throw Wrong{*code, "a call"};
}

static void jumper(MPI_Comm *, int *code, ...)
{
    std::longjmp(back, *code);
}

static int failures = 0;

static void expect(bool holds, const char *what)
{
    if (!holds) {
        std::printf("%s\n", what);
        failures++;
    }
}

static void exchange(int rank, int size)
{
    int right = (rank + 1) % size, left = (rank + size - 1) % size, token = -1, sum = 0;
    MPI_Sendrecv(&rank, 1, MPI_INT, right, 3, &token, 1, MPI_INT, left, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    expect(token == left && sum == size * (size - 1) / 2, "messages are wrong");
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    int rank, size, value = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Errhandler throws, jumps;
    MPI_Comm_create_errhandler(thrower, &throws);
    MPI_Comm_create_errhandler(jumper, &jumps);

    MPI_Comm_set_errhandler(MPI_COMM_WORLD, throws);
    for (int round = 0; round < 1000; round++) {
        bool caught = false;
        try {
            switch (round % 4) {
            case 0: MPI_Send(&value, 1, MPI_INT, size, 0, MPI_COMM_WORLD); break;
            case 1: MPI_Bcast(&value, 1, MPI_DATATYPE_NULL, 0, MPI_COMM_WORLD); break;
            case 2: {
                MPI_Request request;
                MPI_Irecv(&value, -1, MPI_INT, 0, 0, MPI_COMM_WORLD, &request);
                break;
            }
            default: MPI_Comm_call_errhandler(MPI_COMM_WORLD, MPI_ERR_OTHER);
            }
        } catch (const Wrong &wrong) {
            int code = MPI_ERR_OTHER;
            const int expected[] = {MPI_ERR_RANK, MPI_ERR_TYPE, MPI_ERR_COUNT, MPI_ERR_OTHER};
            MPI_Error_class(wrong.code, &code);
            caught = code == expected[round % 4];
        }
        expect(caught, "nothing was thrown, or something else");
        if (round % 100 == 0)
            exchange(rank, size);
    }

    // A message that is too long for its receive is noticed in the midst of a wait.
    if (size > 1 && rank < 2) {
        int two[2] = {1, 2};
        MPI_Status status;
        bool caught = false;
        if (rank == 0)
            MPI_Send(two, 2, MPI_INT, 1, 9, MPI_COMM_WORLD);
        else
            try {
                MPI_Recv(&value, 1, MPI_INT, 0, 9, MPI_COMM_WORLD, &status);
            } catch (const Wrong &wrong) {
                int code;
                MPI_Error_class(wrong.code, &code);
                caught = code == MPI_ERR_TRUNCATE;
            }
        expect(caught == (rank == 1), "the truncation was not thrown");
    }
    exchange(rank, size);

    MPI_Comm_set_errhandler(MPI_COMM_WORLD, jumps);
    volatile int jumped = 0;
    for (volatile int round = 0; round < 1000; round = round + 1) {
        if (setjmp(back) == 0)
            MPI_Barrier(MPI_COMM_NULL == MPI_COMM_WORLD ? MPI_COMM_SELF : (MPI_Send(&value, 1, MPI_INT, -9, 0, MPI_COMM_WORLD), MPI_COMM_WORLD));
        else
            jumped = jumped + 1;
    }
    expect(jumped == 1000, "not every error jumped");
    exchange(rank, size);
    MPI_Errhandler_free(&throws);
    MPI_Errhandler_free(&jumps);
    MPI_Finalize();
    if (rank == 0 || failures)
        std::printf("%d failures\n", failures);
    return failures != 0;
}
