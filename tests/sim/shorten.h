/* shorten.h: takes out of a failing history whatever it fails without: features, steps, workers, partitions,
 * one after the other, as long as the same promise is broken. */
#ifndef KSUPERVISE_TESTS_SIM_SHORTEN_H
#define KSUPERVISE_TESTS_SIM_SHORTEN_H

#include "tests/sim/history.h"

/* `plan` becomes the shortest that was found within so many runs. Returns how many were needed. */
int shorten(struct plan *plan, enum rule broken, int runs_max);

#endif
