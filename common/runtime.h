/* runtime.h: where an instance's lock and control socket live: $XDG_RUNTIME_DIR/ksupervise, else
 * /tmp/ksupervise-<uid>. */
#ifndef KSUPERVISE_COMMON_RUNTIME_H
#define KSUPERVISE_COMMON_RUNTIME_H

#include "common/error.h"

#include <limits.h>

/* The folder, made (0700) when it is missing. A folder or link in /tmp that is not ours is refused. -1 with
 * the error. */
int runtime_folder(char *path, size_t bytes, struct error *error);

/* The path of an instance's control socket, which must fit into a Unix address (107 characters). */
#define RUNTIME_SOCKET_BYTES 108
int runtime_socket(char path[RUNTIME_SOCKET_BYTES], const char *instance, struct error *error);

/* The path of the file with the token that kweb asks of others (tools/kweb/token.h). */
int runtime_token(char path[PATH_MAX], const char *instance, struct error *error);

#endif
