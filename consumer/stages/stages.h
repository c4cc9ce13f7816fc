/* stages.h: every stage, a line each. */
#ifndef KSUPERVISE_CONSUMER_STAGES_STAGES_H
#define KSUPERVISE_CONSUMER_STAGES_STAGES_H

#include "consumer/pipeline.h"

extern const struct stage_class stage_validate;   /* validate.c */
extern const struct stage_class stage_print;      /* print.c */
extern const struct stage_class stage_statistics; /* statistics.c */

#endif
