/* condition.h: the EXPR of a stage such as `filter:EXPR`: parsed for the consumer's schema when the stage is
 * opened, asked of each record. The stages that have nothing else use it as their state. */
#ifndef KSUPERVISE_CONSUMER_PIPELINE_CONDITION_H
#define KSUPERVISE_CONSUMER_PIPELINE_CONDITION_H

#include "common/expression/expression.h"
#include "consumer/pipeline/stage.h"

struct condition {
    const struct pipeline *pipeline;
    struct expression *expression;
    char *text; /* as it was written */
};

/* For stage_class.open and stage_class.close; `*state` becomes a struct condition. */
int condition_open(void **state, const char *argument, const struct pipeline *pipeline, struct error *error);
void condition_close(void *state);

bool condition_holds(const struct condition *condition, const struct item *item);

#endif
