#include "common/stats/directory.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/exit_codes.h"
#include "common/stats/directory_layout.h"
#include "tests/common/stats/support.h"

static struct directory_writer *writer;

static void prepare(void)
{
    name_instance();
    struct error error = ERROR_INIT;
    ck_assert_msg(directory_create(&writer, instance_name, "birth", 2, &error) == 0, "%s", error.text);
}

static void clean_up(void)
{
    directory_close(writer, true);
}

static void publish(uint32_t index, const char *name, int64_t pid)
{
    struct error error = ERROR_INIT;
    struct directory_worker worker;
    directory_worker_init(&worker);
    snprintf(worker.name, sizeof worker.name, "%s", name);
    snprintf(worker.group, sizeof worker.group, "group of %s", name);
    worker.pid = pid;
    worker.state = WORKER_READY;
    worker.last_death.signal = 9;
    ck_assert_msg(directory_publish(writer, index, &worker, &error) == 0, "%s", error.text);
}

static struct directory *open_directory(void)
{
    struct error error = ERROR_INIT;
    struct directory *directory;
    ck_assert_msg(directory_open(&directory, instance_name, &error) == 0, "%s", error.text);
    return directory;
}

static void expect_worker(const struct directory *directory, size_t index, const char *name, int64_t pid)
{
    struct directory_worker worker;
    ck_assert(directory_worker(directory, index, &worker));
    ck_assert_str_eq(worker.name, name);
    ck_assert_int_eq(worker.pid, pid);
    ck_assert_int_eq(worker.last_death.signal, 9);
    ck_assert_int_eq(worker.state, WORKER_READY);
}

START_TEST(what_the_supervisor_publishes_can_be_read)
{
    struct directory *directory = open_directory();
    ck_assert_uint_eq(directory_count(directory), 0);
    ck_assert_str_eq(directory_bootstrap(directory), "");
    directory_set_bootstrap(writer, "127.0.0.1:9092");
    publish(0, "bravo", 11);
    publish(1, "zulu", 12);
    publish(0, "bravo", 13);
    ck_assert_int_eq(directory_refresh(directory, NULL), 0);
    ck_assert_str_eq(directory_bootstrap(directory), "127.0.0.1:9092");
    ck_assert_str_eq(directory_birth_id(directory), "birth");
    ck_assert_int_eq(directory_pid(directory), getpid());
    ck_assert_uint_eq(directory_count(directory), 2);
    expect_worker(directory, 0, "bravo", 13);
    expect_worker(directory, 1, "zulu", 12);
    directory_free(directory);
}
END_TEST

START_TEST(a_reader_follows_a_directory_that_has_grown)
{
    publish(0, "bravo", 1);
    struct directory *directory = open_directory();
    publish(40, "zulu", 2);
    ck_assert_int_eq(directory_refresh(directory, NULL), 0);
    ck_assert_uint_eq(directory_count(directory), 41);
    expect_worker(directory, 0, "bravo", 1);
    expect_worker(directory, 40, "zulu", 2);
    struct directory_worker worker;
    ck_assert(!directory_worker(directory, 7, &worker));
    ck_assert(!directory_worker(directory, 41, &worker));
    ck_assert(directory_alive(directory));
    directory_free(directory);
}
END_TEST

START_TEST(it_grows_by_one_worker_after_the_other)
{
    enum { WORKERS = 200 };
    char name[16];
    for (uint32_t i = 0; i < WORKERS; i++) {
        snprintf(name, sizeof name, "worker-%u", i);
        publish(i, name, (int64_t)i + 1);
    }
    struct directory *directory = open_directory();
    ck_assert_uint_eq(directory_count(directory), WORKERS);
    for (uint32_t i = 0; i < WORKERS; i++) {
        snprintf(name, sizeof name, "worker-%u", i);
        expect_worker(directory, i, name, (int64_t)i + 1);
    }
    directory_free(directory);
}
END_TEST

START_TEST(there_is_a_limit_and_it_is_said)
{
    struct error error = ERROR_INIT;
    struct directory_worker worker;
    directory_worker_init(&worker);
    ck_assert_int_eq(directory_publish(writer, DIRECTORY_CAPACITY_MAX, &worker, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "4096"));
}
END_TEST

