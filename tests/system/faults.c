/* A library for LD_PRELOAD: makes calls of ksupervise fail, and the wall clock wrong, as the file that
 * $FAULTS names says while it runs. test_faults.py builds it and writes the file: eight-byte words, in the
 * order of struct faults. A call that is to fail does so as often as its word `left` says. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct fault {
    _Atomic int64_t left;
    _Atomic int64_t cause; /* errno */
};

struct faults {
    struct fault fork, exec, pipe, dup;
    _Atomic int64_t wall_offset_s;
};

static struct faults *faults;
static bool supervisor; /* the workers' own calls are left alone */

__attribute__((constructor)) static void open_faults(void)
{
    const char *path = getenv("FAULTS");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (fd == -1)
        return;
    void *memory = mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (memory != MAP_FAILED)
        faults = memory;
    supervisor = strcmp(program_invocation_short_name, "ksupervise") == 0;
}

static bool fails(struct fault *fault)
{
    if (!supervisor || atomic_load(&fault->left) <= 0 || atomic_fetch_sub(&fault->left, 1) <= 0)
        return false;
    errno = (int)atomic_load(&fault->cause);
    return true;
}

int clone(int (*run)(void *), void *stack, int flags, void *argument, ...)
{
    int (*real)(int (*)(void *), void *, int, void *, ...);
    *(void **)&real = dlsym(RTLD_NEXT, "clone");
    return faults != NULL && fails(&faults->fork) ? -1 : real(run, stack, flags, argument);
}

int execv(const char *path, char *const words[])
{
    int (*real)(const char *, char *const[]);
    *(void **)&real = dlsym(RTLD_NEXT, "execv");
    return faults != NULL && fails(&faults->exec) ? -1 : real(path, words);
}

int pipe2(int ends[2], int flags)
{
    int (*real)(int[2], int);
    *(void **)&real = dlsym(RTLD_NEXT, "pipe2");
    return faults != NULL && fails(&faults->pipe) ? -1 : real(ends, flags);
}

int dup(int fd)
{
    int (*real)(int);
    *(void **)&real = dlsym(RTLD_NEXT, "dup");
    return faults != NULL && fails(&faults->dup) ? -1 : real(fd);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int (*real)(clockid_t, struct timespec *);
    *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, now);
    if (result == 0 && faults != NULL && clock == CLOCK_REALTIME)
        now->tv_sec += (time_t)atomic_load(&faults->wall_offset_s);
    return result;
}
