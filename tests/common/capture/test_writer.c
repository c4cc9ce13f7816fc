/* Captures as they are written: whole frames or none, by one writer. */
#include <sys/resource.h>

#include "common/stats/reader_private.h"
#define CHECK_TIMEOUT_SECONDS 60 /* a gibibyte is packed */
#include "tests/common/capture/capture_case.h"

static void refuses_to_write_to(const char *where, int exit_code, const char *text)
{
    struct capture_writer *writer = (struct capture_writer *)(void *)path; /* anything */
    struct error refusal = ERROR_INIT;
    ck_assert_int_eq(capture_create(&writer, where, &refusal), -1);
    ck_assert_ptr_null(writer);
    ck_assert_int_eq(refusal.exit_code, exit_code);
    ck_assert_msg(strstr(refusal.text, text) != NULL, "'%s' is not in: %s", text, refusal.text);
    ck_assert_msg(strstr(refusal.text, where) != NULL, "'%s' is not in: %s", where, refusal.text);
}

static void fails_to_write(struct source *source, const char *instance, const char *text)
{
    error = (struct error)ERROR_INIT;
    ck_assert_int_eq(capture_write(writing, source, instance, &error), -1);
    ck_assert_msg(strstr(error.text, text) != NULL, "'%s' is not in: %s", text, error.text);
}

/* --- the file ------------------------------------------------------------------------------------------- */

START_TEST(a_new_capture_is_its_owners_alone_and_begins_with_its_header)
{
    static const struct capture_file_header expected = {CAPTURE_MAGIC, CAPTURE_BYTE_ORDER, CAPTURE_VERSION};
    struct stat status;
    umask(0);
    begin_writing();
    end_writing();
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode, S_IFREG | 0600);
    struct image image = file_image();
    ck_assert_uint_eq(image.size, sizeof expected);
    ck_assert_mem_eq(image.bytes, &expected, sizeof expected);
    free(image.bytes);
    ck_assert_int_eq(capture_finish(NULL, NULL), 0);
}
END_TEST

