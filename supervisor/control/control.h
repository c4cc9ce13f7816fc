/* control.h: the control socket: MessagePack-RPC (common/rpc/message.h) over a Unix stream socket of mode
 * 0600, for processes of the same user.
 *
 *   request   [0, msgid, verb, [target, argument, timeout_ms, wait, by]]
 *   response  [1, msgid, error text or nil, {"lines": […], …}, or nil;
 *             true: the error is that its time was up]
 *
 * Parameters that are missing are "", "", 30000, true, "". `by` is where it comes from, for the events; of
 * kctl nothing.
 *
 * A request is answered when it is done, when it has failed, or when its time is up. No client can harm
 * another: connections, requests and bytes are bounded, nothing here ever blocks, and a client that does not
 * read its answers for 5 s is dropped. When all connections are taken, the one that has been idle for longest
 * is closed for a new one; when each of them waits for an answer, the new one is refused.
 */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_CONTROL_H
#define KSUPERVISE_SUPERVISOR_CONTROL_CONTROL_H

#include "supervisor/supervisor.h"

#define CONTROL_CONNECTIONS_MAX 32

/* Listens on the instance's socket (common/runtime.h). The caller holds the instance's lock: an existing
 * socket is therefore a dead supervisor's. */
int control_open(struct control **control, struct supervisor *supervisor, struct error *error);
/* Answers what is still open, closes all, removes the socket. NULL is fine. */
void control_close(struct control *control);

/* Answers the requests whose time has come; after every round of events. */
void control_check(struct control *control);
/* The next call is due then, monotonic; INT64_MAX: nobody waits. */
int64_t control_deadline_us(const struct control *control);

#endif
