/* coroutine.h: a simulated process is a stack of its own. Switching costs a few nanoseconds; one that is
 * killed is never switched to again. */
#ifndef KSUPERVISE_TESTS_SIM_COROUTINE_H
#define KSUPERVISE_TESTS_SIM_COROUTINE_H

/* More than can be alive at a time: workers, and zombies whose successors run. */
enum { COROUTINES = 16 };

struct coroutine; /* opaque */

/* Takes a free stack, on which `run` begins with the first coroutine_enter. `run` must not return: it ends by
 * coroutine_leave. */
struct coroutine *coroutine_new(void (*run)(void *context), void *context);
/* Gives the stack back. Not from within. */
void coroutine_free(struct coroutine *coroutine);

/* From the scheduler into the coroutine, until that leaves; and back. */
void coroutine_enter(struct coroutine *coroutine);
void coroutine_leave(struct coroutine *coroutine);

#endif
