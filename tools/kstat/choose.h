/* choose.h: which instance, when none was named: the only one alive, if there is just one; else `default` if
 * it is there, else the only one there is. */
#ifndef KSUPERVISE_TOOLS_KSTAT_CHOOSE_H
#define KSUPERVISE_TOOLS_KSTAT_CHOOSE_H

#include "common/error.h"
#include "common/names.h"

/* EXIT_CODE_NOT_RUNNING when there is no instance, EXIT_CODE_USAGE when there are several to choose from (the
 * text lists them). */
int choose_instance(char instance[NAME_BYTES], struct error *error);

#endif
