/* A capture as the page plays it. */
#include "tests/common/capture/capture_case.h"

#include <jansson.h>

#include "common/capture/recording.h"

static json_t *played;
static size_t bytes_max;
static int steps;

static void clean_up(void)
{
    json_decref(played);
    capture_clean_up();
}

/* 0, or -1 with the error. */
static int play(void)
{
    char *text = NULL;
    size_t length = 0;
    struct recording *recording;
    FILE *stream = open_memstream(&text, &length);
    const struct view_request request = {.source = capture_source(kept), .instance = capture_instance(kept)};
    const struct recording_spec spec = {
        .request = &request, .capture = kept, .bytes_max = bytes_max, .stream = stream};
    int more = recording_open(&recording, &spec, &error) == 0 ? 1 : -1;
    for (steps = 0; more == 1; steps++)
        more = recording_step(recording, &error);
    recording_close(recording);
    fclose(stream);
    ck_assert_ptr_null(strchr(text, '<'));
    json_decref(played);
    played = more == 0 ? json_loads(text, 0, NULL) : NULL;
    ck_assert(more == -1 || played != NULL);
    free(text);
    return more;
}

static void play_whole(void)
{
    open_capture();
    ck_assert_msg(play() == 0, "%s", error.text);
}

/* And some more. */
static size_t bytes_of_moment(size_t index)
{
    char *text = json_dumps(json_array_get(json_object_get(played, "snapshots"), index), JSON_COMPACT);
    size_t bytes = strlen(text) + 64;
    free(text);
    return bytes;
}

/* A frame of the instance with these events. */
static void write_frame(const struct event *events, size_t count)
{
    static unsigned char packed[1 << 20];
    static struct plain plain;
    struct capture_item instance = {.type = CAPTURE_INSTANCE},
                        item = {.type = CAPTURE_EVENTS, .generation = sizeof *events};
    struct capture_frame frame = {.magic = CAPTURE_FRAME, .time_us = clock_wall_us()};
    size_t bytes = 0;
    plain.used = 0;
    snprintf(instance.name, sizeof instance.name, "%s", instance_name);
    snprintf(item.name, sizeof item.name, "%s", instance_name);
    add_item(&plain, &instance, "");
    item.bytes = count * sizeof *events;
    add_item(&plain, &item, events);
    struct source_supervisor supervisor;
    ck_assert_int_eq(source_live.class->supervisor(&source_live, instance_name, &supervisor, NULL), 0);
    void *image = directory_image(supervisor.directory, &bytes);
    directory_free(supervisor.directory);
    item = (struct capture_item){.type = CAPTURE_DIRECTORY, .bytes = bytes};
    snprintf(item.name, sizeof item.name, "%s", instance_name);
    add_item(&plain, &item, image);
    free(image);
    frame.plain_bytes = plain.used;
    frame.packed_bytes = ZSTD_compress(packed, sizeof packed, plain.bytes, plain.used, 3);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const struct capture_file_header header = {CAPTURE_MAGIC, CAPTURE_BYTE_ORDER, CAPTURE_VERSION};
    if (file_bytes() == 0)
        ck_assert_int_eq(write(fd, &header, sizeof header), (ssize_t)sizeof header);
    ck_assert_int_eq(write(fd, &frame, sizeof frame), (ssize_t)sizeof frame);
    ck_assert_int_eq(write(fd, packed, frame.packed_bytes), (ssize_t)frame.packed_bytes);
    close(fd);
}

static struct event event_of(uint64_t sequence, int64_t time_us)
{
    struct event event;
    event_init(&event, EVENT_KIND_PAUSED);
    event.sequence = sequence;
    event.time_us = time_us;
    snprintf(event.text, sizeof event.text, "</script>");
    return event;
}

static void has_events(const int64_t *numbers, size_t count)
{
    const json_t *events = json_object_get(played, "events");
    ck_assert_uint_eq(json_array_size(events), count);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(events, i), "sequence")),
                         numbers[i]);
}

