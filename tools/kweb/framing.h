/* framing.h: whether it is clear where a request ends and for whom it is (RFC 9112, 6.3 and 3.2).
 * libmicrohttpd takes one of two Content-Lengths, and one of two Hosts; a proxy in front of it may take the
 * other, and then sees other requests than we do (request smuggling). */
#ifndef KSUPERVISE_TOOLS_KWEB_FRAMING_H
#define KSUPERVISE_TOOLS_KWEB_FRAMING_H

#include "tools/kweb/exchange.h"

/* False: the answer is given, and the connection ends with it. */
bool framing_is_clear(struct exchange *exchange);

#endif
