/* Which topics a fleet uses: each once, in the order of its workers. */
#include "supervisor/config/topics.h"

#include "tests/support/check_main.h"

enum { WORKERS = 4, MANY = TOPICS_MAX + 1 };

static char names[MANY][16];
static struct settings settings[MANY];
static struct worker workers[MANY];
static struct worker *pointers[MANY];
static struct supervisor supervisor;
static const char *topics[TOPICS_MAX];
static char text[64];

static void set_up(void)
{
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "t%zu", i);
        settings[i].topic = names[i];
        workers[i] = (struct worker){.kind = KIND_CONSUMER, .settings = &settings[i]};
        pointers[i] = &workers[i];
    }
    supervisor = (struct supervisor){.workers = pointers, .worker_count = WORKERS, .settings = &settings[9]};
}

START_TEST(each_topic_is_used_once_in_the_order_of_its_workers)
{
    settings[2].topic = names[0];
    ck_assert_uint_eq(topics_used(&supervisor, topics), 3);
    ck_assert_str_eq(topics[0], "t0");
    ck_assert_str_eq(topics[1], "t1");
    ck_assert_str_eq(topics[2], "t3");
    topics_text(&supervisor, text, sizeof text);
    ck_assert_str_eq(text, "t0, t1, t3");
}
END_TEST

START_TEST(who_is_scaled_away_or_moves_no_records_uses_none)
{
    workers[0].retired = true;
    workers[1].kind = KIND_PROVISION;
    workers[2].kind = KIND_BROKER;
    workers[3].kind = KIND_PRODUCER;
    topics_text(&supervisor, text, sizeof text);
    ck_assert_str_eq(text, "t3");
    workers[3].retired = true; /* nobody is left: what the instance is for */
    ck_assert_uint_eq(topics_used(&supervisor, topics), 1);
    ck_assert_str_eq(topics[0], "t9");
}
END_TEST

START_TEST(no_more_are_named_than_there_is_room_for)
{
    char cut[8];
    supervisor.worker_count = MANY;
    ck_assert_uint_eq(topics_used(&supervisor, topics), TOPICS_MAX);
    topics_text(&supervisor, cut, sizeof cut);
    ck_assert_str_eq(cut, "t0, t1,");
}
END_TEST

CHECK_MAIN_WITH("supervisor/topics", set_up, NULL, each_topic_is_used_once_in_the_order_of_its_workers,
                who_is_scaled_away_or_moves_no_records_uses_none, no_more_are_named_than_there_is_room_for)
