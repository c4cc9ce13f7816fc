/* Each case runs in a folder of its own with a clean environment. */
#include "tests/support/check_main.h"

#include "common/exit_codes.h"
#include "common/kafka_config.h"

static char folder[64];
static struct brokers brokers;
static struct option_list properties;
static struct error error;

static void enter_a_clean_folder(void)
{
    unsetenv("KAFKA_BOOTSTRAP");
    unsetenv("KAFKA_HOST_IP");
    unsetenv("KAFKA_CONFIG");
    snprintf(folder, sizeof folder, "/tmp/check-config-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    error = (struct error)ERROR_INIT;
    properties = (struct option_list){0};
}

static void remove_the_folder(void)
{
    for (size_t i = 0; i < properties.count; i++)
        free(properties.items[i]);
    free(properties.items);
    unlink(".env");
    unlink("file");
    unlink("other");
    ck_assert_int_eq(chdir("/"), 0);
    rmdir(folder);
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static void found(const char *bootstrap, const char *config, const char *expected)
{
    char all[256] = "";
    size_t used = 0;
    const struct kafka_source source = {bootstrap, config};
    ck_assert_msg(kafka_config_find(&brokers, &source, &properties, &error) == 0, "%s", error.text);
    for (size_t i = 0; i < properties.count; i++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s;", properties.items[i]);
    ck_assert_str_eq(all, expected);
}

static void refused(const char *config, const char *text)
{
    const struct kafka_source source = {NULL, config};
    ck_assert_int_eq(kafka_config_find(&brokers, &source, &properties, &error), -1);
    ck_assert_msg(strstr(error.text, text) != NULL, "'%s' does not say '%s'", error.text, text);
}

START_TEST(lines_become_properties_before_the_users)
{
    properties.items = calloc(1, sizeof(char *));
    properties.items[0] = strdup("acks=all");
    properties.count = 1;
    put("file",
        "# a comment\n! another\n\n security.protocol = SASL_SSL \nsasl.password=a=b#c\r\nempty=\nlast=1");
    found(NULL, "file", "security.protocol=SASL_SSL;sasl.password=a=b#c;empty=;last=1;acks=all;");
}
END_TEST

START_TEST(the_flag_beats_the_environment_and_that_env)
{
    put(".env", "KAFKA_CONFIG=file\n");
    put("file", "a=1\n");
    put("other", "b=2\n");
    found(NULL, NULL, "a=1;");
    setenv("KAFKA_CONFIG", "other", 1);
    found(NULL, NULL, "b=2;a=1;");
    found(NULL, "file", "a=1;b=2;a=1;");
    found(NULL, "", "a=1;b=2;a=1;"); /* none */
}
END_TEST

START_TEST(the_files_brokers_beat_the_environments_and_not_the_flags)
{
    setenv("KAFKA_BOOTSTRAP", "h:1", 1);
    put("file", "bootstrap.servers=k1:9093,k2:9093\n");
    found(NULL, "file", "");
    ck_assert_str_eq(brokers.bootstrap, "k1:9093,k2:9093");
    ck_assert_str_eq(brokers.source, "file");
    found("x:1", "file", "");
    ck_assert_str_eq(brokers.bootstrap, "x:1");
    ck_assert_str_eq(brokers.source, "--bootstrap");
}
END_TEST

START_TEST(what_is_wrong_is_told_with_its_line)
{
    refused("file", "--kafka-config: cannot read file: No such file or directory");
    ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
    put("file", "a=1\nwhat is this\n");
    refused("file", "file:2: NAME=VALUE is expected");
    put("file", "=1\n");
    refused("file", "file:1: NAME=VALUE is expected");
    put("file", "bootstrap.servers=a b!\n");
    refused("file", "file: bootstrap.servers");
    setenv("KAFKA_CONFIG", "/", 1);
    refused(NULL, "KAFKA_CONFIG: cannot read /: Is a directory");
}
END_TEST

START_TEST(an_address_list_that_is_too_long_is_refused_and_not_cut)
{
    char text[BROKERS_BYTES + 32];
    int used = snprintf(text, sizeof text, "bootstrap.servers=");
    memset(text + used, 'h', BROKERS_BYTES);
    text[used + BROKERS_BYTES] = '\0';
    put("file", text);
    refused("file", "file:1: the address list is longer than ");
}
END_TEST

START_TEST(properties_are_put_first_without_an_address_too)
{
    const struct kafka_source source = {NULL, "file"};
    int before = dup(0);
    close(before);
    ck_assert_int_eq(kafka_config_prepend(&source, &properties, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot read file"));
    properties.items = calloc(1, sizeof(char *));
    properties.items[0] = strdup("acks=all");
    properties.count = 1;
    put("file", "bootstrap.servers=h:1\na=1\nb=2\n");
    ck_assert_int_eq(kafka_config_prepend(&source, &properties, &error), 0);
    ck_assert_uint_eq(properties.count, 3);
    ck_assert_str_eq(properties.items[0], "a=1");
    ck_assert_str_eq(properties.items[1], "b=2");
    ck_assert_str_eq(properties.items[2], "acks=all");
    int after = dup(0);
    close(after);
    ck_assert_int_eq(after, before); /* no file stays open */
}
END_TEST

CHECK_MAIN_WITH("common/kafka_config", enter_a_clean_folder, remove_the_folder,
                lines_become_properties_before_the_users, the_flag_beats_the_environment_and_that_env,
                the_files_brokers_beat_the_environments_and_not_the_flags,
                what_is_wrong_is_told_with_its_line, an_address_list_that_is_too_long_is_refused_and_not_cut,
                properties_are_put_first_without_an_address_too)
