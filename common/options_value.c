#include "common/options_value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <strings.h>

#include "common/clock.h"
#include "common/names.h"
#include "common/text.h"

/* --- numbers with units -------------------------------------------------------------------------------- */

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit time_units[] = {{"us", 1},
                                         {"ms", US_PER_MS},
                                         {"s", US_PER_SECOND},
                                         {"m", 60 * US_PER_SECOND},
                                         {"h", 3600 * US_PER_SECOND},
                                         {"d", 86400 * US_PER_SECOND},
                                         {NULL, 0}};
static const struct unit size_units[] = {{"", 1},
                                         {"B", 1},
                                         {"KiB", INT64_C(1) << 10},
                                         {"MiB", INT64_C(1) << 20},
                                         {"GiB", INT64_C(1) << 30},
                                         {"kB", 1000},
                                         {"MB", 1000000},
                                         {"GB", 1000000000},
                                         {NULL, 0}};

/* The digits in front; what follows them goes to *rest. */
static int leading_integer(const char *text, int64_t *value, const char **rest)
{
    char *end;
    errno = 0;
    intmax_t number = strtoimax(text, &end, 10); /* passes over blanks and a plus, which we do not take */
    if (end == text || errno != 0 || isspace((unsigned char)text[0]) || text[0] == '+')
        return -1;
    *value = number;
    *rest = end;
    return 0;
}

static int parse_with_unit(const char *text, const struct unit *units, int64_t *value)
{
    const char *rest;
    int64_t number;
    if (leading_integer(text, &number, &rest) == -1)
        return -1;
    for (const struct unit *u = units; u->name != NULL; u++)
        if (strcmp(rest, u->name) == 0)
            return __builtin_mul_overflow(number, u->factor, value) ? -1 : 0;
    return -1;
}

int option_parse_integer(const char *text, int64_t minimum, int64_t maximum, int64_t *value,
                         struct error *error)
{
    const char *rest;
    int64_t number;
    if (leading_integer(text, &number, &rest) == -1 || *rest != '\0')
        return error_set(error, "'%s' is not a whole number", text);
    if (number < minimum || number > maximum)
        return error_set(error, "%s is out of range: %" PRId64 " to %" PRId64, text, minimum, maximum);
    *value = number;
    return 0;
}

int option_parse_duration(const char *text, int64_t *microseconds, struct error *error)
{
    if (strcmp(text, "0") == 0) {
        *microseconds = 0;
        return 0;
    }
    if (parse_with_unit(text, time_units, microseconds) == -1)
        return error_set(
            error, "'%s' is not a duration: a whole number with us, ms, s, m, h or d, such as 500ms", text);
    return 0;
}

int option_parse_size(const char *text, int64_t *bytes, struct error *error)
{
    if (parse_with_unit(text, size_units, bytes) == -1)
        return error_set(error, "'%s' is not a size: a whole number of bytes, or with KiB, MiB or GiB", text);
    return 0;
}

/* --- one assigner a type ------------------------------------------------------------------------------- */

typedef int assigner(const struct option_def *def, void *member, const char *value, struct error *error);

static int check_range(const struct option_def *def, int64_t value, const char *text, struct error *error)
{
    int64_t maximum = def->minimum == 0 && def->maximum == 0 ? INT64_MAX : def->maximum;
    if (value < def->minimum || value > maximum)
        return error_set(error, "%s is out of range", text);
    return 0;
}

static int assign_flag(const struct option_def *def, void *member, const char *value, struct error *error)
{
    static const char *const words[] = {"no", "yes", "false", "true", "0", "1", "off", "on"};
    (void)def;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(value, words[i]) == 0) {
            *(bool *)member = i % 2 == 1;
            return 0;
        }
    return error_set(error, "'%s' is neither yes nor no", value);
}

static int assign_string(const struct option_def *def, void *member, const char *value, struct error *error)
{
    (void)def;
    char *copy = strdup(value);
    if (copy == NULL)
        return error_set(error, "out of memory");
    free(*(char **)member);
    *(char **)member = copy;
    return 0;
}

static int assign_integer(const struct option_def *def, void *member, const char *value, struct error *error)
{
    int64_t maximum = def->minimum == 0 && def->maximum == 0 ? INT64_MAX : def->maximum;
    return option_parse_integer(value, def->minimum, maximum, member, error);
}

static int assign_duration(const struct option_def *def, void *member, const char *value, struct error *error)
{
    int64_t us;
    if (option_parse_duration(value, &us, error) == -1 || check_range(def, us, value, error) == -1)
        return -1;
    *(int64_t *)member = us;
    return 0;
}

static int assign_size(const struct option_def *def, void *member, const char *value, struct error *error)
{
    int64_t bytes = 0;
    if (option_parse_size(value, &bytes, error) == -1 || check_range(def, bytes, value, error) == -1)
        return -1;
    *(int64_t *)member = bytes;
    return 0;
}

bool option_alone(const struct option_def *def)
{
    bool yes = def->type == OPTION_FLAG;
    for (size_t i = 0; def->type == OPTION_CHOICE && def->choices[i] != NULL; i++)
        yes |= strcmp(def->choices[i], "yes") == 0;
    return yes;
}

