/* postgres_calls.h: the statements of a sink in PostgreSQL, prepared once a connection, as functions. Each
 * leaves transactions to its caller; -1 with the error when the server refused it or the connection was lost.
 */
#ifndef KSUPERVISE_CONSUMER_SINKS_POSTGRES_CALLS_H
#define KSUPERVISE_CONSUMER_SINKS_POSTGRES_CALLS_H

#include "consumer/sinks/postgres_link.h"
#include "consumer/sinks/sink.h"
#include "consumer/sinks/sink_table.h"

/* Whose rows they are. */
struct postgres_owner {
    const char *cluster, *group, *topic;
};

struct postgres_position {
    int64_t epoch;
    struct sink_position position;
};

/* Parameters that are arrays, as text ({1,2,NULL}), which grow and are kept. Zeroed at first. */
struct postgres_array {
    char *text;
    size_t used, size;
};
enum { POSTGRES_ARRAYS = 8 };
struct postgres_calls {
    struct postgres_array arrays[POSTGRES_ARRAYS];
};
void postgres_calls_release(struct postgres_calls *calls);

/* Empties an array; adds a number, STATS_UNKNOWN as NULL; closes it. */
void postgres_array_begin(struct postgres_array *array);
int postgres_array_add(struct postgres_array *array, int64_t number, struct error *error);
int postgres_array_end(struct postgres_array *array, struct error *error);

int postgres_calls_prepare(struct postgres_link *link, struct error *error);

/* An error of configuration when another group, or another cluster, fills the topic's table. Within a
 * transaction, until whose end no other process gets past here. */
int postgres_check_alone(struct postgres_link *link, const struct postgres_owner *owner, struct error *error);
/* Raises the epoch. */
int postgres_take(struct postgres_link *link, const struct postgres_owner *owner, int32_t partition,
                  struct postgres_position *position, struct error *error);
/* Waits for a transaction that is about to change it. 1; 0 when the partition has no row. */
int postgres_read(struct postgres_link *link, const struct postgres_owner *owner, int32_t partition,
                  struct postgres_position *position, struct error *error);

/* Compare-and-set of the ranges that were set: how many rows were as expected. *altered: the topic's table is
 * not of that shape (postgres_tables.h); behind a COPY in the same transaction that holds for its rows. */
int postgres_ranges_set(struct postgres_calls *calls, const struct sink_range *ranges, size_t count,
                        const struct sink_epochs *epochs, struct error *error);
int64_t postgres_move(struct postgres_link *link, const struct postgres_calls *calls,
                      const struct postgres_owner *owner, const char *shape, bool *altered,
                      struct error *error);

int postgres_outbox_add(struct postgres_link *link, const struct postgres_owner *owner,
                        const struct sink_death *death, struct error *error);
int postgres_outbox_list(struct postgres_link *link, const struct postgres_owner *owner, int32_t partition,
                         void (*each)(void *context, const struct letter_body *letter), void *context,
                         struct error *error);
int postgres_outbox_remove(struct postgres_link *link, struct postgres_calls *calls,
                           const struct postgres_owner *owner, const struct letter_origin *letters,
                           size_t count, struct error *error);

#endif
