#include "tools/kweb/openapi.h"

#include <ctype.h>

#include "tools/kweb/schemas.h"

/* --- parameters ---------------------------------------------------------------------------------------- */

static json_t *choices_of(const struct param *param)
{
    json_t *choices = json_array();
    for (size_t i = 0; param->choices[i] != NULL; i++)
        json_array_append_new(choices, json_string(param->choices[i]));
    return choices;
}

/* As the text would be read. */
static json_t *value_of(const struct param *param, const char *text)
{
    int64_t number;
    if (param->type == PARAM_TEXT || param_check(param, text, &number, NULL) == -1)
        return json_string(text);
    return param->type == PARAM_BOOLEAN ? json_boolean(number) : json_integer(number);
}

/* No control characters. */
#define CLEAN "^[^\\u0000-\\u001f\\u007f]*$"

static json_t *schema_of(const struct param *param)
{
    static const char *const types[] = {
        [PARAM_TEXT] = "string", [PARAM_INTEGER] = "integer", [PARAM_BOOLEAN] = "boolean"};
    json_t *schema = json_pack("{s:s}", "type", types[param->type]);
    if (param->type == PARAM_INTEGER) {
        json_object_set_new(schema, "format", json_string("int64"));
        json_object_set_new(schema, "minimum", json_integer(param->minimum));
        if (param->maximum != 0)
            json_object_set_new(schema, "maximum", json_integer(param->maximum));
    }
    if (param->type == PARAM_TEXT && param->required)
        json_object_set_new(schema, "minLength", json_integer(1));
    if (param->type == PARAM_TEXT)
        json_object_set_new(schema, "pattern", json_string(param->pattern != NULL ? param->pattern : CLEAN));
    if (param->choices != NULL)
        json_object_set_new(schema, "enum", choices_of(param));
    if (param->fallback != NULL)
        json_object_set_new(schema, "default", value_of(param, param->fallback));
    return schema;
}

static json_t *parameter(const struct route *route, const struct param *param)
{
    bool in_path = param_in_path(route, param);
    json_t *parameter =
        json_pack("{s:s, s:s, s:b, s:s, s:o}", "name", param->name, "in", in_path ? "path" : "query",
                  "required", param->required, "description", param->help, "schema", schema_of(param));
    if (param->example != NULL)
        json_object_set_new(parameter, "example", value_of(param, param->example));
    return parameter;
}

static json_t *parameters(const struct route *route)
{
    json_t *list = json_array();
    for (size_t i = 0; route->params[i].name != NULL; i++)
        json_array_append_new(list, parameter(route, &route->params[i]));
    return list;
}

/* --- bodies and answers -------------------------------------------------------------------------------- */

static json_t *reference(const char *schema)
{
    return json_pack("{s:s+}", "$ref", "#/components/schemas/", schema);
}

static json_t *content(const char *type, const char *schema)
{
    return json_pack("{s:{s:o}}", type, "schema", reference(schema));
}

static json_t *response(const char *description, const char *type, const char *schema)
{
    return json_pack("{s:s, s:o}", "description", description, "content", content(type, schema));
}

static void put_problem(json_t *responses, const char *status, const char *when)
{
    json_object_set_new(responses, status, response(when, "application/problem+json", "Problem"));
}

struct problem_of {
    const char *status, *when;
    bool (*applies)(const struct route *route);
};

static bool always(const struct route *route)
{
    (void)route;
    return true;
}

/* Of a worker, a client, or a file that a build may not have. */
static bool may_lack(const struct route *route)
{
    return strchr(route->path, '{') != NULL || strcmp(route->path, "/status") == 0 ||
           strcmp(route->path, "/docs") == 0;
}

static bool changes(const struct route *route)
{
    return route->changes;
}

static bool has_body(const struct route *route)
{
    return route->body != NULL || route->file_bytes > 0;
}

static bool is_verb(const struct route *route)
{
    return route->verb != NULL;
}

