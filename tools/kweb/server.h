/* server.h: HTTP itself: connections, requests as they come in, answers as they go out. Everything that
 * somebody else can make long, slow or many is bounded. */
#ifndef KSUPERVISE_TOOLS_KWEB_SERVER_H
#define KSUPERVISE_TOOLS_KWEB_SERVER_H

#include "tools/kweb/kweb.h"

#define SERVER_CONNECTIONS_MAX 1500
#define SERVER_HEAD_BYTES_MAX  (32 * 1024) /* a request's line and headers, and what is answered from */
#define SERVER_ARRIVAL_US                                                                                    \
    (10 *                                                                                                    \
     INT64_C(1000000)) /* a request that takes longer to arrive is dropped, and so is a                 \
                               connection that asks nothing */

#define SERVER_FILE_US   (60 * INT64_C(1000000)) /* the same of a file */
#define SERVER_FILES_MAX 2                       /* at a time: each takes memory */

#define SERVER_UNREAD_MS 20000 /* a client that has read nothing for this long is dropped too (over TCP) */

/* Takes the listening socket. -1 with the error. */
int server_open(struct kweb *kweb, int listener, struct error *error);
/* Ends what is under way, and closes all. */
void server_close(struct kweb *kweb);

/* What the loop does for it, each round. */
void server_run(struct kweb *kweb, int64_t now_us);
int64_t server_deadline_us(const struct kweb *kweb);

#endif
