#include "consumer/pipeline/pipeline.h"

#include "common/exit_codes.h"
#include "consumer/pipeline/decode.h"
#include "consumer/pipeline/stage_list.h"
#include "consumer/pipeline/stages/stages.h"

const struct stage *pipeline_sink(const struct pipeline *pipeline)
{
    if (pipeline->stage_count == 0)
        return NULL;
    const struct stage *last = &pipeline->stages[pipeline->stage_count - 1];
    return last->class->sink != NULL ? last : NULL;
}

/* --- which stages -------------------------------------------------------------------------------------- */

static int add(struct pipeline *pipeline, const struct stage_class *class, const char *argument,
               struct error *error)
{
    if (pipeline_sink(pipeline) != NULL)
        return error_set_code(error, EXIT_CODE_USAGE, "--pipeline: nothing can follow %s: it ends a batch",
                              pipeline_sink(pipeline)->class->name);
    struct stage *stage = &pipeline->stages[pipeline->stage_count];
    *stage = (struct stage){class, NULL};
    if (class->open != NULL && class->open(&stage->state, argument, pipeline, error) == -1)
        return error_context(error, "--pipeline: %s", class->name);
    pipeline->stage_count++;
    return 0;
}

static int add_listed(struct pipeline *pipeline, struct error *error)
{
    struct stage_list list;
    if (stage_list_parse(&list, pipeline->settings->pipeline, error) == -1)
        return -1;
    int result = 0;
    for (size_t i = 0; i < list.count && result == 0; i++)
        result = add(pipeline, list.stages[i].class, list.stages[i].argument, error);
    stage_list_release(&list);
    return result;
}

static int add_default(struct pipeline *pipeline, struct error *error)
{
    const struct settings *settings = pipeline->settings;
    if (add(pipeline, &stage_validate, NULL, error) == -1)
        return -1;
    if (settings->print && add(pipeline, &stage_print, NULL, error) == -1)
        return -1;
    if (settings->statistics_every > 0 && add(pipeline, &stage_statistics, NULL, error) == -1)
        return -1;
    return 0;
}

int pipeline_open(struct pipeline *pipeline, const struct settings *settings, struct stats_writer *stats,
                  struct error *error)
{
    *pipeline = (struct pipeline){.settings = settings, .stats = stats};
    int result = settings->pipeline != NULL ? add_listed(pipeline, error) : add_default(pipeline, error);
    if (result == -1)
        return -1;
    while (pipeline->first_batch_stage < pipeline->stage_count &&
           pipeline->stages[pipeline->first_batch_stage].class->record != NULL)
        pipeline->first_batch_stage++;
    bool gathers = pipeline->first_batch_stage < pipeline->stage_count;
    size_t items = gathers ? (size_t)settings->batch_size : 1;
    pipeline->items = calloc(items, sizeof *pipeline->items);
    pipeline->answers = calloc(items, sizeof *pipeline->answers);
    pipeline->record_bytes = record_bytes(settings->schema);
    pipeline->record_memory = calloc(items, pipeline->record_bytes);
    if (pipeline->items == NULL || pipeline->answers == NULL || pipeline->record_memory == NULL)
        return error_set(error, "no memory for a batch of %zu records: --batch-size is too large", items);
    return 0;
}

void pipeline_close(struct pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->stage_count; i++)
        if (pipeline->stages[i].class->close != NULL)
            pipeline->stages[i].class->close(pipeline->stages[i].state);
    pipeline->stage_count = 0;
    free(pipeline->items);
    free(pipeline->answers);
    free(pipeline->record_memory);
    pipeline->record_memory = NULL;
    pipeline->items = NULL;
    pipeline->answers = NULL;
}

void pipeline_finish(struct pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->stage_count; i++)
        if (pipeline->stages[i].class->finish != NULL)
            pipeline->stages[i].class->finish(pipeline->stages[i].state);
}

/* --- one record ---------------------------------------------------------------------------------------- */

struct run {
    struct pipeline *pipeline;
    const struct pipeline_events *events;
    struct pipeline_result *result;
    bool holding; /* some partition of this batch waits */
    /* Reasons, once a batch: as variables of a record's functions the compiler would zero them for each. */
    char why_not_decoded[DECODE_WHY_BYTES];
    char why[STAGE_WHY_BYTES];
};

/* What follows from a verdict. True when the record goes on. */
static bool settle(struct run *run, const rd_kafka_message_t *message, enum verdict verdict,
                   const char *stage, const char *why)
{
    if (verdict == VERDICT_PASS)
        return true;
    if (verdict == VERDICT_DROP) {
        run->result->processed++;
        if (run->events->dropped != NULL)
            run->events->dropped(run->events->context, message);
        return false;
    }
    if (verdict == VERDICT_RETRY && run->events->retry(run->events->context, message, stage, why)) {
        run->holding = true;
        return false;
    }
    run->result->failed++;
    run->events->dead(run->events->context, message, stage, why);
    return false;
}

/* Through the stages from `first` to before `end`, each of which sees one record at a time. */
static bool run_records(struct run *run, const struct item *item, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        const struct stage *stage = &run->pipeline->stages[i];
        enum verdict verdict = stage->class->record(stage->state, item, run->why);
        if (verdict != VERDICT_PASS)
            return settle(run, item->message, verdict, stage->class->name, run->why);
    }
    return true;
}

