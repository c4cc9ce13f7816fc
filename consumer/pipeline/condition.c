#include "consumer/pipeline/condition.h"

#include "common/clock.h"

int condition_open(void **state, const char *argument, const struct pipeline *pipeline, struct error *error)
{
    struct condition *condition = calloc(1, sizeof *condition);
    if (condition == NULL)
        return error_set(error, "out of memory");
    condition->pipeline = pipeline;
    condition->text = strdup(argument);
    if (condition->text == NULL)
        error_set(error, "out of memory");
    else
        condition->expression = expression_parse(pipeline->settings->schema, argument, error);
    if (condition->expression == NULL) {
        condition_close(condition);
        return -1;
    }
    *state = condition;
    return 0;
}

void condition_close(void *state)
{
    struct condition *condition = state;
    expression_free(condition->expression);
    free(condition->text);
    free(condition);
}

static struct expression_coordinates coordinates_of(const rd_kafka_message_t *message)
{
    int64_t timestamp_ms = rd_kafka_message_timestamp(message, NULL);
    return (struct expression_coordinates){
        .partition = message->partition,
        .offset = message->offset,
        .timestamp_us = timestamp_ms >= 0 ? timestamp_ms * US_PER_MS : -1,
        .key = {message->key, (uint32_t)message->key_len},
    };
}

bool condition_holds(const struct condition *condition, const struct item *item)
{
    if (!expression_uses_coordinates(condition->expression))
        return expression_matches(condition->expression, item->record, NULL);
    struct expression_coordinates coordinates = coordinates_of(item->message);
    return expression_matches(condition->expression, item->record, &coordinates);
}
