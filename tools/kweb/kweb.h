/* kweb.h: the one struct of kweb. One thread has all of it, but for worker_control's. */
#ifndef KSUPERVISE_TOOLS_KWEB_KWEB_H
#define KSUPERVISE_TOOLS_KWEB_KWEB_H

#include "common/listen_address.h"
#include "common/origins.h"
#include "common/reactor.h"
#include "common/worker/control.h"
#include "tools/kweb/settings.h"
#include "tools/kweb/token.h"

struct MHD_Daemon;
struct call;    /* call.h */
struct opening; /* captures.h */
struct peer;    /* peer.h */
struct stream;  /* stream.h */
struct samples; /* samples.h */

struct kweb {
    const struct settings *settings;
    struct listen_address address;
    struct origins behind; /* a proxy's; none: there is none */
    char token[TOKEN_BYTES];
    struct reactor reactor;
    struct worker_control *control;
    struct watch wake; /* an eventfd: control has something new */
    struct MHD_Daemon *daemon;
    struct watch http;        /* the daemon's epoll descriptor */
    struct peer *peers;       /* those that are connected, a list */
    struct call *calls;       /* verbs under way, a list */
    size_t files;             /* that arrive, or are looked at */
    struct opening *openings; /* captures that are looked at, a list */
    struct stream *streams;   /* readers of /events, a list */
    struct samples *samples;  /* what there is to show, once a second */
    int64_t started_us;       /* wall */
    bool stopping;
};

#endif
