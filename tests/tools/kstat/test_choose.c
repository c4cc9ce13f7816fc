/* Which instance is looked at, when none was named. What is there is said here, not by /dev/shm. */
#include "tools/kstat/choose.h"

#include <errno.h>

#include "common/exit_codes.h"
#include "common/stats/directory.h"
#include "tests/support/check_main.h"
#include "common/view/source.h"

static const char *directories[301], *segments[4]; /* each ends with NULL */
static bool unreadable;
static char chosen[NAME_BYTES];
static struct error error;

int directory_scan(int (*each)(void *context, const char *instance), void *context)
{
    int result = 0;
    for (size_t i = 0; directories[i] != NULL && result == 0; i++)
        result = each(context, directories[i]);
    errno = EACCES;
    return unreadable ? -1 : result;
}

int stats_segment_scan(const char *instance,
                       int (*each)(void *context, const char *instance, const char *worker,
                                   uint64_t generation),
                       void *context)
{
    int result = 0;
    ck_assert_ptr_null(instance);
    for (size_t i = 0; segments[i] != NULL && result == 0; i++)
        result = each(context, segments[i], "bravo", 1);
    return result;
}

static void chooses(const char *instance)
{
    ck_assert_msg(choose_instance(chosen, &error) == 0, "%s", error.text);
    ck_assert_str_eq(chosen, instance);
}

static void fails(int exit_code, const char *why)
{
    ck_assert_int_eq(choose_instance(chosen, &error), -1);
    ck_assert_int_eq(error.exit_code, exit_code);
    ck_assert_ptr_nonnull(strstr(error.text, why));
}

START_TEST(the_only_one_is_taken_also_one_without_a_supervisor)
{
    directories[0] = "one";
    segments[0] = "one"; /* its worker */
    chooses("one");
    directories[0] = NULL;
    segments[0] = "by-hand";
    chooses("by-hand");
}
END_TEST

START_TEST(of_several_the_default_one_is_taken)
{
    directories[0] = "another";
    directories[1] = INSTANCE_DEFAULT;
    directories[2] = "zulu";
    chooses(INSTANCE_DEFAULT);
}
END_TEST

START_TEST(several_others_are_listed_to_choose_from)
{
    directories[0] = "one";
    directories[1] = "two";
    segments[0] = "three";
    fails(EXIT_CODE_USAGE,
          "several instances are there: one (dead), two (dead), three (dead); choose one with -i NAME");
}
END_TEST

static const char *living[4]; /* ends with NULL */

static bool lives(const char *instance)
{
    for (size_t i = 0; living[i] != NULL; i++)
        if (strcmp(living[i], instance) == 0)
            return true;
    return false;
}

static int fake_supervisor(const struct source *source, const char *instance,
                           struct source_supervisor *supervisor, struct error *why)
{
    (void)source;
    (void)why;
    *supervisor = (struct source_supervisor){.alive = lives(instance)};
    return 0;
}

static int fake_segment(const struct source *source, const char *instance, const struct segment_name *name,
                        struct stats_snapshot **snapshot, struct stats_liveness *liveness, struct error *why)
{
    (void)source;
    (void)name;
    (void)why;
    *snapshot = NULL;
    *liveness = (struct stats_liveness){.alive = lives(instance)};
    return 0;
}

static const struct source_class fakes = {.supervisor = fake_supervisor, .segment = fake_segment};

START_TEST(the_only_one_that_lives_is_taken)
{
    directories[0] = INSTANCE_DEFAULT;
    directories[1] = "two";
    segments[0] = "three";
    source_live.class = &fakes;
    living[0] = "two";
    chooses("two");
    living[0] = "three"; /* a worker, by hand */
    chooses("three");
    living[1] = "two";
    chooses(INSTANCE_DEFAULT);
    directories[0] = "one";
    fails(EXIT_CODE_USAGE, "several instances are there: one (dead), two, three; choose");
}
END_TEST

START_TEST(where_nothing_is_there_it_is_said_how_to_start)
{
    fails(EXIT_CODE_NOT_RUNNING, "nothing is running; start it with");
}
END_TEST

START_TEST(what_cannot_be_listed_is_an_error)
{
    directories[0] = INSTANCE_DEFAULT;
    unreadable = true;
    fails(EXIT_CODE_FAILED, "cannot list /dev/shm: Permission denied");
}
END_TEST

START_TEST(more_than_can_be_listed_are_still_several)
{
    static char names[300][8];
    for (size_t i = 0; i < 300; i++) {
        snprintf(names[i], sizeof names[i], "i%zu", i);
        directories[i] = names[i];
    }
    fails(EXIT_CODE_USAGE, "i2 (dead), ");
}
END_TEST

CHECK_MAIN("tools/kstat/choose", the_only_one_is_taken_also_one_without_a_supervisor,
           of_several_the_default_one_is_taken, several_others_are_listed_to_choose_from,
           the_only_one_that_lives_is_taken, where_nothing_is_there_it_is_said_how_to_start,
           what_cannot_be_listed_is_an_error, more_than_can_be_listed_are_still_several)
