/* What the consumer's objects call outside of Kafka and the pipeline: clocks, lines, the supervisor's
 * channel, statistics, watermarks. Defined here, so that the archives' own stay out. */
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>

#include "common/clock.h"
#include "common/stats/predecessor.h"
#include "common/log.h"
#include "consumer/added.h"
#include "consumer/destroy.h"
#include "consumer/watermarks.h"
#include "tests/sim/client.h"
#include "tests/sim/sim.h"

#define WALL_US INT64_C(1772099522102594)

int64_t clock_monotonic_us(void)
{
    return sim_now();
}

int64_t clock_wall_us(void)
{
    return WALL_US + sim_now() - 1000 * SECOND;
}

int usleep(useconds_t us)
{
    world_call("usleep");
    world_work(us);
    return 0;
}

/* --- lines --------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 0))) static void say(const char *level, const char *format,
                                                      va_list arguments)
{
    char text[512];
    vsnprintf(text, sizeof text, format, arguments);
    world_say("%s%s", level, text);
}

#define LINE(name, level)                                                                                    \
    void name(const char *format, ...)                                                                       \
    {                                                                                                        \
        va_list arguments;                                                                                   \
        if (!sim.world.tracing)                                                                              \
            return;                                                                                          \
        va_start(arguments, format);                                                                         \
        say(level, format, arguments);                                                                       \
        va_end(arguments);                                                                                   \
    }
LINE(log_line, "line: ")
LINE(log_warning, "warning: ")
LINE(log_error, "error: ")
LINE(log_verbose, "verbose: ")

int log_flush(void)
{
    return 0;
}

void log_set_verbose(bool verbose)
{
    (void)verbose;
}

/* --- control.h ----------------------------------------------------------------------------------------- */

static struct worker *of(const struct worker_control *control)
{
    return (struct worker *)(uintptr_t)control;
}

void worker_control_set_wake(struct worker_control *control, void (*wake)(void *context), void *context)
{
    of(control)->wake = wake;
    of(control)->wake_context = context;
}

enum worker_stop worker_control_wanted(const struct worker_control *control)
{
    return of(control)->stop;
}

bool worker_control_paused(const struct worker_control *control)
{
    return of(control)->paused;
}

bool worker_control_rate(struct worker_control *control, struct worker_rate *rate)
{
    (void)control;
    (void)rate;
    return false;
}

bool worker_control_request(struct worker_control *control, struct worker_request *request)
{
    struct worker *worker = of(control);
    if (worker->request.number == request->number)
        return false;
    *request = worker->request;
    oracle_request_taken(worker);
    return true;
}

void worker_notify_count(struct worker_control *control, const char *method, int64_t count)
{
    const struct worker *worker = of(control);
    if (strcmp(method, "outage") == 0 && count == 1 && sim.cluster.away_until_us + SECOND < sim_now() &&
        /* One that stood still could not hear that it is over. */
        worker->frozen_until_us + SECOND < sim_now() &&
        (worker->rk == NULL || worker->rk->isolated_until_us + SECOND < sim_now()))
        oracle_fail(RULE_FALSE_OUTAGE, "%s", worker->name);
}

void worker_notify_text(struct worker_control *control, const char *method, const char *text)
{
    (void)control;
    (void)method;
    (void)text;
}

void worker_notify_gap(struct worker_control *control, const struct worker_gap *gap)
{
    oracle_begins_again(of(control), gap->partition, gap->from, gap->to);
}

void worker_answer_result(struct worker_control *control, int64_t number, const struct worker_result *result)
{
    (void)number;
    oracle_request_line(of(control), result->text);
}

void worker_answer_end(struct worker_control *control, int64_t number, const char *failure)
{
    (void)number;
    if (failure != NULL)
        world_trace("says: %s", failure);
    oracle_request_ended(of(control), failure == NULL);
}

/* --- statistics: the counters, and nothing else -------------------------------------------------------- */

struct stats_snapshot *stats_writer_predecessor(const struct stats_writer *writer)
{
    (void)writer;
    return NULL;
}

