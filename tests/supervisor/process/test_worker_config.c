/* What a worker is told, and where: read back as a worker would read it. */
#include "tests/support/check_main.h"

#include "common/msgpack/reader.h"
#include "common/stats/writer.h"
#include "common/worker/config.h"
#include "supervisor/process/worker_config.h"
#include "supervisor/process/kinds.h"
#include "supervisor/spec.h"
#include "supervisor/supervisor.h"

enum { PAIRS_MAX = 64 };

static struct config *config;
static struct supervisor supervisor;
static struct worker worker;
static struct error error;

static struct {
    char name[PAIRS_MAX][64];
    char value[PAIRS_MAX][512];
    size_t count;
} told;

/* --- set-up -------------------------------------------------------------------------------------------- */

static void load_words(int argc, char **argv)
{
    config_free(config);
    config = NULL;
    ck_assert_msg(config_load(&config, argc, argv, &error) == 0, "%s", error.text);
    const struct settings *settings = config_settings(config);
    supervisor = (struct supervisor){
        .config = config, .settings = settings, .brokers = settings->brokers, .host = "host"};
}

static void load(const char *const *words)
{
    static char *argv[32];
    int argc = 0;
    argv[argc++] = (char *)"ksupervise";
    for (size_t i = 0; words[i] != NULL; i++)
        argv[argc++] = (char *)words[i];
    argv[argc] = NULL;
    load_words(argc, argv);
}

#define LOAD(...) load((const char *const[]){"--clients", "bravo,zulu", __VA_ARGS__, NULL})

static void clean_environment(void)
{
    unsetenv("KAFKA_BOOTSTRAP");
    unsetenv("KAFKA_HOST_IP");
    unsetenv("KSUPERVISE_INSTANCE");
    ck_assert_int_eq(chdir("/"), 0); /* no .env there */
}

static void release(void)
{
    config_free(config);
}

static void become(enum worker_kind kind)
{
    worker = (struct worker){.supervisor = &supervisor,
                             .settings = supervisor.settings,
                             .kind = kind,
                             .name = "bravo.2",
                             .client = "bravo",
                             .group = "test_group_bravo",
                             .takes_over = worker.takes_over, /* as a test set it */
                             .on_request = worker.on_request,
                             .segment_fd = -1,
                             .count_base = STATS_UNKNOWN};
}

static void take_text(struct mp_reader *reader, char *text, size_t bytes)
{
    struct mp_view view;
    ck_assert(mp_read_str(reader, &view));
    ck_assert_uint_lt(view.length, bytes);
    memcpy(text, view.data, view.length);
    text[view.length] = '\0';
}

static struct worker_spec *spec(void)
{
    static struct worker_spec spec;
    spec_of_worker(&worker, &spec);
    return &spec;
}

static void tell(enum worker_kind kind, bool publish)
{
    become(kind);
    struct worker_spec *told_of = spec();
    told_of->publish = publish;
    int fd = worker_config(told_of, &error);
    ck_assert_msg(fd != -1, "%s", error.text);
    static char bytes[64 * 1024];
    ssize_t length = read(fd, bytes, sizeof bytes);
    ck_assert_int_gt(length, 0);
    close(fd);
    struct mp_reader reader;
    uint32_t pairs;
    mp_init(&reader, bytes, (size_t)length);
    ck_assert(mp_read_map(&reader, &pairs));
    ck_assert_uint_le(pairs, PAIRS_MAX);
    for (told.count = 0; told.count < pairs; told.count++) {
        take_text(&reader, told.name[told.count], sizeof told.name[0]);
        take_text(&reader, told.value[told.count], sizeof told.value[0]);
    }
    ck_assert(mp_at_end(&reader));
}

/* The value told last under that name, or NULL. */
static const char *value_of(const char *name)
{
    for (size_t i = told.count; i > 0; i--)
        if (strcmp(told.name[i - 1], name) == 0)
            return told.value[i - 1];
    return NULL;
}