START_TEST(a_capture_goes_on_where_it_ended)
{
    write_looks(2);
    write_looks(1);
    open_capture();
    ck_assert_uint_eq(capture_frames(kept), 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(processed_at(i), 1042 + (int64_t)i);
}
END_TEST

START_TEST(what_a_killed_writer_left_of_a_frame_is_cut_away)
{
    write_looks(2);
    size_t whole = file_bytes();
    for (off_t less = 1; less < 400; less += 57) {
        ck_assert_int_eq(truncate(path, (off_t)whole - less), 0);
        write_looks(1);
        open_capture();
        ck_assert(!capture_was_cut(kept));
        ck_assert_uint_eq(capture_frames(kept), 2);
        ck_assert_int_eq(processed_at(0), 1042);
        whole = file_bytes();
    }
}
END_TEST

START_TEST(nothing_else_is_written_to_and_it_stays_as_it_is)
{
    refuses_to_write_to("/dev/full", EXIT_CODE_USAGE, "/dev/full is not a regular file");
    refuses_to_write_to("/tmp", EXIT_CODE_FAILED, "cannot open /tmp: Is a directory");
    refuses_to_write_to("/no/such/folder/x.cap", EXIT_CODE_FAILED, "No such file");
    static const struct {
        const char *bytes, *why;
        size_t size;
    } others[] = {
        {"Dear diary, today was a good day.", "is not a capture", 33},
        {"KSUPCAP", "is not a capture", 8},
        {"KSUPCAP\0\1\2\3\4\1\0\0\0", "another byte order", 16},
        {"KSUPCAP\0\4\3\2\1\2\0\0\0", "of version 2", 16},
        {"KSUPCAP\0\4\3\2\1\1\0\0\0This is no frame of any kind, is it? No.", "does not begin as one", 56},
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        put_file(others[i].bytes, others[i].size);
        refuses_to_write_to(path, EXIT_CODE_FAILED, others[i].why);
        refuses_to_write_to(path, EXIT_CODE_FAILED, "choose another one for --dump");
        struct image image = file_image();
        ck_assert_uint_eq(image.size, others[i].size);
        ck_assert_mem_eq(image.bytes, others[i].bytes, image.size);
        free(image.bytes);
    }
}
END_TEST

START_TEST(a_frame_with_an_impossible_size_takes_none_of_those_behind_it_away)
{
    static const uint64_t endless = INT64_MAX;
    write_looks(2);
    size_t whole = file_bytes();
    change_file(sizeof(struct capture_file_header) + offsetof(struct capture_frame, packed_bytes), &endless,
                sizeof endless);
    refuses_to_write_to(path, EXIT_CODE_FAILED, "is damaged: a frame is too large");
    ck_assert_uint_eq(file_bytes(), whole);
}
END_TEST

START_TEST(a_fifo_is_refused_and_not_waited_for)
{
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    alarm(5); /* or it waits in open() */
    refuses_to_write_to(path, EXIT_CODE_USAGE, "is not a regular file");
}
END_TEST

START_TEST(a_second_writer_is_refused_until_the_first_has_ended)
{
    begin_writing();
    refuses_to_write_to(path, EXIT_CODE_FAILED, "another kstat writes to it");
    write_look(&source_live);
    refuses_to_write_to(path, EXIT_CODE_FAILED, "another kstat writes to it");
    end_writing();
    write_looks(1);
    open_capture();
    ck_assert_uint_eq(capture_frames(kept), 2);
}
END_TEST

/* --- what is not written -------------------------------------------------------------------------------- */

START_TEST(an_instance_that_is_not_there_is_not_running_and_leaves_nothing)
{
    begin_writing();
    size_t before = file_bytes();
    fails_to_write(&source_live, "no-such-instance", "nothing is running as 'no-such-instance'");
    ck_assert_int_eq(error.exit_code, EXIT_CODE_NOT_RUNNING);
    ck_assert_uint_eq(file_bytes(), before);
    write_look(&source_live); /* it goes on */
    end_writing();
    open_capture();
    same_line(&source_live, capture_source(kept), true);
}
END_TEST

static struct source_class class;
static struct source fake = {&class};
static int calls;

static int fails_supervisor(const struct source *source, const char *instance,
                            struct source_supervisor *supervisor, struct error *why)
{
    (void)source;
    (void)instance;
    (void)supervisor;
    return error_set(why, "no directory");
}

static int fails_segments(const struct source *source, const char *instance, struct segment_list *list,
                          struct error *why)
{
    (void)source;
    (void)instance;
    segment_list_add(list, "bravo", 1);
    return error_set(why, "no list");
}

static int first_code = EXIT_CODE_NOT_RUNNING;

/* The first is gone since it was listed. */
static int fails_first_segment(const struct source *source, const char *instance,
                               const struct segment_name *name, struct stats_snapshot **snapshot,
                               struct stats_liveness *liveness, struct error *why)
{
    *snapshot = NULL;
    return calls++ == 0 ? error_set_code(why, first_code, "gone\033[31m")
                        : source_live.class->segment(source, instance, name, snapshot, liveness, why);
}

START_TEST(a_source_that_fails_leaves_nothing)
{
    class = *source_live.class;
    begin_writing();
    size_t before = file_bytes();
    class.segments = fails_segments;
    fails_to_write(&fake, instance_name, "no list");
    class.supervisor = fails_supervisor;
    fails_to_write(&fake, instance_name, "no directory");
    ck_assert_uint_eq(file_bytes(), before);
}
END_TEST

START_TEST(a_segment_that_is_gone_meanwhile_is_none_and_the_others_are_there)
{
    class = *source_live.class;
    class.segment = fails_first_segment;
    begin_writing();
    write_look(&fake);
    end_writing();
    open_capture();
    collect(&(struct view_request){.source = capture_source(kept)});
    ck_assert_uint_eq(view.count, 2);
    ck_assert(view.workers[0].snapshot == NULL && view.workers[1].snapshot != NULL);
    ck_assert_str_eq(view.workers[0].problem, "");
}
END_TEST

START_TEST(of_a_segment_that_cannot_be_read_it_is_kept_why)
{
    class = *source_live.class;
    class.segment = fails_first_segment;
    first_code = EXIT_CODE_FAILED;
    begin_writing();
    write_look(&fake);
    end_writing();
    open_capture();
    collect(&(struct view_request){.source = capture_source(kept)});
    ck_assert_uint_eq(view.count, 2);
    ck_assert(view.workers[0].snapshot == NULL && view.workers[1].snapshot != NULL);
    ck_assert_ptr_eq(strstr(view.workers[0].problem, "gone"), view.workers[0].problem);
    ck_assert_ptr_null(strchr(view.workers[0].problem, '\033'));
}
END_TEST

static int torn_segment(const struct source *source, const char *instance, const struct segment_name *name,
                        struct stats_snapshot **snapshot, struct stats_liveness *liveness, struct error *why)
{
    int result = source_live.class->segment(source, instance, name, snapshot, liveness, why);
    if (strcmp(name->worker, "bravo") == 0)
        stats_snapshot_mark_torn(*snapshot);
    return result;
}

START_TEST(what_was_torn_is_torn_in_a_capture)
{
    class = *source_live.class;
    class.segment = torn_segment;
    begin_writing();
    write_look(&fake);
    end_writing();
    open_capture();
    collect(&(struct view_request){.source = capture_source(kept)});
    ck_assert(stats_snapshot_torn(view.workers[0].snapshot));
    ck_assert(!stats_snapshot_torn(view.workers[1].snapshot));
}
END_TEST

START_TEST(workers_that_were_started_by_hand_are_captured_without_a_directory)
{
    directory_close(directory, true);
    directory = NULL;
    begin_writing();
    write_look(&source_live);
    end_writing();
    open_capture();
    same_line(&source_live, capture_source(kept), true);
}
END_TEST

START_TEST(a_directory_without_any_segment_is_captured)
{
    stats_writer_close(bravo);
    bravo = NULL;
    remove_segments();
    begin_writing();
    write_look(&source_live);
    end_writing();
    open_capture();
    same_line(&source_live, capture_source(kept), true);
    ck_assert_uint_eq(view.count, 2);
}
END_TEST

static struct source_supervisor said;
static bool elsewhere;

static int says_supervisor(const struct source *source, const char *instance,
                           struct source_supervisor *supervisor, struct error *why)
{
    *supervisor = said;
    return directory_open(&supervisor->directory, instance, why) + 0 * (source == NULL);
}

static int says_segment(const struct source *source, const char *instance, const struct segment_name *name,
                        struct stats_snapshot **snapshot, struct stats_liveness *liveness, struct error *why)
{
    int result = source_live.class->segment(source, instance, name, snapshot, liveness, why);
    liveness->elsewhere = elsewhere;
    return result;
}

START_TEST(how_supervisor_and_workers_were_is_kept)
{
    class = *source_live.class;
    class.supervisor = says_supervisor;
    class.segment = says_segment;
    begin_writing();
    for (int i = 0; i < 16; i++) {
        said = (struct source_supervisor){.alive = i & 1, .stopped = i & 2, .elsewhere = i & 4};
        elsewhere = i & 8;
        write_look(&fake);
    }
    end_writing();
    open_capture();
    for (int i = 0; i < 16; i++) {
        ck_assert_int_eq(capture_seek(kept, (size_t)i, &error), 0);
        collect(&(struct view_request){.source = capture_source(kept)});
        ck_assert_int_eq(view.supervisor_alive, (i & 1) != 0);
        ck_assert_int_eq(view.supervisor_stopped, (i & 2) != 0);
        ck_assert_int_eq(view.elsewhere, (i & 4) != 0);
        ck_assert_int_eq(view.workers[0].liveness.elsewhere, (i & 8) != 0);
    }
}
END_TEST

/* --- sizes ---------------------------------------------------------------------------------------------- */

static size_t larger_by; /* than bravo's segment */
static bool is_noise;    /* what it has more; else zeros */

/* An object of another build may have any size. */
static int larger_segment(const struct source *source, const char *instance, const struct segment_name *name,
                          struct stats_snapshot **snapshot, struct stats_liveness *liveness,
                          struct error *why)
{
    (void)source;
    (void)name;
    (void)why;
    int fd = stats_segment_open(instance, "bravo", 2, NULL);
    struct image image = image_of(fd);
    close(fd);
    uint64_t total = image.size + larger_by;
    memcpy(image.bytes + offsetof(struct stats_header, total_bytes), &total, sizeof total);
    fd = memory_file(image.bytes, image.size);
    ck_assert_int_eq(ftruncate(fd, (off_t)total), 0);
    for (size_t at = 0; is_noise && at < larger_by; at += sizeof(uint64_t)) {
        uint64_t noise =
            (at + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ (at * at * UINT64_C(0xbf58476d1ce4e5b9)) >> 7;
        ck_assert_int_eq(pwrite(fd, &noise, sizeof noise, (off_t)(image.size + at)), sizeof noise);
    }
    *snapshot = take(fd);
    *liveness = (struct stats_liveness){.alive = true};
    free(image.bytes);
    close(fd);
    return 0;
}

START_TEST(objects_of_any_size_lie_behind_each_other)
{
    class = *source_live.class;
    class.segment = larger_segment;
    begin_writing();
    for (larger_by = 0; larger_by < 18; larger_by++)
        write_look(&fake);
    end_writing();
    open_capture();
    for (size_t i = 0; i < 18; i++) {
        ck_assert_msg(capture_seek(kept, i, &error) == 0, "%zu: %s", i, error.text);
        collect(&(struct view_request){.source = capture_source(kept)});
        ck_assert_int_eq(view_counter(&view.workers[0], "processed"), 1042);
        ck_assert_int_eq(view_counter(&view.workers[1], "processed"), 1042);
    }
}
END_TEST

/* More than the packer has out at a time. */
START_TEST(what_cannot_be_packed_smaller_is_kept_whole)
{
    class = *source_live.class;
    class.segment = larger_segment;
    larger_by = 1 << 20;
    is_noise = true;
    begin_writing();
    write_look(&fake);
    end_writing();
    ck_assert_uint_gt(file_bytes(), larger_by);
    open_capture();
    collect(&(struct view_request){.source = capture_source(kept)});
    ck_assert_int_eq(view_counter(&view.workers[0], "processed"), 1042);
    ck_assert_int_eq(view_counter(&view.workers[1], "processed"), 1042);
}
END_TEST

static int many_segments(const struct source *source, const char *instance, struct segment_list *list,
                         struct error *why)
{
    (void)source;
    (void)instance;
    (void)why;
    for (uint64_t i = 1; i <= 17; i++)
        ck_assert_int_eq(segment_list_add(list, "bravo", i), 0);
    return 0;
}

/* 17 times the largest segment there can be. */
START_TEST(an_instance_too_large_for_a_reader_is_refused_and_leaves_nothing)
{
    struct stat status;
    int fd = stats_segment_open(instance_name, "bravo", 2, NULL);
    ck_assert_int_eq(fstat(fd, &status), 0);
    close(fd);
    class = *source_live.class;
    class.segment = larger_segment;
    class.segments = many_segments;
    larger_by = STATS_SEGMENT_BYTES_MAX - (size_t)status.st_size;
    begin_writing();
    size_t before = file_bytes();
    fails_to_write(&fake, instance_name, "too large for a capture: a moment has at most 1024 MiB");
    ck_assert_uint_eq(file_bytes(), before);
}
END_TEST

/* --- a full disk ---------------------------------------------------------------------------------------- */

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_full_disk_is_told_and_what_was_there_stays)
{
    write_looks(2);
    size_t whole = file_bytes();
    signal(SIGXFSZ, SIG_IGN);
    static const size_t rooms[] = {0, 1, 17, sizeof(struct capture_frame), 200};
    for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
        begin_writing();
        limit_files(whole + rooms[i]);
        fails_to_write(&source_live, instance_name, "cannot write to ");
        limit_files(RLIM_INFINITY);
        end_writing();
        ck_assert_uint_eq(file_bytes(), whole + rooms[i]);
        open_capture();
        ck_assert_uint_eq(capture_frames(kept), 2);
        ck_assert(capture_was_cut(kept) == (rooms[i] > 0));
        ck_assert_int_eq(processed_at(1), 1043);
    }
    write_looks(1);
    open_capture();
    ck_assert_uint_eq(capture_frames(kept), 3);
}
END_TEST