static bool is_held(const struct run *run, const rd_kafka_message_t *message)
{
    return run->holding && run->events->blocked(run->events->context, message);
}

/* --- a batch ------------------------------------------------------------------------------------------- */

/* A message becomes an item; or it is settled; or nothing behind it is to be looked at. */
static enum decoded decode(struct run *run, const rd_kafka_message_t *message, bool first_of_run,
                           struct item *item)
{
    struct pipeline *pipeline = run->pipeline;
    const struct settings *settings = pipeline->settings;
    enum decoded decoded =
        decode_message(settings->schema, message, first_of_run, item->record, run->why_not_decoded);
    if (decoded == DECODE_UNKNOWN_MAJOR) {
        run->result->unknown_major = message;
        return decoded;
    }
    run->result->bytes += message->len;
    if (decoded != DECODE_OK) {
        bool tombstone = decoded == DECODE_TOMBSTONE;
        bool skipped = tombstone && settings->tombstones == TOMBSTONES_SKIP;
        run->result->tombstones += tombstone;
        settle(run, message, skipped ? VERDICT_DROP : VERDICT_DEAD, "decode", run->why_not_decoded);
        return decoded;
    }
    item->message = message;
    item->number = ++pipeline->records;
    run->result->unknown_fields += item->record->unknown_fields;
    return decoded;
}

/* Decodes, and runs the stages up to the first batch stage. Returns how many items are left for that. */
static size_t run_messages(struct run *run, rd_kafka_message_t *const *messages, size_t count)
{
    struct pipeline *pipeline = run->pipeline;
    bool gathers = pipeline->first_batch_stage < pipeline->stage_count;
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        stats_tick(pipeline->stats);
        if (is_held(run, messages[i]))
            continue;
        struct item *item = &pipeline->items[left];
        item->record = (struct record *)(void *)(pipeline->record_memory + left * pipeline->record_bytes);
        bool first_of_run = i == 0 || messages[i]->partition != messages[i - 1]->partition;
        enum decoded decoded = decode(run, messages[i], first_of_run, item);
        if (decoded == DECODE_UNKNOWN_MAJOR)
            break;
        if (decoded != DECODE_OK || !run_records(run, item, 0, pipeline->first_batch_stage))
            continue;
        if (gathers)
            left++;
        else
            run->result->processed++;
    }
    return left;
}

/* Leaves only the items that passed, in their order. */
static size_t keep_passed(struct run *run, const struct stage *stage, size_t count)
{
    struct item *items = run->pipeline->items;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct answer *answer = &run->pipeline->answers[i];
        if (is_held(run, items[i].message) ||
            !settle(run, items[i].message, answer->verdict, stage->class->name,
                    answer->why ? answer->why : "no reason was given"))
            continue;
        if (kept != i)
            items[kept] = items[i];
        kept++;
    }
    return kept;
}

static size_t run_one_by_one(struct run *run, size_t stage, size_t count)
{
    struct item *items = run->pipeline->items;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        stats_tick(run->pipeline->stats);
        if (is_held(run, items[i].message) || !run_records(run, &items[i], stage, stage + 1))
            continue;
        if (kept != i)
            items[kept] = items[i];
        kept++;
    }
    return kept;
}

/* The stages from the first batch stage on. Returns how many items came through, or -1. */
static ssize_t run_gathered(struct run *run, size_t count, struct error *error)
{
    struct pipeline *pipeline = run->pipeline;
    for (size_t i = pipeline->first_batch_stage; i < pipeline->stage_count && count > 0; i++) {
        const struct stage *stage = &pipeline->stages[i];
        if (stage->class->sink != NULL && stage->class->batch == NULL) /* its turn is when all is known */
            continue;
        if (stage->class->batch == NULL) {
            count = run_one_by_one(run, i, count);
            continue;
        }
        memset(pipeline->answers, 0, count * sizeof *pipeline->answers);
        if (stage->class->batch(stage->state, pipeline->items, count, pipeline->answers, error) == -1) {
            error_context(error, "%s", stage->class->name);
            return -1;
        }
        count = keep_passed(run, stage, count);
    }
    return (ssize_t)count;
}

int pipeline_run(struct pipeline *pipeline, rd_kafka_message_t *const *messages, size_t count,
                 const struct pipeline_events *events, struct pipeline_result *result, struct error *error)
{
    *result = (struct pipeline_result){0};
    struct run run = {.pipeline = pipeline, .events = events, .result = result};
    size_t left = run_messages(&run, messages, count);
    ssize_t through = run_gathered(&run, left, error);
    if (through == -1)
        return -1;
    result->processed += (uint64_t)through;
    result->gathered = (size_t)through;
    for (size_t i = 0; i < pipeline->stage_count; i++) {
        const struct stage *stage = &pipeline->stages[i];
        if (stage->class->batch_end != NULL && stage->class->batch_end(stage->state, error) == -1) {
            error_context(error, "%s", stage->class->name);
            return -1;
        }
    }
    if (result->tombstones > 0)
        stats_add(pipeline->stats, CONSUMER_TOMBSTONES, result->tombstones);
    return 0;
}
