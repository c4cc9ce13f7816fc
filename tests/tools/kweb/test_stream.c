/* Readers of events: each has all of the ring from where it was, and the last snapshot, whatever it takes at
 * a time. */
#include "tests/support/fake_clock.h"

#include "tools/kweb/stream.h"

#include "common/clock.h"
#include "common/stats/events.h"
#include "tests/common/view/instance_case.h"
#include "tests/tools/kweb/exchange_case.h"
#include "tools/kweb/samples.h"

enum { READERS = STREAMS_MAX + 1 };

static struct {
    MHD_ContentReaderCallback read;
    MHD_ContentReaderFreeCallback release;
    void *context;
} readers[READERS];
static size_t reader_count;
static struct events_writer *events;
static char text[1 << 20];

struct MHD_Response *MHD_create_response_from_callback(uint64_t size, size_t block,
                                                       MHD_ContentReaderCallback read, void *context,
                                                       MHD_ContentReaderFreeCallback release)
{
    (void)size;
    (void)block;
    readers[reader_count].read = read;
    readers[reader_count].release = release;
    readers[reader_count++].context = context;
    return MHD_create_response_from_buffer_with_free_callback(0, strdup(""), free);
}

static void prepare(void)
{
    instance_prepare();
    settings.instance = instance_name;
    ck_assert_int_eq(samples_open(&kweb.samples, &settings, NULL), 0);
    ck_assert_int_eq(events_open(&events, instance_name, NULL), 0);
}

static void clean_up(void)
{
    for (size_t i = 0; i < reader_count; i++)
        readers[i].release(readers[i].context);
    ck_assert_ptr_null(kweb.streams);
    samples_close(kweb.samples);
    events_close(events, true);
    clean_up_exchange();
    instance_clean_up();
}

static void happens(const char *worker)
{
    struct event event;
    event_init(&event, EVENT_KIND_READY);
    snprintf(event.worker, sizeof event.worker, "%s", worker);
    events_add(events, &event);
}

static void begin(void)
{
    ask("GET", "/events");
    serve();
}

/* All that there is now, so much at a time. Returns what the last call said. */
static ssize_t take_all(size_t reader, size_t at_a_time)
{
    size_t used = 0;
    ssize_t taken;
    while ((taken = readers[reader].read(readers[reader].context, 0, text + used, at_a_time)) > 0)
        used += (size_t)taken;
    text[used] = '\0';
    return taken;
}

static bool has(const char *part)
{
    return strstr(text, part) != NULL;
}

static void look(void)
{
    samples_check(kweb.samples, clock_monotonic_us());
    streams_check(&kweb, clock_monotonic_us());
}

START_TEST(a_new_reader_gets_all_events_and_then_the_snapshot)
{
    for (int i = 0; i < 20; i++)
        happens("bravo");
    begin();
    look();
    ck_assert_int_eq(take_all(0, 65536), 0);
    ck_assert_int_eq(strncmp(text, "retry: 500\n\nid: 1.", 18), 0);
    ck_assert(has("\n\nid: 20."));
    const char *snapshot = strstr(text, "\n\nevent: snapshot\ndata: {");
    ck_assert_ptr_nonnull(snapshot);
    ck_assert_ptr_null(strstr(snapshot, "event: event"));
    ck_assert_str_eq(text + strlen(text) - 3, "}\n\n");
    ck_assert_int_eq(fake.suspended, 1);
}
END_TEST

START_TEST(however_little_it_takes_at_a_time_it_is_the_same)
{
    for (int i = 0; i < 20; i++)
        happens("bravo");
    begin();
    begin();
    look();
    take_all(0, 65536);
    char *whole = strdup(text);
    take_all(1, 1);
    ck_assert_str_eq(text, whole);
    free(whole);
}
END_TEST

START_TEST(one_that_comes_back_gets_what_it_has_not)
{
    for (int i = 0; i < 5; i++)
        happens("bravo");
    header("Last-Event-ID", "3");
    begin();
    take_all(0, 65536);
    ck_assert(!has("id: 3.") && has("id: 4.") && has("id: 5."));
    fake.count = 0;
    ask("GET", "/events");
    query("since", "4");
    serve();
    take_all(1, 65536);
    ck_assert(!has("id: 4.") && has("id: 5."));
}
END_TEST

/* The id of the last event in the text. */
static char *last_id(void)
{
    char *at = NULL;
    for (char *next = text; (next = strstr(next, "id: ")) != NULL; next++)
        at = next + 4;
    ck_assert_ptr_nonnull(at);
    return strndup(at, strcspn(at, "\n"));
}

