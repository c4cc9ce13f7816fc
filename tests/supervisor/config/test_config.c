/* Flags, file, environment and defaults, laid over each other. */
#include "tests/support/check_main.h"

#include <sys/mman.h>

#include "supervisor/config/config.h"

enum { WORDS_MAX = 32 };

static struct config *config;
static struct error error = ERROR_INIT;
static char path[64];

static void clean_environment(void)
{
    static const char *const names[] = {"KAFKA_BOOTSTRAP", "KAFKA_HOST_IP", "KSUPERVISE_INSTANCE",
                                        "KSUPERVISE_CONFIG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
    ck_assert_int_eq(chdir("/"), 0); /* no .env there */
}

static void release(void)
{
    config_free(config);
}

static int load_words(const char *text, const char *const *words)
{
    static char *argv[WORDS_MAX];
    int argc = 0;
    argv[argc++] = (char *)"ksupervise";
    if (text != NULL) {
        int fd = memfd_create("ini", 0); /* open while the test's process lives */
        ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        argv[argc++] = (char *)"--config";
        argv[argc++] = path;
    }
    for (size_t i = 0; words[i] != NULL; i++)
        argv[argc++] = (char *)words[i];
    argv[argc] = NULL;
    config_free(config);
    config = NULL;
    return config_load(&config, argc, argv, &error);
}

#define LOAD(file, ...)                                                                                      \
    ck_assert_msg(load_words(file, (const char *const[]){__VA_ARGS__, NULL}) == 0, "%s", error.text)
#define FLAGS "-b", "h:1"

/* The error of the file, without its path; or of the flags. */
static void fails_with(const char *text, const char *const *words, const char *expected)
{
    ck_assert_int_eq(load_words(text, words), -1);
    ck_assert_ptr_null(config);
    ck_assert_int_eq(error.exit_code, 2);
    const char *said = error.text;
    if (text != NULL && strncmp(said, path, strlen(path)) == 0)
        said += strlen(path) + 1;
    ck_assert_str_eq(said, expected);
}

#define FAILS(text, expected) fails_with(text, (const char *const[]){FLAGS, NULL}, expected)

static const struct settings *all(void)
{
    return config_settings(config);
}

static const struct settings *client(const char *name)
{
    for (size_t i = 0; i < all()->clients.count; i++)
        if (strcmp(all()->clients.items[i], name) == 0)
            return config_client(config, i);
    ck_abort_msg("no client %s", name);
    return NULL;
}

/* --- layers -------------------------------------------------------------------------------------------- */

START_TEST(flags_alone_are_enough)
{
    LOAD(NULL, FLAGS, "--clients", "bravo,zulu", "--batch-size", "7");
    ck_assert_uint_eq(all()->clients.count, 2);
    ck_assert_ptr_eq(client("zulu"), all());
    ck_assert_ptr_eq(config_producer(config), all());
    ck_assert_int_eq(all()->batch_size, 7);
    ck_assert_str_eq(all()->topic, "payments");
    ck_assert_str_eq(all()->brokers.bootstrap, "h:1");
}
END_TEST

START_TEST(sections_name_the_clients_in_their_order)
{
    LOAD("[client zulu]\n[client bravo]\n", FLAGS);
    ck_assert_uint_eq(all()->clients.count, 2);
    ck_assert_str_eq(all()->clients.items[0], "zulu");
    ck_assert_str_eq(all()->clients.items[1], "bravo");
}
END_TEST

START_TEST(the_nearest_source_wins)
{
    static const char text[] =
        "[ksupervise]\nbatch-size = 10\nbatch-wait = 10ms\nfrom = latest\ninstance = file\n"
        "[client bravo]\nbatch-size = 20\nfrom = earliest\n[client zulu]\n";
    setenv("KSUPERVISE_INSTANCE", "environment", 1);
    LOAD(text, FLAGS, "--from", "latest");
    ck_assert_int_eq(client("bravo")->batch_size, 20); /* its section */
    ck_assert_int_eq(client("zulu")->batch_size, 10);  /* [ksupervise] */
    ck_assert_int_eq(client("bravo")->batch_wait_us, 10000);
    ck_assert_int_eq(client("bravo")->from, 1);             /* the flag */
    ck_assert_str_eq(all()->instance, "file");              /* before the environment */
    ck_assert_int_eq(client("bravo")->statistics_every, 0); /* the default */
    LOAD("[client bravo]\n", FLAGS);
    ck_assert_str_eq(all()->instance, "environment");
}
END_TEST

START_TEST(what_is_said_for_a_client_counts_as_said)
{
    LOAD("[ksupervise]\nbatch-size = 10\n[client bravo]\nprint = yes\n", FLAGS);
    ck_assert(options_given(&supervisor_program, client("bravo"), "batch-size"));
    ck_assert(options_given(&supervisor_program, client("bravo"), "print"));
    ck_assert(!options_given(&supervisor_program, all(), "print"));
    ck_assert(!options_given(&supervisor_program, client("bravo"), "from"));
}
END_TEST

START_TEST(the_environment_may_name_the_file)
{
    int fd = memfd_create("ini", 0);
    ck_assert_int_eq(write(fd, "[client bravo]\n", 15), 15);
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    setenv("KSUPERVISE_CONFIG", name, 1);
    LOAD(NULL, FLAGS);
    ck_assert_str_eq(all()->clients.items[0], "bravo");
}
END_TEST

START_TEST(properties_add_up_from_far_to_near)
{
    LOAD("[ksupervise]\nlibrdkafka.a = 1\nlibrdkafka.b.c = 2\n[client bravo]\nlibrdkafka.a = 3\n", FLAGS,
         "-X", "a=4");
    const struct option_list *list = &client("bravo")->properties;
    ck_assert_uint_eq(list->count, 4);
    ck_assert_str_eq(list->items[0], "a=1");
    ck_assert_str_eq(list->items[1], "b.c=2");
    ck_assert_str_eq(list->items[2], "a=3");
    ck_assert_str_eq(list->items[3], "a=4");
    ck_assert_uint_eq(all()->properties.count, 3);
}
END_TEST

START_TEST(a_workload_brings_its_topic_unless_one_is_named_beside_it)
{
    LOAD("[ksupervise]\ntopic = mine\n[client bravo]\nworkload = orders\n"
         "[client zulu]\nworkload = orders\ntopic = theirs\n[client golf]\n",
         FLAGS);
    ck_assert_str_eq(client("bravo")->topic, "orders");
    ck_assert_str_eq(client("zulu")->topic, "theirs");
    ck_assert_str_eq(client("golf")->topic, "mine");
    ck_assert_str_eq(client("bravo")->schema->workload, "orders");
}
END_TEST

START_TEST(the_nearer_of_rate_and_interval_speaks_for_both)
{
    LOAD("[ksupervise]\ninterval = 1s\n[producer]\nrate = 5\n[client bravo]\n", FLAGS);
    ck_assert(!options_given(&supervisor_program, config_producer(config), "interval"));
    ck_assert_int_eq(config_producer(config)->rate, 5);
    LOAD("[producer]\nrate = 5\n[client bravo]\n", FLAGS, "--interval", "3s");
    ck_assert(!options_given(&supervisor_program, config_producer(config), "rate"));
    ck_assert_int_eq(config_producer(config)->rate, 0);
    ck_assert_int_eq(config_producer(config)->interval_us, 3000000);
}
END_TEST

/* --- who runs ------------------------------------------------------------------------------------------ */

START_TEST(the_flag_chooses_among_the_sections)
{
    LOAD("[client bravo]\nbatch-size = 5\n[client zulu]\n", FLAGS, "--clients", "bravo,golf");
    ck_assert_uint_eq(all()->clients.count, 2);
    ck_assert_int_eq(client("bravo")->batch_size, 5);
    ck_assert_ptr_eq(client("golf"), all());
}
END_TEST

START_TEST(a_list_in_the_file_is_complete)
{
    LOAD("[ksupervise]\nclients = bravo,zulu\n[client zulu]\nbatch-size = 5\n", FLAGS);
    ck_assert_int_eq(client("zulu")->batch_size, 5);
    FAILS("[ksupervise]\nclients = bravo,zulu\n[client bravi]\n",
          "3: client 'bravi' is not in the list of clients in line 2; did you mean 'bravo'?");
    LOAD("[ksupervise]\nclients = bravo,zulu\n[client bravo]\n", FLAGS, "--clients", "golf");
    ck_assert_uint_eq(all()->clients.count, 1);
}
END_TEST

START_TEST(without_any_client_nothing_runs)
{
    FAILS(NULL, "--clients is missing: name your consumers, for example --clients bravo,zulu, or give them "
                "sections in a --config file");
    FAILS("[ksupervise]\nrate = 5\n",
          "--clients is missing: name your consumers, for example --clients bravo,zulu, "
          "or give them sections in a --config file");
}
END_TEST

START_TEST(a_thousand_clients_share_the_settings_that_none_has_alone)
{
    static char text[32 * 1024] = "[ksupervise]\nclients = ";
    for (int i = 0; i < 1000; i++) {
        char name[16];
        snprintf(name, sizeof name, "%sc%d", i % 20 == 0 ? "\n  " : "", i);
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", name, i < 999 ? "," : "\n");
    }
    /* Continued lines are joined by a blank, which a list of names passes over. */
    LOAD(text, FLAGS);
    ck_assert_uint_eq(all()->clients.count, 1000);
    ck_assert_str_eq(all()->clients.items[999], "c999");
    ck_assert_ptr_eq(config_client(config, 999), all());
}
END_TEST

/* --- what is wrong ------------------------------------------------------------------------------------- */

START_TEST(an_unknown_name_comes_with_its_line_and_the_nearest_known_one)
{
    FAILS("[client bravo]\nbatch-sise = 5\n",
          "2: unknown name 'batch-sise' in [client bravo]; did you mean 'batch-size'?");
    FAILS("[ksupervise]\nxyzzy = 5\n", "2: unknown name 'xyzzy' in [ksupervise]");
}
END_TEST

START_TEST(a_bad_value_comes_with_its_line)
{
    FAILS("[client bravo]\n\nbatch-size = many\n", "3: batch-size: 'many' is not a whole number");
    FAILS("[client bravo]\nfrom = nowhere\n", "2: from: 'nowhere' is not one of: earliest, latest");
    FAILS("[client bravo]\nworkload = paymints\n",
          "2: workload: 'paymints' is not payments, orders, transactions or messages");
    FAILS("[ksupervise]\nworkload = paymints\n[client bravo]\n",
          "2: workload: 'paymints' is not payments, orders, transactions or messages");
    FAILS("[ksupervise]\nclients = a,A\n",
          "2: clients: 'A' is given twice ('a'): names are compared without regard to case");
    FAILS("[ksupervise]\ninstance = a b\n[client a]\n",
          "2: instance: instance name 'a b': only letters, digits, '_' and '-' are allowed");
    FAILS("[client a]\n[producer]\nrate = 5\ninterval = 1s\n",
          "4: interval: --rate and --interval both say how fast: give one");
    FAILS("[client a]\nrestart-delay = 10s\nrestart-delay-max = 5s\n",
          "3: restart-delay-max: it is shorter than --restart-delay");
}
END_TEST

START_TEST(a_name_that_means_something_else_is_refused_where_it_is_given)
{
    FAILS("[client bravo]\n[client all]\n", "2: 'all' is reserved for the whole fleet");
    FAILS("[ksupervise]\nclients = bravo,ALL\n", "2: clients: 'ALL' is reserved for the whole fleet");
    FAILS("[client bravo]\n[ksupervise]\ninstance = solo\n",
          "3: instance: 'solo' is reserved for workers without a supervisor: take another name");
    fails_with(NULL, (const char *const[]){FLAGS, "--clients", "all", NULL},
               "--clients: 'all' is reserved for the whole fleet");
    fails_with(NULL, (const char *const[]){FLAGS, "--clients", "bravo", "--instance", "solo", NULL},
               "--instance: 'solo' is reserved for workers without a supervisor: take another name");
}
END_TEST

/* "<before>c0<behind><before>c1<behind>…" */
static char *many_clients(const char *before, const char *behind, int count)
{
    char *text = malloc((size_t)count * 16 + 1);
    ck_assert_ptr_nonnull(text);
    size_t used = 0;
    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, 17, "%sc%d%s", before, i, behind);
    return text;
}