static void says(const char *name, const char *value)
{
    ck_assert_msg(value_of(name) != NULL, "'%s' is not told", name);
    ck_assert_str_eq(value_of(name), value);
}

/* --- cases --------------------------------------------------------------------------------------------- */

START_TEST(a_consumer_is_told_who_it_is_and_where)
{
    LOAD("-b", "h:1", "--instance", "test");
    tell(KIND_CONSUMER, true);
    says("client", "bravo");
    says("group", "test_group_bravo");
    says("instance-id", "test.host.bravo.2");
    says("bootstrap", "h:1");
    says("workload", "payments");
    says("topic", "payments");
    ck_assert_ptr_null(value_of("publish"));
}
END_TEST

START_TEST(only_who_follows_a_dead_one_takes_its_place_over)
{
    LOAD("-b", "h:1");
    tell(KIND_CONSUMER, true);
    ck_assert_ptr_null(value_of("take-over"));
    worker.takes_over = true;
    tell(KIND_CONSUMER, true);
    says("take-over", "yes");
}
END_TEST

START_TEST(what_the_user_did_not_say_is_left_to_the_worker)
{
    LOAD("-b", "h:1");
    tell(KIND_CONSUMER, true);
    ck_assert_ptr_null(value_of("batch-size"));
    ck_assert_ptr_null(value_of("session-timeout"));
    ck_assert_ptr_null(value_of("print"));
    LOAD("-b", "h:1", "--batch-size", "7", "--session-timeout", "6s", "--print", "--from", "latest",
         "--quiet");
    tell(KIND_CONSUMER, true);
    says("batch-size", "7");
    says("session-timeout", "6000000us");
    says("print", "yes");
    says("from", "latest");
    says("quiet", "yes");
}
END_TEST

START_TEST(each_kind_is_told_what_is_its_business)
{
    LOAD("-b", "h:1", "--batch-size", "7", "--rate", "100", "--seed", "5", "--partitions", "12", "--workload",
         "orders");
    tell(KIND_PRODUCER, true);
    says("rate", "100");
    says("seed", "5");
    says("workload", "orders");
    says("topic", "orders");
    ck_assert_ptr_null(value_of("batch-size"));
    ck_assert_ptr_null(value_of("group"));
    tell(KIND_PROVISION, true);
    says("partitions", "12");
    says("bootstrap", "h:1");
    ck_assert_ptr_null(value_of("rate"));
    tell(KIND_CONSUMER, true);
    ck_assert_ptr_null(value_of("rate"));
    ck_assert_ptr_null(value_of("partitions"));
}
END_TEST

START_TEST(every_property_is_handed_on_in_its_order)
{
    LOAD("-b", "h:1", "-X", "a=1", "-X", "b=2", "-X", "a=3");
    static const enum worker_kind kinds[] = {KIND_CONSUMER, KIND_PRODUCER, KIND_PROVISION};
    for (size_t k = 0; k < 3; k++) {
        tell(kinds[k], true);
        char all[64] = "";
        for (size_t i = 0; i < told.count; i++)
            if (strcmp(told.name[i], "property") == 0)
                snprintf(all + strlen(all), sizeof all - strlen(all), "%s ", told.value[i]);
        ck_assert_str_eq(all, "a=1 b=2 a=3 ");
    }
}
END_TEST

START_TEST(no_secret_is_in_any_command_line)
{
    LOAD("-b", "h:1", "-X", "sasl.password=hunter2");
    for (int kind = KIND_BROKER; kind <= KIND_PRODUCER; kind++) {
        const char *words[WORKER_CONFIG_WORDS] = {NULL};
        become((enum worker_kind)kind);
        worker_config_arguments(spec(), words);
        size_t count = 0;
        bool supervised = false;
        for (; words[count] != NULL; count++) {
            ck_assert_uint_lt(count, 7);
            ck_assert_ptr_null(strstr(words[count], "hunter2"));
            ck_assert_ptr_null(strstr(words[count], "sasl"));
            supervised = supervised || strcmp(words[count], "--supervised") == 0;
        }
        ck_assert_str_eq(words[0], kind_program((enum worker_kind)kind));
        ck_assert(supervised);
        if (kind != KIND_BROKER && kind != KIND_WEB) {
            tell((enum worker_kind)kind, true);
            says("property", "sasl.password=hunter2");
        }
    }
}
END_TEST

