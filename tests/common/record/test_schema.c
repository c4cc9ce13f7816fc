#include "tests/common/record/samples.h"

#include "tests/support/check_main.h"

static enum schema_match match(const char *header, const struct schema **schema)
{
    return schema_from_header(header, strlen(header), NULL, schema);
}

START_TEST(every_table_keeps_its_own_rules)
{
    FOR_EACH_SCHEMA(schema)
    {
        ck_assert_uint_le(schema->field_count, RECORD_FIELDS_MAX);
        ck_assert(schema->fields[schema->key_field].is_key);
        for (size_t i = 0; i < schema->field_count; i++) {
            const struct field *field = &schema->fields[i];
            ck_assert_int_eq(schema_field_index(schema, field->name, strlen(field->name)), (int)i);
            ck_assert_int_eq(schema_label_index(schema, field->label, strlen(field->label)), (int)i);
            ck_assert(field->is_key == (i == schema->key_field));
            ck_assert(!field->is_key || field->type == FIELD_INTEGER || field->maximum < RECORD_KEY_BYTES);
            ck_assert((field->type == FIELD_ENUM) == (field->choices != NULL));
            ck_assert(field->type != FIELD_MONEY || schema_type_index(schema, FIELD_EXPONENT) > 0);
        }
    }
}
END_TEST

START_TEST(a_key_is_the_name_behind_its_string_header)
{
    FOR_EACH_SCHEMA(schema)
    {
        for (size_t i = 0; i < schema->field_count; i++) {
            const struct schema_slot *key = &schema->slots[i];
            struct mp_reader reader;
            struct mp_view name;
            mp_init(&reader, key->first, key->bytes);
            ck_assert(mp_read_str(&reader, &name) && mp_at_end(&reader));
            ck_assert_uint_eq(name.length, strlen(schema->fields[i].name));
            ck_assert_mem_eq(name.data, schema->fields[i].name, name.length);
            uint8_t mask[FIELD_KEY_BYTES];
            memcpy(mask, key->mask, sizeof mask);
            for (size_t at = 0; at < sizeof mask; at++)
                ck_assert_uint_eq(mask[at], at < key->bytes ? 0xff : 0);
        }
    }
}
END_TEST

START_TEST(finds_schemas_by_workload_and_by_name)
{
    ck_assert_str_eq(schema_by_workload("orders")->name, "order");
    ck_assert_str_eq(schema_by_workload("messages")->topic, "demo-topic");
    ck_assert_ptr_null(schema_by_workload("order"));
    ck_assert_str_eq(schema_by_name("payment", 7)->workload, "payments");
    ck_assert_ptr_null(schema_by_name("payment", 6));
    ck_assert_ptr_null(schema_at(4));
}
END_TEST

START_TEST(reads_its_own_header)
{
    FOR_EACH_SCHEMA(schema)
    {
        char header[SCHEMA_HEADER_BYTES];
        const struct schema *found = NULL;
        ck_assert_int_eq(schema_from_header(header, schema_header(schema, header), NULL, &found),
                         SCHEMA_KNOWN);
        ck_assert_ptr_eq(found, schema);
    }
}
END_TEST

START_TEST(tells_an_unknown_major_from_an_unknown_name_from_nonsense)
{
    const struct schema *schema = NULL;
    ck_assert_int_eq(match("invoice/1", &schema), SCHEMA_UNKNOWN_NAME);
    ck_assert_int_eq(match("paymen/1", &schema), SCHEMA_UNKNOWN_NAME);
    ck_assert_ptr_null(schema);
    ck_assert_int_eq(match("payment/2", &schema), SCHEMA_UNKNOWN_MAJOR);
    ck_assert_str_eq(schema->name, "payment");
    ck_assert_int_eq(match("payment/999999", &schema), SCHEMA_UNKNOWN_MAJOR);
    static const char *const nonsense[] = {
        "",           "payment", "payment/",   "/1",          "payment/0",
        "payment/1 ", "/",       "payment/-1", "payment/1/1", "payment/99999999999999999999"};
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++)
        ck_assert_msg(match(nonsense[i], &schema) == SCHEMA_MALFORMED, "'%s'", nonsense[i]);
    ck_assert_int_eq(schema_from_header(NULL, 0, NULL, &schema), SCHEMA_MALFORMED);
}
END_TEST

CHECK_MAIN("common/record/schema", every_table_keeps_its_own_rules,
           a_key_is_the_name_behind_its_string_header, finds_schemas_by_workload_and_by_name,
           reads_its_own_header, tells_an_unknown_major_from_an_unknown_name_from_nonsense)
