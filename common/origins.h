/* origins.h: the web origins (RFC 6454) that a proxy in front of kweb has for browsers:
 * `https://fleet.example`, one or several with commas between them; a bare name is https. Pure. */
#ifndef KSUPERVISE_COMMON_ORIGINS_H
#define KSUPERVISE_COMMON_ORIGINS_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>

#define ORIGINS_MAX       8
#define ORIGIN_HOST_BYTES 264 /* a name of 253, a colon, a port */

struct origin {
    bool tls;
    char host[ORIGIN_HOST_BYTES]; /* with the port, where it is not the scheme's own */
};

struct origins {
    size_t count;
    struct origin items[ORIGINS_MAX];
};

/* -1 with the error: one of them is not an origin, or there are too many. NULL: none. */
int origins_parse(struct origins *origins, const char *text, struct error *error);
/* Of a browser's Origin header. */
bool origins_have(const struct origins *origins, const char *origin);
/* Of a Host header, also with its scheme's own port; NULL: none of them. */
const struct origin *origins_find(const struct origins *origins, const char *host);

#endif
