/* request.h: one request to a supervisor, one answer. */
#ifndef KSUPERVISE_TOOLS_KCTL_REQUEST_H
#define KSUPERVISE_TOOLS_KCTL_REQUEST_H

#include "common/error.h"
#include "common/msgpack/reader.h"

#include <stdbool.h>

struct answer {
    uint8_t *bytes; /* owned */
    size_t length;
    struct mp_reader result; /* at the result's map */
};

/* Sends [target, argument, timeout_ms, wait] and waits for the answer a little longer than the supervisor
 * does; connecting and sending are within the time, too. A supervisor that is stopped is told as that. -1
 * with the supervisor's reason; EXIT_CODE_NOT_RUNNING when nobody listens at the instance's socket.
 */
int request_send(const char *instance, const char *verb, const char *target, const char *argument,
                 int64_t timeout_ms, bool wait, struct answer *answer, struct error *error);
void answer_release(struct answer *answer);

#endif
