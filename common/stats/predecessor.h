/* predecessor.h: what the generation before left in its segment, for the worker that follows it. */
#ifndef KSUPERVISE_COMMON_STATS_PREDECESSOR_H
#define KSUPERVISE_COMMON_STATS_PREDECESSOR_H

#include "common/stats/reader.h"
#include "common/stats/writer.h"

/* If it is still there and was of the same group; NULL: it is not. The caller's, to free. */
struct stats_snapshot *stats_writer_predecessor(const struct stats_writer *writer);

#endif
