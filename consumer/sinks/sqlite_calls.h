/* sqlite_calls.h: the statements of a sink in SQLite, prepared once a connection, as functions. Each leaves
 * transactions to its caller; -1 with the error when SQLite refused it.
 */
#ifndef KSUPERVISE_CONSUMER_SINKS_SQLITE_CALLS_H
#define KSUPERVISE_CONSUMER_SINKS_SQLITE_CALLS_H

#include "consumer/sinks/batch_table.h"
#include "consumer/sinks/sqlite_link.h"

enum sqlite_statement {
    CALL_BEGIN,
    CALL_COMMIT,
    CALL_OTHERS,
    CALL_TAKE,
    CALL_READ_POSITION,
    CALL_MOVE,
    CALL_INSERT_BATCH,
    CALL_OUTBOX_ADD,
    CALL_OUTBOX_LIST,
    CALL_OUTBOX_REMOVE,
    CALL_STATEMENTS
};

struct sqlite_calls {
    struct sqlite_link *link;
    char cluster[64];
    struct batch_table batch;
    sqlite3_stmt *statements[CALL_STATEMENTS]; /* the link's */
};

/* On a connection whose tables are there. */
int sqlite_calls_prepare(struct sqlite_calls *calls, struct error *error);

int sqlite_begin(struct sqlite_calls *calls, struct error *error);
int sqlite_commit(struct sqlite_calls *calls, struct error *error);

/* An error of configuration when another group, or another cluster, fills the topic's table. */
int sqlite_check_alone(struct sqlite_calls *calls, struct error *error);
/* Raises the epoch. */
int sqlite_take(struct sqlite_calls *calls, int32_t partition, int64_t *epoch, struct sink_position *position,
                struct error *error);
/* 1; 0 when the partition has no row. */
int sqlite_read(struct sqlite_calls *calls, int32_t partition, int64_t *epoch, struct sink_position *position,
                struct error *error);
/* Compare-and-set: 1; 0 when the row was not as expected. */
int sqlite_move(struct sqlite_calls *calls, const struct sink_range *range, int64_t epoch,
                struct error *error);
int sqlite_insert(struct sqlite_calls *calls, const struct item *items, size_t count, struct error *error);

int sqlite_outbox_add(struct sqlite_calls *calls, const struct sink_death *death, struct error *error);
int sqlite_outbox_list(struct sqlite_calls *calls, int32_t partition,
                       void (*each)(void *context, const struct letter_body *letter), void *context,
                       struct error *error);
int sqlite_outbox_remove(struct sqlite_calls *calls, struct letter_origin letter, struct error *error);

#endif
