/* kafka_rules.h: properties of librdkafka that break a program's guarantees, or that it would ignore. One
 * table says which, and why; a start and --check refuse them alike. */
#ifndef KSUPERVISE_COMMON_KAFKA_RULES_H
#define KSUPERVISE_COMMON_KAFKA_RULES_H

#include "common/options.h"

/* What a program has of librdkafka's. */
enum kafka_role {
    KAFKA_ROLE_CONSUMER = 1,     /* a member of a group */
    KAFKA_ROLE_LETTERS = 2,      /* the producer of dead letters */
    KAFKA_ROLE_PRODUCER = 4,     /* kproduce */
    KAFKA_ROLE_TOOL = 8,         /* asks and reads */
    KAFKA_ROLE_TRANSACTIONS = 16 /* the sink that writes another topic, and its consumer */
};

/* 0, or -1 with EXIT_CODE_CONFIG and the first property that is not allowed, its value, and why. `roles`: a
 * sum of enum kafka_role. Rules of other roles do not apply. */
int kafka_rules_check(unsigned roles, const struct option_list *properties, struct error *error);

#endif
