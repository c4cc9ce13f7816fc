#include "consumer/process_letters.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/log.h"
#include "consumer/backoff.h"

enum { REFUSALS_SAID = 3 }; /* lines a slice; the rest is counted */

bool process_blocked(void *context, const rd_kafka_message_t *message)
{
    const struct consumer *consumer = context;
    const struct partition *row = partition_assigned(&consumer->partitions, message->partition);
    return row != NULL && partition_stopped(row, message->offset);
}

/* Those of Kafka's modes; a sink has them in its transaction. One that cannot even be kept stops its
 * partition before it. */
void process_send_letters(struct consumer *consumer)
{
    for (size_t i = 0; i < consumer->deaths.count; i++) {
        const struct death *death = &consumer->deaths.list[i];
        const rd_kafka_message_t *message = death->message;
        struct error error = ERROR_INIT;
        if (death->stage == NULL || process_blocked(consumer, message))
            continue;
        struct letter_failure failure = {death->stage, death->why, death->attempts, death->first_failure_us};
        struct letter_body body =
            letter_of(message, letter_headers(dead_letters_source(consumer->letters), message, &failure));
        if (dead_letters_send(consumer->letters, &body, false, &error) == 0)
            continue;
        rd_kafka_headers_destroy(body.headers);
        log_warning("%s [%" PRId32 "] offset %" PRId64 ": %s; the partition waits", consumer->settings->topic,
                    message->partition, message->offset, error.text);
        partition_stop_at(&consumer->partitions, message->partition, message->offset,
                          clock_monotonic_us() + backoff_us(consumer->settings, death->attempts));
    }
    partitions_apply_stops(&consumer->partitions);
    deaths_keep_standing(&consumer->deaths, &consumer->partitions);
}

/* While there are candidates ahead the next record may kill: a letter is to be out, and its record committed,
 * before that is tried. */
void process_make_sure(struct consumer *consumer, uint64_t died)
{
    struct error ignored = ERROR_INIT;
    if (!consumer->candidates.ahead || died == 0)
        return;
    dead_letters_flush(consumer->letters, COMMIT_SYNC_US, &ignored);
    commit_sync(&consumer->committer, COMMIT_SYNC_US, &ignored);
}

static void tell_death(const struct consumer *consumer, const struct death *death)
{
    const char *topic = dead_letters_topic(consumer->letters);
    log_warning("%s [%" PRId32 "] offset %" PRId64 ": %s: %s; %s%s", consumer->settings->topic,
                death->message->partition, death->message->offset, death->stage, death->why,
                topic != NULL ? "it goes to " : "passed over", topic != NULL ? topic : "");
}

/* Returns how many died. */
uint64_t process_tell_deaths(struct consumer *consumer)
{
    uint64_t died = 0;
    for (size_t i = 0; i < consumer->deaths.count; i++) {
        const struct death *death = &consumer->deaths.list[i];
        const rd_kafka_message_t *message = death->message;
        if (death->stage == NULL || dead_letters_topic(consumer->letters) == NULL)
            partition_settle(&consumer->partitions, message->partition, message->offset, message->offset + 1);
        if (death->stage == NULL)
            continue;
        stats_event(consumer->stats, STATS_RING_ERRORS, clock_wall_us(), message->offset,
                    "[%" PRId32 "] %" PRId64 ": %s: %s", message->partition, message->offset, death->stage,
                    death->why);
        if (died++ < REFUSALS_SAID)
            tell_death(consumer, death);
    }
    if (died > REFUSALS_SAID)
        log_warning("… and %" PRIu64 " more in this batch", died - REFUSALS_SAID);
    return died;
}
