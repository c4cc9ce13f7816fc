/* Names of what runs, as candidates: the directory is real, of an instance of this test's own. */
#include "common/complete_names.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/stats/directory.h"
#include "tests/support/check_main.h"

static struct directory_writer *directory;
static char instance[32];
static char *text;
static struct error error;

static void put(uint32_t index, const char *name, bool retired)
{
    struct directory_worker row;
    directory_worker_init(&row);
    row.state = WORKER_READY;
    row.retired = retired;
    snprintf(row.name, sizeof row.name, "%s", name);
    snprintf(row.client, sizeof row.client, "%s", name);
    snprintf(row.group, sizeof row.group, "group_of_%s", name);
    ck_assert_int_eq(directory_publish(directory, index, &row, &error), 0);
}

static void set_up(void)
{
    snprintf(instance, sizeof instance, "check-names-%d", (int)getpid());
    ck_assert_msg(directory_create(&directory, instance, "birth", 4, &error) == 0, "%s", error.text);
    put(0, "bravo", false);
    put(1, "bravo.2", true);
    put(2, "zulu", false);
}

static void tear_down(void)
{
    directory_close(directory, true);
    free(text);
}

static const char *asked(void (*complete)(const struct completion *), const char *of, const char *prefix)
{
    size_t length;
    struct completion completion = {.instance = of, .prefix = prefix, .lead = ""};
    free(text);
    completion.stream = open_memstream(&text, &length);
    complete(&completion);
    fclose(completion.stream);
    return text;
}

START_TEST(workers_that_are_there_are_offered_with_their_state)
{
    char wanted[160];
    snprintf(wanted, sizeof wanted, "bravo\tready, of instance %s\nzulu\tready, of instance %s\n", instance,
             instance);
    ck_assert_str_eq(asked(complete_workers, instance, ""), wanted);
    snprintf(wanted, sizeof wanted, "bravo\tready, of instance %s\n", instance);
    ck_assert_ptr_nonnull(
        strstr(asked(complete_workers, NULL, "br"), wanted)); /* those of others may be there */
    ck_assert_str_eq(asked(complete_workers, "no-such-one", ""), "");
}
END_TEST

START_TEST(groups_instances_and_topics_are_offered)
{
    ck_assert_str_eq(asked(complete_groups, instance, ""), "group_of_bravo\tbravo\ngroup_of_zulu\tzulu\n");
    ck_assert_ptr_nonnull(strstr(asked(complete_instances, NULL, "check-names-"), instance));
    ck_assert_str_eq(asked(complete_topics, instance, "pay"), "payments\tpayments\n");
}
END_TEST

CHECK_MAIN_WITH("common/complete_names", set_up, tear_down,
                workers_that_are_there_are_offered_with_their_state, groups_instances_and_topics_are_offered)
