#include "supervisor/control/verb_ktopic.h"

#include <inttypes.h>

#include "common/options.h"
#include "supervisor/control/request.h"
#include "supervisor/journal.h"
#include "supervisor/control/ktopic.h"

enum { WORDS_MAX = 3 };

/* The argument's words, each ended with a NUL in it; behind the last is NULL. Returns how many; more than fit
 * are one too many. */
static size_t split(char *argument, const char *words[WORDS_MAX + 2])
{
    size_t count = 0;
    for (char *at = argument + strspn(argument, " "); *at != '\0' && count <= WORDS_MAX;) {
        char *end = at + strcspn(at, " ");
        char *next = end + strspn(end, " ");
        words[count++] = at;
        *end = '\0';
        at = next;
    }
    words[count] = NULL;
    return count;
}

static enum progress start(struct request *request, const struct ktopic_command *command, struct error *error)
{
    request->wait = true; /* without its process there is nothing to say */
    request->ktopic = ktopic_start(request->supervisor, command, error);
    return request->ktopic == NULL ? PROGRESS_FAILED : PROGRESS_WAITING;
}

/* --- peek ---------------------------------------------------------------------------------------------- */

/* ktopic checks their meaning; here only that each is a number, as nothing else may go onto its command
 * line. */
static bool are_numbers(const char *const words[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (words[i][strspn(words[i], "0123456789")] != '\0' || strlen(words[i]) > 19)
            return false;
    return count >= 2 && count <= WORDS_MAX;
}

enum progress verb_peek_begin(struct request *request, struct error *error)
{
    const char *words[WORDS_MAX + 2];
    size_t count = split(request->argument, words);
    if (request->target[0] == '\0' || !are_numbers(words, count)) {
        error_set(error, "peek: which record? peek TOPIC PARTITION OFFSET [N], the last three whole numbers");
        return PROGRESS_FAILED;
    }
    const struct ktopic_command command = {
        .verb = "peek",
        .topic = request->target,
        .operands = {request->target, words[0], words[1], count == WORDS_MAX ? words[2] : NULL}};
    return start(request, &command, error);
}

/* --- dead-letters -------------------------------------------------------------------------------------- */

#define TEXT(number)  TEXT_(number)
#define TEXT_(number) #number
#define SO_MANY       "N" /* stands for a number, in what is said and in what ktopic is told */

static const struct letters_form {
    const char *action, *further; /* the argument's words; NULL: there is no second */
    const char *options[2];       /* of ktopic dlq */
    bool alone;
} letters_forms[] = {
    {"list", NULL, {NULL}, false},
    {"show", NULL, {"--limit", TEXT(VERB_KTOPIC_SHOWN)}, false},
    {"show", SO_MANY, {"--limit", SO_MANY}, false},
    {"replay", NULL, {NULL}, true},
    {"replay", "dry-run", {"--dry-run"}, false},
};

static bool is_so_many(const char *word)
{
    int64_t number;
    return option_parse_integer(word, 1, VERB_KTOPIC_SHOWN_MAX, &number, NULL) == 0;
}

static bool is_form(const struct letters_form *form, const char *const words[])
{
    const char *further = words[1];
    if (strcmp(form->action, words[0]) != 0 || (further == NULL) != (form->further == NULL))
        return false;
    return further == NULL ||
           (strcmp(form->further, SO_MANY) == 0 ? is_so_many(further) : strcmp(form->further, further) == 0);
}

static const struct letters_form *find_form(const char *const words[], size_t count)
{
    for (size_t i = 0; count >= 1 && count <= 2 && i < sizeof letters_forms / sizeof letters_forms[0]; i++)
        if (is_form(&letters_forms[i], words))
            return &letters_forms[i];
    return NULL;
}

enum progress verb_letters_begin(struct request *request, struct error *error)
{
    const char *words[WORDS_MAX + 2];
    const struct letters_form *form = find_form(words, split(request->argument, words));
    if (request->target[0] == '\0' || form == NULL) {
        error_set(error,
                  "dead-letters: what is to be done? dead-letters TOPIC list | show [N] | replay [dry-run]; "
                  "N is 1 to %d",
                  VERB_KTOPIC_SHOWN_MAX);
        return PROGRESS_FAILED;
    }
    struct ktopic_command command = {.verb = "dlq",
                                     .topic = request->target,
                                     .options = {"--json", form->options[0], form->options[1]},
                                     .operands = {form->action, request->target},
                                     .of_letters = true,
                                     .alone = form->alone};
    if (form->further != NULL && strcmp(form->further, SO_MANY) == 0)
        command.options[2] = words[1];
    request->value = form->alone;
    return start(request, &command, error);
}

/* Of the object that a replay ends with. */
static int64_t count_sent(const char *text)
{
    static const char member[] = "\"sent\":";
    const char *at = strstr(text, member);
    return at == NULL ? 0 : (int64_t)strtoll(at + sizeof member - 1, NULL, 10);
}

static void tell_replay(const struct request *request)
{
    char cause[REQUEST_CAUSE_BYTES];
    struct event event = journal_of_instance(EVENT_KIND_REPLAYED);
    event.count = count_sent(ktopic_text(request->ktopic));
    if (event.count == 0)
        return;
    request_cause(request, cause);
    request->supervisor->cause = cause;
    journal_add(request->supervisor, &event, "%s", request->target);
    request->supervisor->cause = NULL;
}

/* --- both ---------------------------------------------------------------------------------------------- */

enum progress verb_ktopic_check(struct request *request, struct error *error)
{
    enum progress progress = ktopic_check(request->ktopic, error);
    if (progress == PROGRESS_DONE && request->value)
        tell_replay(request);
    return progress;
}

void verb_ktopic_lines(struct request *request, msgpack_packer *packer)
{
    const char *text = ktopic_text(request->ktopic);
    size_t count = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        count++;
    msgpack_pack_array(packer, count);
    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1)
        msgpack_pack_str_with_body(packer, text, (size_t)(end - text));
}
