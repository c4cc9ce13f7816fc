#include "supervisor/control/reload.h"

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/text.h"
#include "supervisor/fleet_slots.h"
#include "supervisor/process/worker_config.h"
#include "supervisor/spec.h"
#include "supervisor/journal.h"
#include "supervisor/log/line.h"
#include "supervisor/config/preflight.h"
#include "supervisor/log/report.h"
#include "supervisor/control/next_settings.h"
#include "supervisor/control/rollout.h"
#include "supervisor/service.h"
#include "supervisor/config/topics.h"

enum { TEXT_BYTES = 4096, LEAD_BYTES = 16 };

struct plan {
    struct supervisor *supervisor;
    const struct config *next;
    struct rollout_row *rows;
    size_t count;
    bool bootstrap; /* another Kafka: all are restarted */
};

/* --- what is another one now --------------------------------------------------------------------------- */

/* From a little before the first difference, where the texts are longer than a row shows. */
static size_t shown_from(const char *one, const char *other)
{
    size_t at = 0;
    if (strlen(one) < ROLLOUT_VALUE_BYTES && strlen(other) < ROLLOUT_VALUE_BYTES)
        return 0;
    while (one[at] != '\0' && one[at] == other[at])
        at++;
    at = at > LEAD_BYTES ? at - LEAD_BYTES : 0;
    while (at > 0 && ((unsigned char)one[at] & 0xc0) == 0x80) /* in the middle of a character */
        at--;
    return at;
}

static void show(char to[ROLLOUT_VALUE_BYTES], const char *text, size_t from)
{
    size_t end = ROLLOUT_VALUE_BYTES - 1;
    int length = snprintf(to, ROLLOUT_VALUE_BYTES, "%s%s", from > 0 ? "…" : "", text + from);
    if (length < ROLLOUT_VALUE_BYTES)
        return;
    end -= strlen("…");
    while (((unsigned char)to[end] & 0xc0) == 0x80)
        end--;
    snprintf(to + end, ROLLOUT_VALUE_BYTES - end, "…");
}

/* Where only a secret changed, only the name is shown. */
static void note(struct rollout_row *row, const char *name, const char *from, const char *to)
{
    if (row->setting_count == ROLLOUT_SETTINGS_MAX)
        return;
    struct rollout_setting *setting = &row->settings[row->setting_count++];
    size_t first = shown_from(from, to);
    *setting = (struct rollout_setting){.name = ""};
    snprintf(setting->name, sizeof setting->name, "%s", name);
    if (strcmp(from, to) == 0)
        return;
    show(setting->from, from, first);
    show(setting->to, to, first);
}

static void render(const struct option_def *def, const struct settings *settings, char text[TEXT_BYTES])
{
    if (!settings_render(def, settings, text, TEXT_BYTES))
        snprintf(text, TEXT_BYTES, "not set");
}

static bool differs(const struct option_def *def, const struct settings *from, const struct settings *to,
                    char from_text[TEXT_BYTES], char to_text[TEXT_BYTES])
{
    render(def, from, from_text);
    render(def, to, to_text);
    return !option_same(def, from, to);
}

static bool has(const struct option_list *list, const char *item)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], item) == 0)
            return true;
    return false;
}

/* Properties of librdkafka by their names alone: a value may be a secret. */
static void note_properties(struct rollout_row *row, const struct option_list *from,
                            const struct option_list *besides)
{
    for (size_t i = 0; i < from->count; i++) {
        char name[ROLLOUT_VALUE_BYTES];
        if (has(besides, from->items[i]))
            continue;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(from->items[i], "="), from->items[i]);
        bool noted = false;
        for (size_t s = 0; s < row->setting_count; s++)
            noted |= strcmp(row->settings[s].name, name) == 0;
        if (!noted)
            note(row, name, "", "");
    }
}

/* Not the group of one that was added into a group of its own. */
static bool is_told(const struct worker *worker, const struct option_def *def)
{
    return def->type != OPTION_HEADING && config_concerns(def, worker->kind == KIND_PRODUCER) &&
           (worker->own_group[0] == '\0' || strcmp(def->name, "group") != 0);
}

