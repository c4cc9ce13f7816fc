/* batch_table.h: a batch as a table that SQLite reads, so that one statement inserts it whole:
 *
 *   INSERT INTO "payments" (kafka_partition, …) SELECT * FROM "the batch"
 *
 * An eponymous virtual table (https://sqlite.org/vtab.html, 2.1.2): it is in no file, and no other connection
 * sees it. Its columns are those of sink_columns_sql, in that order. Nothing is bound, copied or allocated
 * per record: SQLite asks for a value when it makes the row of it.
 */
#ifndef KSUPERVISE_CONSUMER_SINKS_BATCH_TABLE_H
#define KSUPERVISE_CONSUMER_SINKS_BATCH_TABLE_H

#include "common/stats/writer.h"
#include "consumer/sinks/sink.h"

#include <sqlite3.h>

/* No topic can have this name. */
#define BATCH_TABLE_NAME "the batch"

/* What is read. The caller's; at its place as long as the connection, and what it points to as long as a
 * statement runs that reads it. */
struct batch_table {
    const struct schema *schema;
    struct stats_writer *stats; /* ticks a row: a long statement is no hang */
    const struct item *items;
    size_t count;
};

/* Makes it known to the connection. An SQLite result code. */
int batch_table_register(sqlite3 *db, struct batch_table *table);

#endif
