/* C11 threads for ThreadSanitizer.
 *
 * The ThreadSanitizer of gcc 12 and clang 14 learns of threads by pthread_create. librdkafka makes its own
 * with thrd_create, which glibc does not send that way: a callback of ours in such a thread then has no
 * shadow state and crashes. So in builds with that sanitizer these two take the place of glibc's: an
 * executable's symbols come before a library's. What happens inside librdkafka, which is not instrumented, is
 * passed over: tests/run says so in TSAN_OPTIONS.
 */
#include <threads.h>

#if defined(__has_feature)
#define UNDER_THREAD_SANITIZER __has_feature(thread_sanitizer)
#elif defined(__SANITIZE_THREAD__)
#define UNDER_THREAD_SANITIZER 1
#else
#define UNDER_THREAD_SANITIZER 0
#endif

#if UNDER_THREAD_SANITIZER

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

struct start {
    thrd_start_t function;
    void *argument;
};

static void *run(void *context)
{
    struct start start = *(struct start *)context;
    free(context);
    return (void *)(intptr_t)start.function(start.argument);
}

int thrd_create(thrd_t *thread, thrd_start_t function, void *argument)
{
    struct start *start = malloc(sizeof *start);
    if (start == NULL)
        return thrd_nomem;
    *start = (struct start){function, argument};
    if (pthread_create(thread, NULL, run, start) == 0)
        return thrd_success;
    free(start);
    return thrd_error;
}

int thrd_join(thrd_t thread, int *result)
{
    void *returned;
    if (pthread_join(thread, &returned) != 0)
        return thrd_error;
    if (result != NULL)
        *result = (int)(intptr_t)returned;
    return thrd_success;
}

#endif
