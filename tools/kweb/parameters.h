/* parameters.h: the parameters of a request's route, taken one by one and then looked at together. */
#ifndef KSUPERVISE_TOOLS_KWEB_PARAMETERS_H
#define KSUPERVISE_TOOLS_KWEB_PARAMETERS_H

#include "tools/kweb/exchange.h"

/* One of the query, whose value stays where it is; NULL: it is given without one. -1 with the reason: the
 * route has no such parameter there, or it was given before. */
int parameter_take(struct exchange *exchange, const char *name, const char *value, struct error *error);

/* All that were taken, those of the path, and what is meant by those that were not. -1 with the reason. */
int parameters_check(struct exchange *exchange, struct error *error);

#endif
