#include "producer/lines.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/record/text.h"

enum {
    FAILURES_A_SECOND = 5,
    SENT_RATE_MAX = 20 /* records a second that a person can follow */
};

static bool is_followable(const struct settings *settings)
{
    return settings->by_rate ? settings->rate <= SENT_RATE_MAX
                             : settings->interval_us >= US_PER_SECOND / SENT_RATE_MAX;
}

void lines_choose_style(struct lines *lines, const struct settings *settings)
{
    lines->style = LINES_SUMMARY;
    if (settings->mode != MODE_GENERATE)
        lines->style = LINES_DELIVERED;
    else if (settings->paced && is_followable(settings))
        lines->style = LINES_SENT;
    if (settings->quiet)
        lines->style = LINES_NONE;
}

void lines_init(struct lines *lines, const struct settings *settings, int64_t now_us)
{
    *lines = (struct lines){.schema = settings->schema, .since_us = now_us};
    lines_choose_style(lines, settings);
}

/* The first field of every schema says which record it is. */
static void say_sent(const struct lines *lines, const rd_kafka_message_t *message)
{
    struct record record;
    struct record_problem problem;
    char id[160] = "?";
    if (record_decode(lines->schema, message->payload, message->len, &record, &problem) == 0)
        record_field_text(&record, 0, id, sizeof id);
    log_line("✅ Sent %s: %s", lines->schema->name, id);
}

void lines_delivered(struct lines *lines, const char *topic, const rd_kafka_message_t *message)
{
    lines->acknowledged++;
    if (lines->style == LINES_SENT)
        say_sent(lines, message);
    else if (lines->style == LINES_DELIVERED)
        log_line("Delivered to %s : partition %" PRId32 " : at offset %" PRId64, topic, message->partition,
                 message->offset);
}

void lines_failed(struct lines *lines, const rd_kafka_message_t *message)
{
    if (lines->failures_said == FAILURES_A_SECOND) {
        lines->failures_kept++;
        return;
    }
    lines->failures_said++;
    /* Not rd_kafka_message_errstr: it returns the payload, which here is the record. */
    log_error("a %s was not delivered: %s%s", lines->schema->name, rd_kafka_err2str(message->err),
              rd_kafka_message_status(message) == RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED
                  ? " (it may be stored)"
                  : "");
}

void lines_tick(struct lines *lines, int64_t now_us, size_t waiting, bool end)
{
    int64_t passed_us = now_us - lines->since_us;
    if (passed_us < US_PER_SECOND && !end)
        return;
    if (lines->failures_kept > 0)
        log_error("%" PRIu64 " more were not delivered", lines->failures_kept);
    if (lines->style == LINES_SUMMARY && lines->acknowledged > 0 && passed_us > 0)
        log_line("✅ Sent %" PRIu64 " %s (%.0f/s, %zu waiting)", lines->acknowledged,
                 lines->schema->noun_plural, (double)lines->acknowledged * 1e6 / (double)passed_us, waiting);
    lines->failures_kept = lines->failures_said = 0;
    lines->acknowledged = 0;
    lines->since_us = now_us;
}
