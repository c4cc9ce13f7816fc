#include "tools/kstat/until.h"

#include <ctype.h>

#include "common/exit_codes.h"

/* --- a condition --------------------------------------------------------------------------------------- */

/* The longer of two that begin alike comes first. */
static const struct {
    const char *sign;
    enum comparison comparison;
} signs[] = {{"==", COMPARE_EQUAL},    {"!=", COMPARE_UNEQUAL}, {"<=", COMPARE_AT_MOST},
             {">=", COMPARE_AT_LEAST}, {"=", COMPARE_EQUAL},    {"<", COMPARE_LESS},
             {">", COMPARE_MORE}};

static const char *skip_spaces(const char *at)
{
    while (isspace((unsigned char)*at))
        at++;
    return at;
}

static int refuse(const char *source, struct error *error)
{
    return error_set_code(
        error, EXIT_CODE_USAGE,
        "--until '%.200s': a name, a comparison and a value are expected, as in 'bravo.lag == 0' "
        "(kstat -p shows the names)",
        source);
}

static const char *take_sign(const char *at, enum comparison *comparison)
{
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (strncmp(at, signs[i].sign, strlen(signs[i].sign)) == 0) {
            *comparison = signs[i].comparison;
            return at + strlen(signs[i].sign);
        }
    return NULL;
}

/* Without its blanks and quotes. */
static bool take_word(const char *from, size_t length, char *to, size_t bytes)
{
    while (length > 0 && isspace((unsigned char)from[length - 1]))
        length--;
    if (length >= 2 && (*from == '\'' || *from == '"') && from[length - 1] == *from) {
        from++;
        length -= 2;
    }
    if (length == 0 || length >= bytes)
        return false;
    memcpy(to, from, length);
    to[length] = '\0';
    return true;
}

static int64_t parse_number(const char *text)
{
    int64_t number;
    return option_parse_integer(text, INT64_MIN + 1, INT64_MAX, &number, NULL) == 0 ||
                   option_parse_duration(text, &number, NULL) == 0
               ? number
               : STATS_UNKNOWN;
}

int condition_parse(struct condition *condition, const char *source, struct error *error)
{
    const char *name = skip_spaces(source);
    size_t length = strcspn(name, "=!<>");
    const char *value = take_sign(name + length, &condition->comparison);
    if (value == NULL || !take_word(name, length, condition->pattern, sizeof condition->pattern))
        return refuse(source, error);
    value = skip_spaces(value);
    if (!take_word(value, strlen(value), condition->text, sizeof condition->text))
        return refuse(source, error);
    condition->source = source;
    condition->number = parse_number(condition->text);
    bool orders = condition->comparison != COMPARE_EQUAL && condition->comparison != COMPARE_UNEQUAL;
    if (orders && condition->number == STATS_UNKNOWN)
        return error_set_code(error, EXIT_CODE_USAGE, "--until '%.200s': '%s' is not a number", source,
                              condition->text);
    return 0;
}

static bool compare(enum comparison comparison, int order)
{
    static const bool accepted[][3] = {
        /* less, equal, more */
        [COMPARE_EQUAL] = {false, true, false}, [COMPARE_UNEQUAL] = {true, false, true},
        [COMPARE_LESS] = {true, false, false},  [COMPARE_AT_MOST] = {true, true, false},
        [COMPARE_MORE] = {false, false, true},  [COMPARE_AT_LEAST] = {false, true, true}};
    return accepted[comparison][order + 1];
}

static int order_of_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int order_of_reals(double a, double b)
{
    return (a > b) - (a < b);
}

/* True of a lower bound: true of every number from it on. */
static bool holds_from(const struct condition *condition, int64_t number)
{
    bool upwards = condition->comparison == COMPARE_MORE || condition->comparison == COMPARE_AT_LEAST;
    bool beyond = condition->comparison == COMPARE_UNEQUAL && number > condition->number;
    return beyond || (upwards && compare(condition->comparison, order_of_numbers(number, condition->number)));
}

