/* A ring of events that is not whole: left by a writer that was killed, of another build, truncated, or made
 * to harm. A reader says what is wrong, or reads what can be read; a writer makes it anew. */
#include <errno.h>
#include <sys/syscall.h>

#include "common/stats/events.h"
#include "tests/common/stats/events_support.h"

static int claim_fails;

int posix_fallocate(int fd, off_t offset, off_t bytes)
{
    return claim_fails != 0 ? claim_fails : (int)-syscall(SYS_fallocate, fd, 0, offset, bytes);
}

static struct image take_image(void)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    struct image image = image_of(fd);
    close(fd);
    return image;
}

static void put_image(const struct image *image, size_t bytes)
{
    int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, image->bytes, bytes), (ssize_t)bytes);
    close(fd);
}

static struct events_header *header_of(const struct image *image)
{
    return (struct events_header *)(void *)image->bytes;
}

static struct events_cursor *cursor_of(const struct image *image)
{
    return (struct events_cursor *)(void *)(image->bytes + header_of(image)->cursor_offset);
}

static size_t entry_of(const struct image *image, uint64_t sequence)
{
    return header_of(image)->entries_offset +
           (size_t)(sequence % header_of(image)->entry_count) * header_of(image)->entry_bytes;
}

/* --- killed between two stores ------------------------------------------------------------------------- */

/* As a writer leaves it that was killed when it had stored `words` words of the event that stands in `after`.
 */
static void leave_after(const struct image *before, const struct image *after, uint64_t sequence,
                        size_t words)
{
    struct image left = {malloc(before->size), before->size};
    memcpy(left.bytes, before->bytes, before->size);
    memcpy(left.bytes + entry_of(&left, sequence), after->bytes + entry_of(&left, sequence),
           words * sizeof(uint64_t));
    cursor_of(&left)->intent = sequence;
    put_image(&left, left.size);
    free(left.bytes);
}

static void go_on_after_a_kill(uint64_t last, size_t words, uint64_t first_kept)
{
    open_reader();
    reads(0, first_kept, 0);
    reads(last - 1, last, 0);
    reads_nothing(last);
    open_writer_of_events();
    write_events((int64_t)last + 1, (int64_t)last + 2);
    reads(last, last + 1, 0);
    reads(last + 1, last + 2, 0);
    ck_assert_msg(events_newest(reader) == last + 2, "after %zu words", words);
    events_reader_close(reader);
    events_close(writer, false);
}

static void killed_at_every_step(uint64_t last, uint64_t first_kept)
{
    write_events(1, (int64_t)last);
    struct image before = take_image();
    write_events((int64_t)last + 1, (int64_t)last + 1);
    struct image after = take_image();
    events_close(writer, false);
    for (size_t words = 0; words <= sizeof(struct event) / sizeof(uint64_t); words++) {
        leave_after(&before, &after, last + 1, words);
        go_on_after_a_kill(last, words, first_kept);
    }
    reader = NULL;
    writer = NULL;
    free(before.bytes);
    free(after.bytes);
}

START_TEST(killed_between_any_two_stores_the_events_before_stay_and_the_numbers_go_on)
{
    killed_at_every_step(10, 1);
}
END_TEST

START_TEST(killed_while_it_wrote_over_the_oldest_only_that_one_is_gone)
{
    killed_at_every_step(EVENTS_KEPT + 10, 12);
}
END_TEST

/* --- not whole: a writer makes it anew ----------------------------------------------------------------- */

typedef void damage(const struct image *image);

static void is_made_anew(damage *harm)
{
    write_events(1, 5);
    events_close(writer, false);
    struct image image = take_image();
    harm(&image);
    put_image(&image, image.size);
    open_writer_of_events();
    write_events(1, 1);
    open_reader();
    reads(0, 1, 0);
    reads_nothing(1);
    free(image.bytes);
}

static void other_version(const struct image *image)
{
    header_of(image)->version++;
}

static void being_made(const struct image *image)
{
    header_of(image)->version = 0;
}

static void other_kinds(const struct image *image)
{
    image->bytes[header_of(image)->kinds_offset]++;
}

static void other_instance(const struct image *image)
{
    header_of(image)->instance[0]++;
}

static void without_its_newest(const struct image *image)
{
    memset(image->bytes + entry_of(image, 5), 0, sizeof(struct event));
}

static void intent_behind(const struct image *image)
{
    cursor_of(image)->intent = 4;
}

static void intent_far_ahead(const struct image *image)
{
    cursor_of(image)->intent = 7;
}

