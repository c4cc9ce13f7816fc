#include "tests/sim/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/world.h"

static const char *const feature_names[] = {
#define X(id, name, percent) name,
    FEATURES(X)
#undef X
};
static const unsigned feature_percents[] = {
#define X(id, name, percent) percent,
    FEATURES(X)
#undef X
};
static const char *const step_names[] = {
#define X(id, name) name,
    STEPS(X)
#undef X
};

const char *step_name(enum step_kind kind)
{
    return step_names[kind];
}

const char *feature_name(unsigned index)
{
    return feature_names[index];
}

/* --- settings ------------------------------------------------------------------------------------------ */

static int64_t one_of(struct random *random, const int64_t *values, size_t count)
{
    return values[random_below(random, (uint32_t)count)];
}
#define ONE_OF(random, ...)                                                                                  \
    one_of(random, (const int64_t[]){__VA_ARGS__}, sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void choose_features(struct plan *plan, struct random *random)
{
    for (unsigned i = 0; i < FEATURE_COUNT; i++)
        if (random_percent(random, feature_percents[i]))
            plan->features |= 1u << i;
    /* One history in eight is of few troubles: what needs them shows by itself. */
    if (random_below(random, 8) == 0)
        plan->features &= (uint32_t)random_next(random) & (uint32_t)random_next(random);
}

static void choose_settings(struct plan *plan, struct random *random)
{
    plan->commit = (int)ONE_OF(random, COMMIT_BATCH, COMMIT_BATCH, COMMIT_BATCH, COMMIT_MANUAL, COMMIT_MANUAL,
                               COMMIT_SINK, COMMIT_SINK, COMMIT_SINK, COMMIT_AUTO);
    plan->from = random_percent(random, 30) ? FROM_LATEST : FROM_EARLIEST;
    plan->on_offset_loss =
        (int)ONE_OF(random, OFFSET_LOSS_STOP, OFFSET_LOSS_EARLIEST, OFFSET_LOSS_EARLIEST, OFFSET_LOSS_LATEST);
    plan->cooperative = random_percent(random, 35);
    plan->fixed_members = random_percent(random, 60);
    plan->newest = random_percent(random, 40);
    plan->letters_off = random_percent(random, 8);
    plan->partitions = (int)random_between(random, 1, 4);
    plan->workers = (int)random_between(random, 1, 3);
    plan->batch_size = ONE_OF(random, 1, 2, 3, 5, 8, 12);
    plan->batch_wait_us = ONE_OF(random, 0, 5 * MS, 50 * MS, 100 * MS);
    plan->retries = ONE_OF(random, 0, 1, 2, 3, 5);
    plan->retry_delay_us = ONE_OF(random, 5 * MS, 50 * MS, 200 * MS, SECOND);
    plan->max_unacknowledged = ONE_OF(random, 2, 5, 10, 50);
    plan->session_us = ONE_OF(random, 6 * SECOND, 10 * SECOND, 45 * SECOND);
    plan->max_poll_us = plan->features & FEATURE_SLOW ? 60 * SECOND : 300 * SECOND;
}

/* --- steps --------------------------------------------------------------------------------------------- */

struct builder {
    struct plan *plan;
    struct random *random;
    int64_t length_us;
};

static struct step *add_at(struct builder *builder, enum step_kind kind, int64_t at_us)
{
    static struct step nowhere;
    if (builder->plan->step_count == STEPS_MAX)
        return &nowhere;
    struct step *step = &builder->plan->steps[builder->plan->step_count++];
    *step = (struct step){.at_us = at_us,
                          .kind = kind,
                          .a = (uint32_t)random_next(builder->random),
                          .b = (uint32_t)random_next(builder->random)};
    return step;
}

static int64_t somewhen(struct builder *builder)
{
    return random_between(builder->random, 0, builder->length_us);
}

/* `least` to `most` of them, where the history has the feature. */
static void add(struct builder *builder, uint32_t feature, enum step_kind kind, int least, int most)
{
    if (feature != 0 && (builder->plan->features & feature) == 0)
        return;
    for (int64_t n = random_between(builder->random, least, most); n > 0; n--)
        add_at(builder, kind, somewhen(builder));
}

static void add_pairs(struct builder *builder, uint32_t feature, enum step_kind first, enum step_kind second,
                      int most, int64_t longest_us)
{
    if ((builder->plan->features & feature) == 0)
        return;
    for (int64_t n = random_between(builder->random, 1, most); n > 0; n--) {
        int64_t at_us = somewhen(builder);
        const struct step *step = add_at(builder, first, at_us);
        uint32_t a = step->a;
        at_us += random_between(builder->random, 1 * MS, longest_us);
        add_at(builder, second, at_us < builder->length_us ? at_us : builder->length_us)->a = a;
    }
}

static void add_all(struct builder *builder)
{
    const struct plan *plan = builder->plan;
    add(builder, 0, STEP_PRODUCE, 12, 40);
    add_pairs(builder, FEATURE_TRANSACTIONS, STEP_BEGIN, STEP_DECIDE, 6, 5 * SECOND);
    add(builder, FEATURE_COMPACTION, STEP_COMPACT, 1, 3);
    add(builder, FEATURE_RETENTION, STEP_RETAIN, 1, 3);
    add_pairs(builder, FEATURE_MEMBERS, STEP_STOP, STEP_START, 5, 15 * SECOND);
    add(builder, FEATURE_KILLS, STEP_KILL, 1, 6);
    add(builder, FEATURE_FREEZES, STEP_FREEZE, 1, 2);
    add(builder, FEATURE_ISOLATION, STEP_ISOLATE, 1, 2);
    add(builder, FEATURE_OUTAGES, STEP_OUTAGE, 1, 2);
    add(builder, FEATURE_COMMIT_FAULTS, STEP_COMMITS_FAIL, 1, 3);
    add(builder, FEATURE_QUERY_FAULTS, STEP_QUERIES_FAIL, 1, 3);
    if (plan->features & FEATURE_DEAD)
        add(builder, FEATURE_LETTER_FAULTS, STEP_LETTERS_FAIL, 1, 3);
    add(builder, FEATURE_BATCH_FAILURES, STEP_BATCHES_FAIL, 1, 3);
    add(builder, FEATURE_SLOW, STEP_SLOW, 1, 2);
    add_pairs(builder, FEATURE_PAUSES, STEP_PAUSE, STEP_RESUME, 3, 10 * SECOND);
    if (plan->commit == COMMIT_MANUAL)
        add(builder, 0, STEP_ACK, 5, 20);
    add(builder, FEATURE_RESETS, STEP_RESET, 1, 2);
    add(builder, FEATURE_RESET_PROCESS, STEP_RESET_PROCESS, 1, 1);
    add(builder, FEATURE_NEW_PARTITION, STEP_NEW_PARTITION, 1, 1);
    add(builder, FEATURE_NEW_TOPIC, STEP_NEW_TOPIC, 1, 1);
    if (plan->commit == COMMIT_SINK) {
        add(builder, FEATURE_SINK_FAULTS, STEP_SINK_FAILS, 1, 4);
        add(builder, FEATURE_NEW_DATABASE, STEP_NEW_DATABASE, 1, 1);
        add_pairs(builder, FEATURE_RESTORES, STEP_SNAPSHOT, STEP_RESTORE, 1, 20 * SECOND);
    }
}

static int by_time(const void *a, const void *b)
{
    const struct step *left = a;
    const struct step *right = b;
    return (left->at_us > right->at_us) - (left->at_us < right->at_us);
}

void plan_make(struct plan *plan, uint64_t seed)
{
    struct random random = {random_mix(seed)};
    *plan = (struct plan){.seed = seed};
    choose_features(plan, &random);
    choose_settings(plan, &random);
    struct builder builder = {plan, &random, ONE_OF(&random, 10 * SECOND, 30 * SECOND, 60 * SECOND)};
    /* The workers start one after the other; some later. */
    for (uint32_t i = 0; i < (uint32_t)plan->workers; i++)
        add_at(&builder, STEP_START, i == 0 ? 0 : random_between(&random, 0, builder.length_us / 2))->a = i;
    add_all(&builder);
    qsort(plan->steps, plan->step_count, sizeof plan->steps[0], by_time);
    plan->calm_us = builder.length_us + SECOND;
}

/* --- without ------------------------------------------------------------------------------------------- */

static const uint32_t feature_of_step[STEP_KINDS] = {
    [STEP_BEGIN] = FEATURE_TRANSACTIONS,
    [STEP_DECIDE] = FEATURE_TRANSACTIONS,
    [STEP_COMPACT] = FEATURE_COMPACTION,
    [STEP_RETAIN] = FEATURE_RETENTION,
    [STEP_STOP] = FEATURE_MEMBERS,
    [STEP_KILL] = FEATURE_KILLS,
    [STEP_FREEZE] = FEATURE_FREEZES,
    [STEP_ISOLATE] = FEATURE_ISOLATION,
    [STEP_OUTAGE] = FEATURE_OUTAGES,
    [STEP_COMMITS_FAIL] = FEATURE_COMMIT_FAULTS,
    [STEP_QUERIES_FAIL] = FEATURE_QUERY_FAULTS,
    [STEP_LETTERS_FAIL] = FEATURE_LETTER_FAULTS,
    [STEP_BATCHES_FAIL] = FEATURE_BATCH_FAILURES,
    [STEP_SLOW] = FEATURE_SLOW,
    [STEP_PAUSE] = FEATURE_PAUSES,
    [STEP_RESUME] = FEATURE_PAUSES,
    [STEP_RESET] = FEATURE_RESETS,
    [STEP_RESET_PROCESS] = FEATURE_RESET_PROCESS,
    [STEP_NEW_PARTITION] = FEATURE_NEW_PARTITION,
    [STEP_NEW_TOPIC] = FEATURE_NEW_TOPIC,
    [STEP_SINK_FAILS] = FEATURE_SINK_FAULTS,
    [STEP_SNAPSHOT] = FEATURE_RESTORES,
    [STEP_RESTORE] = FEATURE_RESTORES,
    [STEP_NEW_DATABASE] = FEATURE_NEW_DATABASE,
};

void plan_without(struct plan *plan, uint32_t features)
{
    plan->features &= ~features;
    for (size_t i = 0; i < plan->step_count; i++)
        if (feature_of_step[plan->steps[i].kind] & features)
            plan->steps[i].off = true;
}

/* --- telling ------------------------------------------------------------------------------------------- */

void plan_describe(const struct plan *plan, char text[PLAN_TEXT_BYTES])
{
    int used = snprintf(
        text, PLAN_TEXT_BYTES,
        "--commit %s --from %s --on-offset-loss %s --batch-size %d --batch-wait %dms --retries %d "
        "--retry-delay %dms%s%s, %s, %s members, librdkafka %s, %d partitions, %d workers, session %d s;",
        commit_mode_choices[plan->commit], start_from_choices[plan->from],
        offset_loss_choices[plan->on_offset_loss], (int)plan->batch_size, (int)(plan->batch_wait_us / MS),
        (int)plan->retries, (int)(plan->retry_delay_us / MS), plan->letters_off ? " --dead-letters off" : "",
        plan->commit == COMMIT_MANUAL && plan->max_unacknowledged < 50 ? " --max-unacknowledged (few)" : "",
        plan->cooperative ? "cooperative-sticky" : "range", plan->fixed_members ? "static" : "dynamic",
        plan->newest ? "newest" : "2.0.2", plan->partitions, plan->workers, (int)(plan->session_us / SECOND));
    for (unsigned i = 0; i < FEATURE_COUNT && used < PLAN_TEXT_BYTES; i++)
        if (plan->features >> i & 1)
            used += snprintf(text + used, (size_t)(PLAN_TEXT_BYTES - used), " %s", feature_names[i]);
}
