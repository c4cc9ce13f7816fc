/* files.h: a file for each worker's lines, in a folder, written by a thread of its own behind a bounded ring:
 * a disk that is slow, full or gone stops no worker and no supervision. What does not fit, or cannot be
 * written, is dropped as whole lines, counted, and reported in the file when there is room again. How files
 * grow, and what happens when others touch them: log_folder.h. */
#ifndef KSUPERVISE_SUPERVISOR_LOG_FILES_H
#define KSUPERVISE_SUPERVISOR_LOG_FILES_H

#include "common/error.h"

#include <stddef.h>
#include <stdint.h>

#define LOG_FILES_RING_BYTES (1024 * 1024)
#define LOG_FILES_SIZE_MIN   4096

struct log_files; /* opaque */
struct log_file;  /* one worker's; lives as long as its log_files */

/* Reports that a file cannot be written, once until writing has worked for a while. Called in the log thread,
 * which must not be blocked: log_file_line would block with it. */
typedef void log_files_complaint(void *context, const char *text);

struct log_files_settings {
    const char *folder; /* made when it is not there; its parent must be */
    int64_t size_bytes; /* of one file, at least LOG_FILES_SIZE_MIN */
    int64_t files;      /* of one worker, the newest included; at least 1 */
    log_files_complaint *complain;
    void *context;
};

/* Starts the thread. The signals blocked now stay blocked in it. `settings` is copied, the folder's name is
 * not.
 */
int log_files_open(struct log_files **logs, const struct log_files_settings *settings, struct error *error);

/* The file of that name, created by the first line. NULL when memory is out; lines to NULL are dropped. */
struct log_file *log_files_file(struct log_files *logs, const char *name);

/* One line, without its newline. Never blocks longer than a copy takes. Any thread. */
void log_file_line(struct log_file *file, const char *line, size_t length);

/* Lines dropped so far, of all files. */
uint64_t log_files_dropped(struct log_files *logs);

/* Has the thread close all files and the folder and reopen them by name, after an external rotation: files
 * that are not being written would not notice it. Returns the number by which log_files_reopened knows it. */
uint64_t log_files_reopen(struct log_files *logs);
/* 1: done; 0: not yet; -1: the folder could not be opened, and the former one stays in use. */
int log_files_reopened(struct log_files *logs, uint64_t number, struct error *error);

/* Waits until all is written, at most `timeout_us`; then ends the thread. If the disk hangs, the thread is
 * abandoned with its memory and the remaining lines. */
void log_files_close(struct log_files *logs, int64_t timeout_us);

#endif
