/* peer.h: who is at the other end of a connection. On this machine the kernel knows whose the other socket is
 * (SO_PEERCRED of a Unix socket; sock_diag(7) of a TCP connection over loopback); of another machine it does
 * not. */
#ifndef KSUPERVISE_TOOLS_KWEB_PEER_H
#define KSUPERVISE_TOOLS_KWEB_PEER_H

#include "common/banned.h"

#include <stdbool.h>
#include <stdint.h>

#define PEER_TEXT_BYTES 48

struct peer {
    struct peer *next, **link;
    int fd;              /* the server's; not owned */
    bool ours;           /* a process of this user, or root's */
    int64_t arriving_us; /* monotonic: since when its request arrives; 0: it is here, and being answered */
    char text[PEER_TEXT_BYTES]; /* "127.0.0.1", "local" */
};

/* Looks who it is. */
void peer_init(struct peer *peer, int fd);

#endif
