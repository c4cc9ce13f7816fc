#include "tests/consumer/pipeline/stages/batch_run.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>

static char folder[] = "/tmp/ndjson-XXXXXX";
static char path[64];

static void make_folder(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
}

static void remove_folder(void)
{
    unlink(path);
    rmdir(folder);
}

static const char *content(void)
{
    static char text[64 * 1024];
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    size_t length = fread(text, 1, sizeof text - 1, file);
    text[length] = '\0';
    fclose(file);
    return text;
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

#define LINE(offset, text) "{\"partition\":0,\"offset\":" #offset ",\"content\":\"" text "\"}\n"

START_TEST(every_record_is_a_line_behind_what_was_there)
{
    write_file(LINE(7, "before"));
    run_open_with(&stage_ndjson, "messages", path);
    batch_add("hello");
    batch_add("two\nlines");
    batch_passes();
    ck_assert_str_eq(content(), LINE(7, "before") LINE(0, "hello") LINE(1, "two\\nlines"));
    run_close();
}
END_TEST

START_TEST(what_is_too_long_for_a_line_is_dead_and_the_others_are_written)
{
    run_open_with(&stage_ndjson, "messages", path);
    batch_add("hello");
    batch_add_too_long();
    batch_add("world");
    batch_passes();
    batch_answer(0, VERDICT_PASS, NULL);
    batch_answer(1, VERDICT_DEAD, "its JSON is longer than 448 KiB");
    batch_answer(2, VERDICT_PASS, NULL);
    ck_assert_str_eq(content(), LINE(0, "hello") LINE(2, "world"));
    run_close();
}
END_TEST

START_TEST(a_torn_last_line_is_cut_when_the_file_is_opened)
{
    write_file(LINE(7, "before") "{\"partition\":0,\"offset\":8,\"con");
    capture_begin();
    run_open_with(&stage_ndjson, "messages", path);
    const char *said = capture_end();
    ck_assert_msg(strstr(said, "ndjson: cut 30 bytes of a torn last line from") != NULL, "%s", said);
    ck_assert_str_eq(content(), LINE(7, "before"));
    run_close();
}
END_TEST

START_TEST(a_file_of_one_torn_line_becomes_empty_however_short_it_is)
{
    write_file("{");
    capture_begin();
    run_open_with(&stage_ndjson, "messages", path);
    capture_end();
    ck_assert_str_eq(content(), "");
    run_close();
}
END_TEST

START_TEST(what_another_worker_tore_is_cut_before_the_next_line)
{
    run_open_with(&stage_ndjson, "messages", path);
    batch_add("hello");
    write_file(LINE(7, "other") "{\"partition\":1,");
    capture_begin();
    batch_passes();
    capture_end();
    ck_assert_str_eq(content(), LINE(7, "other") LINE(0, "hello"));
    run_close();
}
END_TEST

START_TEST(somebody_elses_file_is_not_cut)
{
    struct error error;
    write_file("dear diary,\ntoday I");
    ck_assert_int_eq(run_try(&stage_ndjson, "messages", path, &error), -1);
    ck_assert_msg(strstr(error.text, "was not written by this stage") != NULL, "%s", error.text);
    ck_assert_str_eq(content(), "dear diary,\ntoday I");
}
END_TEST

START_TEST(what_is_no_file_is_refused_with_its_name)
{
    struct error error;
    ck_assert_int_eq(run_try(&stage_ndjson, "messages", "/dev/null", &error), -1);
    ck_assert_msg(strstr(error.text, "'/dev/null' is not a regular file") != NULL, "%s", error.text);
    ck_assert_int_eq(run_try(&stage_ndjson, "messages", "/nowhere/at/all", &error), -1);
    ck_assert_msg(strstr(error.text, "cannot open '/nowhere/at/all': No such file") != NULL, "%s",
                  error.text);
}
END_TEST

START_TEST(a_batch_that_does_not_fit_on_the_disk_leaves_nothing_and_goes_through_later)
{
    struct rlimit limit = {.rlim_max = RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN); /* a write beyond the limit fails, as on a full disk, behind a part of it */
    run_open_with(&stage_ndjson, "messages", path);
    batch_add("first");
    batch_passes();
    batch_add("second");
    limit.rlim_cur = strlen(LINE(0, "first")) + strlen(LINE(0, "first")) + 20;
    setrlimit(RLIMIT_FSIZE, &limit);
    batch_fails("cannot write");
    ck_assert_str_eq(content(), LINE(0, "first"));
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_FSIZE, &limit);
    batch_passes();
    ck_assert_str_eq(content(), LINE(0, "first") LINE(0, "first") LINE(1, "second"));
    run_close();
}
END_TEST

/* `10: -> FLOCK  ADVISORY  WRITE 4711 …`: a process that waits for a lock. */
static bool waits_for_a_lock(pid_t pid)
{
    char line[256];
    char *end;
    bool found = false;
    FILE *locks = fopen("/proc/locks", "r");
    ck_assert_ptr_nonnull(locks);
    while (fgets(line, sizeof line, locks) != NULL) {
        const char *number = strstr(line, "-> FLOCK") == NULL ? NULL : strstr(line, "WRITE ");
        found = found || (number != NULL && strtol(number + strlen("WRITE "), &end, 10) == pid);
    }
    fclose(locks);
    return found;
}

START_TEST(a_batch_waits_for_another_workers_batch)
{
    int status;
    run_open_with(&stage_ndjson, "messages", path);
    batch_add("hello");
    int other = open(path, O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(flock(other, LOCK_EX), 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(batch_run() == 0 ? 0 : 1);
    while (!waits_for_a_lock(pid))
        ck_assert_msg(waitpid(pid, &status, WNOHANG) == 0, "it did not wait");
    ck_assert_str_eq(content(), "");
    ck_assert_int_eq(flock(other, LOCK_UN), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_str_eq(content(), LINE(0, "hello"));
    close(other);
    run_close();
}
END_TEST

CHECK_MAIN_WITH("consumer/pipeline/stages/ndjson", make_folder, remove_folder,
                every_record_is_a_line_behind_what_was_there,
                what_is_too_long_for_a_line_is_dead_and_the_others_are_written,
                a_torn_last_line_is_cut_when_the_file_is_opened,
                a_file_of_one_torn_line_becomes_empty_however_short_it_is,
                what_another_worker_tore_is_cut_before_the_next_line, somebody_elses_file_is_not_cut,
                what_is_no_file_is_refused_with_its_name,
                a_batch_that_does_not_fit_on_the_disk_leaves_nothing_and_goes_through_later,
                a_batch_waits_for_another_workers_batch)
