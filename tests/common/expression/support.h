/* support.h: expressions and records for the tests of common/expression. */
#ifndef KSUPERVISE_TESTS_COMMON_EXPRESSION_SUPPORT_H
#define KSUPERVISE_TESTS_COMMON_EXPRESSION_SUPPORT_H

#include "common/expression/expression.h"
#include "common/record/text.h"
#include "tests/support/check_main.h"

#define SUPPORT_WALL_US INT64_C(1772099540102594) /* 2026-02-26T09:52:20.102594Z */

static struct record_storage support_storage;

/* A record from `label, text, …, NULL`; what is left out is made, and lives until the next. */
static inline struct record record_of(const char *workload, const char *const *fields)
{
    struct error error = ERROR_INIT;
    struct record record = {.schema = schema_by_workload(workload)};
    support_storage.used = 0;
    for (; fields[0] != NULL; fields += 2)
        ck_assert_msg(record_set_text(&record, fields[0], fields[1], &support_storage, &error) == 0, "%s",
                      error.text);
    ck_assert_msg(record_complete(&record, &support_storage, SUPPORT_WALL_US, &error) == 0, "%s", error.text);
    return record;
}

#define FIELDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline struct expression *parsed(const char *workload, const char *text)
{
    struct error error = ERROR_INIT;
    struct expression *expression = expression_parse(schema_by_workload(workload), text, &error);
    ck_assert_msg(expression != NULL, "%s: %s", text, error.text);
    return expression;
}

static inline bool matches_at(const struct record *record, const char *text,
                              const struct expression_coordinates *coordinates)
{
    struct expression *expression = parsed(record->schema->workload, text);
    bool result = expression_matches(expression, record, coordinates);
    expression_free(expression);
    return result;
}

static inline bool matches(const struct record *record, const char *text)
{
    return matches_at(record, text, NULL);
}

/* The error of an expression that is refused. */
static inline const char *refusal(const char *workload, const char *text)
{
    static struct error error;
    error = (struct error)ERROR_INIT;
    ck_assert_msg(expression_parse(schema_by_workload(workload), text, &error) == NULL, "accepted: %s", text);
    return error.text;
}

#define ASSERT_REFUSED(workload, text, expected) ck_assert_str_eq(refusal(workload, text), expected)

#endif
