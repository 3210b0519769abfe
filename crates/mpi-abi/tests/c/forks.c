/* Children of a rank: copies that only compute, that try to communicate, that end in every way, and other programs. The rank and
 * the job go on as if there had been none. */
#include <mpi.h>
#include <pthread.h>
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

/* What a copy may do: everything but communicate. What was under way is lost to it. */
static int tries(MPI_Request incoming, MPI_Request outgoing, MPI_Comm other)
{
    int value = 1, flag = 0, code, class = 0, wrong = 0;
    MPI_Message message;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Initialized(&flag);
    wrong += !flag;
    code = MPI_Send(&value, 1, MPI_INT, (rank + 1) % size, 5, MPI_COMM_WORLD);
    MPI_Error_class(code, &class);
    wrong += code == MPI_SUCCESS;
    wrong += MPI_Recv(&value, 1, MPI_INT, MPI_ANY_SOURCE, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE) == MPI_SUCCESS;
    MPI_Comm_set_errhandler(other, MPI_ERRORS_RETURN);
    for (int i = 0; i < 100; i++) {
        flag = 0;
        code = MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE);
        wrong += code == MPI_SUCCESS && flag;
        code = MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, other, &flag, &message, MPI_STATUS_IGNORE);
        wrong += code == MPI_SUCCESS && flag;
    }
    flag = 0;
    MPI_Request all[2] = {incoming, outgoing};
    MPI_Cancel(&all[0]);
    wrong += MPI_Test(&all[0], &flag, MPI_STATUS_IGNORE) == MPI_SUCCESS;
    wrong += MPI_Waitany(1, &all[1], &value, MPI_STATUS_IGNORE) == MPI_SUCCESS;
    wrong += MPI_Comm_free(&other) != MPI_SUCCESS;
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

/* A thread that waits over all of this: mostly it holds what a copy finds held for ever. */
static void *waits(void *unused)
{
    int value = -1;
    MPI_Recv(&value, 1, MPI_INT, MPI_ANY_SOURCE, 99, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    expect(value == 99, "what a thread waited for");
    return unused;
}

static int status_of(pid_t pid)
{
    int status = -1;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    int provided;
    pthread_t thread;
    MPI_Init_thread(&argc, &argv, argc > 1 ? MPI_THREAD_MULTIPLE : MPI_THREAD_SINGLE, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    exchange();
    if (argc > 1)
        pthread_create(&thread, NULL, waits, NULL);
    /* Something is under way over all of this. */
    double incoming[1000], outgoing[1000] = {rank + 0.5};
    MPI_Request requests[2], taken;
    MPI_Comm other;
    static double announced[200000], received[200000];
    int right = (rank + 1) % size, left = (rank + size - 1) % size;
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

    /* Announced and not taken; and messages that wait to be looked at. */
    MPI_Comm_dup(MPI_COMM_WORLD, &other);
    MPI_Barrier(other);
    announced[0] = rank + 0.25;
    MPI_Isend(announced, 200000, MPI_DOUBLE, right, 9, MPI_COMM_WORLD, &taken);
    MPI_Send(&rank, 1, MPI_INT, right, 10, other);
    if ((pid = fork()) == 0)
        exit(tries(requests[0], taken, other));
    expect(status_of(pid) == 0, "a copy's calls are errors, and its end is none");
    MPI_Recv(received, 200000, MPI_DOUBLE, left, 9, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Wait(&taken, MPI_STATUS_IGNORE);
    expect(received[0] == left + 0.25, "what had been announced");
    int told = -1;
    MPI_Recv(&told, 1, MPI_INT, left, 10, other, MPI_STATUS_IGNORE);
    expect(told == left, "what had come");
    MPI_Comm_free(&other);
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
    if (argc > 1) {
        MPI_Send(&(int){99}, 1, MPI_INT, right, 99, MPI_COMM_WORLD);
        pthread_join(thread, NULL);
    }
    MPI_Finalize();
    if (rank == 0 || failures)
        printf("%d failures\n", failures);
    return failures != 0;
}
