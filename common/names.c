#include "common/names.h"

#include <ctype.h>

#include "common/exit_codes.h"

int name_check(const char *name, const char *what, struct error *error)
{
    size_t length = strlen(name);
    if (length == 0)
        return error_set_code(error, EXIT_CODE_USAGE, "a %s name is empty", what);
    if (length > NAME_LENGTH_MAX)
        return error_set_code(error, EXIT_CODE_USAGE,
                              "%s name '%.40s…' has %zu characters; at most %d are allowed", what, name,
                              length, NAME_LENGTH_MAX);
    for (const char *c = name; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && *c != '_' && *c != '-')
            return error_set_code(error, EXIT_CODE_USAGE,
                                  "%s name '%s': only letters, digits, '_' and '-' are allowed", what, name);
    return 0;
}

static int too_long(const char *name, const char *what, size_t most, const char *who, struct error *error)
{
    return error_set_code(error, EXIT_CODE_USAGE, "%s name '%.40s…' has %zu characters; %s at most %zu", what,
                          name, strlen(name), who, most);
}

static int kafka_name_check(const char *name, const char *what, struct error *error)
{
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return error_set_code(error, EXIT_CODE_USAGE, "%s name '%s': Kafka does not allow this name", what,
                              name);
    if (strlen(name) > TOPIC_LENGTH_MAX)
        return too_long(name, what, TOPIC_LENGTH_MAX, "Kafka allows", error);
    for (const char *c = name; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("._-", *c) == NULL)
            return error_set_code(error, EXIT_CODE_USAGE,
                                  "%s name '%s': Kafka allows letters, digits, '.', '_' and '-'", what, name);
    return 0;
}

int topic_name_check(const char *name, struct error *error)
{
    return kafka_name_check(name, "topic", error);
}

int instance_id_check(const char *name, struct error *error)
{
    return kafka_name_check(name, "instance id", error);
}

int group_name_check(const char *name, struct error *error)
{
    if (name[0] == '\0')
        return error_set_code(error, EXIT_CODE_USAGE, "a group name is empty");
    if (strlen(name) > GROUP_LENGTH_MAX)
        return too_long(name, "group", GROUP_LENGTH_MAX, "shared memory holds", error);
    for (const char *c = name; *c != '\0'; c++)
        if (iscntrl((unsigned char)*c))
            return error_set_code(error, EXIT_CODE_USAGE, "a group name has control characters");
    return 0;
}

void name_worker(char worker[WORKER_NAME_BYTES], const char *client, unsigned index)
{
    if (index <= 1)
        snprintf(worker, WORKER_NAME_BYTES, "%.*s", NAME_LENGTH_MAX, client);
    else
        snprintf(worker, WORKER_NAME_BYTES, "%.*s.%u", NAME_LENGTH_MAX, client, index);
}

void name_upper(char *upper, size_t bytes, const char *name)
{
    size_t i = 0;
    for (; name[i] != '\0' && i + 1 < bytes; i++)
        upper[i] = (char)toupper((unsigned char)name[i]);
    upper[i] = '\0';
}

#define SUGGEST_LENGTH_MAX 48

/* Levenshtein's distance by the two-row method (Wagner and Fischer, 1974). */
static size_t distance(const char *a, const char *b)
{
    size_t columns = strlen(b);
    size_t row[SUGGEST_LENGTH_MAX + 1];
    for (size_t j = 0; j <= columns; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < columns; j++) {
            size_t substituted = diagonal + (a[i] != b[j]);
            size_t gap = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;
            diagonal = row[j + 1];
            row[j + 1] = substituted < gap ? substituted : gap;
        }
    }
    return row[columns];
}

const char *name_suggest(const char *name, const char *const *candidates, size_t count)
{
    size_t length = strlen(name);
    if (length > SUGGEST_LENGTH_MAX)
        return NULL;
    const char *best = NULL;
    size_t best_distance = length / 3 + 1;
    for (size_t i = 0; i < count; i++) {
        if (strlen(candidates[i]) > SUGGEST_LENGTH_MAX)
            continue;
        size_t d = distance(name, candidates[i]);
        if (d <= best_distance && (best == NULL || d < best_distance)) {
            best = candidates[i];
            best_distance = d;
        }
    }
    return best;
}
