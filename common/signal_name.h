/* signal_name.h: what a signal is called: SIGKILL; "signal 40" where it has no name. Thread-safe. */
#ifndef KSUPERVISE_COMMON_SIGNAL_NAME_H
#define KSUPERVISE_COMMON_SIGNAL_NAME_H

#include "common/banned.h"

enum { SIGNAL_NAME_BYTES = 24 };

/* Returns `text`. */
const char *signal_name(int number, char text[SIGNAL_NAME_BYTES]);

#endif
