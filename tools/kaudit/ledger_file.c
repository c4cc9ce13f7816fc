#include "tools/kaudit/ledger_file.h"

#include <errno.h>
#include <inttypes.h>

#include "common/array.h"
#include "common/decimal.h"
#include "tools/kaudit/scratch.h"

/* A producer's process. It ends where the producer's next begins. */
struct run {
    int64_t begun_ms;
    uint32_t number; /* in the order of reading */
    bool is_ours;    /* of the audited topic */
    char producer[64];
};

struct doubtful {
    int64_t seq;
    uint32_t run;
    bool failed; /* otherwise unknown */
    bool present;
};

struct ledgers {
    const char *topic;
    int partitions;
    struct scratch *acknowledged;
    struct run *runs; /* in the order of reading, then by producer and time */
    size_t run_count;
    struct doubtful *doubtful; /* then by run and seq */
    size_t doubtful_count, doubtful_capacity;
    struct ledger_count count;
};

struct ledgers *ledgers_open(const char *topic, int partitions, struct error *error)
{
    struct ledgers *ledgers = calloc(1, sizeof *ledgers);
    if (ledgers == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    ledgers->topic = topic;
    ledgers->partitions = partitions;
    ledgers->acknowledged = scratch_open(false, error);
    if (ledgers->acknowledged != NULL)
        return ledgers;
    ledgers_close(ledgers);
    return NULL;
}

void ledgers_close(struct ledgers *ledgers)
{
    if (ledgers == NULL)
        return;
    scratch_free(ledgers->acknowledged);
    free(ledgers->runs);
    free(ledgers->doubtful);
    free(ledgers);
}

const struct ledger_count *ledgers_count(const struct ledgers *ledgers)
{
    return &ledgers->count;
}

/* --- lines --------------------------------------------------------------------------------------------- */

static int add_doubtful(struct ledgers *ledgers, int64_t seq, bool failed, struct error *error)
{
    bool full = ledgers->doubtful_count == ledgers->doubtful_capacity &&
                ledgers->doubtful_count >= LEDGER_DOUBTFUL_MAX;
    struct doubtful *grown = full ? NULL
                                  : array_room(ledgers->doubtful, ledgers->doubtful_count,
                                               &ledgers->doubtful_capacity, 1024, sizeof *grown);
    if (grown == NULL)
        return error_set(error, "%zu messages failed or are unknown: more than can be held",
                         ledgers->doubtful_count);
    ledgers->doubtful = grown;
    ledgers->doubtful[ledgers->doubtful_count++] =
        (struct doubtful){.seq = seq, .run = ledgers->runs[ledgers->run_count - 1].number, .failed = failed};
    return 0;
}

/* "run 1772099522102594 1 payments producer"; false: it is no such line. */
static bool take_run(struct ledgers *ledgers, const char *line, struct error *error, int *result)
{
    int64_t begun_us;
    uint64_t first_seq;
    char topic[256], producer[64];
    if (sscanf(line, LEDGER_RUN " %" SCNd64 " %" SCNu64 " %255s %63s", &begun_us, &first_seq, topic,
               producer) != 4)
        return false;
    struct run *grown = realloc(ledgers->runs, (ledgers->run_count + 1) * sizeof *grown);
    if (grown == NULL) {
        *result = error_set(error, "out of memory");
        return true;
    }
    ledgers->runs = grown;
    struct run *run = &ledgers->runs[ledgers->run_count];
    *run = (struct run){.begun_ms = begun_us / 1000,
                        .number = (uint32_t)ledgers->run_count,
                        .is_ours = strcmp(topic, ledgers->topic) == 0};
    snprintf(run->producer, sizeof run->producer, "%s", producer);
    ledgers->run_count++;
    return true;
}

/* A word and the blank behind it: a number, or "-" for -1. Returns what follows, or NULL. */
static const char *read_word(const char *at, int64_t *value)
{
    *value = -1;
    at = *at == '-' ? at + 1 : decimal_read(at, INT64_MAX, value);
    return at != NULL && *at == ' ' ? at + 1 : NULL;
}

static bool take_acknowledged(struct ledgers *ledgers, int64_t seq, int64_t partition, int64_t offset,
                              struct error *error, int *result)
{
    if (partition < 0 || offset < 0)
        return false;
    ledgers->count.acknowledged++;
    if (partition >= ledgers->partitions) {
        ledgers->count.nowhere++;
        return true;
    }
    if (scratch_add(ledgers->acknowledged, (int32_t)partition,
                    (struct source_item){.offset = offset, .tag = seq}, error) == -1)
        *result = -1;
    return true;
}

/* "3 1 - unknown" */
static bool take_message(struct ledgers *ledgers, const char *line, struct error *error, int *result)
{
    int64_t seq, partition, offset;
    const char *at = ledgers->run_count > 0 ? read_word(line, &seq) : NULL;
    at = at != NULL ? read_word(at, &partition) : NULL;
    at = at != NULL ? read_word(at, &offset) : NULL;
    if (at == NULL)
        return false;
    if (!ledgers->runs[ledgers->run_count - 1].is_ours) {
        ledgers->count.elsewhere++;
        return true;
    }
    bool failed = strcmp(at, LEDGER_FAILED) == 0;
    bool known = true;
    if (strcmp(at, LEDGER_ACKNOWLEDGED) == 0)
        known = take_acknowledged(ledgers, seq, partition, offset, error, result);
    else if (failed || strcmp(at, LEDGER_UNKNOWN) == 0)
        *result = add_doubtful(ledgers, seq, failed, error);
    else
        known = false;
    ledgers->count.messages += known;
    ledgers->count.failed += known && failed;
    ledgers->count.unknown += known && strcmp(at, LEDGER_UNKNOWN) == 0;
    return known;
}

/* The last line, whose process died in this write. A machine that dies can leave more behind: a file that is
 * longer than what reached the disk, and zeros there. */
static bool is_torn(const char *line, ssize_t length)
{
    return length < LEDGER_LINE_BYTES && memchr(line, '\0', (size_t)length) == NULL;
}

static int take_lines(struct ledgers *ledgers, FILE *file, struct error *error)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length = getline(&line, &capacity, file);
    int result = 0;
    if (ferror(file))
        result = error_set(error, "cannot read it: %m");
    else if (length <= 0 || strcmp(line, LEDGER_FIRST_LINE "\n") != 0)
        result = error_set(error, "this is not a ledger of version 1: its first line is not '%s'",
                           LEDGER_FIRST_LINE);
    while (result == 0 && (length = getline(&line, &capacity, file)) > 0) {
        if (line[length - 1] != '\n') {
            ledgers->count.unreadable += !is_torn(line, length);
            break;
        }
        line[length - 1] = '\0';
        if (!take_run(ledgers, line, error, &result) && !take_message(ledgers, line, error, &result))
            ledgers->count.unreadable++;
    }
    free(line);
    if (result == 0 && ferror(file))
        result = error_set(error, "cannot read it: %m");
    return result;
}

