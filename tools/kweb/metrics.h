/* metrics.h: an instance for Prometheus, in its text format (version 0.0.4) or in OpenMetrics 1.0.
 *
 * Two sets of names. `ksupervise_…` comes from the definitions of common/stats, so what a segment holds is
 * what is exported. `kafka_…` are the names that dashboards of consumer lag query: Grafana's 7589, of
 * danielqsj's kafka_exporter, and the one of seglo's kafka-lag-exporter. METRICS.md is the list of both.
 *
 * Values are in base units (seconds, bytes). What is not known is left out, never 0. All labels are escaped
 * and valid UTF-8, whatever a segment or a directory holds. A label `instance` there is not: Prometheus puts
 * its own on everything that it scrapes. Which instance it is, ksupervise_instance_info says.
 *
 * An answer is read piece by piece: its text is made when it is asked for, since that of a thousand workers
 * is 25 MB. What is kept is values and labels of one moment, 4 MB of 1000 workers with 12 partitions. The
 * view may be lazy; then each segment is read once. One thread.
 */
#ifndef KSUPERVISE_TOOLS_KWEB_METRICS_H
#define KSUPERVISE_TOOLS_KWEB_METRICS_H

#include "common/banned.h"

#include <stdio.h>

#include "common/view/view.h"
#include "tools/kweb/exposition.h"

/* What an answer in that format says its Content-Type is. */
const char *metrics_content_type(enum exposition_format format);

enum metrics_names { METRICS_OWN, METRICS_KAFKA };

struct metrics; /* opaque: an answer, and how far it has been read */

/* The caller's, to close; NULL without memory. The view is not needed any more. */
struct metrics *metrics_open(struct view *view, const struct view_request *request, enum metrics_names names,
                             enum exposition_format format);
/* The next bytes, at most `capacity`; 0: that was all. */
size_t metrics_read(struct metrics *metrics, char *bytes, size_t capacity);
void metrics_close(struct metrics *metrics); /* NULL is fine */

/* METRICS.md: every name of both, its type, unit, labels and meaning. */
void metrics_reference(FILE *stream);

#endif
