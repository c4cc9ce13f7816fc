/* capture.h: what a piece of code writes to stdout and stderr, as text. For tests in a process of their own
 * (Check's default). */
#ifndef KSUPERVISE_TESTS_SUPPORT_CAPTURE_H
#define KSUPERVISE_TESTS_SUPPORT_CAPTURE_H

#include <check.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static struct {
    int file, out, err; /* the file, and where the streams went before */
    char text[64 * 1024];
} capture;

static inline void capture_begin(void)
{
    fflush(stdout);
    capture.file = memfd_create("capture", MFD_CLOEXEC);
    capture.out = dup(STDOUT_FILENO);
    capture.err = dup(STDERR_FILENO);
    ck_assert_int_ge(capture.file, 0);
    dup2(capture.file, STDOUT_FILENO);
    dup2(capture.file, STDERR_FILENO);
}

/* Puts the streams back. The text is good until the next capture. */
static inline const char *capture_end(void)
{
    fflush(stdout);
    dup2(capture.out, STDOUT_FILENO);
    dup2(capture.err, STDERR_FILENO);
    ssize_t length = pread(capture.file, capture.text, sizeof capture.text - 1, 0);
    capture.text[length > 0 ? length : 0] = '\0';
    close(capture.file);
    close(capture.out);
    close(capture.err);
    return capture.text;
}

#endif
