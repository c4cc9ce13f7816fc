/* Captures as they are read: what they show, and what they are refused for. */
#include "tests/common/capture/capture_case.h"

/* --- what it shows -------------------------------------------------------------------------------------- */

START_TEST(a_capture_shows_what_the_instance_showed)
{
    for (int i = 0; i < 40; i++)
        stats_event(bravo, STATS_RING_LINES, clock_wall_us(), i, "line %d", i);
    begin_writing();
    write_look(&source_live);
    end_writing();
    open_capture();
    ck_assert_str_eq(capture_instance(kept), instance_name);
    ck_assert_uint_eq(capture_frames(kept), 1);
    ck_assert(!capture_was_cut(kept));
    same_line(&source_live, capture_source(kept), true);
    same_line(&source_live, capture_source(kept), false);
}
END_TEST

START_TEST(what_died_is_dead_in_a_capture_and_stays_what_it_was)
{
    leave_a_dead_generation();
    int fd = create_worker("zulu", STATS_KIND_CONSUMER, 1); /* starting */
    stats_writer_close(bravo);
    bravo = NULL;
    directory_close(directory, false);
    begin_writing();
    write_look(&source_live);
    end_writing();
    open_capture();
    same_line(&source_live, capture_source(kept), true);
    ck_assert(!view.supervisor_alive);
    collect(&(struct view_request){.source = capture_source(kept)});
    ck_assert_uint_eq(view.count, 3);
    ck_assert(!view_alive(&view.workers[0]) && view_alive(&view.workers[1]) && !view_alive(&view.workers[2]));
    collect(&(struct view_request){.source = capture_source(kept), .worker = "bravo", .generation = 1});
    ck_assert_int_eq(view_counter(&view.workers[0], "processed"), 500);
    ck_assert_uint_eq(view.workers[0].segments, 2);
    ck_assert_int_eq(directory_create(&directory, instance_name, "birth", 4, NULL), 0);
    close(fd);
}
END_TEST

START_TEST(a_capture_is_of_its_moment_whatever_comes_after_it)
{
    begin_writing();
    write_look(&source_live);
    end_writing();
    char *then = line_of(&source_live, false);
    stats_writer_close(bravo);
    bravo = NULL;
    remove_segments();
    directory_close(directory, true);
    directory = NULL;
    fake_clock_advance(US_PER_SECOND);
    open_capture();
    char *now = line_of(capture_source(kept), false);
    ck_assert_str_eq(now, then);
    free(now);
    free(then);
}
END_TEST

