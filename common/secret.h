/* secret.h: what must not appear in a line, an answer, a report or an error text: passwords and the like. The
 * one place that knows where they can be; every text that came from a user's configuration is masked before
 * it is printed.
 *
 *   scheme://user:PASSWORD@host        a URI
 *   sasl.password=VALUE                any name with a word for a secret in it (password, secret, token,
 *   password = 'a value'               jaas, …), then =, then a word or a quoted text
 *
 * In doubt it masks more: an unquoted value ends at a space or a quote, not at a comma. Pure; any thread. */
#ifndef KSUPERVISE_COMMON_SECRET_H
#define KSUPERVISE_COMMON_SECRET_H

#include "common/banned.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define SECRET_MASK "***"

/* Copies with each secret masked, cut to `bytes` with the NUL. Returns true when there was one. A secret
 * whose end is beyond the text is masked to the end. To mask again changes nothing. */
bool secret_mask(char *to, size_t bytes, const char *text);

/* vsnprintf, masked while it is whole (up to 8 KiB): a secret that is cut cannot be recognised any more. */
void secret_vprint(char *to, size_t bytes, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* True when a property or setting of that name holds a secret. */
bool secret_name(const char *name, size_t length);

#endif
