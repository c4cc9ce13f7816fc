#include "common/kafka.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <syslog.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "common/streams.h"

#define OUTAGE_ASK_US     US_PER_SECOND
#define OUTAGE_RECENT_US  (10 * US_PER_SECOND)
#define OUTAGE_ASK_MS     100
#define OUTAGE_UNANSWERED 3
#define REACH_SLICE_MS    500

static const struct kafka_property defaults[] = {
    /* A development broker that restarts is found again at once: measured 3–5 s with librdkafka's defaults,
       0.1–0.5 s with these. */
    {"reconnect.backoff.ms", "50"},
    {"reconnect.backoff.max.ms", "500"},
    {"topic.metadata.refresh.fast.interval.ms", "100"},
    /* 30 s by default: an address that drops packets has to be reported within 10 s. */
    {"socket.connection.setup.timeout.ms", "8000"},
    {NULL, NULL},
};

int kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value, struct error *error)
{
    char why[ERROR_TEXT_BYTES - 64];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) == RD_KAFKA_CONF_OK)
        return 0;
    return error_set_code(error, EXIT_CODE_USAGE, "-X %s: %s", name, why);
}

int kafka_conf_set_all(rd_kafka_conf_t *conf, const struct kafka_property *list,
                       const struct option_list *unless, struct error *error)
{
    for (; list->name != NULL; list++)
        if ((unless == NULL || !kafka_property_given(unless, list->name)) &&
            kafka_conf_set(conf, list->name, list->value, error) == -1)
            return -1;
    return 0;
}

/* VALUE @FILE: the first line of the file, so that no secret is in a command line. */
static int read_value_file(const char *path, char *value, size_t bytes, struct error *error)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set_code(error, exit_code_of_errno(errno, EXIT_CODE_CONFIG), "cannot read %s: %m", path);
    bool ok = fgets(value, (int)bytes, file) != NULL;
    fclose(file);
    if (!ok)
        return error_set_code(error, EXIT_CODE_CONFIG, "%s is empty", path);
    value[strcspn(value, "\r\n")] = '\0';
    return 0;
}

static int set_property(rd_kafka_conf_t *conf, const char *pair, struct error *error)
{
    const char *equals = strchr(pair, '=');
    if (equals == NULL || equals == pair)
        /* Not repeated: what has no name may be a password. */
        return error_set_code(
            error, EXIT_CODE_USAGE,
            "-X: NAME=VALUE is expected, and one has no name or no = ('-X help' lists the names)");
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)(equals - pair), pair);
    const char *value = equals + 1;
    char from_file[4096];
    if (value[0] == '@') {
        if (read_value_file(value + 1, from_file, sizeof from_file, error) == -1)
            return error_context(error, "-X %s", name);
        value = from_file;
    }
    return kafka_conf_set(conf, name, value, error);
}

static void log_callback(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    /* Connection failures are told once, by kafka_outage; what librdkafka logs of each attempt is for
     * --verbose. */
    if (level <= LOG_CRIT)
        log_error("librdkafka %s: %s", facility, text);
    else
        log_verbose("librdkafka %s: %s", facility, text);
}

rd_kafka_conf_t *kafka_conf(const char *bootstrap, const char *client_id,
                            const struct option_list *properties, struct error *error)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, log_callback);
    rd_kafka_conf_enable_sasl_queue(conf, 1); /* kafka_new */
    if (kafka_conf_set_all(conf, defaults, NULL, error) == -1 ||
        kafka_conf_set(conf, "bootstrap.servers", bootstrap, error) == -1 ||
        kafka_conf_set(conf, "client.id", client_id, error) == -1)
        goto failed;
    for (size_t i = 0; properties != NULL && i < properties->count; i++)
        if (set_property(conf, properties->items[i], error) == -1)
            goto failed;
    return conf;
failed:
    rd_kafka_conf_destroy(conf);
    return NULL;
}

void kafka_help_if_asked(const struct option_list *properties)
{
    for (size_t i = 0; i < properties->count; i++)
        if (strcmp(properties->items[i], "help") == 0) {
            rd_kafka_conf_properties_show(stdout);
            exit(streams_end("-X help", EXIT_CODE_OK));
        }
}

bool kafka_property_given(const struct option_list *properties, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < properties->count; i++)
        if (strncmp(properties->items[i], name, length) == 0 && properties->items[i][length] == '=')
            return true;
    return false;
}

/* A token is fetched by a callback, which somebody has to serve; a thread of librdkafka's does, also while we
 * wait for an answer that needs the token. */