START_TEST(more_clients_than_one_instance_has_room_for_are_refused_at_once)
{
    char *list = many_clients("", ",", 4096), *sections = many_clients("[client ", "]\n", 4096);
    list[strlen(list) - 1] = '\0';
    fails_with(NULL, (const char *const[]){FLAGS, "--clients", list, NULL},
               "--clients: 4096 clients: one instance has at most 4095");
    FAILS(sections, "4096: one instance has at most 4095 clients");
    *strrchr(list, ',') = '\0';
    LOAD(NULL, FLAGS, "--clients", list);
    free(list);
    free(sections);
}
END_TEST

START_TEST(a_bad_flag_is_named_as_a_flag_also_beside_a_file)
{
    fails_with("[client bravo]\nworkload = orders\n",
               (const char *const[]){FLAGS, "--workload", "paymints", NULL},
               "--workload: 'paymints' is not payments, orders, transactions or messages");
}
END_TEST

START_TEST(an_unknown_section_comes_with_its_line_and_a_suggestion)
{
    FAILS("[ksuperwise]\n", "1: unknown section [ksuperwise]: there are [ksupervise], [producer] and "
                            "[client NAME]; did you mean 'ksupervise'?");
    FAILS("[client]\n", "1: unknown section [client]: there are [ksupervise], [producer] and [client NAME]");
}
END_TEST

