#include "tools/kweb/consumers.h"

#include <inttypes.h>

#include "common/offset_set.h"
#include "common/view/view.h"
#include "tools/kweb/verb.h"

/* --- one partition of one group ------------------------------------------------------------------------- */

struct progress {
    const char *topic;
    int64_t partition, low, high, committed, position, next, ahead, map;
};

static int64_t value(const struct view_worker *worker, const struct view_partition *partition,
                     const char *name)
{
    return stats_snapshot_partition(worker->snapshot, partition->slot, name);
}

static bool has(const struct view_worker *worker, const struct view_partition *wanted)
{
    int32_t number;
    size_t count = worker->snapshot != NULL ? stats_snapshot_partitions(worker->snapshot) : 0;
    for (size_t slot = 0; slot < count; slot++)
        if (stats_snapshot_partition(worker->snapshot, slot, "assigned") == 1 &&
            strcmp(stats_snapshot_partition_topic(worker->snapshot, slot, &number), wanted->topic) == 0 &&
            number == wanted->number)
            return true;
    return false;
}

/* A dead one could not say that it has it no more. */
static bool is_taken_over(const struct view *view, const struct view_worker *worker,
                          const struct view_partition *partition)
{
    for (size_t i = 0; !view_alive(worker) && i < view->count; i++) {
        const struct view_worker *other = &view->workers[i];
        if (view_alive(other) && !view_is_producer(other) &&
            strcmp(other->entry.group, worker->entry.group) == 0 && has(other, partition))
            return true;
    }
    return false;
}

/* Of the n-th of the worker's. False past the last; one that is another worker's now has no topic. */
static bool look(const struct view *view, const struct view_worker *worker, size_t n,
                 struct progress *progress)
{
    struct view_partition partition;
    if (!view_partition(view, worker, n, &partition))
        return false;
    bool owned = partition.assigned && !is_taken_over(view, worker, &partition);
    *progress = (struct progress){.topic = owned ? partition.topic : NULL,
                                  .partition = partition.number,
                                  .low = value(worker, &partition, "low"),
                                  .high = partition.behind.high,
                                  .committed = value(worker, &partition, "committed"),
                                  .position = value(worker, &partition, "position"),
                                  .next = value(worker, &partition, "acknowledged_next"),
                                  .ahead = value(worker, &partition, "acknowledged_ahead"),
                                  .map = value(worker, &partition, "acknowledged_map")};
    return true;
}

/* Before the group's first commit it begins at the first record. */
static int64_t frontier(const struct progress *progress)
{
    return progress->committed != STATS_UNKNOWN ? progress->committed : progress->low;
}

static int count_bits(int64_t map, int64_t bits)
{
    uint64_t mask = bits < OFFSET_SET_MAP_BITS ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
    return __builtin_popcountll((uint64_t)map & mask);
}

/* Acknowledged one by one, without those that the topic holds no more: which they are is known of the first
 * OFFSET_SET_MAP_BITS. */
static int64_t ahead(const struct progress *progress)
{
    int64_t gone;
    if (progress->ahead == STATS_UNKNOWN)
        return 0;
    if (progress->map == STATS_UNKNOWN || progress->next == STATS_UNKNOWN ||
        progress->low <= progress->next || __builtin_sub_overflow(progress->low, progress->next, &gone))
        return progress->ahead;
    return progress->ahead - count_bits(progress->map, gone);
}

/* Where what is not committed begins, of the records that the topic holds. */
static int64_t first_open(const struct progress *progress)
{
    int64_t committed = frontier(progress);
    return committed == STATS_UNKNOWN || committed > progress->low ? committed : progress->low;
}

/* Of the records that the topic holds: committed, or acknowledged ahead of that. */
static int64_t acknowledged(const struct progress *progress)
{
    if (frontier(progress) == STATS_UNKNOWN || progress->low == STATS_UNKNOWN)
        return STATS_UNKNOWN;
    return first_open(progress) - progress->low + ahead(progress);
}

static int64_t pending(const struct progress *progress)
{
    int64_t left, first = first_open(progress);
    if (first == STATS_UNKNOWN || progress->high == STATS_UNKNOWN ||
        __builtin_sub_overflow(progress->high, first, &left))
        return STATS_UNKNOWN;
    left -= ahead(progress);
    return left > 0 ? left : 0;
}

/* --- the status ---------------------------------------------------------------------------------------- */

static json_t *number(int64_t value)
{
    return value == STATS_UNKNOWN ? json_null() : json_integer(value);
}

static json_t *partition_status(const struct progress *progress)
{
    json_t *status = json_object();
    json_object_set_new(status, "topic", json_string(progress->topic));
    json_object_set_new(status, "partition", json_integer(progress->partition));
    json_object_set_new(status, "committed", number(progress->committed));
    json_object_set_new(status, "position", number(progress->position));
    json_object_set_new(status, "low", number(progress->low));
    json_object_set_new(status, "high", number(progress->high));
    json_object_set_new(status, "acknowledged", number(acknowledged(progress)));
    json_object_set_new(status, "pending", number(pending(progress)));
    return status;
}

