/* recording.h: a capture as the page plays it, `{"snapshots":[…],"events":[…]}`: the moments as
 * view/snapshot.h writes them, and every event of the file once. Step by step, so that the caller can do
 * other things in between. It contains no '<': it can be embedded in a page's script. One thread. */
#ifndef KSUPERVISE_COMMON_CAPTURE_RECORDING_H
#define KSUPERVISE_COMMON_CAPTURE_RECORDING_H

#include "common/capture/capture.h"

#include <stdio.h>

/* More are thinned out evenly, since a browser has to hold them. */
#define RECORDING_MOMENTS_MAX 1000

struct recording_spec {
    const struct view_request *request; /* its source is the capture's */
    struct capture *capture;            /* NULL: what is now alone */
    size_t bytes_max;                   /* as many moments as about fit; 0: as many as there may be */
    FILE *stream;                       /* where it goes; not owned */
};

struct recording;

/* The spec's pointers live as long as the recording. */
int recording_open(struct recording **recording, const struct recording_spec *spec, struct error *error);
/* One frame more. 1: there are more; 0: it is whole; -1: a frame is damaged, or bytes_max was passed by far.
 */
int recording_step(struct recording *recording, struct error *error);
void recording_close(struct recording *recording); /* NULL is fine */

#endif
