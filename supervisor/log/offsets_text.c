#include "supervisor/log/offsets_text.h"

#include <inttypes.h>

#include "common/text.h"

enum { ENTRY_BYTES = 40, REST_BYTES = 64 }; /* "1234:9223372036854775807 "; "and 1234 more, …" */

/* The number of partitions that the list leaves out, so that it is not read as complete. */
static void append_rest(const struct stats_snapshot *stats, size_t more, char *text, size_t bytes)
{
    uint64_t untracked = stats_snapshot_untracked(stats);
    size_t used = strlen(text);
    if (more > 0)
        used = text_append(text, bytes, used, "%sand %zu more", used > 0 ? " " : "", more);
    if (untracked > 0 && used < bytes)
        text_append(text, bytes, used, "%sand %" PRIu64 " that are not known", used > 0 ? " " : "",
                    untracked);
}

void offsets_text(const struct stats_snapshot *stats, const char *name, char *text, size_t bytes)
{
    size_t used = 0;
    size_t more = 0;
    text[0] = '\0';
    for (size_t i = 0; i < stats_snapshot_partitions(stats); i++) {
        int32_t partition;
        stats_snapshot_partition_topic(stats, i, &partition);
        int64_t value = stats_snapshot_partition(stats, i, name);
        if (value == STATS_UNKNOWN)
            continue;
        char entry[ENTRY_BYTES];
        size_t length = (size_t)snprintf(entry, sizeof entry, "%s%" PRId32 ":%" PRId64, used > 0 ? " " : "",
                                         partition, value);
        if (more == 0 && used + length + REST_BYTES <= bytes) {
            memcpy(text + used, entry, length + 1);
            used += length;
        } else {
            more++;
        }
    }
    append_rest(stats, more, text, bytes);
    if (text[0] == '\0')
        snprintf(text, bytes, "nothing");
}

void offsets_sums(const struct stats_snapshot *stats, int64_t *committed, int64_t *processed)
{
    *committed = *processed = STATS_UNKNOWN;
    for (size_t i = 0; i < stats_snapshot_partitions(stats); i++) {
        int64_t one = stats_snapshot_partition(stats, i, "committed");
        int64_t position = stats_snapshot_partition(stats, i, "position");
        if (stats_snapshot_partition(stats, i, "assigned") != 1)
            continue;
        if (*committed == STATS_UNKNOWN)
            *committed = *processed = 0;
        one = one == STATS_UNKNOWN ? 0 : one;
        *committed += one;
        *processed += position == STATS_UNKNOWN ? one : position;
    }
}

bool offsets_resumed_at(const struct stats_snapshot *stats, const struct worker_progress *progress,
                        size_t index, struct resumption *one)
{
    int64_t resumed = stats_snapshot_partition(stats, index, "resumed");
    int64_t committed = stats_snapshot_partition(stats, index, "resumed_committed");
    if (stats_snapshot_partition(stats, index, "assigned") != 1 || resumed == STATS_UNKNOWN)
        return false;
    *one = (struct resumption){
        .partitions = 1, .resumed = resumed, .committed = committed == STATS_UNKNOWN ? 0 : committed};
    one->topic = stats_snapshot_partition_topic(stats, index, &one->partition);
    int64_t end = progress_end(progress, one->topic, one->partition);
    one->redelivered = end > resumed ? end - resumed : 0;
    return true;
}

bool offsets_resumed(const struct stats_snapshot *stats, const struct worker_progress *progress,
                     struct resumption *sum)
{
    struct resumption one;
    *sum = (struct resumption){0};
    for (size_t i = 0; i < stats_snapshot_partitions(stats); i++) {
        if (!offsets_resumed_at(stats, progress, i, &one))
            continue;
        sum->partitions++;
        sum->resumed += one.resumed;
        sum->committed += one.committed;
        sum->redelivered += one.redelivered;
    }
    return sum->partitions > 0;
}
