#include "supervisor/control/verb_clients.h"

#include "supervisor/config/topics.h"
#include "supervisor/control/rollout.h"
#include "supervisor/fleet_slots.h"
#include "supervisor/journal.h"

/* --- what is asked ------------------------------------------------------------------------------------- */

struct wanted {
    char group[STATS_GROUP_BYTES];
    char like[NAME_BYTES];
    const struct settings *settings;
};

static const char *const words[] = {"group=", "like="};
enum { WORDS = sizeof words / sizeof words[0] };

/* The word that the text begins with; WORDS: it is none. */
static size_t word_of(const char *text)
{
    size_t i = 0;
    while (i < WORDS && strncmp(text, words[i], strlen(words[i])) != 0)
        i++;
    return i;
}

/* Up to the next word: a group's name may have spaces. */
static size_t word_length(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0' && !(text[length] == ' ' && word_of(text + length + 1) < WORDS))
        length++;
    return length;
}

static int take_word(struct wanted *wanted, const char *word, size_t length, struct error *error)
{
    const struct {
        char *text;
        size_t bytes;
    } known[WORDS] = {{wanted->group, sizeof wanted->group}, {wanted->like, sizeof wanted->like}};
    size_t i = word_of(word);
    if (i == WORDS)
        return error_set(error, "'%.*s' is neither group=GROUP nor like=CLIENT", (int)length, word);
    size_t name = strlen(words[i]);
    if (length - name >= known[i].bytes)
        return error_set(error, "%s…: at most %zu characters", words[i], known[i].bytes - 1);
    snprintf(known[i].text, known[i].bytes, "%.*s", (int)(length - name), word + name);
    return 0;
}

static int take_words(struct wanted *wanted, const char *argument, struct error *error)
{
    for (const char *at = argument; *(at += strspn(at, " ")) != '\0';) {
        size_t length = word_length(at);
        if (take_word(wanted, at, length, error) == -1)
            return -1;
        at += length;
    }
    return wanted->group[0] != '\0' ? group_name_check(wanted->group, error) : 0;
}

static void default_group(const char *client, char group[STATS_GROUP_BYTES])
{
    const struct settings nothing = {.group = NULL};
    settings_group(&nothing, client, group, STATS_GROUP_BYTES);
}

/* Without `group` it is a group of its own, even if all others share one (--group). A client that is like an added
 * one has the settings that the added one has. */
static int find_settings(const struct supervisor *supervisor, const char *client, struct wanted *wanted,
                         struct error *error)
{
    wanted->settings = supervisor->settings;
    if (wanted->group[0] == '\0')
        default_group(client, wanted->group);
    if (wanted->like[0] == '\0')
        return 0;
    const struct worker *model = fleet_client(supervisor, wanted->like);
    if (model == NULL)
        return error_set(error, "like=%s: there is no client of that name", wanted->like);
    snprintf(wanted->like, sizeof wanted->like, "%s", model->added ? model->like : model->client);
    wanted->settings = model->settings;
    return 0;
}

/* --- may it be ----------------------------------------------------------------------------------------- */

static int check_name(const struct supervisor *supervisor, const char *name, struct error *error)
{
    const struct worker *worker = fleet_find(supervisor, name);
    const struct worker *same = fleet_client(supervisor, name);
    if (name_check(name, "client", error) == -1)
        return -1;
    if (settings_owner_of(name) != NULL)
        return error_set(error, "'%s' is reserved for the %s", name, settings_owner_of(name));
    if (same != NULL)
        return error_set(error, "client '%s' already exists", same->client);
    return worker != NULL && worker->process.pid != 0
               ? error_set(error, "'%s' was removed, and has not ended yet: try again in a moment", name)
               : 0;
}

static int check_room(const struct supervisor *supervisor, const char *name, const char *topic,
                      struct error *error)
{
    if (fleet_find(supervisor, name) == NULL && supervisor->worker_count >= DIRECTORY_CAPACITY_MAX)
        return error_set(error, "one instance has at most %d workers", DIRECTORY_CAPACITY_MAX);
    if (settings_embedded(supervisor->settings) && !topics_has(supervisor, topic))
        return error_set(error,
                         "topic '%s' is new, and the embedded broker creates its topics when it starts: "
                         "like=CLIENT reads that client's",
                         topic);
    return 0;
}

