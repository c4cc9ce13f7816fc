/* check.h: --check: whether a consumer could work with what it was told. What a start does to find that out
 * is done: stages are opened as far as their arguments go (pipeline_checking), librdkafka takes the
 * properties. Nothing outside of this process is touched: no file, database, broker, program or segment; but
 * for the files that properties name (@FILE), which are read.
 */
#ifndef KSUPERVISE_CONSUMER_CHECK_H
#define KSUPERVISE_CONSUMER_CHECK_H

#include "consumer/settings.h"

/* 0, or -1 with the error that a start would end with. settings->check is set. */
int check_settings(const struct settings *settings, struct error *error);

#endif