START_TEST(a_number_of_another_ring_is_none_of_this_one)
{
    for (int i = 0; i < 3; i++)
        happens("bravo");
    begin();
    take_all(0, 65536);
    char *id = last_id();
    header("Last-Event-ID", id);
    begin();
    take_all(1, 65536);
    ck_assert(!has("id: 3."));
    events_close(events, true);
    fake_clock_advance(US_PER_SECOND);
    ck_assert_int_eq(events_open(&events, instance_name, NULL), 0);
    for (int i = 0; i < 5; i++)
        happens("zulu");
    begin();
    take_all(2, 65536);
    ck_assert(has("id: 1.") && has("id: 5.") && !has("bravo"));
    take_all(1, 65536); /* whose connection has lasted */
    ck_assert(has("id: 1.") && has("id: 5."));
    free(id);
}
END_TEST

START_TEST(a_number_that_is_none_is_none)
{
    happens("bravo");
    header("Last-Event-ID", "-1");
    begin();
    take_all(0, 65536);
    ck_assert(has("id: 1."));
}
END_TEST

START_TEST(what_the_ring_has_not_any_more_is_told)
{
    for (int i = 0; i < EVENTS_KEPT + 10; i++)
        happens("bravo");
    header("Last-Event-ID", "4");
    begin();
    take_all(0, 65536);
    ck_assert(has("event: missed\ndata: {\"missed\":6}\n\nid: 11."));
}
END_TEST

START_TEST(an_event_wakes_it_and_nothing_does_not)
{
    happens("bravo");
    begin();
    look();
    take_all(0, 65536);
    streams_check(&kweb, clock_monotonic_us());
    ck_assert_int_eq(fake.resumed, 0);
    happens("zulu");
    streams_check(&kweb, clock_monotonic_us());
    ck_assert_int_eq(fake.resumed, 1);
    take_all(0, 65536);
    ck_assert(has("id: 2.") && has("zulu") && !has("snapshot"));
}
END_TEST

START_TEST(a_snapshot_comes_once)
{
    begin();
    look();
    take_all(0, 65536);
    ck_assert(has("snapshot"));
    fake_clock_advance(SAMPLES_EVERY_US);
    look();
    take_all(0, 65536);
    ck_assert(has("snapshot"));
    take_all(0, 65536);
    ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(of_the_snapshots_that_a_slow_reader_did_not_take_it_gets_the_last)
{
    begin();
    for (int i = 0; i < 10; i++) {
        look();
        fake_clock_advance(SAMPLES_EVERY_US);
    }
    take_all(0, 65536);
    ck_assert(has("event: snapshot"));
    ck_assert_ptr_null(strstr(strstr(text, "event: snapshot") + 1, "event: snapshot"));
}
END_TEST

START_TEST(one_that_hears_nothing_hears_that_it_is_still_there)
{
    begin();
    take_all(0, 65536);
    fake_clock_advance(15 * US_PER_SECOND);
    streams_check(&kweb, clock_monotonic_us());
    take_all(0, 65536);
    ck_assert_str_eq(text, ": still here\n\n");
}
END_TEST

START_TEST(there_are_so_many)
{
    for (int i = 0; i < STREAMS_MAX; i++)
        begin();
    begin();
    is_refused(503, "256 readers");
}
END_TEST

START_TEST(only_the_head_costs_no_place)
{
    ask("HEAD", "/events");
    serve();
    ck_assert_uint_eq(exchange.status, 200);
    ck_assert_uint_eq(reader_count, 0);
}
END_TEST

START_TEST(at_the_end_each_is_ended)
{
    begin();
    take_all(0, 65536);
    streams_close(&kweb);
    ck_assert_int_eq(fake.resumed, 1);
    ck_assert_int_eq(take_all(0, 65536), MHD_CONTENT_READER_END_OF_STREAM);
}
END_TEST

START_TEST(one_that_comes_at_the_end_is_not_kept_waiting)
{
    kweb.stopping = true;
    begin();
    ck_assert_int_eq(take_all(0, 65536), MHD_CONTENT_READER_END_OF_STREAM);
    ck_assert_int_eq(fake.suspended, 0);
}
END_TEST

CHECK_MAIN_WITH("tools/kweb/stream", prepare, clean_up, a_new_reader_gets_all_events_and_then_the_snapshot,
                however_little_it_takes_at_a_time_it_is_the_same, one_that_comes_back_gets_what_it_has_not,
                a_number_of_another_ring_is_none_of_this_one, a_number_that_is_none_is_none,
                what_the_ring_has_not_any_more_is_told, an_event_wakes_it_and_nothing_does_not,
                a_snapshot_comes_once, of_the_snapshots_that_a_slow_reader_did_not_take_it_gets_the_last,
                one_that_hears_nothing_hears_that_it_is_still_there, there_are_so_many,
                only_the_head_costs_no_place, at_the_end_each_is_ended,
                one_that_comes_at_the_end_is_not_kept_waiting)
