/* What the rows of the table say beside their values: each trait of each row, written down a second time for
 * those that a mistake would hurt. The whole of it is driven by test_config.c, test_reload.c and
 * test_worker_config.c. */
#include "tests/support/check_main.h"

#include "supervisor/config/settings.h"

static unsigned traits_of(const char *name)
{
    const struct option_def *def = options_find(&supervisor_program, name);
    ck_assert_msg(def != NULL, "no option --%s", name);
    return def->traits;
}

START_TEST(what_ends_at_once_or_reads_the_file_stands_in_no_section)
{
    static const char *const names[] = {"config", "check", "explain-exits", "explain-states", "property"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_uint_eq(traits_of(names[i]), 0);
}
END_TEST

START_TEST(an_option_of_a_client_or_of_the_producer_is_one_of_the_instance_too)
{
    for (size_t i = 0; i < supervisor_program.option_count; i++) {
        const struct option_def *def = &supervisor_program.options[i];
        if ((def->traits & (IN_CLIENT | IN_PRODUCER)) != 0)
            ck_assert_msg((def->traits & IN_INSTANCE) != 0, "--%s", def->name);
    }
}
END_TEST

START_TEST(who_gets_an_option_has_it_in_its_section)
{
    for (size_t i = 0; i < supervisor_program.option_count; i++) {
        const struct option_def *def = &supervisor_program.options[i];
        if ((def->traits & OPTION_HIDDEN) != 0) /* what we say, and no user */
            continue;
        if ((def->traits & TO_CONSUMER) != 0)
            ck_assert_msg((def->traits & IN_CLIENT) != 0, "--%s", def->name);
        if ((def->traits & TO_PRODUCER) != 0)
            ck_assert_msg((def->traits & IN_PRODUCER) != 0, "--%s", def->name);
    }
}
END_TEST

START_TEST(what_cannot_change_is_the_instances_own)
{
    ck_assert((traits_of("instance") & FIXED) != 0 && (traits_of("http") & FIXED) != 0);
    for (size_t i = 0; i < supervisor_program.option_count; i++)
        if ((supervisor_program.options[i].traits & FIXED) != 0)
            ck_assert_msg((supervisor_program.options[i].traits & (IN_CLIENT | IN_PRODUCER)) == 0, "--%s",
                          supervisor_program.options[i].name);
}
END_TEST

CHECK_MAIN("supervisor/config/settings", what_ends_at_once_or_reads_the_file_stands_in_no_section,
           an_option_of_a_client_or_of_the_producer_is_one_of_the_instance_too,
           who_gets_an_option_has_it_in_its_section, what_cannot_change_is_the_instances_own)
