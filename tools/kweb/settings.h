/* settings.h: what kweb can be told: one table. */
#ifndef KSUPERVISE_TOOLS_KWEB_SETTINGS_H
#define KSUPERVISE_TOOLS_KWEB_SETTINGS_H

#include "common/options.h"

struct settings {
    struct option_given given;
    const char *instance;
    const char *http; /* where to listen: common/listen_address.h */
    bool read_only;
    const char *behind; /* the proxy's origins: common/origins.h; NULL: there is none */
    bool print_token;
    bool metrics_reference;
    bool supervised;
};

extern const struct program kweb_program;

#endif
