#include "consumer/faults.h"

#ifdef FAULTS

#include <signal.h>

/* The variable's value up to a colon is `name`; *number is what follows, or 1. */
static bool names(const char *variable, const char *name, unsigned long *number)
{
    const char *value = getenv(variable);
    size_t length = strlen(name);
    if (value == NULL || strncmp(value, name, length) != 0 || (value[length] != '\0' && value[length] != ':'))
        return false;
    *number = value[length] == ':' ? strtoul(value + length + 1, NULL, 10) : 1;
    return true;
}

/* Said with its newline in one write: the last line of the process. */
static void say_and_die(const char *name)
{
    char line[96];
    int length = snprintf(line, sizeof line, "killed at the point %s\n", name);
    ssize_t written = write(STDERR_FILENO, line, (size_t)length);
    (void)written;
    kill(getpid(), SIGKILL);
}

void fault_pass(enum fault_point point)
{
    static const char *const point_names[] = {
#define X(id) #id,
        FAULT_POINTS(X)
#undef X
    };
    static unsigned long passed[FAULT_POINT_COUNT];
    unsigned long wanted;
    if (names("KSUPERVISE_CRASH_AT", point_names[point], &wanted) && ++passed[point] == wanted)
        say_and_die(point_names[point]);
}

bool fault_planted(enum planted_bug bug)
{
    static const char *const bug_names[] = {
#define X(id) #id,
        PLANTED_BUGS(X)
#undef X
    };
    unsigned long unused;
    return names("KSUPERVISE_PLANT", bug_names[bug], &unused);
}

#else
typedef int faults_none; /* ISO C wants something in a file */
#endif
