/* reset_spec.h: where a group's offsets are to be set: as kctl reset says it, kconsume --reset takes it, and
 * the supervisor passes it on:
 *
 *   WHERE[,partition=P][,dry-run][,delete-rows]      WHERE: earliest, latest, offset:N, timestamp:T, shift:±N
 *
 * T is a time of ISO 8601, as kafka-consumer-groups --to-datetime takes it: 2026-02-26T09:52:20.500+01:00,
 * also without the fraction; +0100 and +01 are read too, and without a zone it is UTC. A number has a unit:
 * 1772099540500ms since the epoch, as Kafka counts, or s or us. One without is refused: Kafka's tools mean
 * milliseconds, others seconds or microseconds.
 */
#ifndef KSUPERVISE_COMMON_RESET_SPEC_H
#define KSUPERVISE_COMMON_RESET_SPEC_H

#include "common/error.h"

#include <stdbool.h>
#include <stdint.h>

enum reset_to { RESET_EARLIEST, RESET_LATEST, RESET_OFFSET, RESET_TIMESTAMP, RESET_SHIFT };

struct reset_spec {
    enum reset_to to;
    int64_t value;     /* an offset, microseconds since the epoch, or by how many */
    int32_t partition; /* -1: all */
    bool dry_run;      /* only say what would be done */
    bool delete_rows;  /* of a database sink, from there on: they will be written again */
};

/* -1 with a usage error that says what was expected. */
int reset_spec_parse(struct reset_spec *spec, const char *text, struct error *error);

/* Where that is in a partition that holds `low` to before `high`, and is at `now` (STATS_UNKNOWN: nothing
 * committed): between the two, both included. `found` is the first offset at or after the timestamp;
 * negative: none. Used for RESET_TIMESTAMP only. */
int64_t reset_spec_offset(const struct reset_spec *spec, int64_t low, int64_t high, int64_t now,
                          int64_t found);

#endif