START_TEST(a_client_is_told_apart_without_case_and_blanks)
{
    FAILS("[client bravo]\n[client BRAVO]\n", "2: section [client bravo] is already in line 1");
    FAILS("[client bravo]\n[client  bravo]\n", "2: section [client bravo] is already in line 1");
    FAILS("[client br/avo]\n", "1: client name 'br/avo': only letters, digits, '_' and '-' are allowed");
    FAILS("[client producer]\n", "1: the producer's section is [producer]");
}
END_TEST

START_TEST(what_belongs_elsewhere_is_sent_there)
{
    FAILS("[client bravo]\nbootstrap = h:1\n",
          "2: 'bootstrap' does not belong in [client bravo] but in [ksupervise]");
    FAILS("[client bravo]\nrate = 1\n",
          "2: 'rate' does not belong in [client bravo] but in [ksupervise] or [producer]");
    FAILS("[producer]\ngroup = g\n[client a]\n",
          "2: 'group' does not belong in [producer] but in [ksupervise] or [client NAME]");
    FAILS("[ksupervise]\nproperty = a=b\n", "2: write librdkafka.NAME = VALUE for a property");
    FAILS("[ksupervise]\ncheck = yes\n", "2: 'check' is allowed only on the command line");
}
END_TEST

START_TEST(a_section_is_checked_also_when_the_flag_leaves_it_out)
{
    fails_with("[client bravo]\n[client zulu]\nbatch-size = 0\n",
               (const char *const[]){FLAGS, "--clients", "bravo", NULL},
               "3: batch-size: 0 is out of range: 1 to 100000");
}
END_TEST