static void numbers_at_their_end(const struct image *image)
{
    cursor_of(image)->intent = cursor_of(image)->tail = UINT64_MAX;
}

START_TEST(one_that_is_not_whole_or_of_another_build_is_made_anew)
{
    damage *const all[] = {other_version,      being_made,    other_kinds,      other_instance,
                           without_its_newest, intent_behind, intent_far_ahead, numbers_at_their_end};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        is_made_anew(all[i]);
        events_reader_close(reader);
        events_close(writer, true);
        open_writer_of_events();
    }
    reader = NULL;
}
END_TEST

START_TEST(a_truncated_one_is_made_anew)
{
    write_events(1, 5);
    events_close(writer, false);
    struct image image = take_image();
    for (size_t bytes = 0; bytes < image.size; bytes += image.size / 7) {
        put_image(&image, bytes);
        open_writer_of_events();
        write_events(1, 1);
        events_close(writer, false);
    }
    writer = NULL;
    open_reader();
    reads(0, 1, 0);
    free(image.bytes);
}
END_TEST

START_TEST(without_room_there_is_none_and_nothing_is_left_behind)
{
    struct error error = ERROR_INIT;
    events_close(writer, true);
    claim_fails = ENOSPC;
    ck_assert_int_eq(events_open(&writer, instance_name, &error), -1);
    ck_assert_ptr_null(writer);
    ck_assert_ptr_nonnull(strstr(error.text, "/dev/shm is full"));
    ck_assert_int_eq(access(path, F_OK), -1);
    claim_fails = 0;
    open_writer_of_events();
}
END_TEST

START_TEST(a_name_that_is_no_file_is_told_and_left_alone)
{
    struct error error = ERROR_INIT;
    events_close(writer, true);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(events_open(&writer, instance_name, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "is a folder"));
    ck_assert_int_eq(events_reader_open(&reader, instance_name, &error), -1);
    ck_assert_int_eq(rmdir(path), 0);
    open_writer_of_events();
}
END_TEST

/* --- a reader believes nothing ------------------------------------------------------------------------- */

static void read_all_there_is(const struct image *image)
{
    int fd = memory_file(image->bytes, image->size);
    uint64_t after = 0;
    if (events_reader_take(&reader, fd, NULL) == 0) {
        for (int i = 0; i < 20 && events_read(reader, after, &event, &missed, NULL) == 1; i++) {
            ck_assert_uint_gt(event.sequence, after);
            after = event.sequence;
            events_about(reader, event.kind);
        }
        events_wait(reader, after, 1);
        events_wait(reader, events_newest(reader), 1);
        events_reader_close(reader);
    }
    reader = NULL;
    close(fd);
}

START_TEST(a_header_that_lies_is_refused_or_does_no_harm)
{
    static const uint32_t lies[] = {0, 1, 7, 8, 4097, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff};
    write_events(1, 9);
    struct image image = take_image();
    for (size_t at = 0; at < sizeof(struct events_header); at += sizeof(uint32_t)) {
        uint32_t *word = (uint32_t *)(void *)(image.bytes + at), truth = *word;
        for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
            *word = lies[i];
            read_all_there_is(&image);
        }
        *word = truth;
    }
    free(image.bytes);
}
END_TEST

START_TEST(a_cursor_that_lies_is_refused)
{
    static const uint64_t lies[] = {0, 8, 10, 4096, 4097, INT64_MAX, UINT64_MAX};
    write_events(1, 9);
    struct image image = take_image();
    struct events_cursor truth = *cursor_of(&image);
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        *cursor_of(&image) = (struct events_cursor){.intent = lies[i], .tail = truth.tail};
        read_all_there_is(&image);
        *cursor_of(&image) = (struct events_cursor){.intent = truth.intent, .tail = lies[i]};
        read_all_there_is(&image);
        *cursor_of(&image) = (struct events_cursor){.intent = lies[i], .tail = lies[i]};
        read_all_there_is(&image);
    }
    free(image.bytes);
}
END_TEST

static void refused(const struct image *image, size_t bytes, const char *why)
{
    struct error error = ERROR_INIT;
    int fd = memory_file(image->bytes, bytes);
    ck_assert_int_eq(events_reader_take(&reader, fd, &error), -1);
    ck_assert_msg(strstr(error.text, why) != NULL, "%s", error.text);
    close(fd);
}

