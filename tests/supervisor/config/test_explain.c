/* The tables for people: each state, exit code and setting with what follows from it. */
#include "supervisor/config/explain.h"

#include <unistd.h>

#include "common/exit_codes.h"
#include "supervisor/actions.h"
#include "supervisor/states.h"
#include "tests/support/check_main.h"

static char *text;
static size_t length;
static FILE *stream;
static struct config *config;

static void set_up(void)
{
    unsetenv("KAFKA_BOOTSTRAP");
    unsetenv("KAFKA_HOST_IP");
    unsetenv("KSUPERVISE_INSTANCE");
    ck_assert_int_eq(chdir("/"), 0); /* no .env there */
    stream = open_memstream(&text, &length);
}

static void tear_down(void)
{
    fclose(stream);
    free(text);
    config_free(config);
}

static void is_explained(const char *line)
{
    fflush(stream);
    ck_assert_msg(strstr(text, line) != NULL, "'%s' is not in:\n%s", line, text);
}

static void is_not_explained(const char *words)
{
    fflush(stream);
    ck_assert_msg(strstr(text, words) == NULL, "'%s' is in:\n%s", words, text);
}

static void explain(const char *const flags[])
{
    struct error error = ERROR_INIT;
    char *words[24] = {(char *)"ksupervise"};
    int count = 1;
    for (; *flags != NULL; flags++)
        words[count++] = (char *)(uintptr_t)*flags;
    ck_assert_msg(config_load(&config, count, words, &error) == 0, "%s", error.text);
    explain_config(config, stream);
}

#define EXPLAIN(...) explain((const char *const[]){__VA_ARGS__, NULL})

/* --- states -------------------------------------------------------------------------------------------- */

START_TEST(every_edge_of_the_state_table_is_a_line_under_its_state_and_nothing_else_is)
{
    size_t edges = 0;
    explain_states(stream);
    fflush(stream);
    const char *at = strstr(text, "\nStates; ");
    ck_assert_ptr_nonnull(at);
    for (int state = 0; state <= WORKER_DONE; state++) {
        char title[64];
        snprintf(title, sizeof title, "\n\n%s\n", worker_state_name((enum worker_state)state));
        at = strstr(at, title);
        ck_assert_msg(at != NULL, "no state %s", worker_state_name((enum worker_state)state));
        ck_assert_ptr_null(strstr(at + 1, title)); /* once, above all of its lines */
        for (int event = 0; event < EVENT_COUNT; event++) {
            action *act;
            enum worker_state next;
            edges += states_edge((enum worker_state)state, (enum worker_event)event, &act, &next);
        }
    }
    size_t lines = 0;
    for (at = strstr(text, "\nStates; "); (at = strstr(at + 1, "\n  ")) != NULL;)
        lines++;
    ck_assert_uint_eq(lines, edges);
}
END_TEST

START_TEST(an_edge_says_what_is_done_and_where_it_leads_unless_it_stays)
{
    explain_states(stream);
    is_explained("\ndown\n  start         → starting     start a process, a generation and a segment\n");
    is_explained("  timer                        kill its process group: it was not ready in time\n");
    is_explained("Events:\n  start         ");
    is_not_explained("?\n");
}
END_TEST

/* --- exits --------------------------------------------------------------------------------------------- */

START_TEST(every_exit_code_has_its_meaning_and_what_follows)
{
    const struct exit_code_def *def;
    explain_exits(stream);
    for (size_t i = 0; (def = exit_code_at(i)) != NULL; i++) {
        char line[256];
        snprintf(line, sizeof line, "%6d  %s\n        ", def->code, def->meaning);
        is_explained(line);
    }
    is_explained("     0  ");
    is_explained("\n        restarted only where --restart is always\n     1  ");
    is_explained("        held at once: a restart would fail in the same way\n");
    is_explained("signal  killed by a signal\n        restarted, and counted as a death\n");
    is_explained("others  ");
}
END_TEST

/* --- what would run ------------------------------------------------------------------------------------ */

START_TEST(a_fleet_is_a_line_a_worker_with_group_topic_and_restart)
{
    EXPLAIN("--clients", "bravo,zulu", "--instance", "one", "-b", "h:1");
    is_explained("instance one, h:1 (from --bootstrap)\n");
    is_explained("\nbravo            kconsume  topic payments  group test_group_bravo  restart always");
    is_explained("\nzulu             kconsume  topic payments  group test_group_zulu  restart always");
    is_explained("\nproducer         kproduce  topic payments  restart always");
}
END_TEST

START_TEST(what_was_said_stands_behind_who_it_concerns_and_is_said_once)
{
    EXPLAIN("--clients", "bravo", "-b", "h:1", "--group", "shared", "--batch-size", "7", "--rate", "5",
            "--restart", "never", "--pipeline", "validate");
    is_explained("bravo            kconsume  topic payments  group shared  restart never");
    is_explained("  batch-size=7");
    is_explained("  pipeline=validate");
    is_explained("producer         kproduce  topic payments  restart never");
    is_explained("  rate=5");
    is_not_explained("group=");
    is_not_explained("restart=");
    is_not_explained("interval=");
    const char *producer = strstr(text, "\nproducer");
    ck_assert_ptr_null(strstr(producer, "batch-size"));
    ck_assert(strstr(text, "rate=5") > producer); /* it is not bravo's */
}
END_TEST

START_TEST(a_time_is_told_in_its_largest_whole_unit)
{
    EXPLAIN("--clients", "bravo", "-b", "h:1", "--interval", "3s", "--batch-wait", "1500ms", "--stop-timeout",
            "100500us", "--retry-delay", "1ms");
    is_explained("  interval=3s");
    is_explained("  batch-wait=1500ms");
    is_explained("  stop-timeout=100500us");
    is_explained("  retry-delay=1ms");
}
END_TEST

START_TEST(values_of_properties_may_be_secrets_and_are_not_shown)
{
    EXPLAIN("--clients", "bravo", "-b", "h:1", "-X", "sasl.password=hush", "-X", "client.id=me");
    is_explained("  -X sasl.password=…");
    is_explained("  -X client.id=…");
    is_not_explained("hush");
    is_not_explained("=me");
}
END_TEST

START_TEST(without_a_broker_it_is_the_embedded_one_and_without_a_producer_there_is_none)
{
    EXPLAIN("--clients", "bravo", "--no-producer", "--instance", "one");
    is_explained("instance one, embedded broker\n");
    is_not_explained("from");
    is_not_explained("kproduce");
}
END_TEST

CHECK_MAIN_WITH("supervisor/explain", set_up, tear_down,
                every_edge_of_the_state_table_is_a_line_under_its_state_and_nothing_else_is,
                an_edge_says_what_is_done_and_where_it_leads_unless_it_stays,
                every_exit_code_has_its_meaning_and_what_follows,
                a_fleet_is_a_line_a_worker_with_group_topic_and_restart,
                what_was_said_stands_behind_who_it_concerns_and_is_said_once,
                a_time_is_told_in_its_largest_whole_unit,
                values_of_properties_may_be_secrets_and_are_not_shown,
                without_a_broker_it_is_the_embedded_one_and_without_a_producer_there_is_none)
