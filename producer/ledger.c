#include "producer/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "common/exit_codes.h"
#include "common/record/text.h"

#define BLOCK_BYTES 65536
/* "18446744073709551615 2147483647 9223372036854775807 acknowledged\n" */
#define NOTE_BYTES 80
/* Disks that take 10 ms a time are kept busy a twentieth of it. */
#define SYNC_PERIOD_MS 200

struct ledger {
    int fd;
    char *path;
    char block[BLOCK_BYTES];
    size_t used;
    int failure; /* errno of the first write that failed; 0: none */
    pthread_t syncer;
    bool syncer_runs;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool dirty, ending; /* under the mutex */
    atomic_int sync_failure;
};

/* --- the thread that waits for the disk ---------------------------------------------------------------- */

static void wait_period(struct ledger *ledger)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += SYNC_PERIOD_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    while (!ledger->ending && pthread_cond_timedwait(&ledger->changed, &ledger->mutex, &until) == 0)
        continue;
}

static void *sync_thread(void *context)
{
    struct ledger *ledger = context;
    pthread_mutex_lock(&ledger->mutex);
    for (;;) {
        while (!ledger->dirty && !ledger->ending)
            pthread_cond_wait(&ledger->changed, &ledger->mutex);
        if (ledger->ending)
            break;
        ledger->dirty = false;
        pthread_mutex_unlock(&ledger->mutex);
        if (fdatasync(ledger->fd) == -1)
            atomic_store_explicit(&ledger->sync_failure, errno, memory_order_relaxed);
        pthread_mutex_lock(&ledger->mutex);
        wait_period(ledger);
    }
    pthread_mutex_unlock(&ledger->mutex);
    return NULL;
}

static void tell_syncer(struct ledger *ledger, bool ending)
{
    pthread_mutex_lock(&ledger->mutex);
    ledger->dirty = true;
    ledger->ending = ending;
    pthread_cond_signal(&ledger->changed);
    pthread_mutex_unlock(&ledger->mutex);
}

static int start_syncer(struct ledger *ledger, struct error *error)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&ledger->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&ledger->mutex, NULL);
    int problem = pthread_create(&ledger->syncer, NULL, sync_thread, ledger);
    if (problem != 0)
        return error_set_code(error, exit_code_of_errno(problem, EXIT_CODE_FAILED),
                              "cannot start the ledger's thread: %s", strerror(problem));
    ledger->syncer_runs = true;
    return 0;
}

/* --- writing ------------------------------------------------------------------------------------------- */

static void write_block(struct ledger *ledger)
{
    size_t written = 0;
    while (written < ledger->used && ledger->failure == 0) {
        ssize_t more = write(ledger->fd, ledger->block + written, ledger->used - written);
        if (more >= 0)
            written += (size_t)more;
        else if (errno != EINTR)
            ledger->failure = errno;
    }
    ledger->used = 0;
}

static size_t put_number(char *text, int64_t value)
{
    if (value < 0) {
        text[0] = '-';
        return 1;
    }
    return integer_format(value, text);
}

void ledger_note(struct ledger *ledger, uint64_t seq, int32_t partition, int64_t offset,
                 enum ledger_outcome outcome)
{
    static const struct {
        const char *text;
        size_t length;
    } words[] = {
        [LEDGER_OUTCOME_ACKNOWLEDGED] = {" " LEDGER_ACKNOWLEDGED "\n", sizeof LEDGER_ACKNOWLEDGED + 1},
        [LEDGER_OUTCOME_FAILED] = {" " LEDGER_FAILED "\n", sizeof LEDGER_FAILED + 1},
        [LEDGER_OUTCOME_UNKNOWN] = {" " LEDGER_UNKNOWN "\n", sizeof LEDGER_UNKNOWN + 1},
    };
    if (ledger->used + NOTE_BYTES > BLOCK_BYTES)
        write_block(ledger);
    char *at = ledger->block + ledger->used;
    at += put_number(at, (int64_t)seq);
    *at++ = ' ';
    at += put_number(at, partition);
    *at++ = ' ';
    at += put_number(at, offset);
    memcpy(at, words[outcome].text, words[outcome].length);
    ledger->used = (size_t)(at - ledger->block) + words[outcome].length;
}

static int failed(const struct ledger *ledger, struct error *error)
{
    int problem = ledger->failure;
    if (problem == 0)
        problem = atomic_load_explicit(&ledger->sync_failure, memory_order_relaxed);
    if (problem == 0)
        return 0;
    return error_set_code(error, EXIT_CODE_LEDGER, "--ledger: cannot write %s: %s%s", ledger->path,
                          strerror(problem),
                          problem == ENOSPC ? "; make room there, or name a file elsewhere" : "");
}

int ledger_flush(struct ledger *ledger, struct error *error)
{
    if (ledger->used > 0) {
        write_block(ledger);
        tell_syncer(ledger, false);
    }
    return failed(ledger, error);
}

int ledger_sync(struct ledger *ledger, struct error *error)
{
    if (ledger_flush(ledger, error) == -1)
        return -1;
    if (fdatasync(ledger->fd) == -1)
        ledger->failure = errno;
    return failed(ledger, error);
}

/* --- opening ------------------------------------------------------------------------------------------- */

