/* Each case runs in a folder of its own with a clean environment, as an order demonstration's user does. */
#include "tests/support/check_main.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "common/exit_codes.h"
#include "common/worker/config.h"
#include "consumer/settings.h"

static struct settings settings;
static struct error error;
static char folder[64];

static void enter_a_clean_folder(void)
{
    static const char *const variables[] = {"KAFKA_BOOTSTRAP", "KAFKA_HOST_IP", "GROUP_ID"};
    for (size_t i = 0; i < 3; i++)
        unsetenv(variables[i]);
    snprintf(folder, sizeof folder, "/tmp/check-settings-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

static void leave(void)
{
    settings_release(&settings);
    ck_assert_int_eq(chdir("/"), 0);
    rmdir(folder);
}

static int load(const char *const *words)
{
    static char *argv[16];
    int argc = 0;
    argv[argc++] = (char *)"kconsume";
    for (size_t i = 0; words[i] != NULL; i++)
        argv[argc++] = (char *)words[i];
    argv[argc] = NULL;
    settings_release(&settings);
    settings = (struct settings){0};
    return settings_load(&settings, argc, argv, &error);
}

#define LOAD(...) load((const char *const[]){__VA_ARGS__, NULL})

static void accepts(int result)
{
    ck_assert_msg(result == 0, "refused: %s", error.text);
}

static void refuses(int result, int exit_code, const char *text)
{
    ck_assert_int_eq(result, -1);
    ck_assert_int_eq(error.exit_code, exit_code);
    ck_assert_msg(strstr(error.text, text) != NULL, "'%s' does not say '%s'", error.text, text);
}

START_TEST(a_client_has_a_group_and_a_topic_without_being_told)
{
    accepts(LOAD("--client", "bravo", "-b", "h:1"));
    ck_assert_str_eq(settings.group_name, "test_group_bravo");
    ck_assert_str_eq(settings.topic, "payments");
    ck_assert_str_eq(settings.schema->name, "payment");
    ck_assert_str_eq(settings.brokers.bootstrap, "h:1");
    ck_assert_int_eq(settings.from, FROM_EARLIEST);
    ck_assert_int_eq(settings.on_offset_loss, OFFSET_LOSS_STOP);
    ck_assert_int_eq(settings.batch_size, 500);
    ck_assert(settings.publish);
    ck_assert(!settings.supervised);
}
END_TEST

START_TEST(every_workload_has_its_topic_which_a_flag_replaces)
{
    const struct schema *schema;
    for (size_t i = 0; (schema = schema_at(i)) != NULL; i++) {
        accepts(LOAD("--workload", schema->workload, "-b", "h:1"));
        ck_assert_str_eq(settings.topic, schema->topic);
        ck_assert_ptr_eq(settings.schema, schema);
    }
    accepts(LOAD("-w", "orders", "-t", "orders.old", "-b", "h:1"));
    ck_assert_str_eq(settings.topic, "orders.old");
    refuses(LOAD("-w", "payment", "-b", "h:1"), EXIT_CODE_USAGE,
            "payments, orders, transactions or messages");
}
END_TEST

START_TEST(broker_and_group_come_from_the_environment_as_the_demonstration_has_it)
{
    setenv("KAFKA_BOOTSTRAP", "k:2", 1);
    setenv("GROUP_ID", "order-analytics", 1);
    accepts(LOAD("-w", "orders"));
    ck_assert_str_eq(settings.brokers.bootstrap, "k:2");
    ck_assert_str_eq(settings.group_name, "order-analytics");
    accepts(LOAD("-w", "orders", "-g", "mine", "-b", "h:1"));
    ck_assert_str_eq(settings.brokers.bootstrap, "h:1");
    ck_assert_str_eq(settings.group_name, "mine");
}
END_TEST

START_TEST(without_a_broker_it_says_what_to_do)
{
    refuses(LOAD("--client", "bravo"), EXIT_CODE_CONFIG, "--bootstrap HOST:PORT");
}
END_TEST

START_TEST(a_bad_value_is_a_usage_error_that_names_the_flag)
{
    refuses(LOAD("--client", "bra vo", "-b", "h:1"), EXIT_CODE_USAGE, "--client: ");
    refuses(LOAD("--batch-size", "0", "-b", "h:1"), EXIT_CODE_USAGE, "--batch-size: ");
    refuses(LOAD("--batch-wait", "5", "-b", "h:1"), EXIT_CODE_USAGE, "--batch-wait: ");
    refuses(LOAD("--from", "middle", "-b", "h:1"), EXIT_CODE_USAGE, "--from: ");
    refuses(LOAD("--session-timeout", "10ms", "-b", "h:1"), EXIT_CODE_USAGE, "--session-timeout: ");
    refuses(LOAD("-b", "not a broker?"), EXIT_CODE_USAGE, "--bootstrap: ");
    refuses(LOAD("extra", "-b", "h:1"), EXIT_CODE_USAGE, "unexpected word 'extra'");
}
END_TEST

START_TEST(a_supervised_one_reads_its_descriptor)
{
    static const struct worker_setting given[] = {
        {"client", "zulu"},        {"group", "shared"}, {"bootstrap", "k:3"},
        {"property", "a=1"},       {"property", "b=2"}, {"instance-id", "default.host.zulu"},
        {"batch-wait", "250000us"}};
    pid_t pid = fork(); /* descriptor 3 of this process is Check's */
    if (pid == 0) {
        int fd = worker_config_write(given, sizeof given / sizeof given[0], &error);
        if (dup2(fd, WORKER_CONFIG_FD) == -1 || LOAD("--client", "zulu", "--supervised") == -1)
            _exit(1);
        bool right = strcmp(settings.group_name, "shared") == 0 && settings.properties.count == 2 &&
                     strcmp(settings.properties.items[1], "b=2") == 0 && settings.batch_wait_us == 250000 &&
                     strcmp(settings.instance_id, "default.host.zulu") == 0;
        _exit(right ? 0 : 2);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* In a process of its own, whose descriptor for the configuration holds `given`: what it ends with, and 100
 * when the settings were taken. */
static int ending_of(const struct worker_setting *given, size_t count, const char *const *words)
{
    pid_t pid = fork();
    if (pid == 0) {
        int fd = worker_config_write(given, count, &error);
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (dup2(fd, WORKER_CONFIG_FD) == -1 || dup2(nowhere, STDOUT_FILENO) == -1)
            _exit(101);
        int result = load(words);
        _exit(result == 0 ? 100 : result == -1 ? error.exit_code : 102);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(a_topic_is_not_its_own_dead_letter_topic)
{
    refuses(LOAD("-t", "refunds", "--dead-letters", "refunds", "-b", "h:1"), EXIT_CODE_CONFIG,
            "--dead-letters: 'refunds' is the topic that is read");
    refuses(LOAD("--dead-letters", "payments", "-b", "h:1"), EXIT_CODE_CONFIG, "is the topic that is read");
    accepts(LOAD("-t", "refunds.dlq", "-b", "h:1")); /* whose own are in refunds.dlq.dlq */
    accepts(LOAD("-t", "refunds.dlq", "--dead-letters", "refunds", "-b", "h:1"));
}
END_TEST

START_TEST(only_a_supervised_look_needs_no_broker)
{
    static const struct worker_setting looked_at[] = {{"client", "zulu"}, {"check", "yes"}};
    static const struct worker_setting wrong[] = {{"clients", "zulu"}, {"bootstrap", "k:3"}};
    static const char *const supervised[] = {"--supervised", NULL};
    static const char *const by_hand[] = {"--check", NULL};
    ck_assert_int_eq(ending_of(looked_at, 2, supervised), 100);
    ck_assert_int_eq(ending_of(looked_at, 1, supervised), EXIT_CODE_CONFIG);
    ck_assert_int_eq(ending_of(NULL, 0, by_hand), EXIT_CODE_CONFIG);
    ck_assert_int_eq(ending_of(wrong, 2, supervised), EXIT_CODE_USAGE);
}
END_TEST

START_TEST(librdkafka_s_properties_are_listed_when_somebody_asks)
{
    static const char *const words[] = {"-X", "help", NULL};
    ck_assert_int_eq(ending_of(NULL, 0, words), EXIT_CODE_OK);
}
END_TEST

CHECK_MAIN_WITH("consumer/settings", enter_a_clean_folder, leave,
                a_client_has_a_group_and_a_topic_without_being_told,
                every_workload_has_its_topic_which_a_flag_replaces,
                broker_and_group_come_from_the_environment_as_the_demonstration_has_it,
                without_a_broker_it_says_what_to_do, a_bad_value_is_a_usage_error_that_names_the_flag,
                a_supervised_one_reads_its_descriptor, a_topic_is_not_its_own_dead_letter_topic,
                only_a_supervised_look_needs_no_broker, librdkafka_s_properties_are_listed_when_somebody_asks)
