#include "consumer/reset.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/kafka_topic.h"
#include "consumer/list_offsets.h"
#include "consumer/exactly_once.h"
#include "consumer/group.h"
#include "consumer/membership.h"
#include "consumer/starts.h"

enum { ANSWER_MS = 10000, POLL_MS = 50 };
#define JOIN_US (20 * US_PER_SECOND)

/* --- who else is there --------------------------------------------------------------------------------- */

/* What the ids of this supervisor's members begin with: `<instance>.<host>.` of `<instance>.<host>.<worker>`.
 * Without an id nobody is ours but ourselves. */
static size_t our_prefix(const struct settings *settings)
{
    char worker[NAME_BYTES + 1];
    const char *id = settings->instance_id;
    snprintf(worker, sizeof worker, ".%s", settings->client);
    size_t prefix = 0;
    for (const char *at = id; at != NULL && (at = strstr(at, worker)) != NULL; at++)
        prefix = (size_t)(at - id) + 1;
    return prefix;
}

static bool is_ours(const rd_kafka_t *rk, const struct settings *settings,
                    const rd_kafka_MemberDescription_t *member)
{
    char *own = rd_kafka_memberid(rk);
    const char *id = rd_kafka_MemberDescription_consumer_id(member);
    const char *instance = rd_kafka_MemberDescription_group_instance_id(member);
    size_t prefix = our_prefix(settings);
    bool ours = (own != NULL && id != NULL && strcmp(own, id) == 0) ||
                (prefix > 0 && instance != NULL && strncmp(instance, settings->instance_id, prefix) == 0);
    if (own != NULL)
        rd_kafka_mem_free((rd_kafka_t *)rk, own);
    return ours;
}

static int check_members(struct consumer *consumer, const rd_kafka_ConsumerGroupDescription_t *group,
                         const struct reset_spec *spec, struct error *error)
{
    char names[ERROR_TEXT_BYTES / 2] = "";
    size_t used = 0;
    const rd_kafka_error_t *why = rd_kafka_ConsumerGroupDescription_error(group);
    if (why != NULL && rd_kafka_error_code(why) != RD_KAFKA_RESP_ERR_NO_ERROR &&
        rd_kafka_error_code(why) !=
            RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) /* nobody has committed or joined yet */
        return error_set(error, "cannot tell who else is in group %s: %s; nothing was changed",
                         consumer->settings->group_name, rd_kafka_error_string(why));
    for (size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(group); i++) {
        const rd_kafka_MemberDescription_t *member = rd_kafka_ConsumerGroupDescription_member(group, i);
        if (is_ours(consumer->rk, consumer->settings, member) ||
            !group_member_owns(member, consumer->settings->topic, spec->partition))
            continue;
        const char *instance = rd_kafka_MemberDescription_group_instance_id(member);
        int length = snprintf(names + used, sizeof names - used, "%s%s at %s", used > 0 ? ", " : "",
                              instance ? instance : rd_kafka_MemberDescription_client_id(member),
                              rd_kafka_MemberDescription_host(member));
        used += (size_t)length < sizeof names - used ? (size_t)length : 0;
    }
    if (used == 0)
        return 0;
    return error_set(error,
                     "members outside this supervisor own partitions of group %s: %s; stop them first, "
                     "nothing was changed",
                     consumer->settings->group_name, names);
}

static bool is_member(const struct consumer *consumer, const rd_kafka_ConsumerGroupDescription_t *group)
{
    char *own = rd_kafka_memberid(consumer->rk);
    bool found = false;
    for (size_t i = 0; own != NULL && i < rd_kafka_ConsumerGroupDescription_member_count(group); i++) {
        const char *id =
            rd_kafka_MemberDescription_consumer_id(rd_kafka_ConsumerGroupDescription_member(group, i));
        found |= id != NULL && strcmp(id, own) == 0;
    }
    if (own != NULL)
        rd_kafka_mem_free(consumer->rk, own);
    return found;
}

static bool has_owner(const rd_kafka_ConsumerGroupDescription_t *group, const char *topic, int32_t partition)
{
    for (size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(group); i++)
        if (group_member_owns(rd_kafka_ConsumerGroupDescription_member(group, i), topic, partition))
            return true;
    return false;
}