static int lock(const struct ledger *ledger, struct error *error)
{
    if (flock(ledger->fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno == EWOULDBLOCK)
        return error_set_code(error, EXIT_CODE_CONFIG, "--ledger: %s: another producer is writing it",
                              ledger->path);
    return error_set_code(error, exit_code_of_errno(errno, EXIT_CODE_CONFIG), "--ledger: %s: %m",
                          ledger->path);
}

/* The end of the last whole line among the file's last bytes; -1: none, although they are longer than a
 * line. */
static off_t last_whole(int fd, off_t size)
{
    char tail[LEDGER_LINE_BYTES];
    off_t from = size > (off_t)sizeof tail ? size - (off_t)sizeof tail : 0;
    ssize_t got = pread(fd, tail, (size_t)(size - from), from);
    const char *newline = got > 0 ? memrchr(tail, '\n', (size_t)got) : NULL;
    if (newline == NULL)
        return from == 0 ? 0 : -1;
    return from + (newline - tail) + 1;
}

static int not_a_ledger(const struct ledger *ledger, struct error *error)
{
    return error_set_code(error, EXIT_CODE_CONFIG, "--ledger: %s exists and is not a ledger", ledger->path);
}

/* A file that is there goes on, behind its last whole line. A first line that is torn is one of ours that
 * got no further. */
static int go_on(struct ledger *ledger, off_t size, struct error *error)
{
    static const char first[] = LEDGER_FIRST_LINE "\n";
    char begin[sizeof first - 1];
    size_t wanted = size < (off_t)sizeof begin ? (size_t)size : sizeof begin;
    ssize_t got = pread(ledger->fd, begin, wanted, 0);
    off_t whole = last_whole(ledger->fd, size);
    if (got == -1)
        return failed(ledger, error);
    if (got != (ssize_t)wanted || memcmp(begin, first, wanted) != 0 || whole == -1)
        return not_a_ledger(ledger, error);
    if (whole < size && ftruncate(ledger->fd, whole) == -1)
        return error_set_code(error, EXIT_CODE_LEDGER, "--ledger: cannot cut off the torn end of %s: %m",
                              ledger->path);
    return 0;
}

static int begin_run(struct ledger *ledger, const struct ledger_run *run, bool is_new, struct error *error)
{
    int bytes = snprintf(
        ledger->block, sizeof ledger->block, "%s" LEDGER_RUN " %" PRId64 " %" PRIu64 " %s %s\n",
        is_new ? LEDGER_FIRST_LINE "\n" : "", run->begun_us, run->first_seq, run->topic, run->producer);
    ledger->used = (size_t)bytes;
    return ledger_sync(ledger, error);
}

/* A file that is new is there after a crash of the machine only when its folder's entry is on the disk, too.
 */
static int sync_folder(const struct ledger *ledger, struct error *error)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", ledger->path); /* it could be opened: it fits */
    const char *folder = dirname(copy);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* EINVAL: a file system that has no such thing. EACCES: a folder that may be written and not read. */
    bool ok = fd != -1 ? fsync(fd) == 0 || errno == EINVAL : errno == EACCES;
    int cause = errno;
    if (fd != -1)
        close(fd);
    return ok ? 0
              : error_set_code(error, EXIT_CODE_LEDGER, "--ledger: cannot write %s: %s", folder,
                               strerror(cause));
}

static int prepare(struct ledger *ledger, const struct ledger_run *run, struct error *error)
{
    struct stat status;
    ledger->fd = open(ledger->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (ledger->fd == -1)
        return error_set_code(error, exit_code_of_errno(errno, EXIT_CODE_CONFIG),
                              "--ledger: cannot open %s: %m", ledger->path);
    if (fstat(ledger->fd, &status) == -1 || !S_ISREG(status.st_mode))
        return error_set_code(error, EXIT_CODE_CONFIG, "--ledger: %s is not a regular file", ledger->path);
    if (lock(ledger, error) == -1 || go_on(ledger, status.st_size, error) == -1 ||
        start_syncer(ledger, error) == -1 || fstat(ledger->fd, &status) == -1)
        return -1;
    bool is_new = status.st_size == 0;
    if (begin_run(ledger, run, is_new, error) == -1)
        return -1;
    return is_new ? sync_folder(ledger, error) : 0;
}

int ledger_open(struct ledger **ledger, const char *path, const struct ledger_run *run, struct error *error)
{
    struct ledger *opened = calloc(1, sizeof *opened);
    *ledger = NULL;
    if (opened == NULL || (opened->path = strdup(path)) == NULL) {
        free(opened);
        return error_set(error, "out of memory");
    }
    if (prepare(opened, run, error) == -1) {
        ledger_close(opened);
        return -1;
    }
    *ledger = opened;
    return 0;
}

void ledger_close(struct ledger *ledger)
{
    if (ledger == NULL)
        return;
    if (ledger->syncer_runs) {
        tell_syncer(ledger, true);
        pthread_join(ledger->syncer, NULL);
        pthread_cond_destroy(&ledger->changed);
        pthread_mutex_destroy(&ledger->mutex);
    }
    if (ledger->fd != -1)
        close(ledger->fd);
    free(ledger->path);
    free(ledger);
}