START_TEST(who_serves_a_browser_is_told_where_and_nothing_of_kafka)
{
    LOAD("-b", "h:1", "--instance", "test", "--http", "127.0.0.1:9000", "--http-read-only", "--http-behind",
         "https://fleet.example", "-X", "sasl.password=hunter2");
    tell(KIND_WEB, true);
    says("instance", "test");
    says("http", "127.0.0.1:9000");
    says("http-read-only", "yes");
    says("http-behind", "https://fleet.example");
    ck_assert_ptr_null(value_of("bootstrap"));
    ck_assert_ptr_null(value_of("property"));
}
END_TEST

START_TEST(a_consumer_shows_its_client_in_ps)
{
    LOAD("-b", "h:1");
    const char *words[WORKER_CONFIG_WORDS] = {NULL};
    become(KIND_CONSUMER);
    worker_config_arguments(spec(), words);
    ck_assert_str_eq(words[1], "--client");
    ck_assert_str_eq(words[2], "bravo");
}
END_TEST

START_TEST(the_embedded_broker_gets_the_topic_and_its_consumers_short_sessions)
{
    LOAD("--partitions", "5");
    tell(KIND_BROKER, true);
    says("topic", "payments:5");
    ck_assert_ptr_null(value_of("bootstrap"));
    snprintf(supervisor.brokers.bootstrap, sizeof supervisor.brokers.bootstrap, "localhost:12345");
    tell(KIND_CONSUMER, true);
    says("bootstrap", "localhost:12345");
    says("session-timeout", "4s");
    says("on-offset-loss", "earliest");

    LOAD("--session-timeout", "10s", "--on-offset-loss", "stop");
    tell(KIND_CONSUMER, true);
    says("session-timeout", "10000000us");
    says("on-offset-loss", "stop");
}
END_TEST

START_TEST(every_topic_that_is_used_is_made_once)
{
    static struct settings orders = {.topic = (char *)"orders"};
    static struct worker fleet[3];
    static struct worker *pointers[] = {&fleet[0], &fleet[1], &fleet[2]};
    LOAD("--partitions", "5");
    for (size_t i = 0; i < 3; i++)
        fleet[i] = (struct worker){.kind = KIND_CONSUMER, .settings = i == 1 ? &orders : supervisor.settings};
    supervisor.workers = pointers;
    supervisor.worker_count = 3;
    tell(KIND_BROKER, true);
    ck_assert_uint_eq(told.count, 2);
    ck_assert_str_eq(told.value[0], "payments:5");
    ck_assert_str_eq(told.value[1], "orders:5");

    const char *words[WORKER_CONFIG_WORDS];
    become(KIND_PROVISION);
    worker_config_arguments(spec(), words);
    ck_assert_str_eq(words[3], "--create-only");
    ck_assert_str_eq(words[4], "payments");
    ck_assert_str_eq(words[5], "orders");
    ck_assert_ptr_null(words[6]);
}
END_TEST

START_TEST(a_worker_without_a_segment_is_told_not_to_look_for_one)
{
    LOAD("-b", "h:1");
    tell(KIND_CONSUMER, false);
    says("publish", "no");
    tell(KIND_PRODUCER, false);
    says("publish", "no");
    tell(KIND_PROVISION, false);
    ck_assert_ptr_null(value_of("publish"));
}
END_TEST