bool condition_holds(const struct condition *condition, struct stat_value value)
{
    char text[FLAT_VALUE_BYTES];
    bool is_number = condition->number != STATS_UNKNOWN;
    bool equality = condition->comparison == COMPARE_EQUAL || condition->comparison == COMPARE_UNEQUAL;
    switch (value.type) {
    case VALUE_UNKNOWN:
        return false;
    case VALUE_NUMBER:
        if (value.at_least)
            return is_number && holds_from(condition, value.number);
        return is_number && compare(condition->comparison, order_of_numbers(value.number, condition->number));
    case VALUE_REAL:
        return is_number &&
               compare(condition->comparison, order_of_reals(value.real, (double)condition->number));
    default:
        flat_text(value, text);
        return equality && compare(condition->comparison, strcmp(text, condition->text) != 0);
    }
}

/* --- a look -------------------------------------------------------------------------------------------- */

struct looking {
    const struct condition *conditions;
    size_t count;
    const struct view *view;
    size_t matched[UNTIL_MAX];
    bool unmet, never;
    char *why;
};

/* It was scaled away, or removed from the configuration. */
static bool is_retired(const struct view_worker *worker)
{
    return worker->entry.retired == 1 && !view_alive(worker);
}

/* A retired worker is matched only by its own name: `*.lag == 0` does not wait for it. */
static bool is_meant(const struct condition *condition, const struct view_worker *worker, const char *name)
{
    size_t length = strlen(worker->entry.name);
    return flat_matches(condition->pattern, name) &&
           (!is_retired(worker) || strncmp(condition->pattern, worker->entry.name, length) == 0);
}

/* What is like this stays like this until an operator does something. */
static bool is_settled(const struct view *view, const struct view_worker *worker)
{
    const char *state = view_state(view, worker);
    bool nobody = view->directory == NULL || !view->supervisor_alive;
    return strcmp(state, worker_state_name(WORKER_HELD)) == 0 ||
           strcmp(state, worker_state_name(WORKER_DONE)) == 0 || is_retired(worker) ||
           (nobody && strcmp(state, "dead") == 0);
}

static void one(void *context, const struct view_worker *worker, const char *name, struct stat_value value)
{
    struct looking *looking = context;
    char text[FLAT_VALUE_BYTES];
    for (size_t i = 0; i < looking->count; i++) {
        const struct condition *condition = &looking->conditions[i];
        if (!is_meant(condition, worker, name))
            continue;
        looking->matched[i]++;
        if (condition_holds(condition, value))
            continue;
        bool settled = is_settled(looking->view, worker);
        flat_text(value, text);
        if (!looking->unmet || (settled && !looking->never))
            snprintf(looking->why, UNTIL_WHY_BYTES, "%s is %s%.100s%s%s%s%.200s", name,
                     value.type == VALUE_NUMBER && value.at_least ? "≥ " : "", text, settled ? ", and " : "",
                     settled ? worker->entry.name : "", settled ? " is " : "",
                     settled ? view_state(looking->view, worker) : "");
        looking->unmet = true;
        looking->never |= settled;
    }
}

enum until_verdict until_look(const struct condition *conditions, size_t count, struct view *view,
                              const struct view_request *request, char why[UNTIL_WHY_BYTES])
{
    struct looking looking = {.conditions = conditions, .count = count, .view = view, .why = why};
    why[0] = '\0';
    for (size_t i = 0; i < view->count; i++) {
        view_begin_worker(view, i, request);
        flat_worker(view, &view->workers[i], NULL, one, &looking);
        view_end_worker(view, i, request);
    }
    for (size_t i = 0; i < count; i++)
        if (looking.matched[i] == 0 && !looking.unmet) {
            snprintf(why, UNTIL_WHY_BYTES, "there is no %s", conditions[i].pattern);
            looking.unmet = true;
        }
    return looking.never ? UNTIL_NEVER : looking.unmet ? UNTIL_NOT_YET : UNTIL_TRUE;
}
