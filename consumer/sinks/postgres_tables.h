/* postgres_tables.h: the tables of a sink in PostgreSQL: made when they are not there, given a column for
 * each new field, and checked: a column of another type than its field's is a mistake in the configuration.
 */
#ifndef KSUPERVISE_CONSUMER_SINKS_POSTGRES_TABLES_H
#define KSUPERVISE_CONSUMER_SINKS_POSTGRES_TABLES_H

#include "consumer/sinks/postgres_link.h"

/* In one transaction, one process at a time. For the topic and schema of the link's pipeline. */
int postgres_tables_make(struct postgres_link *link, struct error *error);

#endif
