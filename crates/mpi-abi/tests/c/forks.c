/* Children of a rank: copies that only compute, that try to communicate, that end in every way, and other programs. The rank and
 * the job go on as if there had been none. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int failures, rank, size;

static void expect(int holds, const char *what)
{
    if (!holds) {
        printf("rank %d: %s\n", rank, what);
        fflush(stdout);
        failures++;
    }
}

static void exchange(void)
{
    static double out[40000], in[40000];
    int right = (rank + 1) % size, left = (rank + size - 1) % size, sum = 0;
    for (int i = 0; i < 40000; i++)
        out[i] = rank + i;
    MPI_Sendrecv(out, 40000, MPI_DOUBLE, right, 3, in, 40000, MPI_DOUBLE, left, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    expect(in[0] == left && in[39999] == left + 39999 && sum == size * (size - 1) / 2, "messages are wrong");
}

/* What a copy may do: everything but communicate. */
static int tries(void)
{
    int value = 1, flag = 0, code, class = 0, wrong = 0;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Initialized(&flag);
    wrong += !flag;
    code = MPI_Send(&value, 1, MPI_INT, (rank + 1) % size, 5, MPI_COMM_WORLD);
    MPI_Error_class(code, &class);
    wrong += code == MPI_SUCCESS;
    wrong += MPI_Recv(&value, 1, MPI_INT, MPI_ANY_SOURCE, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE) == MPI_SUCCESS;
    /* A collective of one rank is no communication. */
    if (size > 1) {
        MPI_Comm copy;
        wrong += MPI_Barrier(MPI_COMM_WORLD) == MPI_SUCCESS;
        wrong += MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD) == MPI_SUCCESS;
        wrong += MPI_Comm_dup(MPI_COMM_WORLD, &copy) == MPI_SUCCESS;
    }
    wrong += MPI_Finalize() != MPI_SUCCESS;
    MPI_Finalized(&flag);
    return wrong + !flag;
}

static int status_of(pid_t pid)
{
    int status = -1;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    exchange();
    /* Something is under way over all of this. */
    double incoming[1000], outgoing[1000] = {rank + 0.5};
    MPI_Request requests[2];
    MPI_Irecv(incoming, 1000, MPI_DOUBLE, (rank + size - 1) % size, 8, MPI_COMM_WORLD, &requests[0]);

    pid_t pid = fork();
    if (pid == 0)
        _exit(3);
    expect(status_of(pid) == 3, "a copy that ends at once");

    fflush(stdout);
    if ((pid = fork()) == 0)
        exit(4);
    expect(status_of(pid) == 4, "a copy that runs its exit handlers");
    exchange();

    if ((pid = fork()) == 0)
        exit(tries());
    expect(status_of(pid) == 0, "a copy's calls are errors, and its end is none");
    exchange();

    /* Without a handler of its own the copy ends, and only the copy. */
    if ((pid = fork()) == 0) {
        close(2);
        MPI_Send(&rank, 1, MPI_INT, rank, 5, MPI_COMM_WORLD);
        _exit(0);
    }
    int status = status_of(pid);
    expect(status > 0 && status < 256, "a copy ends by its error");
    exchange();

    if ((pid = fork()) == 0)
        abort();
    expect(status_of(pid) > 1000, "a copy that is killed");
    exchange();

    if ((pid = fork()) == 0) {
        execl("/bin/sh", "sh", "-c", "exit 5", (char *) NULL);
        _exit(99);
    }
    expect(status_of(pid) == 5, "another program");
    expect(system("exit 6") == 6 << 8, "system()");
    char line[16] = "";
    FILE *pipe = popen("echo through", "r");
    expect(pipe && fgets(line, sizeof line, pipe) && strcmp(line, "through\n") == 0, "popen()");
    expect(pipe && pclose(pipe) == 0, "pclose()");

    MPI_Isend(outgoing, 1000, MPI_DOUBLE, (rank + 1) % size, 8, MPI_COMM_WORLD, &requests[1]);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    expect(incoming[0] == (rank + size - 1) % size + 0.5, "what was under way");
    exchange();
    MPI_Finalize();
    if (rank == 0 || failures)
        printf("%d failures\n", failures);
    return failures != 0;
}
