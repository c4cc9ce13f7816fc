#include "consumer/pipeline/stage_list.h"
#include "common/exit_codes.h"
#include "tests/support/check_main.h"

static struct stage_list list;
static struct error error;

static void parses(const char *text)
{
    ck_assert_msg(stage_list_parse(&list, text, &error) == 0, "%s", error.text);
}

static void refuses(const char *text, const char *why)
{
    ck_assert_int_eq(stage_list_parse(&list, text, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
    ck_assert_msg(strstr(error.text, why) != NULL, "'%s' does not say '%s'", error.text, why);
    ck_assert_ptr_null(list.text);
}

START_TEST(an_empty_text_is_a_pipeline_without_stages)
{
    parses("");
    ck_assert_uint_eq(list.count, 0);
    stage_list_release(&list);
    parses("  ");
    ck_assert_uint_eq(list.count, 0);
    stage_list_release(&list);
}
END_TEST

START_TEST(blanks_around_stages_and_arguments_do_not_count)
{
    parses("  validate ,print,  stats : 12  ");
    ck_assert_uint_eq(list.count, 3);
    ck_assert_str_eq(list.stages[0].class->name, "validate");
    ck_assert_ptr_null(list.stages[0].argument);
    ck_assert_str_eq(list.stages[2].class->name, "stats");
    ck_assert_str_eq(list.stages[2].argument, "12");
    stage_list_release(&list);
}
END_TEST

START_TEST(commas_in_quotes_and_parentheses_belong_to_the_argument)
{
    parses("stats:(1,2), stats:'a,(b', stats:\"x',y\", print");
    ck_assert_uint_eq(list.count, 4);
    ck_assert_str_eq(list.stages[0].argument, "(1,2)");
    ck_assert_str_eq(list.stages[1].argument, "'a,(b'");
    ck_assert_str_eq(list.stages[2].argument, "\"x',y\"");
    stage_list_release(&list);
}
END_TEST

START_TEST(an_optional_argument_may_be_left_out)
{
    parses("stats");
    ck_assert_ptr_null(list.stages[0].argument);
    stage_list_release(&list);
}
END_TEST

START_TEST(an_unknown_stage_is_told_with_its_column_and_the_nearest_name)
{
    refuses("print, validat", "column 8: there is no stage 'validat'; did you mean 'validate'?");
    refuses("qqqqqqq", "column 1: there is no stage 'qqqqqqq'; kconsume --stages lists them");
}
END_TEST

START_TEST(a_stage_that_is_missing_is_told)
{
    refuses("print,,stats", "column 7: a stage is missing");
    refuses("print,", "a stage is missing");
    refuses(",print", "column 1: a stage is missing");
}
END_TEST

START_TEST(a_stage_that_takes_no_argument_says_so)
{
    refuses("validate:3", "validate takes no argument");
    refuses("print:", "print takes no argument");
}
END_TEST

START_TEST(more_stages_than_a_pipeline_has_are_refused)
{
    char text[256] = "print";
    size_t used = strlen(text);
    for (int i = 1; i < PIPELINE_STAGES_MAX; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, ",print");
    parses(text);
    stage_list_release(&list);
    snprintf(text + used, sizeof text - used, ",print");
    refuses(text, "at most 16 stages");
}
END_TEST

START_TEST(the_list_shows_how_each_stage_is_written)
{
    char text[8192] = "";
    FILE *stream = fmemopen(text, sizeof text - 1, "w");
    stage_list_print(stream);
    ck_assert_int_eq(fclose(stream), 0);
    ck_assert_ptr_nonnull(strstr(text, "\n  filter:EXPR            keeps"));
    ck_assert_ptr_nonnull(strstr(text, "\n  stats[:N]              "));
    ck_assert_ptr_nonnull(strstr(text, "  validate               "));
    ck_assert_ptr_nonnull(strstr(text, "\n  postgres[:CONNINFO]    "));
}
END_TEST

CHECK_MAIN("consumer/stage_list", an_empty_text_is_a_pipeline_without_stages,
           blanks_around_stages_and_arguments_do_not_count,
           commas_in_quotes_and_parentheses_belong_to_the_argument, an_optional_argument_may_be_left_out,
           an_unknown_stage_is_told_with_its_column_and_the_nearest_name, a_stage_that_is_missing_is_told,
           a_stage_that_takes_no_argument_says_so, more_stages_than_a_pipeline_has_are_refused,
           the_list_shows_how_each_stage_is_written)
