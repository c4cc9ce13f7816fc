#include "tools/kaudit/columns.h"

#include <stdio.h>
#include <string.h>

#include "common/record/schema.h"
#include "tests/support/check_main.h"

static struct altered altered;

START_TEST(columns_of_the_sinks_own_types_are_in_order)
{
    columns_look(&altered, COLUMNS_POSTGRES, NULL, "kafka_partition", "bigint");
    columns_look(&altered, COLUMNS_POSTGRES, NULL, "amount_minor", "bigint");
    columns_look(&altered, COLUMNS_POSTGRES, NULL, "payment_id", "uuid");
    columns_look(&altered, COLUMNS_POSTGRES, NULL, "currency", "text");
    columns_look(&altered, COLUMNS_POSTGRES, NULL, "timestamp", "bigint");
    columns_look(&altered, COLUMNS_SQLITE, NULL, "kafka_offset", "INTEGER");
    columns_look(&altered, COLUMNS_SQLITE, NULL, "payment_id", "text");
    columns_look(&altered, COLUMNS_SQLITE, NULL, "user", "TEXT");
    ck_assert_uint_eq(altered.count, 0);
}
END_TEST

START_TEST(a_column_of_another_type_is_noted_with_both)
{
    columns_look(&altered, COLUMNS_POSTGRES, NULL, "kafka_timestamp_us", "timestamp without time zone");
    columns_look(&altered, COLUMNS_SQLITE, NULL, "kafka_offset", "TEXT");
    columns_look(&altered, COLUMNS_POSTGRES, NULL, "payment_id", "text");
    columns_look(&altered, COLUMNS_POSTGRES, NULL, "user", "bigint");
    ck_assert_uint_eq(altered.count, 4);
    ck_assert_str_eq(altered.columns[0].name, "kafka_timestamp_us");
    ck_assert_str_eq(altered.columns[0].found, "timestamp without time zone");
    ck_assert_str_eq(altered.columns[0].wanted, "bigint");
    ck_assert_str_eq(altered.columns[1].wanted, "INTEGER");
    ck_assert_str_eq(altered.columns[2].wanted, "uuid");
    ck_assert_str_eq(altered.columns[3].wanted, "text");
}
END_TEST

START_TEST(a_column_of_nobodys_is_its_owners_business)
{
    columns_look(&altered, COLUMNS_POSTGRES, NULL, "mine", "json");
    ck_assert_uint_eq(altered.count, 0);
}
END_TEST

START_TEST(more_than_there_is_room_for_are_counted)
{
    for (int i = 0; i < ALTERED_MAX + 3; i++)
        columns_look(&altered, COLUMNS_SQLITE, NULL, "kafka_offset", "REAL");
    ck_assert_uint_eq(altered.count, ALTERED_MAX + 3);
    ck_assert_str_eq(altered.columns[ALTERED_MAX - 1].found, "REAL");
}
END_TEST

/* A column is known by its name alone: so no two schemas may differ about one. */
START_TEST(a_field_has_the_same_type_in_every_schema_that_has_it)
{
    const struct schema *a, *b;
    for (size_t i = 0; (a = schema_at(i)) != NULL; i++)
        for (size_t j = i + 1; (b = schema_at(j)) != NULL; j++)
            for (size_t f = 0; f < a->field_count; f++) {
                const struct field *field = &a->fields[f];
                int other = schema_field_index(b, field->name, strlen(field->name));
                if (other != -1)
                    ck_assert_msg(field_is_text(field) == field_is_text(&b->fields[other]) &&
                                      (field->type == FIELD_UUID) == (b->fields[other].type == FIELD_UUID),
                                  "%s: %s and %s", field->name, a->name, b->name);
            }
}
END_TEST

CHECK_MAIN("tools/kaudit/columns", columns_of_the_sinks_own_types_are_in_order,
           a_column_of_another_type_is_noted_with_both, a_column_of_nobodys_is_its_owners_business,
           more_than_there_is_room_for_are_counted, a_field_has_the_same_type_in_every_schema_that_has_it)
