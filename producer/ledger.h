/* ledger.h: writes the producer's ledger (the format: common/ledger.h).
 *
 * Lines are gathered and written in blocks; a thread of its own syncs them to the disk several times a
 * second, so that the sending thread never waits for the disk, only for a write into the page cache. A
 * process that is killed loses at most the lines of the last 50 ms; a crash of the machine also those since
 * the last fdatasync.
 *
 * One thread calls these; the one inside is the ledger's own. */
#ifndef KSUPERVISE_PRODUCER_LEDGER_H
#define KSUPERVISE_PRODUCER_LEDGER_H

#include "common/error.h"
#include "common/ledger.h"

#include <stdbool.h>
#include <stdint.h>

struct ledger;

struct ledger_run {
    const char *producer;
    const char *topic;
    uint64_t first_seq;
    int64_t begun_us; /* wall time */
};

/* Opens or creates the file, cuts off a torn last line, and writes the line of the run. -1 with
 * EXIT_CODE_CONFIG when it is not a ledger or another process has it, with EXIT_CODE_LEDGER when it cannot be
 * written. */
int ledger_open(struct ledger **ledger, const char *path, const struct ledger_run *run, struct error *error);

/* Notes what became of a message; partition and offset -1 when they are not known. Writes when a block is
 * full. Errors are reported by ledger_flush. */
void ledger_note(struct ledger *ledger, uint64_t seq, int32_t partition, int64_t offset,
                 enum ledger_outcome outcome);

/* Writes what is gathered. -1 with EXIT_CODE_LEDGER when something could not be written, now or since the
 * last call, or did not reach the disk. From then on nothing is written any more. */
int ledger_flush(struct ledger *ledger, struct error *error);

/* Writes what is gathered, and waits until the disk has it. -1 with EXIT_CODE_LEDGER. */
int ledger_sync(struct ledger *ledger, struct error *error);

/* Without a further write. NULL is nothing to close. */
void ledger_close(struct ledger *ledger);

#endif
