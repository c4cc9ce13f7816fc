#include "tests/consumer/pipeline/stages/stage_run.h"

static void open_stage(void)
{
    run_open(&stage_validate, "payments", 0);
    run.item.record = &run.record;
    fill_record(
        &run.record, &run.storage, run.settings.schema,
        (const char *const[]){"user", "marek", "currency", "PLN", "amount", "1.00", "method", "blik", NULL});
}

static enum verdict judge(void)
{
    run.why[0] = '\0';
    return stage_validate.record(run.state, &run.item, run.why);
}

static struct value *field(const char *name)
{
    int index = schema_field_index(run.settings.schema, name, strlen(name));
    ck_assert_int_ge(index, 0);
    return &run.record.values[index];
}

START_TEST(a_valid_record_passes_without_a_word)
{
    ck_assert_int_eq(judge(), VERDICT_PASS);
    ck_assert_str_eq(run.why, "");
}
END_TEST

START_TEST(a_record_that_breaks_a_bound_is_dead_with_the_fields_name)
{
    field("user")->text.length = 0;
    ck_assert_int_eq(judge(), VERDICT_DEAD);
    ck_assert_msg(strstr(run.why, "user") != NULL, "%s", run.why);
}
END_TEST

START_TEST(a_record_without_a_required_field_is_dead)
{
    run.record.present &= ~1U;
    ck_assert_int_eq(judge(), VERDICT_DEAD);
    ck_assert_msg(strstr(run.why, run.settings.schema->fields[0].name) != NULL, "%s", run.why);
}
END_TEST

START_TEST(each_record_is_judged_by_itself)
{
    struct value user = *field("user");
    field("user")->text.length = 0;
    ck_assert_int_eq(judge(), VERDICT_DEAD);
    *field("user") = user;
    ck_assert_int_eq(judge(), VERDICT_PASS);
}
END_TEST

CHECK_MAIN_WITH("consumer/pipeline/stages/validate", open_stage, NULL, a_valid_record_passes_without_a_word,
                a_record_that_breaks_a_bound_is_dead_with_the_fields_name,
                a_record_without_a_required_field_is_dead, each_record_is_judged_by_itself)