START_TEST(an_instance_that_ended_is_not_running)
{
    struct directory *directory = open_directory();
    struct directory *gone = directory;
    struct error error = ERROR_INIT;
    directory_close(writer, true);
    writer = NULL;
    ck_assert(!directory_alive(directory));
    ck_assert_int_eq(directory_refresh(directory, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_NOT_RUNNING);
    ck_assert_int_eq(directory_open(&gone, instance_name, &error), -1);
    ck_assert_ptr_null(gone);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_NOT_RUNNING);
    directory_free(directory);
}
END_TEST

START_TEST(a_killed_supervisor_leaves_its_directory_and_it_is_not_alive)
{
    directory_close(writer, true);
    writer = NULL;
    pid_t pid = fork();
    if (pid == 0) {
        if (directory_create(&writer, instance_name, "second", 4, NULL) != 0)
            _exit(1);
        publish(0, "bravo", 5);
        kill(getpid(), SIGKILL);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
    struct directory *directory = open_directory();
    ck_assert(!directory_alive(directory));
    expect_worker(directory, 0, "bravo", 5);
    /* The next supervisor takes the name over. */
    struct error error = ERROR_INIT;
    ck_assert_msg(directory_create(&writer, instance_name, "third", 4, &error) == 0, "%s", error.text);
    ck_assert_int_eq(directory_refresh(directory, NULL), 0);
    ck_assert_str_eq(directory_birth_id(directory), "third");
    ck_assert(directory_alive(directory));
    directory_free(directory);
}
END_TEST

START_TEST(one_that_cannot_be_made_is_an_error_and_no_writer)
{
    struct error error = ERROR_INIT;
    struct directory_writer *none = writer;
    char name[STATS_NAME_BYTES], other[NAME_BYTES], path[STATS_NAME_BYTES + 16];
    snprintf(other, sizeof other, "other-%d", (int)getpid());
    directory_name(name, other);
    snprintf(path, sizeof path, "/dev/shm%s.~", name);
    rmdir(path);
    ck_assert_int_eq(mkdir(path, 0700), 0); /* where it would be made */
    ck_assert_int_eq(directory_create(&none, other, "birth", 2, &error), -1);
    ck_assert_int_eq(rmdir(path), 0);
    ck_assert_ptr_null(none);
    ck_assert_str_ne(error.text, "");
}
END_TEST

START_TEST(an_instance_that_runs_is_not_taken_from_its_supervisor)
{
    struct error error = ERROR_INIT;
    struct directory_writer *second = writer;
    publish(0, "bravo", 5);
    ck_assert_int_eq(directory_create(&second, instance_name, "second", 2, &error), -1);
    ck_assert_ptr_null(second);
    ck_assert_ptr_nonnull(strstr(error.text, "is already running (pid "));
    struct directory *directory = open_directory();
    ck_assert_str_eq(directory_birth_id(directory), "birth");
    ck_assert(directory_alive(directory));
    expect_worker(directory, 0, "bravo", 5);
    directory_free(directory);
}
END_TEST

static int find_own(void *context, const char *instance)
{
    bool *found = context;
    *found |= strcmp(instance, instance_name) == 0;
    return 0;
}

START_TEST(a_scan_finds_the_instance)
{
    bool found = false;
    ck_assert_int_eq(directory_scan(find_own, &found), 0);
    ck_assert(found);
}
END_TEST

/* A FIFO at the name of another instance, and at the one under which it would be made. */
START_TEST(a_fifo_is_no_instance_and_stops_nobody)
{
    struct error error = ERROR_INIT;
    struct directory *directory;
    bool found = false;
    char former[NAME_BYTES], path[STATS_NAME_BYTES + 16], hidden[STATS_NAME_BYTES + 20];
    alarm(5); /* or it waits in open() */
    snprintf(former, sizeof former, "%s", instance_name);
    snprintf(instance_name, sizeof instance_name, "fifo-%d", (int)getpid());
    snprintf(path, sizeof path, "/dev/shm/ksupervise.%u.%s", (unsigned)geteuid(), instance_name);
    snprintf(hidden, sizeof hidden, "%s.~", path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(mkfifo(hidden, 0600), 0);
    ck_assert_int_eq(directory_open(&directory, instance_name, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "is a FIFO"));
    ck_assert_int_eq(directory_scan(find_own, &found), 0);
    ck_assert(!found);
    struct directory_writer *none;
    ck_assert_int_eq(directory_create(&none, instance_name, "birth", 2, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "is a FIFO"));
    unlink(path);
    unlink(hidden);
    snprintf(instance_name, sizeof instance_name, "%s", former);
}
END_TEST

static struct image image_of_directory(void)
{
    char name[STATS_NAME_BYTES];
    directory_name(name, instance_name);
    int fd = shm_open(name, O_RDONLY, 0);
    ck_assert_int_ge(fd, 0);
    struct image image = image_of(fd);
    close(fd);
    return image;
}

static struct directory *take_directory(const struct image *image, struct error *error)
{
    struct directory *directory;
    int fd = memory_file(image->bytes, image->size);
    directory_take(&directory, fd, error);
    close(fd);
    return directory;
}

START_TEST(every_truncation_and_all_garbage_is_survived)
{
    publish(0, "bravo", 5);
    struct image image = image_of_directory();
    size_t whole = image.size;
    for (image.size = 0; image.size < whole; image.size += 7)
        ck_assert_ptr_null(take_directory(&image, NULL));
    image.size = whole;
    unsigned seed = 26;
    unsigned char *former = malloc(whole);
    memcpy(former, image.bytes, whole);
    for (int round = 0; round < 2000; round++) {
        for (int i = 0; i < 4; i++)
            image.bytes[(size_t)rand_r(&seed) % (round % 2 ? 400 : whole)] = (unsigned char)rand_r(&seed);
        struct directory *directory = take_directory(&image, NULL);
        struct directory_worker worker;
        for (size_t i = 0; directory != NULL && i < directory_count(directory); i++)
            directory_worker(directory, i, &worker);
        directory_free(directory);
        memcpy(image.bytes, former, whole);
    }
    free(former);
    free(image.bytes);
}
END_TEST

START_TEST(a_directory_of_another_build_is_read_by_field_names)
{
    publish(0, "bravo", 5);
    struct image image = image_of_directory();
    const struct directory_header *header = (const void *)image.bytes;
    struct wire_field *fields = (void *)(image.bytes + header->fields_offset);
    for (uint32_t i = 0; i < header->field_count; i++) {
        if (strcmp(fields[i].name, "restarts") == 0)
            snprintf(fields[i].name, sizeof fields[i].name, "renamed");
        if (strcmp(fields[i].name, "group") == 0)
            fields[i].bytes = 8; /* a shorter text there */
    }
    struct wire_field swapped = fields[0];
    fields[0] = fields[5];
    fields[5] = swapped;
    struct directory *directory = take_directory(&image, NULL);
    struct directory_worker worker;
    ck_assert(directory_worker(directory, 0, &worker));
    ck_assert_str_eq(worker.name, "bravo");
    ck_assert_str_eq(worker.group, "group of");
    ck_assert_int_eq(worker.state, WORKER_READY);
    ck_assert(worker.restarts == STATS_UNKNOWN);
    directory_free(directory);
    free(image.bytes);
}
END_TEST

START_TEST(states_have_names)
{
    ck_assert_str_eq(worker_state_name(WORKER_READY_IDLE), "ready-idle");
    ck_assert_str_eq(worker_state_name((enum worker_state)99), "?");
    ck_assert_str_eq(worker_state_name((enum worker_state) - 1), "?");
}
END_TEST

CHECK_MAIN_WITH("common/stats/directory", prepare, clean_up, what_the_supervisor_publishes_can_be_read,
                a_reader_follows_a_directory_that_has_grown, it_grows_by_one_worker_after_the_other,
                there_is_a_limit_and_it_is_said, an_instance_that_ended_is_not_running,
                one_that_cannot_be_made_is_an_error_and_no_writer,
                an_instance_that_runs_is_not_taken_from_its_supervisor,
                a_killed_supervisor_leaves_its_directory_and_it_is_not_alive, a_scan_finds_the_instance,
                a_fifo_is_no_instance_and_stops_nobody, every_truncation_and_all_garbage_is_survived,
                a_directory_of_another_build_is_read_by_field_names, states_have_names)