START_TEST(every_moment_is_in_it_the_last_one_last)
{
    write_looks(3);
    play_whole();
    const json_t *moments = json_object_get(played, "snapshots");
    ck_assert_uint_eq(json_array_size(moments), 3);
    ck_assert_int_eq(steps, 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(moments, i), "time_us")),
                         capture_time_us(kept, i));
}
END_TEST

START_TEST(where_not_all_fit_they_are_thinned_out_evenly)
{
    write_looks(9);
    play_whole();
    bytes_max = 3 * bytes_of_moment(8);
    play_whole();
    const json_t *moments = json_object_get(played, "snapshots");
    ck_assert_uint_eq(json_array_size(moments), 3);
    ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(moments, 2), "time_us")),
                     capture_time_us(kept, 8));
    ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(moments, 0), "time_us")),
                     capture_time_us(kept, 2));
}
END_TEST

START_TEST(events_of_moments_that_are_left_out_are_in_it)
{
    for (uint64_t i = 1; i <= 5; i++) {
        struct event event = event_of(i, (int64_t)i);
        write_frame(&event, 1);
    }
    play_whole();
    bytes_max = 2 * bytes_of_moment(4);
    play_whole();
    ck_assert_uint_lt(json_array_size(json_object_get(played, "snapshots")), 5);
    has_events((int64_t[]){1, 2, 3, 4, 5}, 5);
}
END_TEST

START_TEST(two_lives_have_their_events_each_also_where_the_clock_was_set_back)
{
    const struct event first[] = {event_of(1, 1000), event_of(2, 2000), event_of(3, 3000)};
    const struct event second[] = {event_of(1, 500), event_of(2, 600)};
    const struct event more[] = {event_of(1, 500), event_of(2, 600), event_of(3, 700)};
    write_frame(first, 3);
    write_frame(second, 2);
    write_frame(more, 3); /* appended to by another kstat: it begins again */
    play_whole();
    has_events((int64_t[]){1, 2, 3, 1, 2, 3}, 6);
}
END_TEST

START_TEST(a_damaged_frame_ends_it_with_the_reason)
{
    write_looks(2);
    uint64_t bytes = 7;
    change_file(sizeof(struct capture_file_header) + offsetof(struct capture_frame, plain_bytes), &bytes,
                sizeof bytes);
    open_capture();
    ck_assert_int_eq(play(), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "a frame cannot be unpacked"));
}
END_TEST

START_TEST(what_holds_far_more_than_its_last_moment_said_is_refused)
{
    static struct event events[40];
    for (size_t i = 0; i < 40; i++)
        events[i] = event_of(i + 1, (int64_t)i);
    write_frame(events, 40);
    open_capture();
    bytes_max = 1000;
    ck_assert_int_eq(play(), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "holds too much"));
}
END_TEST

/* --- a stranger's file --------------------------------------------------------------------------------- */

static int take_within(const struct capture_bounds *bounds)
{
    struct capture *taken;
    int result = capture_take(&taken, open(path, O_RDONLY | O_CLOEXEC), "it", bounds, &error);
    capture_close(taken);
    return result;
}

START_TEST(a_strangers_file_has_bounds)
{
    const struct capture_bounds wide = {.frames = 9, .objects = 4, .frame_bytes = 1 << 24};
    struct capture_bounds few = wide, small = wide;
    few.objects = 2;
    small.frame_bytes = 100;
    write_looks(1);
    ck_assert_msg(take_within(&wide) == 0, "%s", error.text);
    ck_assert_int_eq(take_within(&few), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "it has a frame of more than 2 objects"));
    ck_assert_int_eq(take_within(&small), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "it has a frame of more than 100 bytes"));
}
END_TEST

CHECK_MAIN_WITH("common/capture/recording", capture_prepare, clean_up,
                every_moment_is_in_it_the_last_one_last, where_not_all_fit_they_are_thinned_out_evenly,
                events_of_moments_that_are_left_out_are_in_it,
                two_lives_have_their_events_each_also_where_the_clock_was_set_back,
                a_damaged_frame_ends_it_with_the_reason,
                what_holds_far_more_than_its_last_moment_said_is_refused, a_strangers_file_has_bounds)
