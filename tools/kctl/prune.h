/* prune.h: `kctl prune`: asks no supervisor: the instances are dead. */
#ifndef KSUPERVISE_TOOLS_KCTL_PRUNE_H
#define KSUPERVISE_TOOLS_KCTL_PRUNE_H

#include "common/error.h"

#include <stdbool.h>
#include <stdio.h>

/* `instance` NULL: all that are dead. A line for each that had anything. -1 when the one that was named
 * lives. */
int prune(const char *instance, bool dry_run, FILE *stream, struct error *error);

#endif
