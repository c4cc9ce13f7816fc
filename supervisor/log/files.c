#include "supervisor/log/files.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>

#include "common/clock.h"
#include "supervisor/log/byte_ring.h"
#include "supervisor/log/folder.h"

/* A nearly full disk takes a short line and then refuses a long one: that is one problem, reported once. */
#define SETTLED_US (10 * US_PER_SECOND)

enum { BATCH_BYTES = 64 * 1024 };

struct log_file {
    struct log_files *logs;
    struct log_file *next;
    /* under the lock */
    uint64_t dropped, dropped_said;
    bool complained;
    int64_t failed_us;              /* monotonic: the last time */
    struct log_folder_file on_disk; /* the thread's own, but for the name */
};

struct log_files {
    struct log_files_settings settings;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct log_folder folder; /* the thread's own */
    uint64_t reopen_asked, reopen_done;
    struct error reopen_error; /* of the last one that was done; empty: none */
    bool closing, writing;
    bool abandoned; /* whoever would hear complaints may be gone */
    uint64_t dropped;
    struct log_file *files;
    struct byte_ring ring; /* lines, each behind its header */
    char batch[BATCH_BYTES];
    char bytes[LOG_FILES_RING_BYTES];
};

struct header {
    struct log_file *file;
    size_t length;
    uint64_t tells; /* 0: a line; else it tells of so many dropped ones */
};

/* What is written at once. */
struct batch {
    struct log_file *file;
    size_t length;
    uint64_t lines, tells;
};

/* --- the ring; under the lock -------------------------------------------------------------------------- */

static bool put(struct log_file *file, const char *line, size_t length, uint64_t tells)
{
    struct byte_ring *ring = &file->logs->ring;
    struct header header = {file, length + 1, tells};
    if (length + 1 > BATCH_BYTES || byte_ring_room(ring) < sizeof header + header.length)
        return false;
    byte_ring_put(ring, &header, sizeof header);
    byte_ring_put(ring, line, length);
    byte_ring_put(ring, "\n", 1);
    return true;
}

static void drop(struct log_file *file, uint64_t lines)
{
    file->dropped += lines;
    file->logs->dropped += lines;
}

/* True when nothing remains to be reported. Once lines were dropped, further ones are dropped until the ring
 * is half empty: so a shortage is reported once. */
static bool say_dropped(struct log_file *file)
{
    char line[CLOCK_ISO8601_BYTES + 96];
    char time[CLOCK_ISO8601_BYTES];
    uint64_t count = file->dropped - file->dropped_said;
    if (count == 0)
        return true;
    if (file->logs->ring.used > LOG_FILES_RING_BYTES / 2)
        return false;
    int length =
        snprintf(line, sizeof line, "%s … %" PRIu64 " lines were dropped: the disk was too slow, or full",
                 clock_format_iso8601(time, clock_wall_us()), count);
    if (!put(file, line, (size_t)length, count))
        return false;
    file->dropped_said = file->dropped;
    return true;
}

/* The next lines of one file, as many as stand together, fit into the block and make no file too large. */
static struct batch take_batch(struct log_files *logs)
{
    struct batch batch = {0};
    struct header header;
    while (logs->ring.used > 0) {
        byte_ring_get(&logs->ring, 0, &header, sizeof header);
        size_t length = batch.length + header.length;
        bool fits = length <= BATCH_BYTES && (int64_t)length <= logs->settings.size_bytes;
        if (batch.file != NULL && (header.file != batch.file || !fits))
            break;
        byte_ring_get(&logs->ring, sizeof header, logs->batch + batch.length, header.length);
        byte_ring_drop(&logs->ring, sizeof header + header.length);
        batch.file = header.file;
        batch.length = length;
        batch.lines += header.tells == 0;
        batch.tells += header.tells;
    }
    return batch;
}

/* It could not be written: its lines count as dropped too, and what it reported has to be reported again. */
static void lose(const struct batch *batch)
{
    drop(batch->file, batch->lines);
    batch->file->dropped_said -= batch->tells;
}

static void complain(struct log_file *file, int cause)
{
    const struct log_files_settings *settings = &file->logs->settings;
    char text[512];
    if (file->complained || file->logs->abandoned)
        return;
    file->complained = true;
    snprintf(text, sizeof text, "cannot write %s/%s.log: %s; its lines are dropped and counted",
             settings->folder, file->on_disk.name, log_folder_cause(cause));
    settings->complain(settings->context, text);
}

/* --- the thread ---------------------------------------------------------------------------------------- */

/* Called with the lock, which is given up while the disk works. */
static void write_some(struct log_files *logs)
{
    struct batch batch = take_batch(logs);
    logs->writing = true;
    pthread_mutex_unlock(&logs->lock);
    bool written = log_folder_append(&logs->folder, &batch.file->on_disk, logs->batch, batch.length) == 0;
    int cause = errno;
    pthread_mutex_lock(&logs->lock);
    logs->writing = false;
    if (written) {
        if (clock_monotonic_us() - batch.file->failed_us >= SETTLED_US)
            batch.file->complained = false;
        say_dropped(batch.file);
    } else {
        batch.file->failed_us = clock_monotonic_us();
        complain(batch.file, cause);
        lose(&batch);
    }
}