START_TEST(exit_when_done_needs_a_count_wherever_it_stands)
{
    FAILS("[ksupervise]\nexit-when-done = yes\n[client a]\n",
          "2: exit-when-done: it needs a producer with --count N");
    LOAD("[ksupervise]\nexit-when-done = yes\n[client a]\n[producer]\ncount = 5\n", FLAGS);
    LOAD("[client a]\n[producer]\ncount = 5\n", FLAGS, "--exit-when-done");
    ck_assert_int_eq(config_producer(config)->count, 5);
    ck_assert_int_eq(all()->count, 0);
}
END_TEST

START_TEST(explanations_need_no_client)
{
    LOAD(NULL, "--explain-exits");
    ck_assert(all()->explain_exits);
}
END_TEST

START_TEST(the_broker_of_the_file_is_told_as_such)
{
    LOAD("[ksupervise]\nbootstrap = kafka:9092\n[client a]\n", "--no-producer");
    ck_assert_str_eq(all()->brokers.bootstrap, "kafka:9092");
    ck_assert_str_eq(all()->brokers.source, "line 2 of --config");
    LOAD("[ksupervise]\nbootstrap = kafka:9092\n[client a]\n", FLAGS);
    ck_assert_str_eq(all()->brokers.bootstrap, "h:1");
    ck_assert_str_eq(all()->brokers.source, "--bootstrap");
}
END_TEST

