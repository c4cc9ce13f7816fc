/* stage_list.h: the text of --pipeline, `validate, flag:amount>1000, stats`, as a list of stages with their
 * arguments; and the list of all stages that there are.
 *
 * A comma separates stages, but not within quotes or parentheses; blanks around a stage do not count.
 */
#ifndef KSUPERVISE_CONSUMER_PIPELINE_STAGE_LIST_H
#define KSUPERVISE_CONSUMER_PIPELINE_STAGE_LIST_H

#include "consumer/pipeline/stage.h"

struct stage_text {
    const struct stage_class *class;
    const char *argument; /* a view into `text` of the list; NULL: none */
};

struct stage_list {
    char *text; /* owned */
    struct stage_text stages[PIPELINE_STAGES_MAX];
    size_t count;
};

/* -1 with a usage error that says the column, and a suggestion for a name that is not known. */
int stage_list_parse(struct stage_list *list, const char *text, struct error *error);
void stage_list_release(struct stage_list *list);

/* A line a stage: for kconsume --stages. */
void stage_list_print(FILE *stream);

#endif
