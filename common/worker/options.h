/* options.h: rows of option tables that stand in more than one program: the supervisor takes a worker's
 * options too, and passes them on under the same name (supervisor/process/worker_config.h). A macro is a run
 * of rows; `settings_type` is the struct with the members that the rows fill, named as the options are, and
 * `traits` the rows' last column. Rows whose help differs between programs are each program's own. */
#ifndef KSUPERVISE_COMMON_WORKER_OPTIONS_H
#define KSUPERVISE_COMMON_WORKER_OPTIONS_H

#include "common/options.h"

/* --- every worker -------------------------------------------------------------------------------------- */

/* const char *workload, *topic, *schema_file, *schema_text. The text is what a supervisor read from the file:
 * its workers get what it validated, and a changed file is a changed setting. */
#define WORKLOAD_OPTIONS(settings_type, traits)                                                              \
    OPTION_ROW(OPTION_STRING, "workload", 'w', "NAME", "payments", offsetof(settings_type, workload), 0, 0,  \
               NULL, "payments, orders, transactions or messages; raw: no schema, a value is bytes",         \
               traits),                                                                                      \
        OPTION_ROW(OPTION_STRING, "topic", 't', "NAME", NULL, offsetof(settings_type, topic), 0, 0, NULL,    \
                   "topic, if it is not the schema's own", traits)
/* `traits` of the file; the text, which only a supervisor says, has `text_traits`. */
#define SCHEMA_OPTIONS(settings_type, traits, text_traits)                                                   \
    OPTION_ROW(OPTION_STRING, "schema", 0, "FILE", NULL, offsetof(settings_type, schema_file), 0, 0, NULL,   \
               "records of your own, instead of a workload ('ktopic schema show payments' is one)", traits), \
        OPTION_ROW(OPTION_STRING, "schema-text", 0, "TEXT", NULL, offsetof(settings_type, schema_text), 0,   \
                   0, NULL, "the text of the schema", OPTION_HIDDEN | (text_traits))

/* bool publish */
#define PUBLISH_OPTION(settings_type)                                                                        \
    OPTION_ROW(OPTION_FLAG, "publish", 0, NULL, "yes", offsetof(settings_type, publish), 0, 0, NULL,         \
               "publish statistics in shared memory (--publish=no: do not)", 0)

/* --- consumers ----------------------------------------------------------------------------------------- */

/* In the order of the choices. */
enum start_from { FROM_EARLIEST, FROM_LATEST };
enum offset_loss_policy { OFFSET_LOSS_STOP, OFFSET_LOSS_EARLIEST, OFFSET_LOSS_LATEST };
enum tombstones_policy { TOMBSTONES_DEAD_LETTER, TOMBSTONES_SKIP };
enum commit_mode { COMMIT_BATCH, COMMIT_AUTO, COMMIT_MANUAL, COMMIT_SINK };

extern const char *const start_from_choices[];
extern const char *const offset_loss_choices[];
extern const char *const tombstones_choices[];
extern const char *const commit_mode_choices[];

/* int from, on_offset_loss: enum start_from, enum offset_loss_policy */
#define CONSUMER_START_OPTIONS(settings_type, traits)                                                        \
    OPTION_ROW(OPTION_CHOICE, "from", 0, "WHERE", "earliest", offsetof(settings_type, from), 0, 0,           \
               start_from_choices, "where a group without committed offsets begins", traits),                \
        OPTION_ROW(OPTION_CHOICE, "on-offset-loss", 0, "WHAT", "stop",                                       \
                   offsetof(settings_type, on_offset_loss), 0, 0, offset_loss_choices,                       \
                   "what to do when the next records are gone, or the topic was recreated", traits)

/* int64_t batch_size, batch_wait_us */
#define CONSUMER_BATCH_OPTIONS(settings_type, traits)                                                        \
    OPTION_ROW(OPTION_INTEGER, "batch-size", 0, "N", "500", offsetof(settings_type, batch_size), 1, 100000,  \
               NULL, "a batch is closed when it holds N records", traits),                                   \
        OPTION_ROW(OPTION_DURATION, "batch-wait", 0, "TIME", "100ms",                                        \
                   offsetof(settings_type, batch_wait_us), 0, 3600000000, NULL,                              \
                   "or TIME after its first record", traits)

/* int64_t retries, retry_delay_us; const char *dead_letters; int tombstones: enum tombstones_policy */
#define CONSUMER_FAILURE_OPTIONS(settings_type, traits)                                                      \
    OPTION_ROW(OPTION_INTEGER, "retries", 0, "N", "5", offsetof(settings_type, retries), 0, 1000000, NULL,   \
               "how often to retry a record that a stage cannot process for now, before it is given up",     \
               traits),                                                                                      \
        OPTION_ROW(OPTION_DURATION, "retry-delay", 0, "TIME", "100ms",                                       \
                   offsetof(settings_type, retry_delay_us), 1000, 30000000, NULL,                            \
                   "delay before the first retry; doubled each time, up to 30 s", traits),                   \
        OPTION_ROW(OPTION_STRING, "dead-letters", 0, "TOPIC", NULL, offsetof(settings_type, dead_letters),   \
                   0, 0, NULL,                                                                               \
                   "topic for records that can never be processed (default: the topic's name and .dlq); "    \
                   "off: nowhere",                                                                           \
                   traits),                                                                                  \
        OPTION_ROW(OPTION_CHOICE, "tombstones", 0, "WHAT", "dead-letter",                                    \
                   offsetof(settings_type, tombstones), 0, 0, tombstones_choices,                            \
                   "records without a value, by which a compacted topic deletes a key; skip: they count as " \
                   "processed",                                                                              \
                   traits)

/* int commit: enum commit_mode; int64_t max_unacknowledged */
#define CONSUMER_COMMIT_OPTIONS(settings_type, traits)                                                       \
    OPTION_ROW(OPTION_CHOICE, "commit", 0, "WHEN", "batch", offsetof(settings_type, commit), 0, 0,           \
               commit_mode_choices,                                                                          \
               "offsets are committed after each batch; auto: by a timer, which loses records; manual: by "  \
               "kctl ack; sink: with the rows, as a pipeline that ends in a database always does",           \
               traits),                                                                                      \
        OPTION_ROW(OPTION_INTEGER, "max-unacknowledged", 0, "N", "1000",                                     \
                   offsetof(settings_type, max_unacknowledged), 1, 1000000, NULL,                            \
                   "manual: a partition with N unacknowledged records waits", traits)

/* bool print; int64_t statistics_every */
#define CONSUMER_OUTPUT_OPTIONS(settings_type, traits)                                                       \
    OPTION_ROW(OPTION_FLAG, "print", 'p', NULL, NULL, offsetof(settings_type, print), 0, 0, NULL,            \
               "print every record instead of a line per batch", traits),                                    \
        OPTION_ROW(OPTION_INTEGER, "statistics-every", 0, "N", "0",                                          \
                   offsetof(settings_type, statistics_every), 0, 0, NULL,                                    \
                   "print totals every N records, and at the end", traits)

/* int64_t session_timeout_us */
#define CONSUMER_SESSION_OPTION(settings_type, traits)                                                       \
    OPTION_ROW(OPTION_DURATION, "session-timeout", 0, "TIME", "45s",                                         \
               offsetof(settings_type, session_timeout_us), 1000000, 1800000000, NULL,                       \
               "how long the group waits for a member that is gone", traits)

#endif
