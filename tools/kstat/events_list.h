/* events_list.h: what has happened, where it comes from a capture and not from the ring of a living instance.
 */
#ifndef KSUPERVISE_TOOLS_KSTAT_EVENTS_LIST_H
#define KSUPERVISE_TOOLS_KSTAT_EVENTS_LIST_H

#include "common/capture/capture.h"

/* A line (or a JSON object) an event of the frames up to `frame`, oldest first, each once; of a worker or
 * a client alone when `worker` is not NULL; how many are in no frame is said where they would be. The
 * capture is at `frame` then. Returns how many, or -1. */
int64_t capture_list_events(struct capture *capture, size_t frame, const char *worker, bool json,
                            FILE *stream, struct error *error);

#endif
