/* streams.h: the standard streams as a program finds them, and leaves them. */
#ifndef KSUPERVISE_COMMON_STREAMS_H
#define KSUPERVISE_COMMON_STREAMS_H

#include "common/banned.h"

#include <stdbool.h>
#include <stdio.h>

/* Call it first in main, before anything is opened. A standard descriptor that is closed would be taken by
 * the next file that is opened, and that file would get our output: it is made /dev/null, opened the wrong
 * way round, so that to read or to write fails (EBADF), as it would have. A file that may not grow further
 * (SIGXFSZ, `ulimit -f`) is a failed write (EFBIG), not our death. Neither changes what a program that we
 * execute finds, except for the ignored signal: whoever spawns a program restores the dispositions. */
void streams_init(void);

/* False when the reader has closed the pipe or the terminal: for a program that waits for what may never
 * come, and so never makes a write that would fail. */
bool stream_is_read(FILE *stream);

/* Flushes standard output. What a program whose work ended with `exit_code` is to exit with: EXIT_CODE_FAILED
 * instead of EXIT_CODE_OK when some of its output was lost, which is reported on standard error. */
int streams_end(const char *program, int exit_code);

#endif
