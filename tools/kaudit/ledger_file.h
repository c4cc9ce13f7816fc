/* ledger_file.h: the ledgers of producers, read (the format: common/ledger.h). What was acknowledged becomes
 * a source; what failed or is unknown is few, and is looked up by number. */
#ifndef KSUPERVISE_TOOLS_KAUDIT_LEDGER_FILE_H
#define KSUPERVISE_TOOLS_KAUDIT_LEDGER_FILE_H

#include "common/ledger.h"
#include "tools/kaudit/source.h"

#include <stddef.h>

/* More lines than this that are not of acknowledged messages are refused: 160 MB of memory. */
#define LEDGER_DOUBTFUL_MAX 5000000

struct ledgers;

struct ledger_count {
    uint64_t messages; /* of this topic */
    uint64_t acknowledged;
    uint64_t failed, failed_present;   /* the topic has them nevertheless */
    uint64_t unknown, unknown_present; /* the topic has them: they were stored */
    uint64_t elsewhere;                /* messages of other topics */
    uint64_t unreadable;               /* lines that are none */
    uint64_t nowhere;                  /* acknowledged, in a partition that the topic lacks */
    int64_t failed_examples[8];        /* seq of those that are present */
};

/* `topic`: the one that is audited, with so many partitions. NULL with the error. */
struct ledgers *ledgers_open(const char *topic, int partitions, struct error *error);
void ledgers_close(struct ledgers *ledgers);

/* Reads one more file. A torn last line is passed over. */
int ledgers_read(struct ledgers *ledgers, const char *path, struct error *error);

/* No more files. `source` is the caller's to close: what was acknowledged, the tag is the seq. */
int ledgers_ready(struct ledgers *ledgers, struct source *source, struct error *error);

/* A record of the topic that no line acknowledged at its place. True when it ought to have a line: its
 * producer kept a ledger when it was made. Then *told: it has one, of another outcome. */
bool ledgers_covers(struct ledgers *ledgers, const char *producer, size_t length, int64_t seq,
                    int64_t timestamp_ms, bool *told);

const struct ledger_count *ledgers_count(const struct ledgers *ledgers);

#endif