/* Likewise. Files are only ever added, and in front. */
static void reopen(struct log_files *logs)
{
    struct error error = ERROR_INIT;
    struct log_file *files = logs->files;
    uint64_t asked = logs->reopen_asked;
    pthread_mutex_unlock(&logs->lock);
    for (struct log_file *file = files; file != NULL; file = file->next)
        log_folder_release(&file->on_disk);
    log_folder_reopen(&logs->folder, &error);
    pthread_mutex_lock(&logs->lock);
    logs->reopen_error = error;
    logs->reopen_done = asked;
}

static bool is_to_reopen(const struct log_files *logs)
{
    return logs->reopen_done != logs->reopen_asked;
}

static void *log_thread(void *argument)
{
    struct log_files *logs = argument;
    pthread_mutex_lock(&logs->lock);
    for (;;) {
        while (logs->ring.used == 0 && !logs->closing && !is_to_reopen(logs))
            pthread_cond_wait(&logs->changed, &logs->lock);
        if (is_to_reopen(logs))
            reopen(logs);
        if (logs->ring.used == 0 && logs->closing)
            break;
        if (logs->ring.used > 0)
            write_some(logs);
        if (logs->ring.used == 0)
            pthread_cond_broadcast(&logs->changed);
    }
    pthread_mutex_unlock(&logs->lock);
    return NULL;
}

/* --- the others ---------------------------------------------------------------------------------------- */

static int start(struct log_files *logs, struct error *error)
{
    pthread_condattr_t attributes;
    pthread_mutex_init(&logs->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&logs->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    int failure = pthread_create(&logs->thread, NULL, log_thread, logs);
    return failure == 0 ? 0 : error_set(error, "cannot start the log thread: %s", strerror(failure));
}

int log_files_open(struct log_files **out, const struct log_files_settings *settings, struct error *error)
{
    struct log_folder folder = {
        .path = settings->folder, .size_bytes = settings->size_bytes, .files = settings->files};
    if (log_folder_open(&folder, error) == -1)
        return -1;
    struct log_files *logs = calloc(1, sizeof *logs);
    if (logs == NULL) {
        log_folder_close(&folder);
        return error_set(error, "out of memory");
    }
    logs->settings = *settings;
    logs->folder = folder;
    logs->ring = (struct byte_ring){.bytes = logs->bytes, .size = sizeof logs->bytes};
    if (start(logs, error) == -1) {
        log_folder_close(&folder);
        free(logs);
        return -1;
    }
    *out = logs;
    return 0;
}

struct log_file *log_files_file(struct log_files *logs, const char *name)
{
    struct log_file *file = calloc(1, sizeof *file);
    if (file == NULL)
        return NULL;
    file->logs = logs;
    file->on_disk.fd = -1;
    snprintf(file->on_disk.name, sizeof file->on_disk.name, "%s", name);
    pthread_mutex_lock(&logs->lock);
    file->next = logs->files;
    logs->files = file;
    pthread_mutex_unlock(&logs->lock);
    return file;
}

void log_file_line(struct log_file *file, const char *line, size_t length)
{
    if (file == NULL)
        return;
    pthread_mutex_lock(&file->logs->lock);
    if (say_dropped(file) && put(file, line, length, 0))
        pthread_cond_broadcast(&file->logs->changed);
    else
        drop(file, 1);
    pthread_mutex_unlock(&file->logs->lock);
}

uint64_t log_files_dropped(struct log_files *logs)
{
    pthread_mutex_lock(&logs->lock);
    uint64_t dropped = logs->dropped;
    pthread_mutex_unlock(&logs->lock);
    return dropped;
}

uint64_t log_files_reopen(struct log_files *logs)
{
    pthread_mutex_lock(&logs->lock);
    uint64_t number = ++logs->reopen_asked;
    pthread_cond_broadcast(&logs->changed);
    pthread_mutex_unlock(&logs->lock);
    return number;
}

int log_files_reopened(struct log_files *logs, uint64_t number, struct error *error)
{
    pthread_mutex_lock(&logs->lock);
    bool done = logs->reopen_done >= number;
    if (done)
        *error = logs->reopen_error;
    pthread_mutex_unlock(&logs->lock);
    return !done ? 0 : error->text[0] == '\0' ? 1 : -1;
}

static void release(struct log_files *logs)
{
    while (logs->files != NULL) {
        struct log_file *file = logs->files;
        logs->files = file->next;
        log_folder_release(&file->on_disk);
        free(file);
    }
    pthread_mutex_destroy(&logs->lock);
    pthread_cond_destroy(&logs->changed);
    log_folder_close(&logs->folder);
    free(logs);
}

void log_files_close(struct log_files *logs, int64_t timeout_us)
{
    if (logs == NULL)
        return;
    int64_t until_us = clock_monotonic_us() + timeout_us;
    struct timespec until = {until_us / US_PER_SECOND, until_us % US_PER_SECOND * 1000};
    pthread_mutex_lock(&logs->lock);
    logs->closing = true;
    pthread_cond_broadcast(&logs->changed);
    while (logs->ring.used > 0 || logs->writing)
        if (pthread_cond_timedwait(&logs->changed, &logs->lock, &until) == ETIMEDOUT)
            break;
    bool stuck = logs->ring.used > 0 || logs->writing;
    logs->abandoned = stuck;
    pthread_mutex_unlock(&logs->lock);
    if (stuck) {
        pthread_detach(logs->thread); /* it hangs in a system call; the process is about to end */
        return;
    }
    pthread_join(logs->thread, NULL);
    release(logs);
}
