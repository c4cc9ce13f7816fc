#include "tools/kweb/parameters.h"

#include "common/utf8.h"

static size_t find(const struct route *route, const char *name)
{
    size_t i = 0;
    while (route->params[i].name != NULL &&
           (strcmp(route->params[i].name, name) != 0 || param_in_path(route, &route->params[i])))
        i++;
    return i;
}

int parameter_take(struct exchange *exchange, const char *name, const char *value, struct error *error)
{
    size_t i = find(exchange->route, name);
    if (exchange->route->params[i].name == NULL)
        return strcmp(exchange->path, "/") == 0 && strcmp(name, "token") == 0
                   ? 0 /* guard.c */
                   : error_set(error, "there is no parameter '%s' here", name);
    if (exchange->values[i] != NULL)
        return error_set(error, "%s is given twice", name);
    exchange->values[i] = value != NULL ? value : "";
    return 0;
}

static bool is_clean(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return false;
    return utf8_valid(text, strlen(text));
}

static int check(const struct param *param, const char *value, int64_t *number, struct error *error)
{
    if (value == NULL)
        return param->required ? error_set(error, "%s is missing", param->name) : 0;
    if (!is_clean(value))
        return error_set(error, "%s has control characters, or is not UTF-8", param->name);
    return param_check(param, value, number, error);
}

int parameters_check(struct exchange *exchange, struct error *error)
{
    const struct param *params = exchange->route->params;
    for (size_t i = 0; params[i].name != NULL; i++) {
        if (exchange->values[i] == NULL)
            exchange->values[i] = params[i].fallback;
        if (check(&params[i], exchange->values[i], &exchange->numbers[i], error) == -1)
            return -1;
    }
    return 0;
}