static bool needs_token(const rd_kafka_conf_t *conf)
{
    char mechanism[32] = "";
    size_t bytes = sizeof mechanism;
    return rd_kafka_conf_get(conf, "sasl.mechanism", mechanism, &bytes) == RD_KAFKA_CONF_OK &&
           strcmp(mechanism, "OAUTHBEARER") == 0;
}

/* Where librdkafka (2.0.2) cannot make one of its threads, a consumer's handle is an assertion that
 * fails, or a rd_kafka_new that never returns. So they are tried before: its own, a coordinator's, and some
 * brokers'. Who takes the room in between is not seen. */
enum { THREADS_TRIED = 6 };

static void *wait_for_all(void *barrier)
{
    sem_t *all = barrier;
    while (sem_wait(all) == -1)
        continue;
    return NULL;
}

/* 0, or the errno of the one that could not be made. */
static int try_threads(void)
{
    pthread_t threads[THREADS_TRIED];
    int made = 0;
    int failure = 0;
    sem_t all;
    sem_init(&all, 0, 0);
    while (made < THREADS_TRIED && (failure = pthread_create(&threads[made], NULL, wait_for_all, &all)) == 0)
        made++;
    for (int i = 0; i < made; i++)
        sem_post(&all);
    for (int i = 0; i < made; i++)
        pthread_join(threads[i], NULL);
    sem_destroy(&all);
    return failure;
}

rd_kafka_t *kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct error *error)
{
    int failure = try_threads();
    if (failure != 0) {
        rd_kafka_conf_destroy(conf);
        error_set_code(error, exit_code_of_errno(failure, EXIT_CODE_FAILED),
                       "librdkafka needs threads, and cannot have them now: %s", strerror(failure));
        return NULL;
    }
    char why[ERROR_TEXT_BYTES - 64];
    bool token = needs_token(conf);
    rd_kafka_t *rk = rd_kafka_new(type, conf, why, sizeof why);
    if (rk != NULL && token)
        rd_kafka_error_destroy(rd_kafka_sasl_background_callbacks_enable(rk));
    if (rk == NULL) {
        bool passes =
            rd_kafka_last_error() == RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE; /* no thread, no memory */
        rd_kafka_conf_destroy(conf);
        if (passes)
            error_set_code(error, EXIT_CODE_RESOURCES, "librdkafka cannot start now: %s", why);
        else
            error_set_code(error, EXIT_CODE_CONFIG, "librdkafka refuses the configuration: %s", why);
    }
    return rk;
}

int kafka_check(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct error *error)
{
    rd_kafka_conf_set_log_cb(conf, NULL);
    if (kafka_conf_set(conf, "bootstrap.servers", "", error) == -1) {
        rd_kafka_conf_destroy(conf);
        return -1;
    }
    rd_kafka_t *rk = kafka_new(type, conf, error);
    if (rk == NULL)
        return -1;
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return 0;
}

static bool somebody_answers(rd_kafka_t *rk, int timeout_ms)
{
    const struct rd_kafka_metadata *metadata = NULL;
    if (rd_kafka_metadata(rk, 0, NULL, &metadata, timeout_ms) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    rd_kafka_metadata_destroy(metadata);
    return true;
}

static bool tell_failure(const struct kafka_failure *failure, const struct brokers *brokers)
{
    char advice[ERROR_TEXT_BYTES];
    kafka_failure_advice(failure, brokers, advice, sizeof advice);
    log_warning("%s; retrying", advice);
    return true;
}

int kafka_reach(rd_kafka_t *rk, const struct brokers *brokers, const struct kafka_failure *failure,
                int timeout_ms, struct error *error)
{
    int64_t until_us = clock_monotonic_us() + timeout_ms * US_PER_MS;
    bool lasts = false, told = false;
    while (!somebody_answers(rk, REACH_SLICE_MS)) {
        bool was_said = lasts; /* another broker may answer all the same */
        rd_kafka_poll(rk, 0);
        lasts = kafka_failure_lasts(failure);
        if (!lasts && !told && kafka_failure_tells(failure))
            told = tell_failure(failure, brokers);
        if (clock_monotonic_us() < until_us && !was_said)
            continue;
        char advice[ERROR_TEXT_BYTES];
        kafka_failure_advice(failure, brokers, advice, sizeof advice);
        return error_set_code(error, lasts ? EXIT_CODE_CONFIG : EXIT_CODE_FAILED, "%s", advice);
    }
    return 0;
}

bool kafka_is_mock(const char *cluster_id)
{
    static const char prefix[] = "mockCluster"; /* rdkafka_mock.c */
    return strncmp(cluster_id, prefix, sizeof prefix - 1) == 0;
}

/* KIP-848's UNRELEASED_INSTANCE_ID, which librdkafka 2.0.2 has no name for. */
enum { UNRELEASED_INSTANCE_ID = 111 };

struct error_exit {
    int err;
    int exit_code;
};

static const struct error_exit error_exits[] = {
    {RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, EXIT_CODE_FENCED},
    {UNRELEASED_INSTANCE_ID, EXIT_CODE_UNRELEASED},
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, EXIT_CODE_CONFIG},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, EXIT_CODE_CONFIG},
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, EXIT_CODE_CONFIG},
    {RD_KAFKA_RESP_ERR_INVALID_GROUP_ID, EXIT_CODE_CONFIG},
    {RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL, EXIT_CODE_CONFIG},
};

