/* folder.h: the folder of --log-dir and the files in it, which others touch too: they rename, remove and
 * truncate them, or have put something else under a name. No threads, no lock: one thread has a folder and
 * its files.
 *
 *   bravo.log      the newest lines
 *   bravo.log.1    before those, up to bravo.log.N-1, the oldest
 *
 * Before each write it is looked at what lies under the name. Another file, or none (logrotate has renamed
 * it): it is opened anew. A shorter one (logrotate's copytruncate): it is written at its end. What is no
 * regular file is refused: opening a FIFO would wait.
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
    int64_t size_bytes; /* a file that would grow beyond it is moved on first */
    int64_t files;      /* of one name, the newest included; at least 1 */
};

/* One name's newest file. Begins as {.name = "bravo", .fd = -1}; ends with log_folder_release. */
struct log_folder_file {
    char name[LOG_NAME_BYTES];
    int fd; /* -1: not open */
    dev_t device;
    ino_t inode;
};

/* Makes the folder when it is not there (its parent must be), and locks it: one supervisor a folder. -1 with
 * the error. */
int log_folder_open(struct log_folder *folder, struct error *error);

/* Opens what its path names now, when that is another folder, or none (then it is made). -1 with the error:
 * the former stays. */
int log_folder_reopen(struct log_folder *folder, struct error *error);

/* Writes the bytes at the end of the file, all or none; makes the file when it is not there. -1 with errno.
 */
int log_folder_append(struct log_folder *folder, struct log_folder_file *file, const char *bytes,
                      size_t length);

/* What log_folder_append's errno means. */
const char *log_folder_cause(int cause);

void log_folder_release(struct log_folder_file *file);
void log_folder_close(struct log_folder *folder);

#endif
