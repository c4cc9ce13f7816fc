/* fake_letters.h: dead_letters.h, answered here: what is sent, forgotten, flushed is noted as text. Behind
 * fake_kafka.h. All its functions are here, so that the linker leaves the real ones in the archive. */
#ifndef KSUPERVISE_TESTS_CONSUMER_FAKE_LETTERS_H
#define KSUPERVISE_TESTS_CONSUMER_FAKE_LETTERS_H

#include "consumer/dead_letters.h"
#include "tests/consumer/fake_kafka.h"

enum { FAKE_PLACES = 1200 };

static struct {
    const char *topic; /* NULL: --dead-letters off */
    struct letter_source source;
    int refused_sends; /* so many are not even kept */
    const char *refused[FAKE_PARTITIONS];
    int64_t due_us;
    int64_t next[FAKE_PARTITIONS]; /* the record of a letter under way; 0: there is none */
    bool full;
    int flush;                 /* what it answers */
    struct partitions *table;  /* where a letter that is not kept elsewhere sets its barrier; NULL: nowhere */
    char reason[256], id[256]; /* of the last one */
    struct letter_origin places[FAKE_PLACES];
    size_t origin_count;
} letters;

static char fake_letters_place;
#define FAKE_LETTERS ((struct dead_letters *)(void *)&fake_letters_place)

static inline void letters_begin(void)
{
    memset(&letters, 0, sizeof letters);
    letters.topic = "payments.dlq";
    letters.source = (struct letter_source){"cluster", "group", "payments"};
    letters.due_us = INT64_MAX;
}

int dead_letters_open(struct dead_letters **made, const struct settings *settings, rd_kafka_t *consumer,
                      rd_kafka_queue_t *queue, struct partitions *partitions, struct stats_writer *stats,
                      struct error *error)
{
    (void)settings;
    (void)consumer;
    (void)queue;
    (void)partitions;
    (void)stats;
    (void)error;
    *made = FAKE_LETTERS;
    kafka_note_call("letters open");
    return 0;
}

void dead_letters_close(struct dead_letters *dead_letters)
{
    if (dead_letters != NULL)
        kafka_note_call("letters closed");
}

const char *dead_letters_topic(const struct dead_letters *dead_letters)
{
    return dead_letters != NULL ? letters.topic : NULL;
}

const struct letter_source *dead_letters_source(struct dead_letters *dead_letters)
{
    ck_assert_ptr_nonnull(dead_letters);
    return &letters.source;
}

static inline void letters_read(const rd_kafka_headers_t *headers, const char *name, char text[256])
{
    const void *value;
    size_t size;
    text[0] = '\0';
    if (rd_kafka_header_get_last(headers, name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR)
        snprintf(text, 256, "%.*s", (int)size, (const char *)value);
}

int dead_letters_send(struct dead_letters *dead_letters, const struct letter_body *body, bool kept,
                      struct error *error)
{
    ck_assert_ptr_nonnull(dead_letters);
    kafka_note_call("letter");
    kafka_note(" %d@%lld%s", (int)body->partition, (long long)body->offset, kept ? " kept" : "");
    if (letters.refused_sends > 0) {
        letters.refused_sends--;
        return error_set(error, "no producer");
    }
    letters_read(body->headers, "dlq.reason", letters.reason);
    letters_read(body->headers, "dlq.id", letters.id);
    rd_kafka_headers_destroy(body->headers);
    if (!kept && letters.table != NULL)
        partition_lower_barrier(letters.table, body->partition, body->offset);
    return 0;
}

int dead_letters_keep_origins(struct dead_letters *dead_letters, struct error *error)
{
    (void)error;
    ck_assert_ptr_nonnull(dead_letters);
    kafka_note_call("keep places");
    return 0;
}

const struct letter_origin *dead_letters_acknowledged(const struct dead_letters *dead_letters, size_t *count)
{
    ck_assert_ptr_nonnull(dead_letters);
    *count = letters.origin_count;
    return letters.places;
}

void dead_letters_let_go(struct dead_letters *dead_letters, size_t count)
{
    ck_assert_ptr_nonnull(dead_letters);
    letters.origin_count -= count;
    kafka_note_call("let go");
    kafka_note(" %zu", count);
}

void dead_letters_serve(struct dead_letters *dead_letters)
{
    (void)dead_letters;
    kafka_note_call("serve letters");
}

int dead_letters_flush(struct dead_letters *dead_letters, int64_t timeout_us, struct error *error)
{
    (void)dead_letters;
    ck_assert_int_eq(timeout_us, 5000000);
    kafka_note_call("flush");
    if (letters.flush == 0 && letters.table != NULL) /* all are acknowledged */
        partitions_lift_barriers(letters.table);
    return letters.flush == 0 ? 0 : error_set(error, "2 dead letters are not acknowledged yet");
}

bool dead_letters_full(const struct dead_letters *dead_letters)
{
    (void)dead_letters;
    return letters.full;
}

const char *dead_letters_refused(const struct dead_letters *dead_letters, int32_t partition)
{
    return dead_letters != NULL ? letters.refused[partition] : NULL;
}

int64_t dead_letters_next(const struct dead_letters *dead_letters, int32_t partition, int64_t from)
{
    (void)dead_letters;
    return letters.next[partition] >= from && letters.next[partition] > 0 ? letters.next[partition]
                                                                          : INT64_MAX;
}

bool dead_letters_idle(const struct dead_letters *dead_letters, int32_t partition)
{
    return dead_letters_next(dead_letters, partition, 0) == INT64_MAX && letters.origin_count == 0;
}

int64_t dead_letters_due_us(const struct dead_letters *dead_letters)
{
    return dead_letters != NULL ? letters.due_us : INT64_MAX;
}

void dead_letters_forget(struct dead_letters *dead_letters, int32_t partition)
{
    (void)dead_letters;
    kafka_note_call("forget");
    kafka_note(" %d", (int)partition);
}

void dead_letters_records_gone(struct dead_letters *dead_letters, int32_t partition, int64_t before)
{
    ck_assert_ptr_nonnull(dead_letters);
    if (before == INT64_MAX)
        kafka_note_call("gone");
    else
        kafka_note_call("gone before");
    kafka_note(before == INT64_MAX ? " %d" : " %d@%lld", (int)partition, (long long)before);
    if (letters.table != NULL && letters.next[partition] > 0)
        partition_lower_barrier(letters.table, partition, letters.next[partition]);
}

#endif
