/* The document says of every route what a program needs. */
#include "tools/kweb/openapi.h"

#include "tools/kweb/schemas.h"

#include "tests/support/check_main.h"

static json_t *document;

static void prepare(void)
{
    document = openapi("check");
    ck_assert_ptr_nonnull(document);
}

static void clean_up(void)
{
    json_decref(document);
}

static json_t *at(json_t *value, const char *name)
{
    json_t *found = json_object_get(value, name);
    ck_assert_msg(found != NULL, "there is no '%s'", name);
    return found;
}

static json_t *operation_of(const struct route *route)
{
    const char *method = strcmp(route->method, "GET") == 0      ? "get"
                         : strcmp(route->method, "DELETE") == 0 ? "delete"
                                                                : "post";
    return at(at(at(document, "paths"), route->path), method);
}

START_TEST(every_route_is_told_with_a_summary_and_a_name_of_its_own)
{
    json_t *names = json_object();
    size_t count = 0;
    for (const struct route *route; (route = route_at(count)) != NULL; count++) {
        json_t *operation = operation_of(route);
        ck_assert_str_eq(json_string_value(at(operation, "summary")), route->summary);
        ck_assert_uint_gt(strlen(json_string_value(at(operation, "description"))), 0);
        ck_assert_uint_gt(json_array_size(at(operation, "tags")), 0);
        json_object_set(names, json_string_value(at(operation, "operationId")), json_true());
    }
    ck_assert_uint_eq(json_object_size(names), count);
    json_decref(names);
}
END_TEST

static const char *known(json_t *reference)
{
    static const char prefix[] = "#/components/schemas/";
    const char *text = json_string_value(reference);
    ck_assert_msg(text != NULL && strncmp(text, prefix, strlen(prefix)) == 0, "%s", text);
    at(at(at(document, "components"), "schemas"), text + strlen(prefix));
    return text;
}

START_TEST(every_answer_has_a_schema_that_there_is)
{
    for (size_t i = 0; route_at(i) != NULL; i++) {
        const char *status;
        json_t *response;
        json_object_foreach(at(operation_of(route_at(i)), "responses"), status, response)
        {
            const char *type;
            json_t *media;
            json_object_foreach(at(response, "content"), type, media) known(at(at(media, "schema"), "$ref"));
        }
    }
}
END_TEST

static void references_are_known(json_t *value)
{
    const char *name;
    json_t *member;
    size_t i;
    json_object_foreach(value, name, member)
    {
        if (strcmp(name, "$ref") == 0)
            known(member);
        references_are_known(member);
    }
    json_array_foreach(value, i, member) references_are_known(member);
}

START_TEST(every_reference_leads_somewhere)
{
    references_are_known(document);
}
END_TEST

START_TEST(the_parameters_of_a_path_are_its_own_and_required)
{
    for (size_t i = 0; route_at(i) != NULL; i++) {
        size_t k, in_path = 0, braces = 0;
        json_t *parameter;
        json_array_foreach(at(operation_of(route_at(i)), "parameters"), k, parameter)
        {
            bool here = strcmp(json_string_value(at(parameter, "in")), "path") == 0;
            ck_assert_int_eq(here, param_in_path(route_at(i), &route_at(i)->params[k]));
            ck_assert(!here || json_is_true(at(parameter, "required")));
            ck_assert_msg(!here || k == in_path, "%s: those of the path come first", route_at(i)->path);
            in_path += here;
        }
        for (const char *at = route_at(i)->path; *at != '\0'; at++)
            braces += *at == '{';
        ck_assert_uint_eq(in_path, braces);
    }
}
END_TEST

START_TEST(what_stands_in_for_a_value_is_one)
{
    for (size_t i = 0; route_at(i) != NULL; i++)
        for (const struct param *param = route_at(i)->params; param->name != NULL; param++) {
            int64_t number;
            ck_assert(param->fallback == NULL || param_check(param, param->fallback, &number, NULL) == 0);
            ck_assert(param->example == NULL || param_check(param, param->example, &number, NULL) == 0);
        }
}
END_TEST

START_TEST(what_changes_is_posted_and_a_verb_has_its_target)
{
    for (size_t i = 0; route_at(i) != NULL; i++) {
        const struct route *route = route_at(i);
        ck_assert_int_eq(route->changes || route->file_bytes > 0, strcmp(route->method, "GET") != 0);
        size_t k = 0;
        while (route->target != NULL && route->params[k].name != NULL &&
               strcmp(route->params[k].name, route->target) != 0)
            k++;
        ck_assert(route->target == NULL || route->params[k].name != NULL);
        ck_assert(route->serve != NULL);
    }
}
END_TEST

CHECK_MAIN_WITH("tools/kweb/openapi", prepare, clean_up,
                every_route_is_told_with_a_summary_and_a_name_of_its_own,
                every_answer_has_a_schema_that_there_is, every_reference_leads_somewhere,
                the_parameters_of_a_path_are_its_own_and_required, what_stands_in_for_a_value_is_one,
                what_changes_is_posted_and_a_verb_has_its_target)