uint64_t stats_get(const struct stats_writer *writer, int id)
{
    return word_load(&writer->counters[id]);
}

void stats_status_set(struct stats_writer *writer, int id, int64_t value)
{
    (void)writer;
    (void)id;
    (void)value;
}

void stats_status_publish(struct stats_writer *writer)
{
    (void)writer;
}

void stats_phase(struct stats_writer *writer, enum stats_phase phase, int64_t wall_us)
{
    (void)writer;
    (void)phase;
    (void)wall_us;
}

void stats_heartbeat(struct stats_writer *writer, int64_t wall_us)
{
    (void)writer;
    (void)wall_us;
}

int stats_partition_slot(struct stats_writer *writer, const char *topic, int32_t partition)
{
    (void)writer;
    (void)topic;
    return partition;
}

void stats_partition_set(struct stats_writer *writer, int slot, int id, int64_t value)
{
    (void)writer;
    (void)slot;
    (void)id;
    (void)value;
}

int64_t stats_partition_get(const struct stats_writer *writer, int slot, int id)
{
    (void)writer;
    (void)slot;
    (void)id;
    return STATS_UNKNOWN;
}

void stats_partition_publish(struct stats_writer *writer, int slot)
{
    (void)writer;
    (void)slot;
}

void stats_observe(struct stats_writer *writer, int histogram_id, int64_t value_us, uint64_t n)
{
    (void)writer;
    (void)histogram_id;
    (void)value_us;
    (void)n;
}

void stats_event(struct stats_writer *writer, enum stats_ring ring, int64_t wall_us, int64_t number,
                 const char *format, ...)
{
    char text[128];
    int partition;
    long long to;
    long long from;
    va_list arguments;
    (void)writer;
    (void)ring;
    (void)wall_us;
    (void)number;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (sscanf(text, "[%d] begins again at %lld, after %lld", &partition, &to, &from) == 3)
        oracle_begins_again(sim.workers.current, partition, from, to);
}

/* --- watermarks.h: a thread of its own, for numbers that are only shown --------------------------------- */

int watermarks_open(struct watermarks **watermarks, rd_kafka_t *rk, struct error *error)
{
    (void)rk;
    (void)error;
    *watermarks = NULL;
    return 0;
}

void watermarks_close(struct watermarks *watermarks)
{
    (void)watermarks;
}

void watermarks_ask(struct watermarks *watermarks, const struct partitions *partitions)
{
    (void)watermarks;
    (void)partitions;
}

bool watermarks_ask_ends(struct watermarks *watermarks, struct partitions *partitions, bool all)
{
    (void)watermarks;
    (void)partitions;
    (void)all;
    return true;
}

void watermarks_publish(struct watermarks *watermarks, struct partitions *partitions)
{
    (void)watermarks;
    (void)partitions;
}

/* --- destroy.h: a thread of its own ----------------------------------------------------------------------
 */

bool close_handle(rd_kafka_t *rk, int64_t timeout_us)
{
    (void)timeout_us;
    rd_kafka_consumer_close(rk);
    return true;
}

bool destroy_handle(rd_kafka_t *rk, int64_t timeout_us)
{
    (void)timeout_us;
    rd_kafka_destroy(rk);
    return true;
}

/* --- added.h: a thread of its own; partitions are added here while the leader is there -------------------
 */

struct added *added_look(rd_kafka_t *rk, const char *topic, const char *group)
{
    (void)rk;
    (void)topic;
    (void)group;
    return NULL;
}

void added_close(struct added *added)
{
    (void)added;
}

int added_found(struct added *added)
{
    (void)added;
    return 0;
}

/* --- threads: kafka_new tries whether some can be made -------------------------------------------------
 */

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument)
{
    (void)attributes;
    *thread = pthread_self();
    run(argument);
    return 0;
}

int __wrap_pthread_join(pthread_t thread, void **result);
int __wrap_pthread_join(pthread_t thread, void **result)
{
    (void)thread, (void)result;
    return 0;
}

int __wrap_sem_wait(sem_t *semaphore);
int __wrap_sem_wait(sem_t *semaphore)
{
    (void)semaphore;
    return 0;
}
