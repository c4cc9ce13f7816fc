/* The sections of a file by themselves; what a whole configuration makes of them is test_config.c's. */
#include "tests/support/check_main.h"

#include "supervisor/config/sections.h"
#include "supervisor/config/settings.h"

static struct ini_entry entries[1];
static struct ini_section sections[4];
static struct ini_file file;
static struct error error;

static void set_up(void)
{
    error = (struct error)ERROR_INIT;
    sections[0] = (struct ini_section){.name = (char *)"ksupervise", .line = 1};
    sections[1] = (struct ini_section){.name = (char *)"producer", .line = 3};
    sections[2] = (struct ini_section){.name = (char *)"client bravo", .line = 5};
    sections[3] = (struct ini_section){.name = (char *)"client \t Zulu", .line = 7};
    file = (struct ini_file){.path = (char *)"a.conf", .sections = sections, .count = 4};
}

START_TEST(a_section_is_found_by_its_name_and_by_its_client)
{
    ck_assert_ptr_eq(section_find(&file, SECTION_PRODUCER), &sections[1]);
    ck_assert_ptr_null(section_find(&file, "client"));
    ck_assert_ptr_eq(section_of_client(&file, "BRAVO"), &sections[2]);
    ck_assert_ptr_eq(section_of_client(&file, "zulu"), &sections[3]);
    ck_assert_ptr_null(section_of_client(&file, "yank"));
    ck_assert_str_eq(section_client(&sections[3]), "Zulu");
    ck_assert_ptr_null(section_client(&sections[0]));
    ck_assert_int_eq(sections_check(&file, &error), 0);
}
END_TEST

START_TEST(a_client_has_one_section)
{
    sections[3].name = (char *)"client  bravo";
    ck_assert_int_eq(sections_check(&file, &error), -1);
    ck_assert_str_eq(error.text, "a.conf:7: section [client bravo] is already in line 5");
}
END_TEST

START_TEST(an_option_stands_where_it_belongs_and_nowhere_else)
{
    static const struct {
        const char *name;
        int all, producer, client;
    } cases[] = {{"topic", 0, 0, 0},      {"rate", 0, 0, -1},    {"batch-size", 0, -1, 0},
                 {"instance", 0, -1, -1}, {"check", -1, -1, -1}, {"nothing", -1, -1, -1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        entries[0] = (struct ini_entry){.name = (char *)cases[i].name, .line = 2};
        ck_assert_int_eq(section_admits(&file, &sections[0], entries, IN_INSTANCE, &error), cases[i].all);
        ck_assert_int_eq(section_admits(&file, &sections[1], entries, IN_PRODUCER, &error),
                         cases[i].producer);
        ck_assert_int_eq(section_admits(&file, &sections[2], entries, IN_CLIENT, &error), cases[i].client);
    }
    ck_assert_str_eq(error.text, "a.conf:2: unknown name 'nothing' in [client bravo]");
}
END_TEST

CHECK_MAIN_WITH("supervisor/config/sections", set_up, NULL, a_section_is_found_by_its_name_and_by_its_client,
                a_client_has_one_section, an_option_stands_where_it_belongs_and_nowhere_else)
