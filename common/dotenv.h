/* dotenv.h: a variable of ./.env, read as docker compose documents that file.
 *
 *     NAME=value   NAME: value   export NAME=value   blanks around name, mark and value do not count
 *     NAME=value # comment                           a comment begins after a blank
 *     NAME="value"   NAME='value'                    quoted, also over several lines; "…" knows \n \r \t \\ \" \$
 *
 * A byte order mark is skipped. The last assignment of a name counts. Interpolation (${OTHER}) is not done: a
 * value that asks for it is an error, and so is a line that is none of the above, for a file that is half
 * understood would name another cluster than its author meant.
 *
 * Source of the rules: the Compose specification, "Syntax for environment files".
 */
#ifndef KSUPERVISE_COMMON_DOTENV_H
#define KSUPERVISE_COMMON_DOTENV_H

#include "common/error.h"

#include <stddef.h>

/* 1: `value` has it, ended by a NUL. 0: there is no such file (or .env is a folder, as some keep their Python
 * there), or it does not name it. -1: it cannot be read or understood, or the value is longer than `bytes`
 * allows. Reads at most 256 KiB of a regular file; never blocks on a FIFO. */
int dotenv_find(const char *name, char *value, size_t bytes, struct error *error);

#endif
