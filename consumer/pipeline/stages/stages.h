/* stages.h: every stage, a line each: the order of kconsume --stages. */
#ifndef KSUPERVISE_CONSUMER_PIPELINE_STAGES_STAGES_H
#define KSUPERVISE_CONSUMER_PIPELINE_STAGES_STAGES_H

#include "consumer/pipeline/stage.h"

/*  X(id): a file of stages/ or of consumer/sinks/ defines `stage_<id>`  */
#define STAGES(X)                                                                                            \
    X(validate)                                                                                              \
    X(filter)                                                                                                \
    X(flag)                                                                                                  \
    X(reject)                                                                                                \
    X(print)                                                                                                 \
    X(statistics)                                                                                            \
    X(exec)                                                                                                  \
    X(exec_msgpack)                                                                                          \
    X(ndjson)                                                                                                \
    X(sqlite)                                                                                                \
    X(postgres)                                                                                              \
    X(kafka)                                                                                                 \
    X(delay)                                                                                                 \
    X(fail)                                                                                                  \
    X(crash)                                                                                                 \
    X(hang)                                                                                                  \
    X(spin)

#define X(id) extern const struct stage_class stage_##id;
STAGES(X)
#undef X

#endif
