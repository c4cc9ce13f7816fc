/* A configuration that is read again: who is restarted, who comes and goes, and what changes nothing at all.
 */
#include "supervisor/control/reload.h"

#include <msgpack.h>
#include <signal.h>

#include "supervisor/config/preflight.h"
#include "supervisor/fleet_slots.h"
#include "tests/supervisor/fleet_stage.h"

static char path[64];
static struct error error;

static void write_config(const char *text)
{
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

static void opens(const char *text)
{
    snprintf(path, sizeof path, "/tmp/reload-%d.ini", (int)getpid());
    write_config(text);
    FLEET_OPEN("--config", path);
    fleet_begin();
    fleet_all_ready();
}

static void tear_down(void)
{
    fleet_close();
    unlink(path);
}

/* The programs have looked at it, all but the last with 0. */
static unsigned checked(int exit_status)
{
    unsigned processes = 0;
    while (reload_pid(&fleet) != 0) {
        struct fake_process *fake = &fake_processes[reload_pid(&fleet) - FAKE_PIDS_FROM];
        processes++;
        fake_ends_as(fake, exit_status, 0);
        reload_check(&fleet);
    }
    return processes;
}

static void reloads(const char *text)
{
    write_config(text);
    error = (struct error)ERROR_INIT;
    ck_assert_msg(reload_begin(&fleet, &error) == 0, "%s", error.text);
    reload_check(&fleet);
    checked(0);
    ck_assert_str_eq(fleet.reload->reason, "");
}

static void is_refused(const char *text, const char *why)
{
    const struct config *before = fleet.config;
    write_config(text);
    error = (struct error)ERROR_INIT;
    ck_assert_int_eq(reload_begin(&fleet, &error), -1);
    ck_assert_msg(strstr(error.text, why) != NULL, "'%s' instead of '%s'", error.text, why);
    ck_assert_ptr_eq(fleet.config, before);
    ck_assert_ptr_null(fleet.reload->next);
    ck_assert_int_eq(reload_deadline_us(&fleet), INT64_MAX);
}

/* What the rollout has for this worker; "" when it has nothing. */
static const char *row(const char *name)
{
    static char text[1024];
    text[0] = '\0';
    for (size_t i = 0; i < fleet.rollout->count; i++)
        if (strcmp(fleet.rollout->rows[i].worker->name, name) == 0)
            rollout_row_text(&fleet.rollout->rows[i], text, sizeof text);
    return text;
}

static void ends(const char *name)
{
    fake_ends(&fleet_worker(name)->process, 0, 0);
    fleet_turn();
}

#define HEAD "[ksupervise]\nbootstrap = h:1\n"
#define TWO  "[client bravo]\n[client zulu]\n"

/* --- what is another one -------------------------------------------------------------------------------- */

START_TEST(the_same_again_changes_nothing_for_any_worker)
{
    opens(HEAD TWO);
    const struct config *before = fleet.config;
    reloads(HEAD TWO);
    fleet_turn();
    ck_assert(fleet.config != before);
    ck_assert_ptr_eq(fleet.first_config, before); /* threads have texts of it */
    ck_assert_uint_eq(fleet.rollout->count, 0);
    ck_assert(!fleet.rollout->under_way);
    ck_assert_int_eq(fleet_worker("bravo")->state, WORKER_READY);
    ck_assert_ptr_eq(fleet_worker("bravo")->settings, config_client(fleet.config, 0));
    reloads(HEAD TWO); /* and the second one goes */
    ck_assert(fleet_has_said("reload: nothing has changed for any worker"));
}
END_TEST

START_TEST(who_would_be_told_something_else_is_restarted_and_nobody_beside)
{
    opens(HEAD TWO);
    reloads(HEAD "[client bravo]\nbatch-size = 70\n[client zulu]\n");
    ck_assert_str_eq(row("bravo"), "bravo: to be restarted (batch-size: 500 → 70)");
    ck_assert_str_eq(row("zulu"), "");
    ck_assert_str_eq(row(PRODUCER_WORKER), "");
    fleet_turn();
    ck_assert_int_eq(fleet_worker("bravo")->state, WORKER_STOPPING);
    ends("bravo");
    ck_assert(fake_was_told(fleet_worker("bravo"), "70"));
    fleet_becomes_ready(fleet_worker("bravo"));
    fleet_turn();
    ck_assert(!fleet.rollout->under_way);
    ck_assert_uint_eq(fleet_worker("zulu")->generation, 1);
}
END_TEST

START_TEST(what_is_the_supervisor_s_alone_holds_at_once)
{
    opens(HEAD TWO);
    reloads(HEAD "stop-timeout = 3s\n" TWO);
    ck_assert_ptr_eq(strstr(row("bravo"), "bravo: adjusted, pid "), row("bravo"));
    ck_assert_ptr_nonnull(strstr(row("bravo"), "generation 1 (stop-timeout: 10s → 3s)"));
    fleet_turn();
    ck_assert_int_eq(fleet_worker("bravo")->state, WORKER_READY);
    ck_assert_int_eq(fleet_worker("bravo")->settings->stop_timeout_us, 3 * US_PER_SECOND);
    ck_assert_ptr_eq(fleet.settings, config_settings(fleet.config));
}
END_TEST

START_TEST(the_producer_s_settings_are_its_own)
{
    opens(HEAD TWO);
    reloads(HEAD "[producer]\nrate = 7\n" TWO);
    ck_assert_ptr_nonnull(strstr(row(PRODUCER_WORKER), "producer: to be restarted (rate: "));
    ck_assert_str_eq(row("bravo"), "");
}
END_TEST

START_TEST(who_is_down_stays_down_and_is_told_when_it_starts)
{
    opens(HEAD TWO);
    states_dispatch(fleet_worker("bravo"), EVENT_STOP);
    ends("bravo");
    fleet_worker("zulu")->retired = true;
    reloads(HEAD "batch-size = 70\n" TWO);
    ck_assert_str_eq(row("bravo"), "bravo: adjusted (batch-size: 500 → 70)");
    ck_assert_str_eq(row("zulu"), "zulu: to be added"); /* it was scaled away */
    ck_assert_int_eq(fleet_worker("bravo")->process.pid, 0);
}
END_TEST

START_TEST(values_of_properties_and_secrets_are_not_told)
{
    opens(HEAD "librdkafka.client.rack = one\nlibrdkafka.fetch.min.bytes = 1\n" TWO);
    reloads(HEAD "librdkafka.client.rack = two\nlibrdkafka.linger.ms = 5\n" TWO);
    ck_assert_str_eq(row("bravo"), "bravo: to be restarted (client.rack, linger.ms, fetch.min.bytes)");
}
END_TEST

START_TEST(of_long_texts_what_differs_is_shown)
{
#define LONG "validate, flag:amount>1000, flag:amount>1001, flag:amount>1002, flag:amount>1003, "
    opens(HEAD "pipeline = " LONG "flag:amount>1, stats\n" TWO);
    reloads(HEAD "pipeline = " LONG "flag:amount>2, stats\n" TWO);
    ck_assert_str_eq(row("bravo"), "bravo: to be restarted (pipeline: …03, flag:amount>1, stats → …03, "
                                   "flag:amount>2, stats)");
}
END_TEST

#define A60 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define E10 "éééééééééé"

START_TEST(no_character_is_cut_in_the_middle)
{
    opens(HEAD "pipeline = " A60 E10 E10 "x1\n" TWO);
    reloads(HEAD "pipeline = " A60 E10 E10 "x2\n" TWO);
    ck_assert_str_eq(row("bravo"), "bravo: to be restarted (pipeline: …ééééééééx1 → …ééééééééx2)");
}
END_TEST

START_TEST(a_text_that_is_too_long_ends_with_a_whole_character)
{
    opens(HEAD "pipeline = a\n" TWO);
    reloads(HEAD "pipeline = b" E10 E10 E10 E10 "\n" TWO);
    const char *to = strstr(row("bravo"), " → ");
    ck_assert_ptr_nonnull(to);
    ck_assert_str_eq(to, " → b" E10 E10 "ééééééééé…)");
}
END_TEST

/* --- who comes and goes --------------------------------------------------------------------------------- */

START_TEST(a_client_that_is_gone_leaves_and_one_that_is_new_starts)
{
    opens(HEAD TWO);
    reloads(HEAD "[client yank]\n[client zulu]\n");
    ck_assert_str_eq(row("bravo"), "bravo: to be removed");
    ck_assert_str_eq(row("yank"), "yank: to be added");
    ck_assert_str_eq(row("zulu"), "");
    fleet_turn();
    struct rpc_message message;
    ck_assert_str_eq(fake_hears(fleet_worker("bravo"), &message), "drain");
    ends("bravo");
    ck_assert_int_eq(fleet_worker("bravo")->state, WORKER_DOWN);
    ck_assert(fleet_worker("bravo")->retired);
    ck_assert_ptr_eq(fleet_worker("bravo")->settings, config_settings(fleet.config)); /* its own are gone */
    fleet_becomes_ready(fleet_worker("yank"));
    fleet_turn();
    ck_assert(!fleet.rollout->under_way);
    reloads(HEAD TWO);
    ck_assert(!fleet_worker("bravo")->retired);
    ck_assert_str_eq(row("bravo"), "bravo: to be added");
}
END_TEST

/* As kctl add-client does. */
static struct worker *add_own(const char *client, const char *like, const char *group)
{
    struct worker *worker = fleet_add_own(&fleet, fleet.settings, client, like, group);
    fleet_start_worker(worker);
    fleet_becomes_ready(worker);
    return worker;
}

START_TEST(a_client_that_was_added_stays_with_what_holds_for_all)
{
    opens(HEAD TWO);
    const struct worker *yank = add_own("yank", "", "others");
    const struct worker *xray = add_own("xray", "bravo", "more");
    reloads(HEAD "group = all\n[client bravo]\nbatch-size = 70\n[client zulu]\n");
    ck_assert_str_eq(row("yank"), "");
    ck_assert_ptr_eq(yank->settings, config_settings(fleet.config));
    ck_assert_str_eq(yank->group, "others");
    ck_assert_ptr_eq(xray->settings, config_client(fleet.config, 0));
    ck_assert_ptr_nonnull(strstr(row("xray"), "xray: to be restarted (batch-size: 500 → 70"));
}
END_TEST

/* What it was like is no longer in the file: what holds for all is another topic. */
START_TEST(an_added_client_whose_model_goes_has_its_new_topic_made)
{
    opens(HEAD "[client bravo]\ntopic = others\n[client zulu]\ntopic = others\n[producer]\ntopic = others\n");
    struct worker *xray = add_own("xray", "bravo", "more");
    fleet_set_settings(xray, fleet_worker("bravo")->settings);
    reloads(HEAD "[client zulu]\ntopic = others\n[producer]\ntopic = others\n");
    ck_assert_str_eq(xray->settings->topic, "payments");
    ck_assert_int_eq(fleet.rollout->step, ROLLOUT_TOPICS);
}
END_TEST

START_TEST(one_that_the_file_names_by_then_is_the_files)
{
    opens(HEAD TWO);
    const struct worker *yank = add_own("yank", "", "others");
    reloads(HEAD TWO "[client yank]\n");
    ck_assert(!yank->added);
    ck_assert_str_eq(yank->group, "test_group_yank");
    ck_assert_ptr_nonnull(strstr(row("yank"), "yank: to be restarted (group: others → "));
    fleet_turn();
    ends("yank");
    fleet_becomes_ready(fleet_worker("yank"));
    fleet_turn();
    reloads(HEAD TWO);
    ck_assert_str_eq(row("yank"), "yank: to be removed");
}
END_TEST

START_TEST(a_producer_comes_and_goes_too)
{
    opens(HEAD "no-producer = yes\n" TWO);
    ck_assert_ptr_null(supervisor_find(&fleet, KIND_PRODUCER));
    reloads(HEAD TWO);
    ck_assert_str_eq(row(PRODUCER_WORKER), "producer: to be added");
    fleet_turn();
    fleet_becomes_ready(fleet_worker(PRODUCER_WORKER));
    fleet_turn();
    reloads(HEAD "no-producer = yes\n" TWO);
    ck_assert_str_eq(row(PRODUCER_WORKER), "producer: to be removed");
    ck_assert(fleet_worker(PRODUCER_WORKER)->retired);
}
END_TEST

START_TEST(a_new_topic_is_made_before_anybody_is_restarted)
{
    opens(HEAD TWO);
    reloads(HEAD "[client bravo]\ntopic = others\n[client zulu]\n");
    ck_assert_int_ne(fleet_worker("provision")->process.pid, 0);
    fleet_turn();
    ck_assert_int_eq(fleet_worker("bravo")->state, WORKER_READY);
    ck_assert(fleet_worker("bravo")->moves);
    ends("provision");
    fleet_turn();
    ck_assert_int_eq(fleet_worker("bravo")->state, WORKER_STOPPING);
}
END_TEST

START_TEST(another_Kafka_restarts_all)
{
    opens(HEAD TWO);
    reloads("[ksupervise]\nbootstrap = other:2\n" TWO);
    ck_assert_ptr_nonnull(strstr(row("bravo"), "bravo: to be restarted ("));
    ck_assert_ptr_nonnull(strstr(row("bravo"), "bootstrap: h:1 → other:2"));
    ck_assert_ptr_nonnull(strstr(row("zulu"), "zulu: to be restarted"));
    ck_assert_ptr_nonnull(strstr(row(PRODUCER_WORKER), "producer: to be restarted"));
    ck_assert_str_eq(fleet.brokers.bootstrap, "other:2");
    ck_assert_int_eq(fleet.rollout->step, ROLLOUT_TOPICS); /* it may have none */
    struct directory *directory;
    ck_assert_int_eq(directory_open(&directory, fleet_instance, &error), 0);
    ck_assert_str_eq(directory_bootstrap(directory), "other:2");
    directory_free(directory);
}
END_TEST

/* --- what changes nothing ------------------------------------------------------------------------------- */

START_TEST(what_cannot_change_while_the_instance_runs_is_refused)
{
    opens(HEAD TWO);
    is_refused(HEAD "log-format = json\n" TWO,
               "log-format cannot change while the instance runs (text → json)");
    is_refused(HEAD "log-dir = /tmp\n" TWO, "log-dir cannot change while the instance runs");
    is_refused(HEAD "log-size = 1MiB\n" TWO, "log-size cannot change while the instance runs");
    is_refused(HEAD "log-files = 7\n" TWO, "log-files cannot change while the instance runs");
    is_refused(HEAD "http = 8001\n" TWO, "http cannot change while the instance runs (not set → 8001)");
    is_refused("[ksupervise]\n" TWO,
               "a running instance cannot switch between the embedded broker and another Kafka");
    is_refused(HEAD TWO "[client bravo\n", "reload-");
    ck_assert_int_eq(fleet_worker("bravo")->state, WORKER_READY);
}
END_TEST

START_TEST(the_embedded_broker_gets_no_new_topic)
{
    snprintf(path, sizeof path, "/tmp/reload-%d.ini", (int)getpid());
    write_config("[ksupervise]\n" TWO);
    FLEET_OPEN("--config", path);
    fleet_start(&fleet);
    fleet_turn();
    FAKE_SAYS(fleet_worker("kbroker"), "address", "s", "127.0.0.1:1");
    fleet_turn();
    fleet_turn();
    is_refused("[ksupervise]\n[client bravo]\ntopic = others\n[client zulu]\n",
               "topic 'others' is new, and the embedded broker creates its topics when it starts");
    is_refused("[ksupervise]\n[producer]\ntopic = others\n" TWO, "topic 'others' is new");
    reloads("[ksupervise]\nbatch-size = 7\n" TWO);
    ck_assert_str_eq(fleet.brokers.bootstrap, "127.0.0.1:1"); /* where it is, it alone says */
}
END_TEST

START_TEST(what_a_worker_s_program_cannot_work_with_changes_nothing)
{
    opens(HEAD TWO);
    const struct config *before = fleet.config;
    write_config(HEAD "pipeline = nonsense\n" TWO);
    ck_assert_int_eq(reload_begin(&fleet, &error), 0);
    reload_check(&fleet);
    ck_assert_int_ne(reload_pid(&fleet), 0);
    ck_assert_int_eq(reload_deadline_us(&fleet), clock_monotonic_us() + PREFLIGHT_US);
    ck_assert_int_eq(reload_begin(&fleet, &error), -1);
    ck_assert_str_eq(error.text, "a reload is under way");
    ck_assert_uint_eq(checked(2), 1); /* the first mistake ends it */
    ck_assert_str_eq(fleet.reload->reason, "bravo: kconsume --check ended with exit code 2");
    ck_assert_ptr_eq(fleet.config, before);
    ck_assert_ptr_null(fleet.reload->next);
    ck_assert_int_eq(reload_pid(&fleet), 0);
    ck_assert_int_eq(reload_deadline_us(&fleet), INT64_MAX);
    reloads(HEAD TWO); /* forgotten */
    ck_assert(fleet_has_said("reload: nothing was changed: bravo: kconsume --check ended with exit code 2"));
}
END_TEST

START_TEST(one_that_stops_or_starts_or_has_no_file_reads_nothing_again)
{
    opens(HEAD TWO);
    fleet.step = STEP_PROVISION;
    is_refused(HEAD TWO, "the instance is just starting");
    fleet.step = STEP_WORK;
    ck_assert_int_eq(reload_begin(&fleet, &error), 0);
    reload_check(&fleet);
    fleet_stop(&fleet, 0);
    reload_check(&fleet);
    ck_assert_str_eq(fleet.reload->reason, "the instance is stopping");
    ck_assert_ptr_null(fleet.reload->next);
    is_refused(HEAD TWO, "the instance is stopping");
}
END_TEST

START_TEST(what_one_that_stopped_did_not_come_to_is_the_next_ones)
{
    opens(HEAD TWO);
    static const char next[] = HEAD "batch-size = 70\n" TWO "[client yank]\n";
    reloads(next);
    fleet_turn();
    ends("bravo");
    fake_ends(&fleet_worker("bravo")->process, EXIT_CODE_USAGE, 0);
    fleet_turn();
    rollout_check(&fleet);
    ck_assert(!fleet.rollout->under_way);
    ck_assert_ptr_nonnull(strstr(fleet.rollout->reason, "bravo is held"));
    ck_assert_uint_eq(fleet_worker("zulu")->generation, 1);
    ck_assert(fleet_worker("yank")->retired);
    reloads(next);
    ck_assert_str_eq(row("bravo"), "");
    ck_assert_str_eq(row("zulu"), "zulu: to be restarted");
    ck_assert_str_eq(row("yank"), "yank: to be added");
    fleet_turn();
    ends("zulu");
    fleet_becomes_ready(fleet_worker("zulu"));
    fleet_turn();
    fleet_becomes_ready(fleet_worker("yank"));
    fleet_turn();
    reloads(next);
    ck_assert_uint_eq(fleet.rollout->count, 0);
}
END_TEST

START_TEST(the_end_is_looked_for_at_once_where_it_is_asked_for_now)
{
    opens(HEAD "count = 5\n" TWO);
    ck_assert_int_eq(fleet.done_check_us, INT64_MAX);
    reloads(HEAD "count = 5\nexit-when-done = yes\n" TWO);
    ck_assert_int_eq(fleet.done_check_us, clock_monotonic_us());
    fleet_turn();
    reloads(HEAD "count = 5\n" TWO);
    ck_assert_int_eq(fleet.done_check_us, INT64_MAX);
}
END_TEST

START_TEST(a_reload_that_is_given_up_at_the_end_leaves_nothing)
{
    opens(HEAD TWO);
    ck_assert_int_eq(reload_begin(&fleet, &error), 0);
    reload_check(&fleet);
    reload_release(&fleet);
    ck_assert_ptr_null(fleet.reload->next);
    ck_assert_uint_eq(fake_newest()->group_kills, 1);
}
END_TEST

/* --- the verb ------------------------------------------------------------------------------------------ */

static struct request request;

static enum progress verb_is(void)
{
    error = (struct error)ERROR_INIT;
    return request_check(&request, &error);
}

static bool packs(void (*pack)(struct request *, msgpack_packer *), const char *text)
{
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    pack(&request, &packer);
    bool has = memmem(buffer.data, buffer.size, text, strlen(text)) != NULL;
    struct mp_reader reader;
    mp_init(&reader, buffer.data, buffer.size);
    ck_assert(mp_step(&reader, MP_DEPTH_MAX) == MP_OK && mp_at_end(&reader)); /* one whole value */
    msgpack_sbuffer_destroy(&buffer);
    return has;
}

START_TEST(who_asked_for_it_waits_until_all_works_and_is_told_each_change)
{
    opens(HEAD TWO);
    write_config(HEAD "[client bravo]\nbatch-size = 70\n[client zulu]\n");
    request = (struct request){.supervisor = &fleet, .verb = verb_find("reload", 6, NULL)};
    ck_assert_int_eq(request_begin(&request, &error), PROGRESS_WAITING);
    ck_assert_int_eq(verb_is(), PROGRESS_WAITING); /* it is looked at */
    ck_assert(packs(request.verb->lines,
                    "the configuration is being read; the outcome is in the supervisor's log"));
    while (fleet.reload->next != NULL) {
        fake_ends_as(fake_newest(), 0, 0);
        ck_assert_int_eq(verb_is(), PROGRESS_WAITING);
    }
    ck_assert_int_eq(fleet_worker("bravo")->state, WORKER_STOPPING); /* nobody else has looked */
    ends("bravo");
    fleet_becomes_ready(fleet_worker("bravo"));
    ck_assert_int_eq(verb_is(), PROGRESS_DONE);
    ck_assert(packs(request.verb->lines, "bravo: restarted, pid "));
    ck_assert(packs(request.verb->result, "\xa8settings\x91\x83\xa4name\xaa"
                                          "batch-size\xa4"
                                          "from\xa3"
                                          "500\xa2to\xa2"
                                          "70"));
    ck_assert(packs(request.verb->result, "\x91\x85\xa6worker\xa5"
                                          "bravo\xa6"
                                          "change\xa9restarted"));
}
END_TEST

START_TEST(who_asked_for_one_that_is_wrong_is_told_why)
{
    opens(HEAD TWO);
    request = (struct request){.supervisor = &fleet, .verb = verb_find("reload", 6, NULL)};
    ck_assert_int_eq(request_begin(&request, &error), PROGRESS_WAITING);
    ck_assert_int_eq(verb_is(), PROGRESS_WAITING);
    fake_ends_as(fake_newest(), -1, SIGSEGV);
    ck_assert_int_eq(verb_is(), PROGRESS_FAILED);
    ck_assert_str_eq(error.text, "bravo: kconsume --check was killed by SIGSEGV");
}
END_TEST

CHECK_MAIN_WITH("supervisor/reload", NULL, tear_down, the_same_again_changes_nothing_for_any_worker,
                who_would_be_told_something_else_is_restarted_and_nobody_beside,
                what_is_the_supervisor_s_alone_holds_at_once, the_producer_s_settings_are_its_own,
                who_is_down_stays_down_and_is_told_when_it_starts,
                values_of_properties_and_secrets_are_not_told, of_long_texts_what_differs_is_shown,
                no_character_is_cut_in_the_middle, a_text_that_is_too_long_ends_with_a_whole_character,
                a_client_that_is_gone_leaves_and_one_that_is_new_starts,
                a_client_that_was_added_stays_with_what_holds_for_all,
                an_added_client_whose_model_goes_has_its_new_topic_made,
                one_that_the_file_names_by_then_is_the_files, a_producer_comes_and_goes_too,
                a_new_topic_is_made_before_anybody_is_restarted, another_Kafka_restarts_all,
                what_cannot_change_while_the_instance_runs_is_refused, the_embedded_broker_gets_no_new_topic,
                what_a_worker_s_program_cannot_work_with_changes_nothing,
                one_that_stops_or_starts_or_has_no_file_reads_nothing_again,
                what_one_that_stopped_did_not_come_to_is_the_next_ones,
                the_end_is_looked_for_at_once_where_it_is_asked_for_now,
                a_reload_that_is_given_up_at_the_end_leaves_nothing,
                who_asked_for_it_waits_until_all_works_and_is_told_each_change,
                who_asked_for_one_that_is_wrong_is_told_why)