START_TEST(what_is_no_ring_is_refused_with_the_reason)
{
    struct image image = take_image();
    refused(&image, 0, "too short");
    refused(&image, image.size - 1, "truncated");
    header_of(&image)->version = 0;
    refused(&image, image.size, "being made");
    header_of(&image)->version = 99;
    refused(&image, image.size, "version 99");
    header_of(&image)->byte_order = 0x04030201;
    refused(&image, image.size, "byte order");
    header_of(&image)->magic[0] = 'x';
    refused(&image, image.size, "not a ring");
    free(image.bytes);
}
END_TEST

START_TEST(one_that_is_truncated_under_its_reader_is_an_error_and_no_signal)
{
    struct error error = ERROR_INIT;
    write_events(1, 9);
    open_reader();
    ck_assert_int_eq(truncate(path, 0), 0);
    ck_assert_int_eq(events_read(reader, 3, &event, &missed, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "damaged"));
    events_wait(reader, 9, 1000000);
    ck_assert_uint_eq(events_newest(reader), 0);
    shm_unlink(object);
    events_close(writer, false);
    open_writer_of_events();
}
END_TEST

/* --- another build ------------------------------------------------------------------------------------- */

/* One that has more members, in another order, and kinds that we do not know. */
START_TEST(a_ring_of_another_build_is_read_by_the_names_of_its_fields)
{
    struct event one;
    event_init(&one, EVENT_KIND_STARTED);
    one.pid = 11;
    one.from = 22;
    snprintf(one.text, sizeof one.text, "text");
    events_add(writer, &one);
    struct image image = take_image();
    struct wire_field *fields = (void *)(image.bytes + header_of(&image)->fields_offset);
    struct events_wire_kind *kinds = (void *)(image.bytes + header_of(&image)->kinds_offset);
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++)
        if (strcmp(fields[i].name, "pid") == 0)
            snprintf(fields[i].name, sizeof fields[i].name, "unheard-of");
        else if (strcmp(fields[i].name, "from") == 0)
            fields[i].offset = offsetof(struct event, pid);
        else if (strcmp(fields[i].name, "text") == 0)
            fields[i].bytes = 2;
        else if (strcmp(fields[i].name, "to") == 0)
            fields[i].offset = UINT32_MAX;
    snprintf(kinds[EVENT_KIND_STARTED - 1].name, sizeof kinds->name, "be\x1bgun");
    snprintf(kinds[EVENT_KIND_STARTED - 1].help, sizeof kinds->help, "\x1bh");
    snprintf(kinds[EVENT_KIND_STARTED - 1].from, sizeof kinds->from,
             "\x1b"
             "f #");
    snprintf(kinds[EVENT_KIND_STARTED - 1].to, sizeof kinds->to, "\x1bt #");
    snprintf(kinds[EVENT_KIND_STARTED - 1].count, sizeof kinds->count,
             "\x1b"
             "c #");
    int fd = memory_file(image.bytes, image.size);
    ck_assert_int_eq(events_reader_take(&reader, fd, NULL), 0);
    ck_assert_int_eq(events_read(reader, 0, &event, &missed, NULL), 1);
    ck_assert_int_eq(event.pid, STATS_UNKNOWN);
    ck_assert_int_eq(event.from, 11);
    ck_assert_int_eq(event.to, STATS_UNKNOWN);
    ck_assert_str_eq(event.text, "te");
    struct event_about about = events_about(reader, event.kind);
    ck_assert_str_eq(about.name, "be?gun");
    ck_assert_str_eq(about.help, "?h");
    ck_assert_str_eq(about.from, "?f #");
    ck_assert_str_eq(about.to, "?t #");
    ck_assert_str_eq(about.count, "?c #");
    close(fd);
    free(image.bytes);
}
END_TEST

CHECK_MAIN_WITH("common/stats/events, damaged", begin_events, end_events,
                killed_between_any_two_stores_the_events_before_stay_and_the_numbers_go_on,
                killed_while_it_wrote_over_the_oldest_only_that_one_is_gone,
                one_that_is_not_whole_or_of_another_build_is_made_anew, a_truncated_one_is_made_anew,
                without_room_there_is_none_and_nothing_is_left_behind,
                a_name_that_is_no_file_is_told_and_left_alone, a_header_that_lies_is_refused_or_does_no_harm,
                a_cursor_that_lies_is_refused, what_is_no_ring_is_refused_with_the_reason,
                one_that_is_truncated_under_its_reader_is_an_error_and_no_signal,
                a_ring_of_another_build_is_read_by_the_names_of_its_fields)
