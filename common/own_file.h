/* own_file.h: what is opened by name in a place where others may put things too: /dev/shm, /tmp. A name there
 * can lead to anybody's file, to a FIFO that blocks at open, or to a link. Anything but a regular file of
 * this user is reported and left alone, and nothing blocks.
 *
 * Thread safety: any thread. */
#ifndef KSUPERVISE_COMMON_OWN_FILE_H
#define KSUPERVISE_COMMON_OWN_FILE_H

#include "common/error.h"

#include <stdbool.h>
#include <sys/types.h>

/* open(2), close-on-exec, without following a link and without waiting. -1 with errno and an error: EPERM
 * where it is not a regular file of this user, and the error says whose it is; otherwise open's errno. `mode`
 * counts with O_CREAT. */
int own_file_open(const char *path, int flags, mode_t mode, struct error *error);

/* Whether `name` in the open folder (AT_FDCWD: in the working one) is a regular file of this user. */
bool own_file_is(int folder_fd, const char *name);

/* -1 with an error when `path` belongs to another user or is not of the wanted kind (S_IFREG, S_IFSOCK,
 * S_IFDIR). 0 when it is as wanted, or does not exist. errno stays. */
int own_file_check(const char *path, mode_t kind, struct error *error);

#endif