/* Each member sets what it owns, and the supervisor is told how many there are: one of its workers that died
 * is a member, too, until its session is over. What is on its way from one to another would be nobody's to
 * set. With a cooperative assignor that is so in a stable group, too, until the one that gave it up joins
 * again. */
static int check_transit(struct consumer *consumer, const rd_kafka_ConsumerGroupDescription_t *group,
                         const struct reset_spec *spec, struct error *error)
{
    const char *topic = consumer->settings->topic;
    if (!is_member(consumer, group))
        return 0;
    if (rd_kafka_ConsumerGroupDescription_state(group) != RD_KAFKA_CONSUMER_GROUP_STATE_STABLE)
        return error_set(error, "a rebalance is under way: try again; nothing was changed");
    int count = kafka_topic_partitions(consumer->rk, topic, ANSWER_MS);
    if (count <= 0)
        return error_set(error, "cannot tell how many partitions topic %s has; nothing was changed", topic);
    if (consumer->settings->supervised && spec->partition == -1)
        worker_notify_count(consumer->control, "partitions", count);
    for (int32_t i = 0; i < count; i++)
        if ((spec->partition == -1 || spec->partition == i) && !has_owner(group, topic, i))
            return error_set(
                error,
                "%s [%" PRId32
                "] belongs to no member now, as during a rebalance: try again; nothing was changed",
                topic, i);
    return 0;
}

static int check_group(struct consumer *consumer, const rd_kafka_ConsumerGroupDescription_t *group,
                       const struct reset_spec *spec, struct error *error)
{
    if (group == NULL)
        return 0;
    return check_members(consumer, group, spec, error) == -1 ? -1
                                                             : check_transit(consumer, group, spec, error);
}

/* The embedded broker cannot describe groups (group.h). Nobody else uses it. */
static bool is_embedded(struct consumer *consumer)
{
    return kafka_is_mock(dead_letters_source(consumer->letters)->cluster);
}

static int check_outsiders(struct consumer *consumer, const struct reset_spec *spec, struct error *error)
{
    if (is_embedded(consumer))
        return 0;
    const char *group = consumer->settings->group_name;
    rd_kafka_event_t *event = group_describe(consumer->rk, group, ANSWER_MS);
    int result = 0;
    if (event != NULL && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        result = check_group(consumer, group_described(event), spec, error);
    } else {
        result =
            error_set(error, "cannot tell who else is in group %s%s%s; nothing was changed", group,
                      event != NULL ? ": " : "", event != NULL ? rd_kafka_event_error_string(event) : "");
    }
    if (event != NULL)
        rd_kafka_event_destroy(event);
    return result;
}

/* --- one partition ------------------------------------------------------------------------------------- */

/* What a request for an offset became when the topic does not hold it; "" when it does. */
static const char *bound_note(const struct reset_spec *spec, int64_t from, int64_t target)
{
    int64_t wanted = spec->value;
    bool shifted = spec->to == RESET_SHIFT && from != STATS_UNKNOWN;
    if (shifted && __builtin_add_overflow(from, spec->value, &wanted))
        wanted = spec->value;
    if ((spec->to != RESET_OFFSET && !shifted) || wanted == target)
        return "";
    return wanted > target ? ", the end: the requested offset is beyond it"
                           : ", the first that is there: the requested offset is before it";
}

static void tell_one(struct consumer *consumer, const struct reset_spec *spec,
                     const rd_kafka_topic_partition_t *target, int64_t from)
{
    char was[32] = "nothing";
    if (from != STATS_UNKNOWN)
        snprintf(was, sizeof was, "%" PRId64, from);
    consumer_say(consumer, target->partition, from, target->offset, "%s [%" PRId32 "] %s → %" PRId64 "%s%s",
                 consumer->partitions.topic, target->partition, was, target->offset,
                 bound_note(spec, from, target->offset), spec->dry_run ? " (dry run)" : "");
}

/* A member reads on from there, and a database has it, whatever becomes of the commit. Without either there
 * is nothing to tell before. */
