/* capture_case.h: captures of the instance of instance_case.h, and captures that are made byte by byte.
 *
 *   CHECK_MAIN_WITH("common/capture/x", capture_prepare, capture_clean_up, …)
 */
#ifndef KSUPERVISE_TESTS_COMMON_CAPTURE_CAPTURE_CASE_H
#define KSUPERVISE_TESTS_COMMON_CAPTURE_CAPTURE_CASE_H

#include <zstd.h>

#include "tests/support/fake_clock.h"
#include "tests/common/view/instance_case.h"
#include "common/view/json_v2.h"
#include "common/capture/capture.h"

static char path[64];
static struct capture_writer *writing;
static struct capture *kept;
static struct error error;

__attribute__((unused)) static void capture_prepare(void)
{
    instance_prepare();
    snprintf(path, sizeof path, "/tmp/ksupervise-check-%d.cap", (int)getpid());
    unlink(path); /* of a run that was killed */
    error = (struct error)ERROR_INIT;
}

__attribute__((unused)) static void capture_clean_up(void)
{
    capture_finish(writing, NULL);
    capture_close(kept);
    unlink(path);
    instance_clean_up();
}

/* --- writing ------------------------------------------------------------------------------------------- */

__attribute__((unused)) static void begin_writing(void)
{
    ck_assert_msg(capture_create(&writing, path, &error) == 0, "%s", error.text);
}

__attribute__((unused)) static void end_writing(void)
{
    ck_assert_msg(capture_finish(writing, &error) == 0, "%s", error.text);
    writing = NULL;
}

__attribute__((unused)) static void write_look(struct source *source)
{
    ck_assert_msg(capture_write(writing, source, instance_name, &error) == 0, "%s", error.text);
}

/* So many, a second apart; each has one processed record more than the one before. */
__attribute__((unused)) static void write_looks(int count)
{
    begin_writing();
    for (int i = 0; i < count; i++) {
        write_look(&source_live);
        stats_add(bravo, CONSUMER_PROCESSED, 1);
        fake_clock_advance(US_PER_SECOND);
    }
    end_writing();
}

__attribute__((unused)) static size_t file_bytes(void)
{
    struct stat status;
    return stat(path, &status) == 0 ? (size_t)status.st_size : 0;
}

/* --- a file byte by byte -------------------------------------------------------------------------------- */

__attribute__((unused)) static void put_file(const void *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
    ck_assert_int_eq(ftruncate(fd, (off_t)size),
                     0); /* afterwards: a file that was empty is written out at its end */
    close(fd);
}

__attribute__((unused)) static struct image file_image(void)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    struct image image = image_of(fd);
    close(fd);
    return image;
}

__attribute__((unused)) static void change_file(size_t offset, const void *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ck_assert_int_eq(pwrite(fd, bytes, size, (off_t)offset), (ssize_t)size);
    close(fd);
}

/* A capture with one frame, which holds these bytes. */
__attribute__((unused)) static void put_frame_of(const void *plain, size_t size)
{
    static unsigned char bytes[1 << 20];
    struct capture_file_header header = {CAPTURE_MAGIC, CAPTURE_BYTE_ORDER, CAPTURE_VERSION};
    struct capture_frame frame = {.magic = CAPTURE_FRAME, .time_us = 5, .plain_bytes = size};
    size_t at = sizeof header + sizeof frame;
    frame.packed_bytes = ZSTD_compress(bytes + at, sizeof bytes - at, plain, size, 3);
    ck_assert(!ZSTD_isError(frame.packed_bytes));
    memcpy(bytes, &header, sizeof header);
    memcpy(bytes + sizeof header, &frame, sizeof frame);
    put_file(bytes, at + frame.packed_bytes);
}

/* Items for it. */
struct plain {
    unsigned char bytes[1 << 19];
    size_t used;
};

__attribute__((unused)) static void add_item(struct plain *plain, const struct capture_item *item,
                                             const void *bytes)
{
    memcpy(plain->bytes + plain->used, item, sizeof *item);
    plain->used += sizeof *item;
    memcpy(plain->bytes + plain->used, bytes, item->bytes);
    plain->used += (item->bytes + 7) / 8 * 8;
}

/* --- reading ------------------------------------------------------------------------------------------- */

__attribute__((unused)) static void open_capture(void)
{
    capture_close(kept);
    ck_assert_msg(capture_open(&kept, path, &error) == 0, "%s", error.text);
}

__attribute__((unused)) static void refuses_to_open(const char *text)
{
    struct error refusal = ERROR_INIT;
    capture_close(kept);
    kept = NULL;
    ck_assert_int_eq(capture_open(&kept, path, &refusal), -1);
    ck_assert_ptr_null(kept);
    ck_assert_msg(strstr(refusal.text, text) != NULL, "'%s' is not in: %s", text, refusal.text);
    ck_assert_msg(strstr(refusal.text, path) != NULL, "'%s' is not in: %s", path, refusal.text);
}

/* All that `source` has, as one line of JSON; the caller's. */
__attribute__((unused)) static char *line_of(struct source *source, bool lazy)
{
    char *line;
    size_t bytes;
    const struct view_request request = {.source = source, .instance = instance_name, .lazy = lazy};
    collect(&request);
    FILE *stream = open_memstream(&line, &bytes);
    json_v2(&view, &request, NULL, stream);
    fclose(stream);
    return line;
}

__attribute__((unused)) static void same_line(struct source *one, struct source *other, bool lazy)
{
    char *a = line_of(one, lazy), *b = line_of(other, lazy);
    ck_assert_str_eq(a, b);
    free(a);
    free(b);
}

__attribute__((unused)) static int64_t processed_at(size_t frame)
{
    ck_assert_msg(capture_seek(kept, frame, &error) == 0, "%s", error.text);
    collect(&(struct view_request){.source = capture_source(kept), .worker = "bravo"});
    return view_counter(&view.workers[0], "processed");
}

#endif
