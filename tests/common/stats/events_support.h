/* events_support.h: what the tests of a ring of events share: an instance of their own, events that say their
 * number everywhere, and a writer and a reader of it. */
#ifndef KSUPERVISE_TESTS_COMMON_STATS_EVENTS_SUPPORT_H
#define KSUPERVISE_TESTS_COMMON_STATS_EVENTS_SUPPORT_H

#include "common/stats/directory_layout.h"
#include "common/stats/events_layout.h"
#include "tests/common/stats/support.h"

static struct events_writer *writer;
static struct events_reader *reader;
static struct event event;
static uint64_t missed;
static char object[STATS_NAME_BYTES], path[STATS_NAME_BYTES + 16];

static void open_writer_of_events(void)
{
    struct error error = ERROR_INIT;
    ck_assert_msg(events_open(&writer, instance_name, &error) == 0, "%s", error.text);
}

__attribute__((unused)) static void open_reader(void)
{
    struct error error = ERROR_INIT;
    ck_assert_msg(events_reader_open(&reader, instance_name, &error) == 0, "%s", error.text);
}

__attribute__((unused)) static void begin_events(void)
{
    snprintf(instance_name, sizeof instance_name, "check-%d", (int)getpid());
    directory_name_beside(object, instance_name, EVENTS_OBJECT);
    snprintf(path, sizeof path, "/dev/shm%s", object);
    shm_unlink(object); /* of a run that was killed */
    open_writer_of_events();
}

__attribute__((unused)) static void end_events(void)
{
    events_reader_close(reader);
    events_close(writer, true);
    shm_unlink(object);
}

/* An event that says its number in every member: half of it is seen. */
__attribute__((unused)) static struct event numbered(int64_t n)
{
    struct event one;
    event_init(&one, EVENT_KIND_STARTED);
    one.time_us = one.generation = one.pid = one.partition = one.from = one.to = one.count = n;
    snprintf(one.worker, sizeof one.worker, "w%lld", (long long)n);
    snprintf(one.text, sizeof one.text, "event %lld", (long long)n);
    return one;
}

__attribute__((unused)) static void write_events(int64_t first, int64_t last)
{
    for (int64_t n = first; n <= last; n++) {
        struct event one = numbered(n);
        events_add(writer, &one);
    }
}

__attribute__((unused)) static void is_numbered(const struct event *one, uint64_t sequence)
{
    struct event wanted = numbered((int64_t)sequence);
    wanted.sequence = sequence;
    ck_assert_uint_eq(one->sequence, sequence);
    ck_assert_mem_eq(one, &wanted, sizeof wanted);
}

/* The next one after `after`, as it should be. */
__attribute__((unused)) static void reads(uint64_t after, uint64_t sequence, uint64_t wanted_missed)
{
    struct error error = ERROR_INIT;
    ck_assert_msg(events_read(reader, after, &event, &missed, &error) == 1, "%s", error.text);
    is_numbered(&event, sequence);
    ck_assert_uint_eq(missed, wanted_missed);
}

__attribute__((unused)) static void reads_nothing(uint64_t after)
{
    ck_assert_int_eq(events_read(reader, after, &event, &missed, NULL), 0);
}

#endif
