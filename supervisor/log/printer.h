/* printer.h: the terminal, or wherever stdout goes, belongs to a thread of its own behind a bounded ring.
 * Callers only copy into the ring, so a terminal that blocks (Ctrl-S, a slow link, a full pipe) stops no
 * worker and no supervision. What does not fit is dropped as whole lines, counted, and reported when there is
 * room again. */
#ifndef KSUPERVISE_SUPERVISOR_LOG_PRINTER_H
#define KSUPERVISE_SUPERVISOR_LOG_PRINTER_H

#include "common/error.h"

#include <stddef.h>
#include <stdint.h>

#define PRINTER_RING_BYTES (1024 * 1024)

struct printer; /* opaque */

/* Starts the thread, writing to `fd` (kept by the caller). The signals blocked now stay blocked in it. */
int printer_open(struct printer **printer, int fd, struct error *error);

/* One line, without its newline. Never blocks longer than a copy takes. Any thread. */
void printer_line(struct printer *printer, const char *line, size_t length);

/* Writes the line that reports `count` dropped lines, without its newline. Returns its length, below `bytes`.
 * Called in the printer's thread. Without this it is plain text. */
#define PRINTER_NOTICE_BYTES 256
typedef size_t printer_notice(char *line, size_t bytes, uint64_t count);
void printer_set_notice(struct printer *printer, printer_notice *notice);

/* Lines dropped so far. */
uint64_t printer_dropped(struct printer *printer);

/* Waits until all is written, at most `timeout_us`; then ends the thread. What is still there is lost: nobody
 * reads it. */
void printer_close(struct printer *printer, int64_t timeout_us);

#endif
