/* log_case.h: log files in a folder of the test's own, and what comes of them. */
#ifndef KSUPERVISE_TESTS_SUPERVISOR_LOG_CASE_H
#define KSUPERVISE_TESTS_SUPERVISOR_LOG_CASE_H

#include "supervisor/log/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "common/clock.h"
#include "tests/support/check_main.h"

#define SIZE_MAX_BYTES (1024 * 1024)

static char folder[64];
static struct log_files *logs;
static struct error error = ERROR_INIT;
static atomic_int complaints;
static char complaint[512];
static char text[4 * 1024 * 1024];
static atomic_bool stands_still; /* the disk */

/* Instead of libc's. Only the log thread is kept. */
ssize_t write(int fd, const void *bytes, size_t length)
{
    while (atomic_load(&stands_still) && gettid() != getpid())
        usleep(1000);
    return syscall(SYS_write, fd, bytes, length);
}

static inline void note(void *context, const char *said)
{
    (void)context;
    snprintf(complaint, sizeof complaint, "%s", said);
    atomic_fetch_add(&complaints, 1);
}

static inline void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/check-logs-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static inline void remove_folder(void)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry = NULL; dir != NULL && (entry = readdir(dir)) != NULL;)
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir != NULL)
        closedir(dir);
    rmdir(folder);
}

static inline void begin(int64_t size_bytes, int64_t files)
{
    struct log_files_settings settings = {
        .folder = folder, .size_bytes = size_bytes, .files = files, .complain = note};
    ck_assert_msg(log_files_open(&logs, &settings, &error) == 0, "%s", error.text);
}

static inline void end(void)
{
    log_files_close(logs, 5 * US_PER_SECOND);
}

static inline const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* The file's text; NULL when there is none. */
static inline const char *read_file(const char *name)
{
    int fd = open(path_of(name), O_RDONLY);
    if (fd == -1)
        return NULL;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    text[length > 0 ? length : 0] = '\0';
    return text;
}

static inline void say(struct log_file *file, const char *line)
{
    log_file_line(file, line, strlen(line));
}

/* Waits, with a deadline. */
static inline void await_complaint(int count)
{
    for (int i = 0; i < 5000 && atomic_load(&complaints) < count; i++)
        usleep(1000);
    ck_assert_int_eq(atomic_load(&complaints), count);
}

static inline void await_text(const char *name, const char *expected)
{
    const char *all = NULL;
    for (int i = 0; i < 5000 && (all == NULL || strcmp(all, expected) != 0); i++) {
        usleep(1000);
        all = read_file(name);
    }
    ck_assert_pstr_eq(all, expected);
}

static inline void limit_files_to(rlim_t bytes)
{
    struct rlimit limit = {bytes, RLIM_INFINITY};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

#endif