int ledgers_read(struct ledgers *ledgers, const char *path, struct error *error)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(error, "--ledger %s: %m", path);
    int result = take_lines(ledgers, file, error);
    fclose(file);
    return result == 0 ? 0 : error_context(error, "--ledger %s", path);
}

/* --- looking up ---------------------------------------------------------------------------------------- */

static int by_producer(const void *a, const void *b)
{
    const struct run *left = a;
    const struct run *right = b;
    int order = strcmp(left->producer, right->producer);
    if (order != 0)
        return order;
    return (left->begun_ms > right->begun_ms) - (left->begun_ms < right->begun_ms);
}

static int by_number(const void *a, const void *b)
{
    const struct doubtful *left = a;
    const struct doubtful *right = b;
    if (left->run != right->run)
        return left->run > right->run ? 1 : -1;
    return (left->seq > right->seq) - (left->seq < right->seq);
}

int ledgers_ready(struct ledgers *ledgers, struct source *source, struct error *error)
{
    if (ledgers->run_count > 0)
        qsort(ledgers->runs, ledgers->run_count, sizeof *ledgers->runs, by_producer);
    if (ledgers->doubtful_count > 0)
        qsort(ledgers->doubtful, ledgers->doubtful_count, sizeof *ledgers->doubtful, by_number);
    struct scratch *scratch = ledgers->acknowledged;
    ledgers->acknowledged = NULL;
    return scratch_source(scratch, source, error);
}

/* The producer's last run that had begun by then. */
static const struct run *run_at(const struct ledgers *ledgers, const char *producer, size_t length,
                                int64_t timestamp_ms)
{
    const struct run *found = NULL;
    for (size_t i = 0; i < ledgers->run_count; i++) {
        const struct run *run = &ledgers->runs[i];
        if (strlen(run->producer) == length && memcmp(run->producer, producer, length) == 0 &&
            run->begun_ms <= timestamp_ms)
            found = run;
    }
    return found;
}

bool ledgers_covers(struct ledgers *ledgers, const char *producer, size_t length, int64_t seq,
                    int64_t timestamp_ms, bool *told)
{
    const struct run *run = run_at(ledgers, producer, length, timestamp_ms);
    *told = false;
    if (run == NULL || !run->is_ours)
        return false;
    struct doubtful wanted = {.seq = seq, .run = run->number};
    struct doubtful *found = ledgers->doubtful_count == 0
                                 ? NULL
                                 : bsearch(&wanted, ledgers->doubtful, ledgers->doubtful_count,
                                           sizeof *ledgers->doubtful, by_number);
    if (found == NULL)
        return true;
    *told = true;
    if (found->present) /* the producer's own double, told as such */
        return true;
    found->present = true;
    if (!found->failed) {
        ledgers->count.unknown_present++;
        return true;
    }
    if (ledgers->count.failed_present < 8)
        ledgers->count.failed_examples[ledgers->count.failed_present] = seq;
    ledgers->count.failed_present++;
    return true;
}
