/* actors.h: what the files that carry a plan's steps out share. */
#ifndef KSUPERVISE_TESTS_SIM_ACTORS_H
#define KSUPERVISE_TESTS_SIM_ACTORS_H

#include "tests/sim/plan.h"

/* Which partition a step's number means. */
int32_t step_partition(uint32_t number);
/* A moment more than `least`, up to `most`, from a step's number: the same in a shortened history. */
int64_t step_span(uint32_t number, int64_t least, int64_t most);

/* To members. */
void step_start(const struct step *step);
void step_stop(const struct step *step);
/* To the topic: actors_topic.c. */
void step_produce(const struct step *step);
void step_begin(const struct step *step);
void step_decide(const struct step *step);
void step_compact(const struct step *step);
void step_retain(const struct step *step);
void step_add_partition(const struct step *step);
void step_make_topic_anew(const struct step *step);

#endif