START_TEST(each_moment_has_its_time_and_its_values)
{
    int64_t first_us = clock_wall_us();
    write_looks(5);
    open_capture();
    ck_assert_uint_eq(capture_frames(kept), 5);
    for (size_t i = 5; i > 0; i--) {
        ck_assert_int_eq(processed_at(i - 1), 1042 + (int64_t)i - 1);
        ck_assert_int_eq(view.now_us, first_us + ((int64_t)i - 1) * US_PER_SECOND);
        ck_assert_int_eq(capture_time_us(kept, i - 1), view.now_us);
    }
    ck_assert(capture_time_us(kept, 5) == STATS_UNKNOWN);
    ck_assert_int_eq(capture_seek(kept, 5, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
    ck_assert_ptr_nonnull(strstr(error.text, "has 5 frames"));
    ck_assert_int_eq(view.now_us, first_us); /* it stays where it was */
}
END_TEST

START_TEST(it_opens_at_its_last_moment)
{
    write_looks(3);
    open_capture();
    collect(&(struct view_request){.source = capture_source(kept), .worker = "bravo"});
    ck_assert_int_eq(view_counter(&view.workers[0], "processed"), 1044);
}
END_TEST

START_TEST(a_moment_is_found_also_behind_a_clock_that_was_set_back)
{
    int64_t first_us = clock_wall_us();
    write_looks(3);
    fake_clock_advance(-100 * US_PER_SECOND);
    write_looks(3);
    open_capture();
    ck_assert_uint_eq(capture_find(kept, first_us - 96 * US_PER_SECOND), 4);
    ck_assert_uint_eq(capture_find(kept, INT64_MAX), 5);
}
END_TEST

START_TEST(a_moment_is_found_by_a_time_that_is_not_before_it)
{
    int64_t first_us = clock_wall_us();
    write_looks(100);
    open_capture();
    ck_assert_uint_eq(capture_frames(kept), 100);
    ck_assert_uint_eq(capture_find(kept, 0), 0);
    ck_assert_uint_eq(capture_find(kept, first_us), 0);
    ck_assert_uint_eq(capture_find(kept, first_us + 41 * US_PER_SECOND), 41);
    ck_assert_uint_eq(capture_find(kept, first_us + 42 * US_PER_SECOND - 1), 41);
    ck_assert_uint_eq(capture_find(kept, INT64_MAX), 99);
}
END_TEST

/* --- by its items --------------------------------------------------------------------------------------- */

static struct plain plain;

static struct capture_item item_of(uint32_t type, uint32_t flags, const char *name, uint64_t generation,
                                   size_t bytes)
{
    struct capture_item item = {.type = type, .flags = flags, .generation = generation, .bytes = bytes};
    snprintf(item.name, sizeof item.name, "%s", name);
    return item;
}

static void add_empty(uint32_t type, const char *name, uint64_t generation)
{
    struct capture_item item = item_of(type, 0, name, generation, 0);
    add_item(&plain, &item, "");
}

static void add_segment(const char *name, uint64_t generation, uint32_t flags)
{
    int fd = stats_segment_open(instance_name, "bravo", 2, NULL);
    struct image image = image_of(fd);
    struct capture_item item = item_of(CAPTURE_SEGMENT, flags, name, generation, image.size);
    add_item(&plain, &item, image.bytes);
    free(image.bytes);
    close(fd);
}

static void add_directory(uint32_t flags)
{
    struct directory *read;
    size_t bytes = 0;
    ck_assert_int_eq(directory_open(&read, instance_name, NULL), 0);
    void *image = directory_image(read, &bytes);
    struct capture_item item = item_of(CAPTURE_DIRECTORY, flags, instance_name, 0, bytes);
    add_item(&plain, &item, image);
    free(image);
    directory_free(read);
}

static void put_plain(void)
{
    put_frame_of(plain.bytes, plain.used);
}

START_TEST(segments_come_by_worker_and_generation_in_whatever_order_they_lie)
{
    static const char *const expected[] = {"alpha 1",  "bravo 2",   "bravo 10",
                                           "bravo 11", "bravo.2 1", "zulu 1"};
    struct segment_list list = {0};
    struct source *source;
    add_empty(CAPTURE_SEGMENT, "bravo.2", 1);
    add_empty(CAPTURE_SEGMENT, "bravo", 10);
    add_empty(CAPTURE_SEGMENT, "zulu", 1);
    add_empty(CAPTURE_INSTANCE, instance_name, 0);
    add_empty(CAPTURE_SEGMENT, "bravo", 2);
    add_empty(CAPTURE_SEGMENT, "alpha", 1);
    add_empty(CAPTURE_SEGMENT, "bravo", 11);
    put_plain();
    open_capture();
    source = capture_source(kept);
    ck_assert_int_eq(source->class->segments(source, instance_name, &list, &error), 0);
    ck_assert_uint_eq(list.count, 6);
    for (size_t i = 0; i < 6; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s %d", list.items[i].worker, (int)list.items[i].generation);
        ck_assert_str_eq(text, expected[i]);
    }
    segment_list_release(&list);
}
END_TEST

static struct stats_liveness liveness_of(const char *worker, uint64_t generation)
{
    struct source *source = capture_source(kept);
    struct segment_name name = {.generation = generation};
    struct stats_snapshot *snapshot;
    struct stats_liveness liveness;
    snprintf(name.worker, sizeof name.worker, "%s", worker);
    ck_assert_int_eq(source->class->segment(source, instance_name, &name, &snapshot, &liveness, &error), 0);
    stats_snapshot_free(snapshot);
    return liveness;
}

START_TEST(whether_a_worker_lived_stands_beside_its_segment)
{
    add_empty(CAPTURE_INSTANCE, instance_name, 0);
    add_segment("bravo", 1, 0);
    add_segment("bravo", 2, CAPTURE_ALIVE);
    add_segment("zulu", 2, CAPTURE_ELSEWHERE);
    put_plain();
    open_capture();
    ck_assert(!liveness_of("bravo", 1).alive);
    ck_assert(liveness_of("bravo", 2).alive && !liveness_of("bravo", 2).elsewhere);
    ck_assert(!liveness_of("zulu", 2).alive && liveness_of("zulu", 2).elsewhere);
    ck_assert_int_eq(liveness_of("zulu", 2).pid, getpid());
}
END_TEST

START_TEST(a_segment_that_is_not_in_it_is_not_running)
{
    static const struct segment_name names[] = {{"bravo", 3}, {"zulu", 2}};
    add_empty(CAPTURE_INSTANCE, instance_name, 0);
    add_segment("bravo", 2, 0);
    add_empty(CAPTURE_DIRECTORY, "zulu", 2); /* none of a segment */
    put_plain();
    open_capture();
    struct source *source = capture_source(kept);
    for (size_t i = 0; i < 2; i++) {
        struct stats_snapshot *snapshot;
        struct stats_liveness liveness;
        ck_assert_int_eq(source->class->segment(source, "", &names[i], &snapshot, &liveness, &error), -1);
        ck_assert_int_eq(error.exit_code, EXIT_CODE_NOT_RUNNING);
        ck_assert_ptr_null(snapshot);
    }
}
END_TEST

START_TEST(how_a_supervisor_was_stands_beside_its_directory)
{
    for (uint32_t flags = 0; flags < 8; flags++) {
        struct source_supervisor supervisor;
        plain.used = 0;
        add_empty(CAPTURE_INSTANCE, instance_name, 0);
        add_directory(flags);
        put_plain();
        open_capture();
        struct source *source = capture_source(kept);
        ck_assert_int_eq(source->class->supervisor(source, instance_name, &supervisor, &error), 0);
        ck_assert(supervisor.alive == ((flags & CAPTURE_ALIVE) != 0));
        ck_assert(supervisor.stopped == ((flags & CAPTURE_STOPPED) != 0));
        ck_assert(supervisor.elsewhere == ((flags & CAPTURE_ELSEWHERE) != 0));
        ck_assert_uint_eq(directory_count(supervisor.directory), 2);
        directory_free(supervisor.directory);
    }
}
END_TEST

START_TEST(a_capture_without_a_directory_is_of_workers_that_were_started_by_hand)
{
    struct source_supervisor supervisor;
    add_empty(CAPTURE_INSTANCE, instance_name, 0);
    add_segment("bravo", 2, CAPTURE_ALIVE);
    put_plain();
    open_capture();
    struct source *source = capture_source(kept);
    ck_assert_int_eq(source->class->supervisor(source, instance_name, &supervisor, &error), 0);
    ck_assert_ptr_null(supervisor.directory);
    collect(&(struct view_request){.source = source});
    ck_assert_uint_eq(view.count, 1);
    ck_assert_str_eq(view_state(&view, &view.workers[0]), "running");
}
END_TEST

START_TEST(objects_that_cannot_be_read_are_told)
{
    struct source_supervisor supervisor;
    add_empty(CAPTURE_INSTANCE, instance_name, 0);
    add_empty(CAPTURE_DIRECTORY, instance_name, 0);
    add_empty(CAPTURE_SEGMENT, "bravo", 2);
    put_plain();
    open_capture();
    struct source *source = capture_source(kept);
    ck_assert_int_eq(source->class->supervisor(source, instance_name, &supervisor, &error), -1);
    plain.used = 0;
    add_empty(CAPTURE_INSTANCE, instance_name, 0);
    add_empty(CAPTURE_SEGMENT, "bravo", 2);
    put_plain();
    open_capture();
    collect(&(struct view_request){.source = capture_source(kept)});
    ck_assert_ptr_nonnull(strstr(view.workers[0].problem, "not a statistics segment"));
}
END_TEST

START_TEST(items_of_a_type_that_is_not_known_are_passed_over)
{
    struct capture_item later = item_of(77, 5, "", 9, 13);
    add_item(&plain, &later, "0123456789abc");
    add_empty(CAPTURE_INSTANCE, instance_name, 0);
    add_item(&plain, &later, "0123456789abc");
    add_segment("bravo", 2, CAPTURE_ALIVE);
    put_plain();
    open_capture();
    collect(&(struct view_request){.source = capture_source(kept)});
    ck_assert_uint_eq(view.count, 1);
    ck_assert_int_eq(view_counter(&view.workers[0], "processed"), 1042);
}
END_TEST

/* A name is written to terminals, and is a part of the names of values. */
START_TEST(items_whose_names_are_none_are_refused)
{
    static const char *const names[] = {
        "", "bra vo", "bravo\n", "\033[31m", "bravo/2", "a-name-that-is-longer-than-any-worker-has-it"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        plain.used = 0;
        add_empty(CAPTURE_INSTANCE, instance_name, 0);
        add_empty(CAPTURE_SEGMENT, names[i], 1);
        put_plain();
        refuses_to_open("is damaged: a frame holds what no frame does");
        plain.used = 0;
        add_empty(CAPTURE_INSTANCE, names[i], 0);
        put_plain();
        refuses_to_open("is damaged: a frame holds what no frame does");
    }
    struct capture_item endless = item_of(CAPTURE_INSTANCE, 0, "", 0, 0);
    memset(endless.name, 'x', sizeof endless.name);
    plain.used = 0;
    add_item(&plain, &endless, "");
    put_plain();
    refuses_to_open("is damaged: a frame holds what no frame does");
}
END_TEST

START_TEST(a_frame_names_its_instance)
{
    add_empty(CAPTURE_SEGMENT, "bravo", 1);
    put_plain();
    refuses_to_open("is damaged: a frame holds what no frame does");
    plain.used = 0;
    put_plain();
    refuses_to_open("is damaged: a frame holds what no frame does");
    add_empty(CAPTURE_INSTANCE, "with.dot", 0); /* a worker's name, no instance's */
    put_plain();
    refuses_to_open("is damaged: a frame holds what no frame does");
}
END_TEST

/* Each prefix of a frame's items that does not end where one does. */
START_TEST(items_end_within_their_frame)
{
    struct capture_item odd = item_of(77, 0, "x", 0, 13);
    size_t ends[3] = {0};
    add_empty(CAPTURE_INSTANCE, instance_name, 0);
    ends[0] = plain.used;
    add_item(&plain, &odd, "0123456789abc");
    ends[1] = plain.used;
    add_empty(CAPTURE_SEGMENT, "bravo", 1);
    ends[2] = plain.used;
    for (size_t size = 1; size <= ends[2]; size++) {
        put_frame_of(plain.bytes, size);
        if (size == ends[0] || size == ends[1] || size == ends[2])
            open_capture();
        else
            refuses_to_open("is damaged: a frame holds what no frame does");
    }
    uint64_t endless = UINT64_MAX - 3;
    memcpy(plain.bytes + ends[0] + offsetof(struct capture_item, bytes), &endless, sizeof endless);
    put_plain();
    refuses_to_open("is damaged: a frame holds what no frame does");
}
END_TEST

CHECK_MAIN_WITH("common/capture/reader", capture_prepare, capture_clean_up,
                a_capture_shows_what_the_instance_showed,
                what_died_is_dead_in_a_capture_and_stays_what_it_was,
                a_capture_is_of_its_moment_whatever_comes_after_it, each_moment_has_its_time_and_its_values,
                it_opens_at_its_last_moment, a_moment_is_found_by_a_time_that_is_not_before_it,
                a_moment_is_found_also_behind_a_clock_that_was_set_back,
                segments_come_by_worker_and_generation_in_whatever_order_they_lie,
                whether_a_worker_lived_stands_beside_its_segment, a_segment_that_is_not_in_it_is_not_running,
                how_a_supervisor_was_stands_beside_its_directory,
                a_capture_without_a_directory_is_of_workers_that_were_started_by_hand,
                objects_that_cannot_be_read_are_told, items_of_a_type_that_is_not_known_are_passed_over,
                items_whose_names_are_none_are_refused, a_frame_names_its_instance,
                items_end_within_their_frame)
