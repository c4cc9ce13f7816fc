/* kinds.h: what a slot runs, and what is particular about each kind: one table. */
#ifndef KSUPERVISE_SUPERVISOR_PROCESS_KINDS_H
#define KSUPERVISE_SUPERVISOR_PROCESS_KINDS_H

#include <stdbool.h>

/* What a slot runs. The order is that of starting; stopping goes the other way, as fleet.h says. */
enum worker_kind {
    KIND_BROKER,
    KIND_WEB,
    KIND_PROVISION,
    KIND_CONSUMER,
    KIND_PRODUCER,
    KIND_KTOPIC /* no slot has it: ktopic.h; its name is ktopic's verb */
};

/* "kconsume", "kproduce", … */
const char *kind_program(enum worker_kind kind);

/* True when a process of this kind publishes statistics. */
bool kind_publishes(enum worker_kind kind);

/* True when one of this kind listens to its channel: another is told by a signal. */
bool kind_listens(enum worker_kind kind);

#endif
