/* backoff.h: how long something waits that failed: from --retry-delay, doubled with each attempt, up to half
 * a minute, with a quarter of jitter either way. Pure but for the clock. */
#ifndef KSUPERVISE_CONSUMER_BACKOFF_H
#define KSUPERVISE_CONSUMER_BACKOFF_H

#include "consumer/settings.h"

/* After so many attempts, at least 1. */
int64_t backoff_us(const struct settings *settings, unsigned attempts);

#endif
