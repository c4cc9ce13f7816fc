/* The secret of an instance, in a file that is this user's alone. */
#include "tools/kweb/token.h"

#include <sys/stat.h>
#include <unistd.h>

#include "common/exit_codes.h"
#include "tests/support/check_main.h"

static char folder[64], path[128], token[TOKEN_BYTES];
static struct error error;
static bool made;

static void prepare(void)
{
    snprintf(folder, sizeof folder, "/tmp/check-token-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    setenv("XDG_RUNTIME_DIR", folder, 1);
    snprintf(path, sizeof path, "%s/ksupervise/check.token", folder);
}

static void clean_up(void)
{
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
    rmdir(folder);
}

static void write_file(const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    ck_assert_int_eq(chmod(path, mode), 0);
}

static void load(void)
{
    ck_assert_msg(token_load(token, "check", &made, &error) == 0, "%s", error.text);
}

START_TEST(it_is_made_where_there_is_none)
{
    struct stat info;
    load();
    ck_assert(made);
    ck_assert_uint_eq(strspn(token, "0123456789abcdef"), TOKEN_BYTES - 1);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
}
END_TEST

START_TEST(one_that_is_there_is_taken)
{
    char again[TOKEN_BYTES];
    load();
    ck_assert_int_eq(token_load(again, "check", &made, &error), 0);
    ck_assert(!made);
    ck_assert_str_eq(again, token);
    ck_assert_int_eq(token_read(again, "check", &error), 0);
    ck_assert_str_eq(again, token);
}
END_TEST

START_TEST(two_are_never_the_same)
{
    char first[TOKEN_BYTES];
    load();
    memcpy(first, token, sizeof first);
    token_remove("check");
    load();
    ck_assert_str_ne(first, token);
}
END_TEST

START_TEST(half_of_one_and_a_foreign_text_are_none)
{
    load();
    static const char *const texts[] = {"", "00",
                                        "nonsense nonsense nonsense nonsense nonsense nonsense nonsense n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        error = (struct error)ERROR_INIT;
        write_file(texts[i], 0600);
        ck_assert_int_eq(token_load(token, "check", &made, &error), -1);
        ck_assert_ptr_nonnull(strstr(error.text, "remove it"));
    }
}
END_TEST

START_TEST(a_link_is_not_followed)
{
    char elsewhere[160];
    load();
    snprintf(elsewhere, sizeof elsewhere, "%s.elsewhere", path);
    ck_assert_int_eq(rename(path, elsewhere), 0);
    ck_assert_int_eq(symlink(elsewhere, path), 0);
    ck_assert_int_eq(token_load(token, "check", &made, &error), -1);
    unlink(elsewhere);
}
END_TEST

START_TEST(to_read_one_that_is_not_there_says_what_to_do)
{
    ck_assert_int_eq(token_read(token, "check", &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "start it with --http"));
    ck_assert_int_eq(error.exit_code, EXIT_CODE_NOT_RUNNING);
}
END_TEST

START_TEST(only_the_whole_of_it_is_it)
{
    char wrong[TOKEN_BYTES + 1];
    load();
    ck_assert(token_is(token, token));
    ck_assert(!token_is(token, ""));
    for (size_t i = 0; i < TOKEN_BYTES - 1; i++) {
        snprintf(wrong, sizeof wrong, "%s", token);
        wrong[i] = 'x';
        ck_assert(!token_is(token, wrong));
        wrong[i] = '\0';
        ck_assert(!token_is(token, wrong));
    }
    snprintf(wrong, sizeof wrong, "%s0", token);
    ck_assert(!token_is(token, wrong));
}
END_TEST

CHECK_MAIN_WITH("tools/kweb/token", prepare, clean_up, it_is_made_where_there_is_none,
                one_that_is_there_is_taken, two_are_never_the_same, half_of_one_and_a_foreign_text_are_none,
                a_link_is_not_followed, to_read_one_that_is_not_there_says_what_to_do,
                only_the_whole_of_it_is_it)
