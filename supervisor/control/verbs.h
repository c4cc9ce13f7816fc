/* verbs.h: what can be asked of a running supervisor: the table of verbs. */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_VERBS_H
#define KSUPERVISE_SUPERVISOR_CONTROL_VERBS_H

#include "supervisor/control/verb.h"

/* NULL when there is no such verb; then `suggestion` is the nearest name, or NULL. */
const struct verb *verb_find(const char *name, size_t length, const char **suggestion);
/* Each by its index in the table; NULL behind the last. */
const struct verb *verb_at(size_t i);

#endif
