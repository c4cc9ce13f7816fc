#include "consumer/partition_actions.h"

#include "consumer/partition.h"

enum partition_event action_keep(struct partition *row, const struct partition_news *news)
{
    (void)row;
    (void)news;
    return EVENT_NONE;
}

enum partition_event action_begin(struct partition *row, const struct partition_news *news)
{
    (void)news;
    row->assignments++;
    row->position = STATS_UNKNOWN;
    row->received = STATS_UNKNOWN;
    row->until_us = 0;
    row->owned = false;
    row->letters_left = false;
    row->asked = 0;
    row->commit = partition_unused.commit;
    row->flight = partition_unused.flight;
    row->retry = partition_unused.retry;
    row->last = partition_unused.last;
    row->gap = partition_unused.gap;
    return EVENT_NONE;
}

enum partition_event action_end(struct partition *row, const struct partition_news *news)
{
    (void)news;
    row->former = partition_unused.former;
    if (row->position != STATS_UNKNOWN && !row->last.doubted) /* else of what topic it was is not known */
        row->former = (struct former){.from = partition_kept(row),
                                      .to = partition_committable(row),
                                      .reached = partition_done(row),
                                      .asked = row->commit.asked,
                                      .last = row->last.read,
                                      .committed = row->commit.committed != STATS_UNKNOWN};
    row->until_us = 0;
    row->owned = false;
    row->commit.requested = row->commit.barrier = STATS_UNKNOWN;
    row->flight = partition_unused.flight;
    row->fetch.seek = false;
    return EVENT_NONE;
}

/* A witness that is not before the offset is none: somebody has set the offset in the database. */
enum partition_event action_place(struct partition *row, const struct partition_news *news)
{
    const struct place *place = news->place;
    if (place->moved || row->received == STATS_UNKNOWN)
        row->received = place->offset;
    row->position = place->offset;
    row->begun = place->behind ? place->committed : place->offset;
    row->former = partition_unused.former;
    row->commit.committed = place->committed;
    row->flight = partition_unused.flight;
    if (place->moved) { /* else it is the same record, and its letters are under way as before */
        row->commit.barrier = STATS_UNKNOWN;
        row->retry = partition_unused.retry;
    }
    row->gap = partition_unused.gap;
    row->last = partition_unused.last;
    row->last.known_us = news->until_us;
    row->until_us = 0;
    if (place->witness.offset >= 0 && place->witness.offset < place->offset)
        row->last.read = place->witness;
    row->last.doubted = place->doubted && row->last.read.offset != STATS_UNKNOWN;
    row->last.former = place->behind && row->last.read.offset != STATS_UNKNOWN;
    return action_look_back(row, news);
}

enum partition_event action_wait(struct partition *row, const struct partition_news *news)
{
    row->until_us = news->until_us;
    return EVENT_NONE;
}

enum partition_event action_undo(struct partition *row, const struct partition_news *news)
{
    row->flight = partition_unused.flight;
    return action_wait(row, news);
}

enum partition_event action_disown(struct partition *row, const struct partition_news *news)
{
    row->owned = false;
    return action_undo(row, news);
}

enum partition_event action_look_back(struct partition *row, const struct partition_news *news)
{
    (void)news;
    row->until_us = 0;
    row->fetch.seek = true;
    if (row->last.read.offset != STATS_UNKNOWN)
        return EVENT_NONE;
    return row->last.doubted ? EVENT_UNSURE : EVENT_ABSENT;
}

/* It was not fetched for some time, in which a recreated topic would have gone unnoticed. */
enum partition_event action_return(struct partition *row, const struct partition_news *news)
{
    row->last.doubted |= row->last.read.offset == STATS_UNKNOWN;
    return action_look_back(row, news);
}

enum partition_event action_mark_distrusted(struct partition *row, const struct partition_news *news)
{
    (void)news;
    row->gap = partition_unused.gap;
    return EVENT_NONE;
}

enum partition_event action_distrust(struct partition *row, const struct partition_news *news)
{
    action_mark_distrusted(row, news);
    return action_look_back(row, news);
}

enum partition_event action_mark_doubted(struct partition *row, const struct partition_news *news)
{
    row->last.doubted = true;
    row->last.known_us = news->until_us;
    return EVENT_NONE;
}

enum partition_event action_doubt(struct partition *row, const struct partition_news *news)
{
    action_mark_doubted(row, news);
    return action_look_back(row, news);
}

enum partition_event action_doubt_and_wait(struct partition *row, const struct partition_news *news)
{
    row->last.doubted = true;
    return action_wait(row, news);
}

enum partition_event action_seen(struct partition *row, const struct partition_news *news)
{
    (void)news;
    row->last.doubted = row->last.former = false;
    return EVENT_NONE;
}

enum partition_event action_forget(struct partition *row, const struct partition_news *news)
{
    int64_t known_us = row->last.known_us;
    (void)news;
    row->last = partition_unused.last;
    row->last.known_us = known_us;
    return EVENT_NONE;
}

const char *partition_action_name(partition_action *action)
{
    static const struct {
        partition_action *action;
        const char *help;
    } names[] = {
#define X(id, help) {action_##id, help},
        PARTITION_ACTIONS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].action == action)
            return names[i].help;
    return "";
}