static void note_settings(struct rollout_row *row, const struct settings *from, const struct settings *to)
{
    char from_text[TEXT_BYTES];
    char to_text[TEXT_BYTES];
    for (size_t i = 0; i < supervisor_program.option_count; i++) {
        const struct option_def *def = &supervisor_program.options[i];
        if (is_told(row->worker, def) && differs(def, from, to, from_text, to_text))
            note(row, def->name, from_text, to_text);
    }
    note_properties(row, &to->properties, &from->properties);
    note_properties(row, &from->properties, &to->properties);
}

/* --- what cannot change -------------------------------------------------------------------------------- */

static int refuse_fixed(const struct option_def *def, const struct supervisor *supervisor,
                        const struct settings *next, struct error *error)
{
    char from[TEXT_BYTES];
    char to[TEXT_BYTES];
    if (!(def->traits & FIXED) || !differs(def, supervisor->settings, next, from, to))
        return 0;
    return error_set_code(
        error, EXIT_CODE_USAGE,
        "%s: %s cannot change while the instance runs (%s → %s): stop and start the instance", next->config,
        def->name, from, to);
}

static int check_fixed(const struct supervisor *supervisor, const struct settings *next, struct error *error)
{
    for (size_t i = 0; i < supervisor_program.option_count; i++)
        if (refuse_fixed(&supervisor_program.options[i], supervisor, next, error) == -1)
            return -1;
    if (settings_embedded(supervisor->settings) != settings_embedded(next))
        return error_set_code(error, EXIT_CODE_USAGE,
                              "%s: a running instance cannot switch between the embedded broker and another "
                              "Kafka: stop and start the instance",
                              next->config);
    return 0;
}

/* Of a client that was added, and whose model is gone. NULL: there is none. */
static const char *new_topic_of_added(const struct supervisor *supervisor, const struct config *next)
{
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        const struct worker *worker = supervisor->workers[i];
        const char *topic =
            next_settings_of(next, worker) != NULL ? next_settings_of(next, worker)->topic : NULL;
        if (worker->added && !worker->retired && !topics_has(supervisor, topic))
            return topic;
    }
    return NULL;
}

/* The first new topic, or NULL. */
static const char *new_topic(const struct supervisor *supervisor, const struct config *next)
{
    const struct settings *all = config_settings(next);
    for (size_t i = 0; i < all->clients.count; i++)
        if (!topics_has(supervisor, config_client(next, i)->topic))
            return config_client(next, i)->topic;
    return !all->no_producer && !topics_has(supervisor, config_producer(next)->topic)
               ? config_producer(next)->topic
               : new_topic_of_added(supervisor, next);
}

static int check_topics(const struct supervisor *supervisor, const struct config *next, struct error *error)
{
    const char *topic = new_topic(supervisor, next);
    if (topic == NULL || !settings_embedded(supervisor->settings))
        return 0;
    return error_set_code(error, EXIT_CODE_USAGE,
                          "%s: topic '%s' is new, and the embedded broker creates its topics when it starts: "
                          "stop and start the instance",
                          config_settings(next)->config, topic);
}

/* --- the plan ------------------------------------------------------------------------------------------ */

static struct rollout_row *plan_row(struct plan *plan, struct worker *worker, enum rollout_kind kind)
{
    struct rollout_row *row = &plan->rows[plan->count++];
    row->worker = worker;
    row->kind = kind;
    return row;
}

/* One that sends what it is asked for, where the instance had no producer and is to have one. */
static bool turns_producer(const struct supervisor *supervisor, const struct settings *all,
                           const struct worker *worker)
{
    return worker->on_request && supervisor->settings->no_producer && !all->no_producer;
}

static void plan_worker(struct plan *plan, struct worker *worker)
{
    const struct settings *next = next_settings_of(plan->next, worker);
    if (worker->retired || (worker->kind != KIND_CONSUMER && worker->kind != KIND_PRODUCER))
        return;
    if (next == NULL) {
        plan_row(plan, worker, ROLLOUT_REMOVE);
        return;
    }
    struct worker_spec spec;
    spec_of_worker(worker, &spec);
    bool moves = next_settings_move(plan->next, worker);
    bool late = worker->outdated && worker->process.pid != 0;
    bool restart = plan->bootstrap || moves || late || worker_config_differs(&spec, next) ||
                   turns_producer(plan->supervisor, config_settings(plan->next), worker);
    /* A worker that is down was stopped, and stays down; it gets the new settings when it is started. */
    bool runs = worker->state != WORKER_DOWN && worker->state != WORKER_DONE;
    struct rollout_row *row = plan_row(plan, worker, restart && runs ? ROLLOUT_RESTART : ROLLOUT_ADJUST);
    note_settings(row, worker->settings, next);
    if (moves)
        note(row, "group", worker->group, next->group != NULL ? next->group : "its own");
    if (plan->bootstrap)
        note(row, "bootstrap", plan->supervisor->brokers.bootstrap,
             config_settings(plan->next)->brokers.bootstrap);
    if (row->setting_count == 0 && !restart)
        plan->count--;
}

