/* Captures that are none, were cut, or are damaged. */
#include "tests/common/capture/capture_case.h"

START_TEST(what_is_no_capture_is_told)
{
    refuses_to_open("No such file");
    put_file("", 0);
    refuses_to_open("is not a capture: kstat --dump writes one");
    put_file("KSUPCAP\0\4\3\2\1\1\0\0", 15);
    refuses_to_open("is not a capture: kstat --dump writes one");
    put_file("KSUPCAQ\0\4\3\2\1\1\0\0\0", 16);
    refuses_to_open("is not a capture: kstat --dump writes one");
    put_file("KSUPCAP\0\1\2\3\4\1\0\0\0", 16);
    refuses_to_open("another byte order");
    put_file("KSUPCAP\0\4\3\2\1\2\0\0\0", 16);
    refuses_to_open("is a capture of version 2, this kstat reads version 1");
    put_file("KSUPCAP\0\4\3\2\1\1\0\0\0", 16);
    refuses_to_open("has no whole frame");
    unlink(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    alarm(5); /* or it waits in open() */
    refuses_to_open("is not a capture");
}
END_TEST

#define FIRST sizeof(struct capture_file_header)

static void spoil(size_t offset, uint64_t value, size_t bytes)
{
    change_file(FIRST + offset, &value, bytes);
}

START_TEST(a_damaged_frame_is_told_and_the_others_can_be_seen)
{
    write_looks(3);
    struct image whole = file_image();
    struct capture_frame frame;
    memcpy(&frame, whole.bytes + FIRST, sizeof frame);
    static const struct {
        size_t offset;
        int64_t change;
        const char *why;
    } cases[] = {
        {offsetof(struct capture_frame, plain_bytes), 1, "a frame cannot be unpacked"},
        {offsetof(struct capture_frame, plain_bytes), -1, "a frame cannot be unpacked"},
        {offsetof(struct capture_frame, plain_bytes), INT64_C(1) << 40, "a frame is too large"},
        {offsetof(struct capture_frame, plain_bytes), INT64_C(1) << 63, "a frame is too large"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put_file(whole.bytes, whole.size);
        spoil(cases[i].offset, frame.plain_bytes + (uint64_t)cases[i].change, sizeof(uint64_t));
        open_capture();
        ck_assert_int_eq(capture_seek(kept, 0, &error), -1);
        ck_assert_msg(strstr(error.text, cases[i].why) != NULL, "%s", error.text);
        ck_assert_int_eq(processed_at(1), 1043);
        ck_assert_int_eq(processed_at(2), 1044);
    }
    free(whole.bytes);
}
END_TEST

START_TEST(a_frame_whose_place_is_not_known_makes_the_file_damaged)
{
    write_looks(2);
    spoil(0, 0, sizeof(uint32_t));
    refuses_to_open("is damaged: a frame does not begin as one");
    spoil(0, CAPTURE_FRAME, sizeof(uint32_t));
    open_capture();
    spoil(offsetof(struct capture_frame, packed_bytes), INT64_MAX, sizeof(uint64_t));
    refuses_to_open("is damaged: a frame is too large");
    spoil(offsetof(struct capture_frame, packed_bytes), ZSTD_compressBound(CAPTURE_BYTES_MAX) + 1,
          sizeof(uint64_t));
    refuses_to_open("is damaged: a frame is too large");
    spoil(offsetof(struct capture_frame, packed_bytes), ZSTD_compressBound(CAPTURE_BYTES_MAX),
          sizeof(uint64_t));
    refuses_to_open("has no whole frame"); /* it could end there */
}
END_TEST

/* What can still be unpacked is what it was: a match of other zeros, say. */
START_TEST(a_damaged_byte_is_told_or_makes_no_difference)
{
    write_looks(1);
    open_capture();
    struct image whole = file_image();
    char *line = line_of(capture_source(kept), true);
    size_t refused_count = 0;
    for (size_t at = FIRST + sizeof(struct capture_frame); at < whole.size; at++) {
        struct capture *damaged;
        unsigned char other = whole.bytes[at] ^ 0x10;
        change_file(at, &other, 1);
        if (capture_open(&damaged, path, &error) == 0) {
            char *same = line_of(capture_source(damaged), true);
            ck_assert_str_eq(same, line);
            free(same);
        } else {
            refused_count++;
        }
        view_release(&view);
        capture_close(damaged);
        change_file(at, &whole.bytes[at], 1);
    }
    ck_assert_uint_gt(refused_count, (whole.size - FIRST) / 2);
    free(line);
    free(whole.bytes);
}
END_TEST

START_TEST(a_file_that_was_cut_anywhere_has_the_frames_before)
{
    write_looks(2);
    struct image whole = file_image();
    struct capture_frame frame;
    memcpy(&frame, whole.bytes + FIRST, sizeof frame);
    size_t second = FIRST + sizeof frame + (size_t)frame.packed_bytes;
    free(whole.bytes);
    for (size_t left = whole.size + 1; left > 0; left--) {
        size_t size = left - 1;
        ck_assert_int_eq(truncate(path, (off_t)size), 0);
        if (size < second) {
            refuses_to_open(size < FIRST ? "is not a capture" : "has no whole frame");
            continue;
        }
        open_capture();
        ck_assert_uint_eq(capture_frames(kept), size < whole.size ? 1 : 2);
        ck_assert(capture_was_cut(kept) == (size != second && size != whole.size));
    }
}
END_TEST

START_TEST(a_file_that_shrinks_while_it_is_open_is_told)
{
    write_looks(2);
    open_capture();
    ck_assert_int_eq(truncate(path, FIRST + 20), 0);
    ck_assert_int_eq(capture_seek(kept, 0, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot be read"));
}
END_TEST

CHECK_MAIN_WITH("common/capture/reader: damage", capture_prepare, capture_clean_up,
                what_is_no_capture_is_told, a_damaged_frame_is_told_and_the_others_can_be_seen,
                a_frame_whose_place_is_not_known_makes_the_file_damaged,
                a_damaged_byte_is_told_or_makes_no_difference,
                a_file_that_was_cut_anywhere_has_the_frames_before,
                a_file_that_shrinks_while_it_is_open_is_told)
