/* options_value.h: the values of options: text in, member out. Used by options.c alone; options.h is the
 * door. */
#ifndef KSUPERVISE_COMMON_OPTIONS_VALUE_H
#define KSUPERVISE_COMMON_OPTIONS_VALUE_H

#include "common/options.h"

/* Parses `value` as `def` says and stores it at `member` (the former string is freed, a list grows). */
int option_value_assign(const struct option_def *def, void *member, const char *value, struct error *error);
/* Frees what the member owns and empties it. */
void option_value_release(const struct option_def *def, void *member);
/* Likewise, and what owns nothing becomes 0. */
void option_value_clear(const struct option_def *def, void *member);

#endif
