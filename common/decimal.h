/* decimal.h: whole numbers from 0 on, in texts that others may have written: offsets, partitions, times.
 * Digits only: no sign, no blank. */
#ifndef KSUPERVISE_COMMON_DECIMAL_H
#define KSUPERVISE_COMMON_DECIMAL_H

#include "common/banned.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads all `length` bytes as one number, at most `maximum`. Otherwise false, and *number is unchanged. */
bool decimal_parse(const char *text, size_t length, int64_t maximum, int64_t *number);

/* The number that a string begins with. Returns what follows it, or NULL. */
const char *decimal_read(const char *text, int64_t maximum, int64_t *number);

#endif
