/* folder.h: the folder of --log-dir and the files in it, which others touch too: they rename, remove and
 * truncate them, or have put something else under a name. No threads, no lock: one thread has a folder and
 * its files.
 *
 *   bravo.log      the newest lines
 *   bravo.log.1    before those, up to bravo.log.N-1, the oldest
 *
 * Each write first checks what the name leads to. Another file, or none (logrotate has renamed it): it is
 * reopened. A shorter file (logrotate's copytruncate): the write goes to its end. Anything but a regular file
 * is refused: opening a FIFO would block.
 */
#ifndef KSUPERVISE_SUPERVISOR_LOG_FOLDER_H
#define KSUPERVISE_SUPERVISOR_LOG_FOLDER_H

#include "common/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { LOG_NAME_BYTES = 64 };

struct log_folder {
    const char *path; /* not owned */
    int fd;
    int64_t size_bytes; /* a file that would grow beyond it is rotated first */
    int64_t files;      /* of one name, the newest included; at least 1 */
};

/* One name's newest file. Begins as {.name = "bravo", .fd = -1}; ends with log_folder_release. */
struct log_folder_file {
    char name[LOG_NAME_BYTES];
    int fd; /* -1: not open */
    dev_t device;
    ino_t inode;
};

/* Creates the folder if it is missing (its parent must exist), and locks it: one supervisor per folder. -1
 * with the error. */
int log_folder_open(struct log_folder *folder, struct error *error);

/* Opens the folder that its path names now, if that is another one; creates a missing one. -1 with the error:
 * the former stays open. */
int log_folder_reopen(struct log_folder *folder, struct error *error);

/* Appends the bytes to the file, all or none; creates the file if it is missing. -1 with errno. */
int log_folder_append(struct log_folder *folder, struct log_folder_file *file, const char *bytes,
                      size_t length);

/* What log_folder_append's errno means. */
const char *log_folder_cause(int cause);

void log_folder_release(struct log_folder_file *file);
void log_folder_close(struct log_folder *folder);

#endif
