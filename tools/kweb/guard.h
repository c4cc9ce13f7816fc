/* guard.h: who may ask, before anything is looked at. Against other users of this machine, other machines,
 * and other sites' pages in this user's browser (cross-site requests, DNS rebinding). */
#ifndef KSUPERVISE_TOOLS_KWEB_GUARD_H
#define KSUPERVISE_TOOLS_KWEB_GUARD_H

#include "tools/kweb/exchange.h"

#define GUARD_COOKIE       "ksupervise_token" /* and "_8000" behind it, with the port of the request's Host */
#define GUARD_COOKIE_BYTES (sizeof GUARD_COOKIE + 6)

/* True: go on. False: the answer is given. The exchange's route is known, or NULL. */
bool guard(struct exchange *exchange);

/* A Set-Cookie value that brings the token from now on. */
void guard_cookie(const struct exchange *exchange, char *text, size_t bytes);

/* --- the rules one by one, pure ------------------------------------------------------------------------- */

/* "localhost:8000", "127.0.0.1:8000" or "[::1]:8000": a name of this machine's loopback, with this port or
 * none. */
bool guard_host_is_loopback(const char *host, uint16_t port);
/* The Origin header of a page that was served under this Host. */
bool guard_origin_is(const char *origin, const char *host);

#endif
