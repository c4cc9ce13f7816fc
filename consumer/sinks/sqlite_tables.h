/* sqlite_tables.h: the tables of a sink in an SQLite file: made when they are not there, and given a column
 * for each new field.
 *
 * SQLite takes names that differ in case only for one, Kafka takes them for two. Who came first has the
 * table; the other topic is a mistake in the configuration, and so is one whose name is an index's or a
 * view's.
 */
#ifndef KSUPERVISE_CONSUMER_SINKS_SQLITE_TABLES_H
#define KSUPERVISE_CONSUMER_SINKS_SQLITE_TABLES_H

#include "consumer/sinks/sqlite_link.h"

/* In one transaction, one process at a time. For the topic and schema of the link's pipeline. After a failure
 * the transaction is open still, and the link to be closed. */
int sqlite_tables_make(struct sqlite_link *link, struct error *error);

#endif
