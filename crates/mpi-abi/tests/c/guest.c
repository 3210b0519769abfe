/* What a library must leave alone in somebody else's process: signals, floating-point flags, the environment, descriptors, limits,
 * standard output; and how much stack it may use. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <mpi.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

extern char **environ;
static int failures, rank, size;

static void expect(int holds, const char *what, const char *when)
{
    if (!holds) {
        fprintf(stderr, "rank %d, %s: %s\n", rank, when, what);
        failures++;
    }
}

struct picture {
    void *handlers[65];
    sigset_t mask;
    char environment[65536];
    char **environ;
    char directory[4096];
    char locale[256];
    mode_t mask_of_files;
    struct rlimit limits[RLIM_NLIMITS];
    struct itimerval timer;
    int open_over_exec;
};

/* Descriptors that a program started from here would inherit. */
static int inherited(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) {
        int flags = fcntl(fd, F_GETFD);
        count += flags >= 0 && !(flags & FD_CLOEXEC);
    }
    return count;
}

static void take(struct picture *now)
{
    memset(now, 0, sizeof *now);
    for (int signal = 1; signal <= 64; signal++) {
        struct sigaction action;
        if (sigaction(signal, NULL, &action) == 0)
            now->handlers[signal] = (void *) action.sa_handler;
    }
    pthread_sigmask(SIG_BLOCK, NULL, &now->mask);
    now->environ = environ;
    size_t at = 0;
    for (char **entry = environ; *entry && at + strlen(*entry) + 2 < sizeof now->environment; entry++)
        at += sprintf(now->environment + at, "%s\n", *entry);
    if (!getcwd(now->directory, sizeof now->directory))
        now->directory[0] = '?';
    strncpy(now->locale, setlocale(LC_ALL, NULL), sizeof now->locale - 1);
    now->mask_of_files = umask(0);
    umask(now->mask_of_files);
    for (int limit = 0; limit < RLIM_NLIMITS; limit++)
        getrlimit(limit, &now->limits[limit]);
    getitimer(ITIMER_REAL, &now->timer);
    now->open_over_exec = inherited();
}

static void compare(const struct picture *before, const struct picture *now, const char *when)
{
    expect(memcmp(before->handlers, now->handlers, sizeof now->handlers) == 0, "signal handlers", when);
    for (int signal = 1; signal <= 64; signal++)
        expect(sigismember(&before->mask, signal) == sigismember(&now->mask, signal), "blocked signals", when);
    expect(before->environ == now->environ && strcmp(before->environment, now->environment) == 0, "the environment", when);
    expect(strcmp(before->directory, now->directory) == 0, "the working directory", when);
    expect(strcmp(before->locale, now->locale) == 0, "the locale", when);
    expect(before->mask_of_files == now->mask_of_files, "the mask of files", when);
    expect(memcmp(before->limits, now->limits, sizeof now->limits) == 0, "limits", when);
    expect(memcmp(&before->timer, &now->timer, sizeof now->timer) == 0, "timers", when);
    expect(before->open_over_exec == now->open_over_exec, "descriptors that other programs inherit", when);
}

/* All threads but the program's own have a name of ours. */
static void look_at_threads(int own)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *entry;
    while (tasks && (entry = readdir(tasks))) {
        char path[300], name[32] = "";
        if (!isdigit(entry->d_name[0]))
            continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        FILE *file = fopen(path, "r");
        if (file && fgets(name, sizeof name, file) && strncmp(name, "archi-", 6) != 0)
            own--;
        if (file)
            fclose(file);
    }
    if (tasks)
        closedir(tasks);
    expect(own >= 0, "a thread without a name", "running");
}

static void communicate(void)
{
    static double out[20000], in[20000];
    int right = (rank + 1) % size, left = (rank + size - 1) % size;
    double sum = 0;
    MPI_Request requests[2];
    for (int count = 1; count <= 20000; count = count * 5 + 1) {
        out[0] = rank;
        MPI_Irecv(in, count, MPI_DOUBLE, left, 1, MPI_COMM_WORLD, &requests[0]);
        MPI_Isend(out, count, MPI_DOUBLE, right, 1, MPI_COMM_WORLD, &requests[1]);
        MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
        expect(in[0] == left, "a message is wrong", "communicating");
    }
    MPI_Allreduce(out, &sum, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    MPI_Comm copy;
    MPI_Comm_dup(MPI_COMM_WORLD, &copy);
    MPI_Barrier(copy);
    MPI_Comm_free(&copy);
}

static void *on_a_small_stack(void *unused)
{
    (void) unused;
#ifdef SMALL_INIT
    MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &(int){0});
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
#endif
    communicate();
#ifdef SMALL_INIT
    MPI_Finalize();
#endif
    return NULL;
}

static void run_on_a_small_stack(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 << 10);
    expect(pthread_create(&thread, &attributes, on_a_small_stack, NULL) == 0, "no thread", "running");
    pthread_join(thread, NULL);
}

int main(void)
{
#ifdef SMALL_INIT
    run_on_a_small_stack();
    return failures != 0;
#endif
    static struct picture before, now;
    /* What a program may have set; a library that computes by floating point must not be killed by it either. */
    signal(SIGUSR1, SIG_IGN);
    signal(SIGPIPE, SIG_DFL);
    feclearexcept(FE_ALL_EXCEPT);
    feraiseexcept(FE_UNDERFLOW);
    fesetround(FE_DOWNWARD);
    feenableexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW);
    take(&before);
    MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &(int){0});
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    take(&now);
    compare(&before, &now, "after MPI_Init");
    communicate();
    take(&now);
    compare(&before, &now, "after messages");
    look_at_threads(1);
    run_on_a_small_stack();
    expect(fegetround() == FE_DOWNWARD, "the rounding of floating point", "after messages");
    expect(fegetexcept() == (FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW), "floating-point traps", "after messages");
    expect(fetestexcept(FE_ALL_EXCEPT) == FE_UNDERFLOW, "floating-point flags", "after messages");
    MPI_Finalize();
    take(&now);
    compare(&before, &now, "after MPI_Finalize");
    return failures != 0;
}
