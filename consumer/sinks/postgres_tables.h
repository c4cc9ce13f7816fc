/* postgres_tables.h: the tables of a sink in PostgreSQL: made when they are not there, given a column for
 * each new field, and checked. Rows go by COPY's binary format, which converts nothing: eight bytes of a
 * number are taken for a timestamp, and no one complains. So a column must be of its field's very type, and
 * must be it still when a batch is committed: the *shape* of the table, its columns and the numbers of their
 * types, is remembered from the check and compared in each transaction, behind the COPY, whose lock no ALTER
 * passes.
 */
#ifndef KSUPERVISE_CONSUMER_SINKS_POSTGRES_TABLES_H
#define KSUPERVISE_CONSUMER_SINKS_POSTGRES_TABLES_H

#include "consumer/sinks/postgres_link.h"

/* A table's shape as an SQL expression; `name` is one too, of the quoted name. NULL when it is not there. */
#define POSTGRES_SHAPE(name)                                                                                 \
    "(SELECT string_agg(attname || ' ' || atttypid, ',' ORDER BY attnum) FROM pg_attribute "                 \
    "WHERE attrelid = to_regclass(" name ") AND attnum > 0 AND NOT attisdropped)"

/* Makes what is not there. In one transaction, one process at a time. For the topic and schema of the link's
 * pipeline. */
int postgres_tables_make(struct postgres_link *link, struct error *error);

/* The shape of the topic's table, which the caller frees; NULL with an error of configuration when it is not
 * there, or a column is missing or of another type. */
char *postgres_tables_check(struct postgres_link *link, struct error *error);

#endif