struct sums {
    int64_t acknowledged, pending;
};

static int64_t sum(int64_t all, int64_t one)
{
    int64_t result;
    if (all == STATS_UNKNOWN || one == STATS_UNKNOWN || __builtin_add_overflow(all, one, &result))
        return STATS_UNKNOWN;
    return result;
}

static json_t *partitions_of(const struct view *view, const struct view_worker *worker, struct sums *sums)
{
    json_t *partitions = json_array();
    struct progress progress;
    for (size_t i = 0; look(view, worker, i, &progress); i++) {
        if (progress.topic == NULL)
            continue;
        json_array_append_new(partitions, partition_status(&progress));
        sums->acknowledged = sum(sums->acknowledged, acknowledged(&progress));
        sums->pending = sum(sums->pending, pending(&progress));
    }
    return partitions;
}

/* Without a partition nothing is known of them. */
static json_t *worker_status(const struct view *view, const struct view_worker *worker)
{
    struct sums sums = {0, 0};
    json_t *partitions = partitions_of(view, worker, &sums);
    json_t *status = json_object();
    bool any = json_array_size(partitions) > 0;
    json_object_set_new(status, "group", json_string(worker->entry.group));
    json_object_set_new(status, "client", json_string(worker->entry.client));
    json_object_set_new(status, "state", json_string(view_state(view, worker)));
    json_object_set_new(status, "received", number(view_counter(worker, "received")));
    json_object_set_new(status, "acknowledged", any ? number(sums.acknowledged) : json_null());
    json_object_set_new(status, "pending", any ? number(sums.pending) : json_null());
    json_object_set_new(status, "partitions", partitions);
    return status;
}

/* False: the answer is given. */
static bool collect(struct exchange *exchange, struct view *view, const char *worker)
{
    const struct view_request request = {.instance = exchange->kweb->settings->instance, .worker = worker};
    struct error error = ERROR_INIT;
    if (view_collect(view, &request, &error) == 0)
        return true;
    answer_problem(exchange, worker != NULL ? MHD_HTTP_NOT_FOUND : MHD_HTTP_SERVICE_UNAVAILABLE, "%s",
                   error.text);
    return false;
}

void serve_consumers(struct exchange *exchange)
{
    struct view view;
    if (!collect(exchange, &view, NULL))
        return;
    json_t *consumers = json_object();
    for (size_t i = 0; i < view.count; i++)
        if (!view_is_producer(&view.workers[i]) && !view.workers[i].entry.retired)
            json_object_set_new(consumers, view.workers[i].entry.name,
                                worker_status(&view, &view.workers[i]));
    view_release(&view);
    answer_json(exchange, MHD_HTTP_OK, json_pack("{s:o}", "consumers", consumers));
}

/* --- acknowledging ------------------------------------------------------------------------------------- */

/* It was given to the consumer, and nobody has acknowledged it yet. */
static bool waits(const struct progress *progress, int64_t offset)
{
    int64_t next = progress->next != STATS_UNKNOWN ? progress->next : frontier(progress);
    if (next == STATS_UNKNOWN || progress->position == STATS_UNKNOWN || offset < next ||
        offset >= progress->position)
        return false;
    int64_t bit = offset - next;
    return progress->map == STATS_UNKNOWN || bit >= OFFSET_SET_MAP_BITS || ((progress->map >> bit) & 1) == 0;
}

/* The partitions in which a record of that offset waits; of a client all its workers'. */
static json_t *find_candidates(const struct view *view, int64_t offset)
{
    json_t *candidates = json_array();
    struct progress progress;
    for (size_t i = 0; i < view->count; i++)
        for (size_t n = 0; look(view, &view->workers[i], n, &progress); n++)
            if (progress.topic != NULL && waits(&progress, offset))
                json_array_append_new(candidates, json_integer(progress.partition));
    return candidates;
}

static bool find_partition(struct exchange *exchange, int64_t offset, int64_t *partition)
{
    const char *name = exchange_value(exchange, "name");
    struct view view;
    if (exchange_number(exchange, "partition", partition))
        return true;
    if (!collect(exchange, &view, name))
        return false;
    json_t *candidates = find_candidates(&view, offset);
    view_release(&view);
    bool one = json_array_size(candidates) == 1;
    *partition = json_integer_value(json_array_get(candidates, 0));
    if (!one)
        answer_problem_with(exchange, MHD_HTTP_CONFLICT,
                            json_array_size(candidates) == 0
                                ? "no record with this offset is waiting to be acknowledged there"
                                : "several partitions have such a record: name one with partition=P",
                            json_pack("{s:O}", "candidates", candidates));
    json_decref(candidates);
    return one;
}

void serve_acknowledge(struct exchange *exchange)
{
    const char *name = exchange_value(exchange, "name");
    char argument[64];
    int64_t offset = 0, partition = 0;
    exchange_number(exchange, "message_offset", &offset);
    if (!target_is_there(exchange, name) || !find_partition(exchange, offset, &partition))
        return;
    snprintf(argument, sizeof argument, "%" PRId64 ":%" PRId64, partition, offset);
    ask_verb(exchange, "ack", name, argument);
}
