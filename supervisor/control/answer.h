/* answer.h: a response on the control socket, as bytes: [1, msgid, error text or nil, {"lines": […], …} or
 * nil; true: the error is that its time was up].
 */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_ANSWER_H
#define KSUPERVISE_SUPERVISOR_CONTROL_ANSWER_H

#include <msgpack.h>
#include <stdbool.h>

struct request; /* request.h */

/* Each initialises the buffer, which the caller destroys. `late`: the error is that its time was up. */
void answer_pack_error(msgpack_sbuffer *buffer, uint32_t id, const char *text, bool late);
/* Of a request that is done: its lines, and what its verb has more. */
void answer_pack_result(msgpack_sbuffer *buffer, uint32_t id, struct request *request);

#endif
