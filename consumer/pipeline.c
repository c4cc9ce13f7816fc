#include "consumer/pipeline.h"

#include "common/exit_codes.h"
#include "consumer/stages/stages.h"

/* --- which stages -------------------------------------------------------------------------------------- */

static int add(struct pipeline *pipeline, const struct stage_class *class, struct error *error)
{
    if (pipeline->stage_count == PIPELINE_STAGES_MAX)
        return error_set_code(error, EXIT_CODE_CONFIG, "a pipeline has at most %d stages",
                              PIPELINE_STAGES_MAX);
    struct stage *stage = &pipeline->stages[pipeline->stage_count];
    *stage = (struct stage){class, NULL};
    if (class->open != NULL && class->open(&stage->state, pipeline->settings, error) == -1)
        return error_context(error, "stage %s", class->name);
    pipeline->stage_count++;
    return 0;
}

int pipeline_open(struct pipeline *pipeline, const struct settings *settings, struct error *error)
{
    *pipeline = (struct pipeline){.settings = settings};
    if (add(pipeline, &stage_validate, error) == -1)
        return -1;
    if (settings->print && add(pipeline, &stage_print, error) == -1)
        return -1;
    if (settings->statistics_every > 0 && add(pipeline, &stage_statistics, error) == -1)
        return -1;
    return 0;
}

void pipeline_close(struct pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->stage_count; i++)
        if (pipeline->stages[i].class->close != NULL)
            pipeline->stages[i].class->close(pipeline->stages[i].state);
    pipeline->stage_count = 0;
}

void pipeline_finish(struct pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->stage_count; i++)
        if (pipeline->stages[i].class->finish != NULL)
            pipeline->stages[i].class->finish(pipeline->stages[i].state);
}

/* --- one record ---------------------------------------------------------------------------------------- */

/* The schema that the `schema` header names; without the header, the client's. SCHEMA_KNOWN sets *schema. */
static enum schema_match schema_of(const struct pipeline *pipeline, const rd_kafka_message_t *message,
                                   const struct schema **schema)
{
    rd_kafka_headers_t *headers;
    const void *value;
    size_t length;
    *schema = pipeline->settings->schema;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        rd_kafka_header_get_last(headers, "schema", &value, &length) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return SCHEMA_KNOWN;
    return schema_from_header(value, length, schema);
}

static enum verdict check_header(const struct pipeline *pipeline, const struct item *item,
                                 char why[STAGE_WHY_BYTES])
{
    const struct schema *schema;
    if (schema_of(pipeline, item->message, &schema) == SCHEMA_KNOWN && schema == pipeline->settings->schema)
        return VERDICT_PASS;
    snprintf(why, STAGE_WHY_BYTES, "its schema header does not say %s/%d", pipeline->settings->schema->name,
             pipeline->settings->schema->major);
    return VERDICT_DEAD;
}

/* Asking librdkafka for a message's headers makes it parse and allocate them, which costs more than all that
 * we do with the record (measured: 0.45 of the throughput). So the `schema` header is looked at where it can
 * matter: for a record that does not decode as ours, for one with fields that we do not know, and for the
 * first of every run of a partition. What is left is a new major version with exactly the fields and types of
 * the old one, in the middle of a run; it is noticed at the next. */
static enum verdict decode(const struct pipeline *pipeline, struct item *item, bool first_of_run,
                           char why[STAGE_WHY_BYTES])
{
    struct record_problem problem;
    bool decoded = record_decode(pipeline->settings->schema, item->message->payload, item->message->len,
                                 &item->record, &problem) == 0;
    if ((!decoded || first_of_run || item->record.unknown_fields > 0) &&
        check_header(pipeline, item, why) == VERDICT_DEAD)
        return VERDICT_DEAD;
    if (decoded)
        return VERDICT_PASS;
    record_problem_text(&problem, why, STAGE_WHY_BYTES);
    return VERDICT_DEAD;
}

static enum verdict run_stages(struct pipeline *pipeline, const struct item *item, char why[STAGE_WHY_BYTES])
{
    for (size_t i = 0; i < pipeline->stage_count; i++) {
        const struct stage *stage = &pipeline->stages[i];
        enum verdict verdict = stage->class->record(stage->state, item, why);
        if (verdict != VERDICT_PASS)
            return verdict;
    }
    return VERDICT_PASS;
}

static bool has_unknown_major(const struct pipeline *pipeline, const rd_kafka_message_t *message)
{
    const struct schema *schema;
    return schema_of(pipeline, message, &schema) == SCHEMA_UNKNOWN_MAJOR;
}

/* --- a batch ------------------------------------------------------------------------------------------- */

void pipeline_run(struct pipeline *pipeline, rd_kafka_message_t *const *messages, size_t count,
                  void (*refused)(void *context, const rd_kafka_message_t *message, const char *why),
                  void *context, struct pipeline_result *result)
{
    *result = (struct pipeline_result){0};
    struct item item;
    char why[STAGE_WHY_BYTES];
    for (size_t i = 0; i < count; i++) {
        stats_tick(pipeline->stats);
        item.message = messages[i];
        item.number = pipeline->records + 1;
        bool first_of_run = i == 0 || messages[i]->partition != messages[i - 1]->partition;
        enum verdict verdict = decode(pipeline, &item, first_of_run, why);
        if (verdict == VERDICT_PASS) {
            pipeline->records++;
            result->unknown_fields += item.record.unknown_fields;
            verdict = run_stages(pipeline, &item, why);
        } else if (has_unknown_major(pipeline, messages[i])) {
            result->unknown_major = messages[i];
            break;
        }
        result->bytes += messages[i]->len;
        if (verdict == VERDICT_DEAD) {
            result->failed++;
            refused(context, messages[i], why);
        } else {
            result->processed++;
        }
    }
    for (size_t i = 0; i < pipeline->stage_count; i++)
        if (pipeline->stages[i].class->batch_end != NULL)
            pipeline->stages[i].class->batch_end(pipeline->stages[i].state);
}