static bool is_there(const struct supervisor *supervisor, const char *client)
{
    if (client != NULL)
        return fleet_client(supervisor, client) != NULL;
    const struct worker *producer = supervisor_find(supervisor, KIND_PRODUCER);
    return producer != NULL && !producer->retired;
}

static int plan_new(struct plan *plan, const struct settings *settings, const char *client,
                    struct error *error)
{
    if (is_there(plan->supervisor, client))
        return 0;
    struct worker *worker = fleet_add(plan->supervisor, settings, client);
    if (worker == NULL)
        return error_set(error, "out of memory");
    plan_row(plan, worker, ROLLOUT_ADD);
    return 0;
}

static int plan_all(struct plan *plan, struct error *error)
{
    struct supervisor *supervisor = plan->supervisor;
    const struct settings *all = config_settings(plan->next);
    size_t before = supervisor->worker_count;
    plan->rows = calloc(before + all->clients.count + 1, sizeof *plan->rows);
    if (plan->rows == NULL)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < before; i++)
        plan_worker(plan, supervisor->workers[i]);
    for (size_t i = 0; i < all->clients.count; i++)
        if (plan_new(plan, config_client(plan->next, i), all->clients.items[i], error) == -1)
            return -1;
    return all->no_producer ? 0 : plan_new(plan, config_producer(plan->next), NULL, error);
}

/* --- carried out --------------------------------------------------------------------------------------- */

/* Every worker gets its new settings, also one that is retired: the old ones go. The first configuration
 * stays: threads have texts of it. */
static void adopt(struct supervisor *supervisor, struct config *next)
{
    const struct settings *all = config_settings(next);
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        const struct settings *own = next_settings_of(next, supervisor->workers[i]);
        if (next_settings_take_over(next, supervisor->workers[i]))
            fleet_disown(supervisor->workers[i]);
        fleet_set_settings(supervisor->workers[i], own != NULL ? own : all);
        if (turns_producer(supervisor, all, supervisor->workers[i]))
            supervisor->workers[i]->on_request = false;
    }
    if (!settings_embedded(all)) {
        supervisor->brokers = all->brokers;
        directory_set_bootstrap(supervisor->directory, all->brokers.bootstrap);
    }
    supervisor->settings = all;
    if (supervisor->config != supervisor->first_config)
        config_free(supervisor->config);
    supervisor->config = next;
    supervisor->done_check_us =
        all->exit_when_done && supervisor->step == STEP_WORK ? clock_monotonic_us() : INT64_MAX;
}

/* Slots that were added and are not used stay as retired ones. */
static void give_up(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->rows[i].kind == ROLLOUT_ADD) {
            plan->rows[i].worker->retired = true;
            fleet_set_settings(plan->rows[i].worker, plan->supervisor->settings);
        }
    free(plan->rows);
}

/* The settings that changed, as far as they fit. */
static void tell_changes(struct supervisor *supervisor, const struct rollout_row *rows, size_t count)
{
    struct event event = journal_of_instance(EVENT_KIND_CONFIG);
    char text[2 * ROLLOUT_VALUE_BYTES + sizeof event.text] = "";
    char row[1024];
    size_t used = 0;
    event.count = (int64_t)count;
    for (size_t i = 0; i < count && used < sizeof event.text; i++) {
        rollout_row_text(&rows[i], row, sizeof row);
        used = text_append(text, sizeof text, used, "%s%s", i > 0 ? "; " : "", row);
    }
    journal_add(supervisor, &event, "%s", text);
}