/* --- carried out --------------------------------------------------------------------------------------- */

static void tell(struct supervisor *supervisor, const char *client, int64_t from, int64_t to,
                 const char *text)
{
    struct event event = journal_of_instance(EVENT_KIND_SCALED);
    event.pid = STATS_UNKNOWN;
    event.from = from;
    event.to = to;
    snprintf(event.worker, sizeof event.worker, "%s", client);
    journal_add(supervisor, &event, "%s", text);
}

static enum progress add(struct request *request, const struct wanted *wanted, struct error *error)
{
    struct supervisor *supervisor = request->supervisor;
    bool new_topic = !topics_has(supervisor, wanted->settings->topic);
    char text[64 + STATS_GROUP_BYTES];
    struct rollout_row *row = calloc(1, sizeof *row);
    struct worker *worker = row != NULL ? fleet_add_own(supervisor, wanted->settings, request->target,
                                                        wanted->like, wanted->group)
                                        : NULL;
    if (worker == NULL) {
        free(row);
        error_set(error, "out of memory");
        return PROGRESS_FAILED;
    }
    *row = (struct rollout_row){.worker = worker, .kind = ROLLOUT_ADD};
    snprintf(text, sizeof text, "a client was added, in group %s", worker->group);
    tell(supervisor, worker->client, 0, 1, text);
    return rollout_begin(supervisor, "add-client", row, 1, new_topic, ROLLOUT_LAG_ANY, error) == -1
               ? PROGRESS_FAILED
               : PROGRESS_WAITING;
}

enum progress verb_add_client_begin(struct request *request, struct error *error)
{
    struct supervisor *supervisor = request->supervisor;
    struct wanted wanted = {.settings = NULL};
    if (rollout_refuse(supervisor, error) == -1 || check_name(supervisor, request->target, error) == -1 ||
        take_words(&wanted, request->argument, error) == -1 ||
        find_settings(supervisor, request->target, &wanted, error) == -1 ||
        check_room(supervisor, request->target, wanted.settings->topic, error) == -1)
        return PROGRESS_FAILED;
    return add(request, &wanted, error);
}

static struct rollout_row *rows_of(struct supervisor *supervisor, const char *client, size_t *count)
{
    struct rollout_row *rows = calloc(supervisor->worker_count, sizeof *rows);
    *count = 0;
    for (size_t i = 0; rows != NULL && i < supervisor->worker_count; i++) {
        struct worker *worker = supervisor->workers[i];
        if (fleet_is_of(worker, client) && !worker->retired)
            rows[(*count)++] = (struct rollout_row){.worker = worker, .kind = ROLLOUT_REMOVE};
    }
    return rows;
}

enum progress verb_remove_client_begin(struct request *request, struct error *error)
{
    struct supervisor *supervisor = request->supervisor;
    const struct worker *first = fleet_client(supervisor, request->target);
    struct rollout_row *rows = NULL;
    size_t count = 0;
    if (rollout_refuse(supervisor, error) == -1)
        return PROGRESS_FAILED;
    if (first == NULL)
        error_set(error, "there is no client '%s'", request->target);
    else if (!first->added)
        error_set(error,
                  "'%s' is in the configuration and was not added: stop it, or remove it from the file and "
                  "reload",
                  first->client);
    else if ((rows = rows_of(supervisor, request->target, &count)) == NULL)
        error_set(error, "out of memory");
    if (rows == NULL)
        return PROGRESS_FAILED;
    tell(supervisor, first->client, (int64_t)count, 0, "the client was removed");
    return rollout_begin(supervisor, "remove-client", rows, count, false, ROLLOUT_LAG_ANY, error) == -1
               ? PROGRESS_FAILED
               : PROGRESS_WAITING;
}