START_TEST(a_capture_that_cannot_be_begun_is_told)
{
    signal(SIGXFSZ, SIG_IGN);
    limit_files(8);
    refuses_to_write_to(path, EXIT_CODE_FAILED, "cannot write to ");
    limit_files(RLIM_INFINITY);
}
END_TEST

CHECK_MAIN_WITH("common/capture/writer", capture_prepare, capture_clean_up,
                a_new_capture_is_its_owners_alone_and_begins_with_its_header,
                a_capture_goes_on_where_it_ended, what_a_killed_writer_left_of_a_frame_is_cut_away,
                nothing_else_is_written_to_and_it_stays_as_it_is,
                a_frame_with_an_impossible_size_takes_none_of_those_behind_it_away,
                a_fifo_is_refused_and_not_waited_for, a_second_writer_is_refused_until_the_first_has_ended,
                an_instance_that_is_not_there_is_not_running_and_leaves_nothing,
                a_source_that_fails_leaves_nothing,
                a_segment_that_is_gone_meanwhile_is_none_and_the_others_are_there,
                of_a_segment_that_cannot_be_read_it_is_kept_why, what_was_torn_is_torn_in_a_capture,
                workers_that_were_started_by_hand_are_captured_without_a_directory,
                a_directory_without_any_segment_is_captured, how_supervisor_and_workers_were_is_kept,
                objects_of_any_size_lie_behind_each_other, what_cannot_be_packed_smaller_is_kept_whole,
                an_instance_too_large_for_a_reader_is_refused_and_leaves_nothing,
                a_full_disk_is_told_and_what_was_there_stays, a_capture_that_cannot_be_begun_is_told)
