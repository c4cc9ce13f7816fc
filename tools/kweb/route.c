#include "tools/kweb/route.h"

#include <strings.h>

#include "common/options.h"
#include "common/text.h"

/* --- the path ------------------------------------------------------------------------------------------ */

/* One part of each, up to the next slash. A part of the pattern in braces takes what is there, if anything
 * is. */
static bool take_part(const char **pattern, const char **path, char *values[ROUTE_PARAMS_MAX], size_t *count)
{
    size_t wanted = strcspn(*pattern, "/"), given = strcspn(*path, "/");
    if ((*pattern)[0] == '{') {
        if (given == 0 || *count == ROUTE_PARAMS_MAX)
            return false;
        values[(*count)++] = strndup(*path, given);
    } else if (wanted != given || memcmp(*pattern, *path, given) != 0) {
        return false;
    }
    *pattern += wanted;
    *path += given;
    return true;
}

static bool matches(const char *pattern, const char *path, char *values[ROUTE_PARAMS_MAX])
{
    size_t count = 0;
    while (take_part(&pattern, &path, values, &count) && *pattern == *path) {
        if (*pattern == '\0')
            return true;
        pattern++;
        path++;
    }
    for (size_t i = 0; i < count; i++) {
        free(values[i]);
        values[i] = NULL;
    }
    return false;
}

/* A HEAD is a GET whose body stays here. */
static bool is_method(const struct route *route, const char *method)
{
    return strcmp(route->method, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

const struct route *route_find(const char *method, const char *path, char *values[ROUTE_PARAMS_MAX],
                               char allowed[64])
{
    size_t used = 0;
    const struct route *route;
    const char *taken = NULL; /* words before parameters: the first pattern that fits is what is meant */
    allowed[0] = '\0';
    for (size_t i = 0; (route = route_at(i)) != NULL; i++) {
        if ((taken != NULL && strcmp(taken, route->path) != 0) || !matches(route->path, path, values))
            continue;
        taken = route->path;
        if (is_method(route, method))
            return route;
        for (size_t k = 0; k < ROUTE_PARAMS_MAX; k++) {
            free(values[k]);
            values[k] = NULL;
        }
        used = text_append(allowed, 64, used, "%s%s%s", used > 0 ? ", " : "", route->method,
                           strcmp(route->method, "GET") == 0 ? ", HEAD" : "");
        used = used < 63 ? used : 63;
    }
    return NULL;
}

bool param_in_path(const struct route *route, const struct param *param)
{
    char pattern[64];
    snprintf(pattern, sizeof pattern, "{%s}", param->name);
    return strstr(route->path, pattern) != NULL;
}

/* --- values -------------------------------------------------------------------------------------------- */

static int check_number(const struct param *param, const char *text, int64_t *number, struct error *error)
{
    int64_t maximum = param->minimum == 0 && param->maximum == 0 ? INT64_MAX : param->maximum;
    if (option_parse_integer(text, param->minimum, maximum, number, error) == 0)
        return 0;
    return error_context(error, "%s", param->name);
}

static int check_boolean(const struct param *param, const char *text, int64_t *number, struct error *error)
{
    *number = strcmp(text, "true") == 0;
    return *number || strcmp(text, "false") == 0 ? 0
                                                 : error_set(error, "%s must be true or false", param->name);
}

static int check_text(const struct param *param, const char *text, int64_t *number, struct error *error)
{
    char list[256] = "";
    size_t used = 0;
    *number = 0;
    for (size_t i = 0; param->choices != NULL && param->choices[i] != NULL; i++) {
        if (strcasecmp(param->choices[i], text) == 0)
            return 0;
        used = text_append(list, sizeof list, used, "%s%s", i > 0 ? ", " : "", param->choices[i]);
    }
    return param->choices == NULL ? 0 : error_set(error, "%s must be one of %s", param->name, list);
}

int param_check(const struct param *param, const char *text, int64_t *number, struct error *error)
{
    static int (*const checks[])(const struct param *, const char *, int64_t *, struct error *) = {
        [PARAM_TEXT] = check_text, [PARAM_INTEGER] = check_number, [PARAM_BOOLEAN] = check_boolean};
    return checks[param->type](param, text, number, error);
}
