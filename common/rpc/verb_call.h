/* verb_call.h: a verb's request to a supervisor and its response (supervisor/control/control.h), as kctl and
 * kweb share them. Pure functions; any thread. */
#ifndef KSUPERVISE_COMMON_RPC_VERB_CALL_H
#define KSUPERVISE_COMMON_RPC_VERB_CALL_H

#include "common/error.h"
#include "common/rpc/message.h"

#include <msgpack.h>

#define VERB_ANSWER_BYTES_MAX (1024 * 1024)

struct verb_call {
    const char *verb, *target, *argument; /* "" where absent */
    int64_t timeout_ms;
    bool wait;
    const char *by; /* who asks, for the events; NULL: an operator, by kctl */
};

/* Into a buffer that the caller has initialised and destroys. */
void verb_call_pack(msgpack_sbuffer *buffer, const struct verb_call *call);

enum verb_answer_state { VERB_ANSWER_PART, VERB_ANSWER_WHOLE, VERB_ANSWER_BAD };
/* What has come so far. */
enum verb_answer_state verb_answer_look(const void *bytes, size_t length);

/* A whole answer: *result at its map. -1 with the supervisor's reason. */
int verb_answer_take(const void *bytes, size_t length, struct mp_reader *result, struct error *error);
/* For a failed request: its time was up, and it may still be carried out. */
bool verb_answer_is_late(const void *bytes, size_t length);

#endif