static json_t *responses(const struct route *route)
{
    static const struct problem_of problems[] = {
        {"400", "a parameter or the body is wrong: the detail names it", always},
        {"401", "the token is missing or wrong", always},
        {"403", "another site's page asked, or this server is read-only", changes},
        {"404", "there is no such client, worker or file", may_lack},
        {"409", "it cannot be done now: the detail says why", is_verb},
        {"413", "the body is too large", has_body},
        {"415", "the body is of another type", has_body},
        {"421", "the Host header is not this server's", always},
        {"502", "the supervisor's answer was incomplete", is_verb},
        {"503", "no supervisor runs, or too many requests are under way", always},
        {"504", "the supervisor did not answer in time", is_verb},
    };
    json_t *all = json_object();
    json_object_set_new(
        all, "200", response("done", route->type != NULL ? route->type : "application/json", route->answers));
    for (size_t i = 0; i < sizeof problems / sizeof problems[0]; i++)
        if (problems[i].applies(route))
            put_problem(all, problems[i].status, problems[i].when);
    return all;
}

static json_t *body(const struct route *route)
{
    if (route->file_bytes > 0)
        return json_pack("{s:b, s:{s:{s:{}}}}", "required", true, "content", FILE_TYPE, "schema");
    json_t *media =
        json_pack("{s:o, s:o}", "schema", reference("Record"), "example", json_loads(route->body, 0, NULL));
    return json_pack("{s:b, s:{s:o}}", "required", true, "content", "application/json", media);
}

enum { OPERATION_BYTES = 96 };

/* --- operations ---------------------------------------------------------------------------------------- */

/* post_consumers_name_reset */
static void name_operation(const struct route *route, char name[OPERATION_BYTES])
{
    size_t used = (size_t)snprintf(name, OPERATION_BYTES, "%s%s", route->method, route->path);
    size_t kept = 0;
    for (size_t i = 0; i < used && i < OPERATION_BYTES - 1; i++)
        if (isalnum((unsigned char)name[i]))
            name[kept++] = (char)tolower((unsigned char)name[i]);
        else if (kept > 0 && name[kept - 1] != '_')
            name[kept++] = '_';
    while (kept > 0 && name[kept - 1] == '_')
        kept--;
    name[kept] = '\0';
}

/* "The same in a terminal" beside what it does. */
static json_t *description(const struct route *route)
{
    const char *help = route->help != NULL ? route->help : route->summary;
    if (route->verb == NULL)
        return json_string(help);
    return json_sprintf("%s\n\nIn a terminal: `kctl %s`.", help, route->verb);
}

static json_t *operation(const struct route *route)
{
    char name[OPERATION_BYTES];
    name_operation(route, name);
    json_t *operation = json_pack("{s:s, s:s, s:[s], s:o, s:o, s:o}", "operationId", name, "summary",
                                  route->summary, "tags", route->tag, "description", description(route),
                                  "parameters", parameters(route), "responses", responses(route));
    if (has_body(route))
        json_object_set_new(operation, "requestBody", body(route));
    return operation;
}

static void lower(const char *method, char text[16])
{
    size_t i = 0;
    for (; i < 15 && method[i] != '\0'; i++)
        text[i] = (char)tolower((unsigned char)method[i]);
    text[i] = '\0';
}

static json_t *paths(void)
{
    json_t *all = json_object();
    const struct route *route;
    for (size_t i = 0; (route = route_at(i)) != NULL; i++) {
        json_t *path = json_object_get(all, route->path);
        if (path == NULL)
            json_object_set_new(all, route->path, path = json_object());
        char method[16];
        lower(route->method, method);
        json_object_set_new(path, method, operation(route));
    }
    return all;
}

static json_t *info(const char *instance)
{
    return json_pack("{s:s, s:s, s:o}", "title", "ksupervise", "version", KSUPERVISE_VERSION, "description",
                     json_sprintf("Instance '%s'. Everything here is also in kctl and kstat. This user's "
                                  "processes on this machine need no token; all others do.",
                                  instance));
}

static json_t *components(void)
{
    return json_pack("{s:o, s:{s:{s:s, s:s}}}", "schemas", schemas(), "securitySchemes", "token", "type",
                     "http", "scheme", "bearer");
}

json_t *openapi(const char *instance)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:[{}, {s:[]}]}", "openapi", "3.1.0", "info", info(instance),
                     "paths", paths(), "components", components(), "security", "token");
}

void serve_openapi(struct exchange *exchange)
{
    json_t *document = openapi(exchange->kweb->settings->instance);
    if (document != NULL)
        answer_json(exchange, MHD_HTTP_OK, document);
    else
        answer_problem(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
}
