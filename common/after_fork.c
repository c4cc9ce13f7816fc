#include "common/after_fork.h"

#include <errno.h>
#include <stddef.h>
#include <sys/prctl.h>

/* A parent that died before is seen by its number having changed.
 *
 *   parent: clone ────────── dies?
 *   child:       prctl(PDEATHSIG) ── getppid() == parent ── exec      dies before prctl: getppid differs
 *                                                                      dies after:  SIGKILL
 */
int after_fork_die_with(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
        return -1;
    errno = ESRCH;
    return getppid() == parent ? 0 : -1;
}

/* Ignored signals stay ignored through exec; a handler does not. SIGPIPE, and whatever our own parent
 * ignored, go back to default. signal() would note it in libc's memory. */
void after_fork_signals(const sigset_t *mask)
{
    const struct sigaction normal = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &normal, NULL); /* fails for SIGKILL, SIGSTOP and libc's own two: as it should */
    sigprocmask(SIG_SETMASK, mask, NULL);
}
