/* error.h: how a failure travels.
 *
 * A function that can fail returns 0 or -1 and fills the `struct error` that its caller lent it. The text is
 * set where the failure starts, naming the object and the cause; callers on the way up put context in front
 * of it. A user will read the text, so it says what to do: which flag or file to change.
 *
 * Thread safety: none needed, an error belongs to its caller. No allocation. */
#ifndef KSUPERVISE_COMMON_ERROR_H
#define KSUPERVISE_COMMON_ERROR_H

#include "common/banned.h"

/* A text of an error never holds a secret: secret.h. */
#define ERROR_TEXT_BYTES 512

struct error {
    int exit_code; /* what a program should exit with because of it: one of common/exit_codes.h */
    char text[ERROR_TEXT_BYTES];
};

#define ERROR_INIT                                                                                           \
    {                                                                                                        \
        .exit_code = 1, .text = ""                                                                           \
    }

/* Sets the text (truncated to fit) and exit code 1; For a failed system call: "%s" with strerror(errno).
 * Always returns -1, so that `return error_set(...)` reads well. `e` may be NULL: the caller does not care.
 * errno is left as it was. */
int error_set(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with an exit code. */
int error_set_code(struct error *e, int exit_code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts `context: ` in front of the text. Returns -1. */
int error_context(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* %m is glibc's, and -Wpedantic would complain at each call; __extension__ says that we know. */
#define error_set(...)      __extension__ error_set(__VA_ARGS__)
#define error_set_code(...) __extension__ error_set_code(__VA_ARGS__)
#define error_context(...)  __extension__ error_context(__VA_ARGS__)

#endif