static bool stands_at_once(const struct consumer *consumer, const struct reset_spec *spec)
{
    return spec->dry_run || consumer->settings->reset == NULL || exactly_once_is(consumer);
}

static int set_one(struct consumer *consumer, const struct reset_spec *spec,
                   const rd_kafka_topic_partition_t *target, struct error *error)
{
    stats_tick(consumer->stats);
    if (!spec->dry_run && starts_move(consumer, target->partition, target->offset,
                                      spec->delete_rows ? MOVE_ASKED_ANEW : MOVE_ASKED, error) == -1)
        return error_context(error, "%s [%" PRId32 "] could not be set to %" PRId64,
                             consumer->partitions.topic, target->partition, target->offset);
    return 0;
}

static bool is_meant(const struct reset_spec *spec, int32_t partition)
{
    return spec->partition == -1 || spec->partition == partition;
}

/* Commits what was set, and asks the broker whether it is so. */
static int commit_and_read_back(struct consumer *consumer, const rd_kafka_topic_partition_list_t *targets,
                                struct error *error)
{
    consumer->committer.forced = true;
    int committed = commit_sync(&consumer->committer, COMMIT_SYNC_US, error);
    consumer->committer.forced = false;
    if (committed == -1)
        return -1;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_copy(targets);
    rd_kafka_resp_err_t err = rd_kafka_committed(consumer->rk, list, ANSWER_MS);
    for (int i = 0; i < list->cnt && err == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
        err = list->elems[i].err;
    int result = err == RD_KAFKA_RESP_ERR_NO_ERROR
                     ? 0
                     : error_set(error, "cannot read back: %s", rd_kafka_err2str(err));
    for (int i = 0; i < list->cnt && result == 0; i++)
        if (list->elems[i].offset != targets->elems[i].offset)
            result = error_set(error, "%s [%" PRId32 "] is committed at %" PRId64 ", not at %" PRId64,
                               consumer->partitions.topic, list->elems[i].partition, list->elems[i].offset,
                               targets->elems[i].offset);
    rd_kafka_topic_partition_list_destroy(list);
    return result;
}

/* Before anything is touched: each of them has a place that can be set. */
static int check_places(const struct consumer *consumer, const struct reset_spec *spec, struct error *error)
{
    for (size_t i = 0; i < consumer->partitions.row_count; i++) {
        enum partition_state state = consumer->partitions.rows[i].state;
        if (is_meant(spec, (int32_t)i) && state != STATE_UNASSIGNED && !partition_state_defs[state].committed)
            return error_set(error, "%s [%zu] is %s: %s; nothing was changed", consumer->partitions.topic, i,
                             partition_state_defs[state].name, partition_state_defs[state].meaning);
    }
    return 0;
}

/* Asked for all at once: a question takes as long for one as for a hundred. The caller's, to destroy; NULL
 * with the error: then nothing was changed. */
static rd_kafka_topic_partition_list_t *ask(struct consumer *consumer,
                                            const rd_kafka_topic_partition_list_t *meant, int64_t edge,
                                            struct error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_copy(meant);
    if (list->cnt == 0 || list_offsets(consumer->rk, list, edge) == RD_KAFKA_RESP_ERR_NO_ERROR)
        return list;
    rd_kafka_topic_partition_list_destroy(list);
    error_set(error, "the broker does not say what topic %s holds; nothing was changed",
              consumer->partitions.topic);
    return NULL;
}

/* Where each is to go on. */
static int find_targets(struct consumer *consumer, const struct reset_spec *spec,
                        rd_kafka_topic_partition_list_t *targets, struct error *error)
{
    rd_kafka_topic_partition_list_t *low = ask(consumer, targets, RD_KAFKA_OFFSET_BEGINNING, error);
    rd_kafka_topic_partition_list_t *high = low ? ask(consumer, targets, RD_KAFKA_OFFSET_END, error) : NULL;
    bool timed = spec->to == RESET_TIMESTAMP;
    rd_kafka_topic_partition_list_t *found =
        high && timed ? ask(consumer, targets, spec->value / US_PER_MS, error) : NULL;
    int result = high != NULL && (found != NULL || !timed) ? 0 : -1;
    for (int i = 0; result == 0 && i < targets->cnt; i++) {
        const struct partition *row = partition_assigned(&consumer->partitions, targets->elems[i].partition);
        targets->elems[i].offset =
            reset_spec_offset(spec, low->elems[i].offset, high->elems[i].offset, row->commit.committed,
                              timed ? found->elems[i].offset : STATS_UNKNOWN);
    }
    rd_kafka_topic_partition_list_t *lists[] = {low, high, found};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (lists[i] != NULL)
            rd_kafka_topic_partition_list_destroy(lists[i]);
    return result;
}

/* `from`: what is committed of each. */
static int set_targets(struct consumer *consumer, const struct reset_spec *spec,
                       const rd_kafka_topic_partition_list_t *targets, int64_t *from, struct error *error)
{
    bool at_once = stands_at_once(consumer, spec);
    for (int i = 0; i < targets->cnt; i++) {
        from[i] = partition_assigned(&consumer->partitions, targets->elems[i].partition)->commit.committed;
        if (set_one(consumer, spec, &targets->elems[i], error) == -1)
            return -1;
        if (at_once)
            tell_one(consumer, spec, &targets->elems[i], from[i]);
    }
    if (!spec->dry_run && targets->cnt > 0 && commit_and_read_back(consumer, targets, error) == -1)
        return -1;
    for (int i = 0; i < targets->cnt && !at_once; i++)
        tell_one(consumer, spec, &targets->elems[i], from[i]);
    return 0;
}

static int set_all(struct consumer *consumer, const struct reset_spec *spec, int64_t *partitions,
                   struct error *error)
{
    rd_kafka_topic_partition_list_t *targets = rd_kafka_topic_partition_list_new(1);
    for (size_t i = 0; i < consumer->partitions.row_count; i++)
        if (consumer->partitions.rows[i].state != STATE_UNASSIGNED && is_meant(spec, (int32_t)i))
            rd_kafka_topic_partition_list_add(targets, consumer->partitions.topic, (int32_t)i);
    int64_t *from = calloc((size_t)targets->cnt + 1, sizeof *from);
    int result = from == NULL ? error_set(error, "out of memory; nothing was changed")
                              : find_targets(consumer, spec, targets, error);
    if (result == 0 && from != NULL) {
        *partitions = targets->cnt;
        result = set_targets(consumer, spec, targets, from, error);
    }
    free(from);
    rd_kafka_topic_partition_list_destroy(targets);
    return result;
}

/* Letters first: what they stand for lies behind the new offset, or before it, and then nobody would send
 * them again. */
int reset_owned(struct consumer *consumer, const struct reset_spec *spec, int64_t *partitions,
                struct error *error)
{
    *partitions = 0;
    if (check_outsiders(consumer, spec, error) == -1 || check_places(consumer, spec, error) == -1)
        return -1;
    if (!spec->dry_run && dead_letters_flush(consumer->letters, COMMIT_SYNC_US, error) == -1)
        return error_context(error, "nothing was changed");
    return set_all(consumer, spec, partitions, error);
}

/* --- without members ----------------------------------------------------------------------------------- */

/* A row of ours, as if it had been assigned. */
static int adopt_one(struct consumer *consumer, const rd_kafka_topic_partition_t *committed, bool dry_run,
                     struct error *error)
{
    int64_t had = committed->offset >= 0 ? committed->offset : STATS_UNKNOWN;
    struct sink_position in_sink = {had, WITNESS_NONE, STATS_UNKNOWN};
    if (partition_on_assigned(&consumer->partitions, committed->partition) == -1)
        return error_set(error, "out of memory");
    if (exactly_once_is(consumer) && !dry_run &&
        exactly_once_position(consumer, committed->partition, &in_sink, error) == -1)
        return -1;
    const struct place place = {.offset = in_sink.next_offset, .committed = had, .witness = WITNESS_NONE};
    partition_placed(&consumer->partitions, committed->partition, &place);
    return 0;
}

static int adopt_all(struct consumer *consumer, const struct reset_spec *spec, struct error *error)
{
    const char *topic = consumer->settings->topic;
    int count = kafka_topic_partitions(consumer->rk, topic, ANSWER_MS);
    if (count <= 0)
        return error_set(error, "topic %s %s", topic,
                         count == 0 ? "does not exist" : "cannot be asked about");
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    rd_kafka_topic_partition_list_add_range(list, topic, 0, count - 1);
    rd_kafka_resp_err_t err = rd_kafka_committed(consumer->rk, list, ANSWER_MS);
    for (int i = 0; i < count && err == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
        err = list->elems[i].err;
    int result = err == RD_KAFKA_RESP_ERR_NO_ERROR
                     ? 0
                     : error_set(error, "cannot ask for the group's offsets: %s", rd_kafka_err2str(err));
    for (int i = 0; i < count && result == 0; i++)
        if (is_meant(spec, i))
            result = adopt_one(consumer, &list->elems[i], spec->dry_run, error);
    rd_kafka_topic_partition_list_destroy(list);
    return result;
}

/* The embedded broker takes commits of members only: so this process becomes one, the only one, and owns all.
 * It takes no records. */
static int join_alone(struct consumer *consumer, struct error *error)
{
    int count = kafka_topic_partitions(consumer->rk, consumer->settings->topic, ANSWER_MS);
    int64_t until_us = clock_monotonic_us() + JOIN_US;
    consumer->fetching.paused = true;
    if (membership_join(consumer->rk, consumer->settings->topic, error) == -1)
        return -1;
    while (count <= 0 || consumer->partitions.assigned_count < (size_t)count) {
        if (clock_monotonic_us() > until_us)
            return error_set(error, "group %s assigns no partitions", consumer->settings->group_name);
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer->rk, POLL_MS);
        if (message != NULL)
            rd_kafka_message_destroy(message);
    }
    return 0;
}

/* Workers of this supervisor that died are members until their sessions expire, and until then the coordinator
 * takes no commit of anybody else. None of them runs: the supervisor resets a group that has no process. */
static void release_dead(struct consumer *consumer)
{
    rd_kafka_event_t *event = group_describe(consumer->rk, consumer->settings->group_name, ANSWER_MS);
    bool described = event != NULL && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR;
    const rd_kafka_ConsumerGroupDescription_t *group = described ? group_described(event) : NULL;
    size_t count = group != NULL ? rd_kafka_ConsumerGroupDescription_member_count(group) : 0;
    for (size_t i = 0; i < count; i++) {
        const rd_kafka_MemberDescription_t *member = rd_kafka_ConsumerGroupDescription_member(group, i);
        struct settings dead = *consumer->settings;
        dead.instance_id = rd_kafka_MemberDescription_group_instance_id(member);
        if (dead.instance_id != NULL && is_ours(consumer->rk, consumer->settings, member))
            membership_force_leave(&dead);
    }
    if (event != NULL)
        rd_kafka_event_destroy(event);
}

/* The members are looked at before the sink is: to take a partition over there is to push its owner out. */
static int adopt(struct consumer *consumer, const struct reset_spec *spec, struct error *error)
{
    if (is_embedded(consumer))
        return join_alone(consumer, error);
    if (check_outsiders(consumer, spec, error) == -1)
        return -1;
    if (consumer->settings->supervised && !spec->dry_run)
        release_dead(consumer);
    if (!spec->dry_run && exactly_once_recover(consumer, error) == -1)
        return -1;
    return adopt_all(consumer, spec, error);
}

static int reset_all(struct consumer *consumer, struct error *error)
{
    struct reset_spec spec;
    int64_t partitions;
    if (reset_spec_parse(&spec, consumer->settings->reset, error) == -1 ||
        adopt(consumer, &spec, error) == -1 || reset_owned(consumer, &spec, &partitions, error) == -1)
        return -1;
    if (partitions == 0)
        return error_set(error, "topic %s has no partition %" PRId32, consumer->settings->topic,
                         spec.partition);
    return 0;
}

int reset_stopped(struct consumer *consumer, struct error *error)
{
    if (reset_all(consumer, error) == 0)
        return EXIT_CODE_OK;
    if (consumer->settings->supervised)
        worker_answer_end(consumer->control, consumer->request.number, error->text);
    return -1;
}