static int carry_out(struct supervisor *supervisor, struct config *next, struct error *error)
{
    struct plan plan = {.supervisor = supervisor, .next = next};
    plan.bootstrap = !settings_embedded(supervisor->settings) &&
                     strcmp(supervisor->brokers.bootstrap, config_settings(next)->brokers.bootstrap) != 0;
    bool topics = plan.bootstrap || new_topic(supervisor, next) != NULL; /* another Kafka may have none */
    if (plan_all(&plan, error) == -1) {
        give_up(&plan);
        return -1;
    }
    for (size_t i = 0; i < plan.count; i++)
        plan.rows[i].worker->outdated = plan.rows[i].kind == ROLLOUT_RESTART;
    adopt(supervisor, next);
    tell_changes(supervisor, plan.rows, plan.count);
    if (plan.count == 0)
        report_line(supervisor, "reload: nothing has changed for any worker");
    return rollout_begin(supervisor, "reload", plan.rows, plan.count, topics, ROLLOUT_LAG_ANY, error);
}

static int check_next(const struct supervisor *supervisor, const struct config *next, struct error *error)
{
    return check_fixed(supervisor, config_settings(next), error) == -1
               ? -1
               : check_topics(supervisor, next, error);
}

int reload_begin(struct supervisor *supervisor, struct error *error)
{
    struct config *next;
    if (rollout_refuse(supervisor, error) == -1)
        return -1;
    if (supervisor->stopping || supervisor->step != STEP_WORK)
        return error_set(error,
                         supervisor->stopping ? "the instance is stopping" : "the instance is just starting");
    if (supervisor->settings->config == NULL)
        return error_set(error, "there is no file to read again: the instance was started without --config");
    if (config_load(&next, supervisor->argc, supervisor->argv, error) == -1)
        return -1;
    struct preflight *preflight =
        check_next(supervisor, next, error) == 0 ? preflight_new(supervisor, next, error) : NULL;
    if (preflight == NULL) {
        config_free(next);
        return -1;
    }
    service_reloading(supervisor->service, clock_monotonic_us());
    *supervisor->reload = (struct reload){.next = next, .preflight = preflight};
    supervisor->rollout->reserved = "reload";
    snprintf(supervisor->reload->cause, sizeof supervisor->reload->cause, "%s",
             supervisor->cause != NULL ? supervisor->cause : "");
    return 0;
}

/* --- looked at before ---------------------------------------------------------------------------------- */

static enum preflight_result look(struct supervisor *supervisor, struct error *error)
{
    if (!supervisor->stopping)
        return preflight_check(supervisor->reload->preflight, error);
    error_set(error, "the instance is stopping");
    return PREFLIGHT_WRONG;
}

static void tell_refused(struct supervisor *supervisor, const struct error *error)
{
    struct event event = journal_of_instance(EVENT_KIND_CONFIG);
    int length = (int)strcspn(error->text, "\n");
    service_reloaded(supervisor->service);
    snprintf(supervisor->reload->reason, sizeof supervisor->reload->reason, "%s", error->text);
    report_line(supervisor, "reload: nothing was changed: %.*s", length, error->text);
    event.count = 0;
    journal_add(supervisor, &event, "nothing was changed: %.*s", length, error->text);
}

void reload_check(struct supervisor *supervisor)
{
    struct reload *reload = supervisor->reload;
    struct error error = ERROR_INIT;
    if (reload->next == NULL)
        return;
    enum preflight_result result = look(supervisor, &error);
    if (result == PREFLIGHT_GOES_ON)
        return;
    struct config *next = reload->next;
    char cause[sizeof reload->cause];
    memcpy(cause, reload->cause, sizeof cause);
    preflight_free(reload->preflight);
    *reload = (struct reload){0};
    supervisor->rollout->reserved = NULL;
    supervisor->cause = cause[0] != '\0' ? cause : NULL;
    if (result != PREFLIGHT_RIGHT || carry_out(supervisor, next, &error) == -1) {
        config_free(next);
        tell_refused(supervisor, &error);
    }
    supervisor->cause = NULL;
}

int64_t reload_deadline_us(const struct supervisor *supervisor)
{
    return supervisor->reload->next != NULL ? preflight_deadline_us(supervisor->reload->preflight)
                                            : INT64_MAX;
}

pid_t reload_pid(const struct supervisor *supervisor)
{
    return supervisor->reload->next != NULL ? preflight_pid(supervisor->reload->preflight) : 0;
}

void reload_release(struct supervisor *supervisor)
{
    preflight_free(supervisor->reload->preflight);
    config_free(supervisor->reload->next);
    *supervisor->reload = (struct reload){0};
}
