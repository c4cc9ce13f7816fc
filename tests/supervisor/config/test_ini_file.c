#include "supervisor/config/ini_file.h"

#include <sys/mman.h>

#include "tests/support/check_main.h"

static struct ini_file file;
static struct error error = ERROR_INIT;
static char path[64];

static int load_bytes(const char *text, size_t length)
{
    int fd = memfd_create("ini", 0); /* open while the test's process lives */
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, length), (ssize_t)length);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return ini_file_load(&file, path, &error);
}

static int load(const char *text)
{
    return load_bytes(text, strlen(text));
}

static void fails(const char *text, const char *expected)
{
    char whole[ERROR_TEXT_BYTES];
    ck_assert_int_eq(load(text), -1);
    snprintf(whole, sizeof whole, "%s:%s", path, expected);
    ck_assert_str_eq(error.text, whole);
    ck_assert_int_eq(error.exit_code, 2);
    ini_file_release(&file);
}

static const char *value(size_t section, const char *name)
{
    const struct ini_entry *entry = ini_section_find(&file.sections[section], name);
    ck_assert_msg(entry != NULL, "no %s", name);
    return entry->value;
}

START_TEST(reads_sections_and_lines_with_their_numbers)
{
    ck_assert_int_eq(load("# comment\n[a]\nx = 1\n; comment\n\ny: two words  ; and a comment\n[b c]\n"), 0);
    ck_assert_uint_eq(file.count, 2);
    ck_assert_str_eq(file.sections[0].name, "a");
    ck_assert_int_eq(file.sections[0].line, 2);
    ck_assert_str_eq(value(0, "x"), "1");
    ck_assert_str_eq(value(0, "y"), "two words");
    ck_assert_int_eq(ini_section_find(&file.sections[0], "y")->line, 6);
    ck_assert_str_eq(file.sections[1].name, "b c"); /* without entries */
    ck_assert_uint_eq(file.sections[1].count, 0);
    ini_file_release(&file);
}
END_TEST

START_TEST(an_empty_file_has_no_section)
{
    ck_assert_int_eq(load(""), 0);
    ck_assert_uint_eq(file.count, 0);
    ini_file_release(&file);
}
END_TEST

START_TEST(an_indented_line_goes_on_with_the_value_above)
{
    ck_assert_int_eq(load("[a]\nx = one,\n   two\n  three\ny =\n\tfour"), 0);
    ck_assert_str_eq(value(0, "x"), "one, two three");
    ck_assert_str_eq(value(0, "y"), "four");
    ini_file_release(&file);
}
END_TEST

START_TEST(an_indented_line_after_a_section_is_no_continuation)
{
    ck_assert_int_eq(load("[a]\nx = 1\n[b]\n  y = 2\n    3\n"), 0);
    ck_assert_str_eq(value(0, "x"), "1");
    ck_assert_str_eq(value(1, "y"), "2 3");
    ini_file_release(&file);
}
END_TEST

START_TEST(takes_a_byte_order_mark_and_carriage_returns)
{
    ck_assert_int_eq(load("\xef\xbb\xbf[a]\r\nx = 1\r\n"), 0);
    ck_assert_str_eq(value(0, "x"), "1");
    ini_file_release(&file);
}
END_TEST

START_TEST(many_sections_and_entries_stay_apart)
{
    static char text[64 * 1024];
    size_t used = 0;
    for (int i = 0; i < 1000; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "[s%d]\nx = %d\ny = z\n", i, i);
    ck_assert_int_eq(load(text), 0);
    ck_assert_uint_eq(file.count, 1000);
    ck_assert_str_eq(value(777, "x"), "777");
    ini_file_release(&file);
}
END_TEST

START_TEST(a_section_twice_is_told_with_both_lines)
{
    fails("[client bravo]\nx = 1\n[other]\n[client BRAVO]\n",
          "4: section [client bravo] is already in line 1");
}
END_TEST

START_TEST(a_name_twice_is_told_with_both_lines)
{
    fails("[a]\nx = 1\ny = 2\nx = 3\n", "4: 'x' is already in line 2");
}
END_TEST

START_TEST(a_name_without_a_section_or_a_value_without_a_name_is_refused)
{
    fails("x = 1\n[a]\n", "1: 'x' comes before the first [section]");
    fails("[a]\n= 1\n", "2: the name before the '=' is missing");
}
END_TEST

START_TEST(what_is_no_line_of_such_a_file_is_told_where_it_stands)
{
    fails("[a]\nx = 1\nhello\n", "3: neither [SECTION] nor NAME = VALUE");
    fails("[a]\nx = 1\n[b\n", "3: the section is not closed: [NAME]");
    fails("[a]\nhello\nx = 1\nx = 2\n", "2: neither [SECTION] nor NAME = VALUE"); /* the first of two */
}
END_TEST

START_TEST(a_line_too_long_is_refused_and_not_read_as_two)
{
    char text[1024];
    snprintf(text, sizeof text, "[a]\nx = %0500d\n", 1);
    ck_assert_int_eq(load(text), -1);
    ck_assert_ptr_nonnull(strstr(error.text, ":2: a line of more than "));
    ini_file_release(&file);
    ck_assert_int_eq(load_bytes("[a]\nx = 1\0 2\ny = 3\n", 19), -1);
    ck_assert_ptr_nonnull(strstr(error.text, ":2: "));
    ini_file_release(&file);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_names_the_flag)
{
    ck_assert_int_eq(ini_file_load(&file, "/nowhere/x.ini", &error), -1);
    ck_assert_str_eq(error.text, "--config /nowhere/x.ini: No such file or directory");
    ck_assert_int_eq(error.exit_code, 2);
    ck_assert_int_eq(ini_file_load(&file, "/", &error), -1);
    ck_assert_str_eq(error.text, "--config /: Is a directory");
    ini_file_release(&file);
}
END_TEST

START_TEST(a_file_without_end_is_refused)
{
    static char text[INI_FILE_BYTES_MAX + 16];
    char expected[96];
    memset(text, '\n', INI_FILE_BYTES_MAX);
    ck_assert_int_eq(load_bytes(text, INI_FILE_BYTES_MAX), 0);
    ini_file_release(&file);
    text[INI_FILE_BYTES_MAX] = '\n';
    snprintf(expected, sizeof expected, "%d: the file is larger than %d bytes", INI_FILE_BYTES_MAX + 1,
             INI_FILE_BYTES_MAX);
    fails(text, expected);
}
END_TEST

START_TEST(nothing_of_a_file_stays_open)
{
    int before = dup(0);
    close(before);
    ck_assert_int_eq(ini_file_load(&file, "/dev/null", &error), 0);
    ini_file_release(&file);
    int after = dup(0);
    close(after);
    ck_assert_int_eq(after, before);
}
END_TEST

CHECK_MAIN("supervisor/ini_file", reads_sections_and_lines_with_their_numbers, an_empty_file_has_no_section,
           an_indented_line_goes_on_with_the_value_above, an_indented_line_after_a_section_is_no_continuation,
           takes_a_byte_order_mark_and_carriage_returns, many_sections_and_entries_stay_apart,
           a_section_twice_is_told_with_both_lines, a_name_twice_is_told_with_both_lines,
           a_name_without_a_section_or_a_value_without_a_name_is_refused,
           what_is_no_line_of_such_a_file_is_told_where_it_stands,
           a_line_too_long_is_refused_and_not_read_as_two, a_file_that_cannot_be_read_names_the_flag,
           a_file_without_end_is_refused, nothing_of_a_file_stays_open)
