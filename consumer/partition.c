#include "consumer/partition.h"
#include "common/stats/predecessor.h"

#include "common/clock.h"
#include "common/log.h"

/* All zeros would be offset 0 of slot 0, which is another partition's. */
const struct partition partition_unused = {
    .state = STATE_UNASSIGNED,
    .slot = -1,
    .position = STATS_UNKNOWN,
    .begun = STATS_UNKNOWN,
    .former = {.from = STATS_UNKNOWN,
               .to = STATS_UNKNOWN,
               .reached = STATS_UNKNOWN,
               .asked = {STATS_UNKNOWN, STATS_UNKNOWN},
               .last = WITNESS_NONE},
    .received = STATS_UNKNOWN,
    .commit = {.committed = STATS_UNKNOWN,
               .requested = STATS_UNKNOWN,
               .asked = {STATS_UNKNOWN, STATS_UNKNOWN},
               .barrier = STATS_UNKNOWN},
    .flight = {.first = STATS_UNKNOWN,
               .end = STATS_UNKNOWN,
               .oldest_us = STATS_UNKNOWN,
               .stop = STATS_UNKNOWN,
               .last = WITNESS_NONE},
    .retry = {.offset = STATS_UNKNOWN},
    .last = {.read = WITNESS_NONE, .found = WITNESS_NONE, .gone_to = STATS_UNKNOWN},
    .gap = {.at = STATS_UNKNOWN},
};

void partitions_init(struct partitions *partitions, const char *topic, struct stats_writer *stats)
{
    *partitions =
        (struct partitions){.topic = topic, .stats = stats, .former = stats_writer_predecessor(stats)};
}

void partitions_release(struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->row_count; i++) {
        if (partitions->rows[i].acks != NULL)
            acks_release(partitions->rows[i].acks);
        free(partitions->rows[i].acks);
        free(partitions->rows[i].reach);
    }
    free(partitions->rows);
    stats_snapshot_free(partitions->former);
    *partitions = (struct partitions){0};
}

static int grow(struct partitions *partitions, size_t wanted)
{
    size_t count = partitions->row_count > 0 ? partitions->row_count : 16;
    while (count < wanted)
        count *= 2;
    struct partition *rows = realloc(partitions->rows, count * sizeof *rows);
    if (rows == NULL)
        return -1;
    for (size_t i = partitions->row_count; i < count; i++)
        rows[i] = partition_unused;
    partitions->rows = rows;
    partitions->row_count = count;
    return 0;
}

static void tell_full(struct partitions *partitions, int32_t number)
{
    stats_add(partitions->stats, CONSUMER_UNTRACKED, 1);
    if (partitions->stats != NULL && !partitions->full_said)
        log_warning("%s [%d]: no room for it in the statistics (is /dev/shm full?): it is read, but its lag "
                    "is not known, nor whether all is done",
                    partitions->topic, number);
    partitions->full_said = true;
}

/* Without memory it is as if there were no slot: what is only shown is not worth an end. */
static void show(struct partitions *partitions, struct partition *row, int32_t number)
{
    row->slot = stats_partition_slot(partitions->stats, partitions->topic, number);
    if (row->slot != -1 && (row->reach = malloc(sizeof *row->reach)) == NULL)
        row->slot = -1;
    if (row->slot == -1) {
        tell_full(partitions, number);
        return;
    }
    *row->reach =
        (struct reach){.fetched = STATS_UNKNOWN, .asked = STATS_UNKNOWN, .last_stable = STATS_UNKNOWN};
    behind_init(&row->reach->behind);
}

static struct partition *make_row(struct partitions *partitions, int32_t number)
{
    if ((size_t)number >= partitions->row_count && grow(partitions, (size_t)number + 1) == -1)
        return NULL;
    struct partition *row = &partitions->rows[number];
    if (row->known)
        return row;
    row->known = true;
    show(partitions, row, number);
    return row;
}

/* --- events -------------------------------------------------------------------------------------------- */

static void move(struct partitions *partitions, struct partition *row, enum partition_state next)
{
    partitions->waiting_count += (size_t)partition_state_defs[next].waits;
    partitions->waiting_count -= (size_t)partition_state_defs[row->state].waits;
    partitions->assigned_count += (size_t)(next != STATE_UNASSIGNED);
    partitions->assigned_count -= (size_t)(row->state != STATE_UNASSIGNED);
    row->state = next;
}

/* The state is set before the action runs: what follows from that happens in the new one. */
static void raise(struct partitions *partitions, struct partition *row, enum partition_event event,
                  const struct partition_news *news)
{
    while (event != EVENT_NONE) {
        const struct partition_edge *edge = partition_edge(row->state, event);
        if (edge->act == NULL) {
            log_warning("%s [%td]: '%s' cannot happen while %s: a bug, please tell us", partitions->topic,
                        row - partitions->rows, partition_event_name(event),
                        partition_state_defs[row->state].name);
            return;
        }
        move(partitions, row, edge->next);
        event = edge->act(row, news);
    }
    partitions->unsettled = true;
}