START_TEST(more_properties_than_fit_are_refused_not_dropped)
{
    static char property[200][16];
    static const char *words[2 * 200 + 8] = {"--clients", "bravo", "-b", "h:1"};
    size_t count = 4;
    for (int i = 0; i < 200; i++) {
        snprintf(property[i], sizeof property[i], "a=%d", i);
        words[count++] = "-X";
        words[count++] = property[i];
    }
    static char *argv[2 * 200 + 16];
    int argc = 0;
    argv[argc++] = (char *)"ksupervise";
    for (size_t i = 0; i < count; i++)
        argv[argc++] = (char *)words[i];
    load_words(argc, argv);
    become(KIND_CONSUMER);
    ck_assert_int_eq(worker_config(spec(), &error), -1);
    ck_assert_msg(strstr(error.text, "-X") != NULL, "%s", error.text);
}
END_TEST

START_TEST(a_producer_for_requests_is_told_so_and_of_no_count)
{
    LOAD("-b", "h:1", "--count", "100");
    worker.on_request = true;
    tell(KIND_PRODUCER, true);
    says("on-request", "yes");
    ck_assert_ptr_null(value_of("count"));
    worker.on_request = false;
    tell(KIND_PRODUCER, true);
    ck_assert_ptr_null(value_of("on-request"));
    says("count", "100");
}
END_TEST

START_TEST(a_text_is_told_whole_however_long)
{
    char path[200];
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    LOAD("-b", "h:1", "--ledger", path, "--topic", path + 1);
    tell(KIND_PRODUCER, true);
    says("ledger", path);
    says("topic", path + 1);
}
END_TEST

/* Another configuration, beside the one that is loaded. */
static bool differs(enum worker_kind kind, const char *flag, const char *value)
{
    const char *words[] = {"ksupervise", "--clients",  "bravo,zulu", "-b", "h:1", "-X",
                           "a=1",        "--instance", "test",       flag, value};
    struct config *next = NULL;
    int count = (int)(sizeof words / sizeof words[0]) - (flag == NULL ? 2 : 0);
    ck_assert_msg(config_load(&next, count, (char **)(uintptr_t)words, &error) == 0, "%s", error.text);
    become(kind);
    bool differs = worker_config_differs(spec(), config_settings(next));
    config_free(next);
    return differs;
}

START_TEST(what_differs_restarts_those_whose_business_it_is)
{
    static const struct {
        const char *flag, *value;
        bool consumer, producer;
    } cases[] = {{NULL, NULL, false, false},         {"--workload", "orders", true, true},
                 {"--topic", "other", true, true},   {"--batch-size", "7", true, false},
                 {"--group", "other", true, false},  {"--count", "7", false, true},
                 {"--rate", "7", false, true},       {"-X", "b=2", true, true},
                 {"--partitions", "7", false, false}};
    LOAD("-b", "h:1", "-X", "a=1", "--instance", "test");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(differs(KIND_CONSUMER, cases[i].flag, cases[i].value) == cases[i].consumer, "%s",
                      cases[i].flag);
        ck_assert_msg(differs(KIND_PRODUCER, cases[i].flag, cases[i].value) == cases[i].producer, "%s",
                      cases[i].flag);
    }
    LOAD("-b", "h:1", "-X", "a=2", "--instance", "test"); /* as many, and another value */
    ck_assert(differs(KIND_CONSUMER, NULL, NULL));
}
END_TEST

CHECK_MAIN_WITH("supervisor/worker_config", clean_environment, release,
                a_consumer_is_told_who_it_is_and_where, only_who_follows_a_dead_one_takes_its_place_over,
                what_the_user_did_not_say_is_left_to_the_worker, each_kind_is_told_what_is_its_business,
                every_property_is_handed_on_in_its_order, no_secret_is_in_any_command_line,
                who_serves_a_browser_is_told_where_and_nothing_of_kafka, a_consumer_shows_its_client_in_ps,
                the_embedded_broker_gets_the_topic_and_its_consumers_short_sessions,
                every_topic_that_is_used_is_made_once, a_worker_without_a_segment_is_told_not_to_look_for_one,
                more_properties_than_fit_are_refused_not_dropped,
                a_producer_for_requests_is_told_so_and_of_no_count, a_text_is_told_whole_however_long,
                what_differs_restarts_those_whose_business_it_is)