int kafka_exit_code(rd_kafka_resp_err_t err)
{
    for (size_t i = 0; i < sizeof error_exits / sizeof error_exits[0]; i++)
        if (error_exits[i].err == (int)err)
            return error_exits[i].exit_code;
    return EXIT_CODE_KAFKA_FATAL;
}

static void tell_supervisor(const struct kafka_outage *outage, bool away)
{
    if (outage->control != NULL)
        worker_notify_count(outage->control, "outage", away);
}

static void begin_outage(struct kafka_outage *outage)
{
    char advice[ERROR_TEXT_BYTES];
    outage->since_us = clock_monotonic_us();
    kafka_failure_advice(&outage->failure, &outage->brokers, advice, sizeof advice);
    log_warning("%s%s", advice, kafka_failure_tells(&outage->failure) ? "; retrying" : " Retrying.");
    tell_supervisor(outage, true);
}

/* All are said to be down: one question is enough, and it is asked at once, unless somebody has just answered
 * one. */
static bool claim(struct kafka_outage *outage)
{
    bool news = outage->unanswered < OUTAGE_UNANSWERED;
    if (news && outage->unanswered > 0)
        outage->asked_us = 0;
    if (news)
        outage->unanswered = OUTAGE_UNANSWERED;
    outage->claimed_us = clock_monotonic_us();
    return news;
}

bool kafka_outage_error(struct kafka_outage *outage, rd_kafka_resp_err_t err)
{
    bool lost_one = err == RD_KAFKA_RESP_ERR__TRANSPORT || err == RD_KAFKA_RESP_ERR__RESOLVE ||
                    err == RD_KAFKA_RESP_ERR__TIMED_OUT || err == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
                    err == RD_KAFKA_RESP_ERR__SSL;
    if (outage->since_us != 0)
        return false;
    if (lost_one && outage->unanswered == 0)
        outage->unanswered = 1;
    return err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && claim(outage);
}

void kafka_outage_reason(struct kafka_outage *outage, rd_kafka_resp_err_t err, const char *reason)
{
    kafka_failure_note(&outage->failure, err, reason);
}

bool kafka_outage_lasts(const struct kafka_outage *outage, char *text, size_t bytes)
{
    if (outage->failure.let_in || outage->since_us == 0 || !kafka_failure_lasts(&outage->failure))
        return false;
    kafka_failure_advice(&outage->failure, &outage->brokers, text, bytes);
    return true;
}

void kafka_outage_over(struct kafka_outage *outage)
{
    outage->unanswered = 0;
    kafka_failure_over(&outage->failure);
    if (outage->since_us == 0)
        return;
    log_line("a broker answers again, after %.1f s", (double)(clock_monotonic_us() - outage->since_us) / 1e6);
    outage->since_us = 0;
    outage->over_us = clock_monotonic_us();
    tell_supervisor(outage, false);
}

static bool recent(int64_t then_us)
{
    return then_us != 0 && clock_monotonic_us() - then_us < OUTAGE_RECENT_US;
}

bool kafka_outage_recent(const struct kafka_outage *outage)
{
    return outage->since_us != 0 || recent(outage->over_us) || recent(outage->claimed_us);
}

void kafka_outage_check(struct kafka_outage *outage, rd_kafka_t *rk)
{
    const struct rd_kafka_metadata *metadata;
    int64_t now_us = clock_monotonic_us();
    if ((outage->since_us == 0 && outage->unanswered == 0) || now_us - outage->asked_us < OUTAGE_ASK_US)
        return;
    outage->asked_us = now_us;
    if (rd_kafka_metadata(rk, 0, NULL, &metadata, OUTAGE_ASK_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_metadata_destroy(metadata);
        kafka_outage_over(outage);
    } else if (outage->since_us == 0 && ++outage->unanswered > OUTAGE_UNANSWERED) {
        begin_outage(outage);
    }
}
