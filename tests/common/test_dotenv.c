#include "tests/support/check_main.h"

#include "common/dotenv.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/exit_codes.h"

static char folder[] = "/tmp/ksupervise-test-dotenv-XXXXXX";
static struct error error;
static char value[64];

static void enter_a_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/ksupervise-test-dotenv-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

static void remove_the_folder(void)
{
    unlink(".env");
    rmdir(".env");
    ck_assert_int_eq(chdir("/"), 0);
    rmdir(folder);
}

static void write_bytes(const char *bytes, size_t count)
{
    FILE *file = fopen(".env", "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
    fclose(file);
}

static int find(const char *text)
{
    write_bytes(text, strlen(text));
    return dotenv_find("NAME", value, sizeof value, &error);
}

static void refused(const char *text)
{
    ck_assert_int_eq(dotenv_find("NAME", value, sizeof value, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
    ck_assert_msg(strstr(error.text, text) != NULL, "'%s' does not say '%s'", error.text, text);
}

/* The forms of the Compose specification, and what editors make of them. */
static const struct {
    const char *text, *value;
} FORMS[] = {
    {"NAME=h:1\n", "h:1"},
    {"NAME=h:1", "h:1"},
    {"NAME=h:1\r\nOTHER=2\r\n", "h:1"},
    {"  NAME=h:1  \n", "h:1"},
    {"NAME = h:1\n", "h:1"},
    {"NAME: h:1\n", "h:1"},
    {"NAME : h:1\n", "h:1"},
    {"\tNAME\t=\th:1\t\n", "h:1"},
    {"\xef\xbb\xbfNAME=h:1\n", "h:1"},
    {"export NAME=h:1\n", "h:1"},
    {"export  NAME = h:1\n", "h:1"},
    {"NAME=h:1 # the cluster\n", "h:1"},
    {"NAME=h:1\t# the cluster\n", "h:1"},
    {"NAME=h:1# no comment\n", "h:1# no comment"},
    {"NAME=#x\n", "#x"},
    {"NAME= # empty\n", ""},
    {"NAME=\n", ""},
    {"NAME=a b\n", "a b"},
    {"NAME=it's\n", "it's"},
    {"NAME=\"h:1\"\n", "h:1"},
    {"NAME='h:1'\n", "h:1"},
    {"NAME=\"h:1 # inside\" # outside\n", "h:1 # inside"},
    {"NAME='$h \\n'\n", "$h \\n"},
    {"NAME=\"a\\nb\\tc\\\\d\\\"e\\$f\"\n", "a\nb\tc\\d\"e$f"},
    {"NAME=\"\"\n", ""},
    {"NAME=\"a\nb\"\n", "a\nb"},
    {"OTHER=\"x\nNAME=inside\ny\"\nNAME=h:1\n", "h:1"},
    {"# NAME=x\n\n  # NAME=y\nA=b\nNAME=h:1\n", "h:1"},
    {"NAME=old\nNAME=h:1\n", "h:1"},
    {"NAME=h:1\nNAME_2=x\nMY_NAME=x\nNAME.x=y\nNAME\n", "h:1"},
    {"OTHER=${NOT_OURS:-x}\nNAME=h:1\n", "h:1"},
};

START_TEST(the_forms_that_people_write_are_read)
{
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        ck_assert_msg(find(FORMS[i].text) == 1, "%s: %s", FORMS[i].text, error.text);
        ck_assert_str_eq(value, FORMS[i].value);
    }
}
END_TEST

static const char *const ABSENT[] = {
    "", "\n\n", "#NAME=h:1\n# NAME=h:1\n", "NAME\n", "NAME # from outside\n", "name=x\n", "export NAME\n"};

START_TEST(what_is_not_there_is_no_error)
{
    for (size_t i = 0; i < sizeof ABSENT / sizeof ABSENT[0]; i++)
        ck_assert_msg(find(ABSENT[i]) == 0, "%s: '%s' %s", ABSENT[i], value, error.text);
}
END_TEST

static const struct {
    const char *text, *why;
} FAULTY[] = {
    {"NAME h:1\n", ".env:1: not NAME=VALUE"},
    {"A=b\n=h:1\n", ".env:2: not NAME=VALUE"},
    {"A=\"1\n2\"\nNAME h\n", ".env:3: not NAME=VALUE"},
    {"NAME=\"h:1\n", ".env:1: the quotation mark is not closed"},
    {"NAME='h:1\n", ".env:1: the quotation mark is not closed"},
    {"NAME=\"h\\\n", ".env:1: the quotation mark is not closed"},
    {"NAME=\"h\\", ".env:1: the quotation mark is not closed"},
    {"NAME=\"h\":1\n", ".env:1: something follows the closing quotation mark"},
    {"\nNAME=$OTHER\n", ".env:2: ${…} is not expanded here"},
    {"NAME=\"${OTHER}\"\n", ".env:1: ${…} is not expanded here"},
    {"NAME=0123456789012345678901234567890123456789012345678901234567890123\n",
     ".env:1: the value is too long"},
};

START_TEST(what_is_not_understood_is_refused_with_its_line)
{
    for (size_t i = 0; i < sizeof FAULTY / sizeof FAULTY[0]; i++) {
        write_bytes(FAULTY[i].text, strlen(FAULTY[i].text));
        refused(FAULTY[i].why);
    }
}
END_TEST

START_TEST(a_value_may_fill_its_room)
{
    ck_assert_int_eq(find("NAME=012345678901234567890123456789012345678901234567890123456789012\n"), 1);
    ck_assert_uint_eq(strlen(value), sizeof value - 1);
}
END_TEST

START_TEST(no_file_and_a_folder_are_no_error)
{
    ck_assert_int_eq(dotenv_find("NAME", value, sizeof value, &error), 0);
    ck_assert_int_eq(mkdir(".env", 0700), 0);
    ck_assert_int_eq(dotenv_find("NAME", value, sizeof value, &error), 0);
}
END_TEST

START_TEST(a_fifo_is_refused_without_waiting)
{
    ck_assert_int_eq(mkfifo(".env", 0600), 0);
    refused(".env: it is not a regular file");
}
END_TEST

START_TEST(a_link_that_leads_nowhere_into_a_file_is_refused)
{
    ck_assert_int_eq(symlink(".env", ".env"), 0);
    refused(".env: Too many levels");
}
END_TEST

START_TEST(another_encoding_is_refused)
{
    static const char utf_16[] = "\xff\xfeN\0A\0M\0E\0=\0h\0\n\0";
    write_bytes(utf_16, sizeof utf_16 - 1);
    refused(".env: it has NUL bytes: save it as UTF-8 text");
}
END_TEST

START_TEST(a_huge_file_is_refused)
{
    enum { MOST = 256 * 1024 };
    char *text = malloc(MOST + 2);
    ck_assert_ptr_nonnull(text);
    memset(text, '#', MOST + 1);
    text[MOST + 1] = '\0';
    write_bytes(text, MOST);
    ck_assert_int_eq(dotenv_find("NAME", value, sizeof value, &error), 0);
    write_bytes(text, MOST + 1);
    refused(".env: it is larger than 256 KiB");
    free(text);
}
END_TEST

CHECK_MAIN_WITH("common/dotenv", enter_a_folder, remove_the_folder, the_forms_that_people_write_are_read,
                what_is_not_there_is_no_error, what_is_not_understood_is_refused_with_its_line,
                a_value_may_fill_its_room, no_file_and_a_folder_are_no_error,
                a_fifo_is_refused_without_waiting, a_link_that_leads_nowhere_into_a_file_is_refused,
                another_encoding_is_refused, a_huge_file_is_refused)