static int assign_choice(const struct option_def *def, void *member, const char *value, struct error *error)
{
    char list[256] = "";
    size_t used = 0;
    for (int i = 0; def->choices[i] != NULL; i++) {
        if (strcmp(def->choices[i], value) == 0) {
            *(int *)member = i;
            return 0;
        }
        used = text_append(list, sizeof list, used, "%s%s", i > 0 ? ", " : "", def->choices[i]);
    }
    return error_set(error, "'%s' is not one of: %s", value, list);
}

static int list_append(struct option_list *list, const char *value, size_t length, struct error *error)
{
    char *copy = strndup(value, length);
    char **items = copy != NULL ? realloc(list->items, (list->count + 1) * sizeof *items) : NULL;
    if (items == NULL) {
        free(copy);
        return error_set(error, "out of memory");
    }
    items[list->count] = copy;
    list->items = items;
    list->count++;
    return 0;
}

static int assign_list(const struct option_def *def, void *member, const char *value, struct error *error)
{
    (void)def;
    return list_append(member, value, strlen(value), error);
}

static int append_name(struct option_list *list, const char *name, size_t length, struct error *error)
{
    char copy[NAME_LENGTH_MAX * 4];
    snprintf(copy, sizeof copy, "%.*s", (int)length, name);
    if (name_check(copy, "client", error) == -1)
        return -1;
    for (size_t i = 0; i < list->count; i++)
        if (strcasecmp(list->items[i], copy) == 0)
            return error_set(error, "'%s' is given twice ('%s'): names are compared without regard to case",
                             copy, list->items[i]);
    return list_append(list, copy, length, error);
}

static int assign_names(const struct option_def *def, void *member, const char *value, struct error *error)
{
    (void)def;
    for (const char *at = value;; at++) {
        at += strspn(at, " \t"); /* bravo, zulu */
        size_t length = strcspn(at, ",");
        size_t name = length;
        while (name > 0 && (at[name - 1] == ' ' || at[name - 1] == '\t'))
            name--;
        if (append_name(member, at, name, error) == -1)
            return -1;
        at += length;
        if (*at == '\0')
            return 0;
    }
}

static assigner *const assigners[] = {
    [OPTION_FLAG] = assign_flag,         [OPTION_STRING] = assign_string, [OPTION_INTEGER] = assign_integer,
    [OPTION_DURATION] = assign_duration, [OPTION_SIZE] = assign_size,     [OPTION_CHOICE] = assign_choice,
    [OPTION_LIST] = assign_list,         [OPTION_NAMES] = assign_names,
};

int option_value_assign(const struct option_def *def, void *member, const char *value, struct error *error)
{
    return assigners[def->type](def, member, value, error);
}

bool option_render(const struct option_def *def, const void *target, char *text, size_t bytes)
{
    const char *member = (const char *)target + def->offset;
    int length = -1;
    switch (def->type) {
    case OPTION_FLAG:
        length = snprintf(text, bytes, "%s", *(const bool *)member ? "yes" : "no");
        break;
    case OPTION_STRING:
        if (*(const char *const *)member != NULL)
            length = snprintf(text, bytes, "%s", *(const char *const *)member);
        break;
    case OPTION_INTEGER:
    case OPTION_SIZE:
        length = snprintf(text, bytes, "%" PRId64, *(const int64_t *)member);
        break;
    case OPTION_DURATION:
        length = snprintf(text, bytes, "%" PRId64 "us", *(const int64_t *)member);
        break;
    case OPTION_CHOICE:
        length = snprintf(text, bytes, "%s", def->choices[*(const int *)member]);
        break;
    default:
        break;
    }
    return length >= 0 && (size_t)length < bytes;
}

bool option_same(const struct option_def *def, const void *one, const void *other)
{
    const char *first = (const char *)one + def->offset;
    const char *second = (const char *)other + def->offset;
    if (def->type == OPTION_STRING) {
        const char *a = *(const char *const *)first;
        const char *b = *(const char *const *)second;
        return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
    }
    char a[64] = "";
    char b[64] = "";
    return option_render(def, one, a, sizeof a) == option_render(def, other, b, sizeof b) &&
           strcmp(a, b) == 0;
}

void option_value_release(const struct option_def *def, void *member)
{
    if (def->type == OPTION_STRING) {
        free(*(char **)member);
        *(char **)member = NULL;
        return;
    }
    if (def->type != OPTION_LIST && def->type != OPTION_NAMES)
        return;
    struct option_list *list = member;
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct option_list){NULL, 0};
}

void option_value_clear(const struct option_def *def, void *member)
{
    option_value_release(def, member);
    switch (def->type) {
    case OPTION_FLAG:
        *(bool *)member = false;
        break;
    case OPTION_CHOICE:
        *(int *)member = 0;
        break;
    case OPTION_INTEGER:
    case OPTION_DURATION:
    case OPTION_SIZE:
        *(int64_t *)member = 0;
        break;
    default:
        break;
    }
}
