/* assignors.h: who gets what: range, and cooperative-sticky in its two steps. */
#ifndef KSUPERVISE_TESTS_SIM_ASSIGNORS_H
#define KSUPERVISE_TESTS_SIM_ASSIGNORS_H

#include "tests/sim/group.h"

/* Fills member->assigned of every member in, from what they subscribe to and own. */
void assignors_assign(struct group *group);

#endif