int partition_on_assigned(struct partitions *partitions, int32_t number)
{
    struct partition *row = make_row(partitions, number);
    if (row == NULL)
        return -1;
    if (partitions->manual && row->acks == NULL && (row->acks = calloc(1, sizeof *row->acks)) == NULL)
        return -1;
    partitions->changes++;
    if (row->reach != NULL) /* while it was another's, nobody here looked */
        behind_forget_stale(&row->reach->behind, clock_wall_us());
    raise(partitions, row, EVENT_GIVEN, NULL);
    partition_publish_assigned(partitions, row);
    return 0;
}

void partition_on_revoked(struct partitions *partitions, int32_t number)
{
    struct partition *row = partition_assigned_row(partitions, number);
    if (row == NULL)
        return;
    partitions->changes++;
    raise(partitions, row, EVENT_TAKEN, NULL);
    partition_publish_assigned(partitions, row);
}

/* A move is another's word, and what the group's commit says beyond it must not outlive that. */
static bool begin_acks(struct partition *row, const struct place *place)
{
    bool ours = true;
    if (row->acks == NULL || place->passed_over || place->stays)
        return ours;
    acks_begin(row->acks, place->offset);
    if (place->metadata != NULL && commit_first_of(place->metadata, place->metadata_length) == 0)
        ours = acks_load(row->acks, place->offset, place->metadata, place->metadata_length);
    row->acks->changed = place->moved;
    return ours;
}

bool partition_placed(struct partitions *partitions, int32_t number, const struct place *place)
{
    struct partition *row = partition_assigned_row(partitions, number);
    const struct partition_news news = {.place = place, .until_us = clock_monotonic_us()};
    if (row == NULL)
        return true;
    partitions->changes++;
    raise(partitions, row, EVENT_PLACED, &news);
    bool ours = begin_acks(row, place);
    if (row->assignments == 1)
        partition_resume_reach(partitions, row);
    partition_publish_place(partitions, row);
    return ours;
}

void partition_wait(struct partitions *partitions, int32_t number, enum partition_event event,
                    int64_t until_us)
{
    struct partition *row = partition_assigned_row(partitions, number);
    const struct partition_news news = {.until_us = until_us};
    if (row != NULL)
        raise(partitions, row, event, &news);
}

void partition_event(struct partitions *partitions, int32_t number, enum partition_event event)
{
    partition_wait(partitions, number, event, clock_monotonic_us());
}

void partitions_event(struct partitions *partitions, enum partition_event event)
{
    for (size_t i = 0; i < partitions->row_count; i++)
        partition_event(partitions, (int32_t)i, event);
}

void partition_own(struct partitions *partitions, int32_t number)
{
    struct partition *row = partition_assigned_row(partitions, number);
    if (row != NULL)
        row->owned = true;
}

void partition_letters_left(struct partitions *partitions, int32_t number, bool left)
{
    struct partition *row = partition_assigned_row(partitions, number);
    if (row != NULL)
        row->letters_left = left;
}

unsigned partition_count_asking(struct partitions *partitions, int32_t number)
{
    struct partition *row = partition_assigned_row(partitions, number);
    return row != NULL ? ++row->asked : 1;
}

void partition_fetches(struct partitions *partitions, int32_t number, struct fetch fetch)
{
    struct partition *row = partition_assigned_row(partitions, number);
    if (row != NULL)
        row->fetch = fetch;
}

/* --- waiting ------------------------------------------------------------------------------------------- */

int32_t partition_due(const struct partitions *partitions, enum partition_state state, int32_t from)
{
    if (partitions->waiting_count == 0)
        return -1;
    int64_t now_us = clock_monotonic_us();
    for (size_t i = (size_t)from; i < partitions->row_count; i++)
        if (partitions->rows[i].state == state && partitions->rows[i].until_us <= now_us)
            return (int32_t)i;
    return -1;
}

int64_t partitions_due_us(const struct partitions *partitions)
{
    int64_t due_us = INT64_MAX;
    if (partitions->waiting_count == 0)
        return due_us;
    int64_t now_us = clock_monotonic_us();
    for (size_t i = 0; i < partitions->row_count; i++) {
        const struct partition *row = &partitions->rows[i];
        if (!partition_state_defs[row->state].waits)
            continue;
        int64_t wait = row->until_us > now_us ? row->until_us - now_us : 0;
        due_us = wait < due_us ? wait : due_us;
    }
    return due_us;
}