static void blames(const char *client_name, const char *name, const char *expected)
{
    error_set(&error, "what?");
    ck_assert_int_eq(config_blame(config, client_name, name, &error), -1);
    const char *said = error.text;
    if (strncmp(said, path, strlen(path)) == 0)
        said += strlen(path) + 1;
    ck_assert_str_eq(said, expected);
}

START_TEST(who_said_something_can_still_be_told_later)
{
    LOAD("[ksupervise]\nfrom = latest\nlibrdkafka.acks = all\n[client bravo]\npipeline = stats\n"
         "batch-size = 5\n[producer]\nrate = 5\n",
         FLAGS, "--batch-size", "7");
    blames("bravo", "pipeline", "5: pipeline: what?");
    blames("BRAVO", "from", "2: from: what?");
    blames(NULL, "rate", "8: rate: what?");
    blames(NULL, "librdkafka.acks", "3: librdkafka.acks: what?");
    blames("bravo", "librdkafka.fetch.min.bytes", "-X fetch.min.bytes: what?");
    blames("bravo", "batch-size", "--batch-size: what?");
    blames("bravo", "commit", "--commit: what?");
    LOAD(NULL, FLAGS, "--clients", "bravo");
    blames("bravo", "pipeline", "--pipeline: what?");
}
END_TEST

/* So many clients with a topic each, as a file. */
static const char *topics(int count)
{
    static char text[8192];
    size_t used = 0;
    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "[client c%d]\ntopic = t%d\n", i, i);
    return text;
}

START_TEST(as_many_topics_as_the_embedded_broker_takes_beside_the_producer_s_are_refused)
{
    LOAD(topics(CONFIG_TOPICS_MAX - 1), FLAGS);
    char expected[64];
    snprintf(expected, sizeof expected, "more than %d topics", CONFIG_TOPICS_MAX);
    FAILS(topics(CONFIG_TOPICS_MAX), expected);
}
END_TEST

CHECK_MAIN_WITH("supervisor/config", clean_environment, release,
                as_many_topics_as_the_embedded_broker_takes_beside_the_producer_s_are_refused,
                flags_alone_are_enough, sections_name_the_clients_in_their_order, the_nearest_source_wins,
                what_is_said_for_a_client_counts_as_said, the_environment_may_name_the_file,
                properties_add_up_from_far_to_near, a_workload_brings_its_topic_unless_one_is_named_beside_it,
                the_nearer_of_rate_and_interval_speaks_for_both, the_flag_chooses_among_the_sections,
                a_list_in_the_file_is_complete, without_any_client_nothing_runs,
                a_thousand_clients_share_the_settings_that_none_has_alone,
                an_unknown_name_comes_with_its_line_and_the_nearest_known_one,
                a_bad_value_comes_with_its_line,
                a_name_that_means_something_else_is_refused_where_it_is_given,
                more_clients_than_one_instance_has_room_for_are_refused_at_once,
                a_bad_flag_is_named_as_a_flag_also_beside_a_file,
                an_unknown_section_comes_with_its_line_and_a_suggestion,
                a_client_is_told_apart_without_case_and_blanks, what_belongs_elsewhere_is_sent_there,
                a_section_is_checked_also_when_the_flag_leaves_it_out,
                exit_when_done_needs_a_count_wherever_it_stands, explanations_need_no_client,
                the_broker_of_the_file_is_told_as_such, who_said_something_can_still_be_told_later)
