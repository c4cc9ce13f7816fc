/* worker_end.h: the worker's end of its channel, at which a test says what a worker would. */
#ifndef KSUPERVISE_TESTS_SUPERVISOR_WORKER_END_H
#define KSUPERVISE_TESTS_SUPERVISOR_WORKER_END_H

#include <sys/socket.h>

#include "common/rpc/message.h"
#include "tests/supervisor/support.h"

static int theirs; /* from channel_open */

/* A notification with a text; it is taken within one round of the supervisor's. */
static inline void says(const char *method, const char *text)
{
    char bytes[RPC_MESSAGE_BYTES];
    size_t length = rpc_pack_notification(bytes, sizeof bytes, method, "s", text);
    ck_assert_uint_gt(length, 0);
    ck_assert_int_eq(send(theirs, bytes, length, 0), (ssize_t)length);
    stage_round();
}

#endif
