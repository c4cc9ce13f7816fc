/* token.h: the secret that opens the API to those who are not this user on this machine. It stands in
 * INSTANCE.token (0600) beside the control socket, is made where there is none, and lives as long as the
 * instance. */
#ifndef KSUPERVISE_TOOLS_KWEB_TOKEN_H
#define KSUPERVISE_TOOLS_KWEB_TOKEN_H

#include "common/error.h"

#include <stdbool.h>

#define TOKEN_BYTES 65 /* 32 bytes of the kernel's random numbers, in hexadecimal, and a NUL */

/* The instance's; makes it where there is none, and says so. */
int token_load(char token[TOKEN_BYTES], const char *instance, bool *made, struct error *error);
/* The instance's, which must be there. */
int token_read(char token[TOKEN_BYTES], const char *instance, struct error *error);
void token_remove(const char *instance);

/* In a time that says nothing of where they differ. */
bool token_is(const char token[TOKEN_BYTES], const char *given);

#endif
