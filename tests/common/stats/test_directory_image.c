/* A directory kept as an object reads as the directory did. */
#include "common/stats/directory_layout.h"
#include "tests/common/stats/support.h"

static struct directory_writer *writer;
static struct directory *directory, *again;

static void prepare(void)
{
    name_instance();
    ck_assert_int_eq(directory_create(&writer, instance_name, "birth", 4, NULL), 0);
}

static void clean_up(void)
{
    directory_free(directory);
    directory_free(again);
    directory_close(writer, true);
}

/* Every number is another one: they follow the texts, without a gap. */
static void publish(uint32_t index, const char *name, int64_t base)
{
    struct directory_worker worker = {.kind = 0};
    for (size_t at = offsetof(struct directory_worker, kind); at < sizeof worker; at += sizeof base, base++)
        memcpy((char *)&worker + at, &base, sizeof base);
    snprintf(worker.name, sizeof worker.name, "%s", name);
    snprintf(worker.client, sizeof worker.client, "client of %s", name);
    snprintf(worker.group, sizeof worker.group, "group of %s", name);
    snprintf(worker.reason, sizeof worker.reason, "reason of %s", name);
    ck_assert_int_eq(directory_publish(writer, index, &worker, NULL), 0);
}

static struct image keep(void)
{
    struct image image = {NULL, 0};
    ck_assert_int_eq(directory_open(&directory, instance_name, NULL), 0);
    image.bytes = directory_image(directory, &image.size);
    ck_assert_ptr_nonnull(image.bytes);
    int fd = memory_file(image.bytes, image.size);
    ck_assert_int_eq(directory_take(&again, fd, NULL), 0);
    close(fd);
    return image;
}

static void same_worker(size_t index)
{
    struct directory_worker a, b;
    ck_assert_int_eq(directory_worker(directory, index, &a), directory_worker(again, index, &b));
    ck_assert_mem_eq(&a, &b, sizeof a);
}

static void keep_and_compare(void)
{
    struct image image = keep();
    free(image.bytes);
    ck_assert_int_eq(directory_pid(again), getpid());
    ck_assert_int_eq(directory_started_us(again), directory_started_us(directory));
    ck_assert_str_eq(directory_birth_id(again), directory_birth_id(directory));
    ck_assert_str_eq(directory_bootstrap(again), directory_bootstrap(directory));
    ck_assert_uint_eq(directory_count(again), directory_count(directory));
    for (size_t i = 0; i <= directory_count(directory); i++)
        same_worker(i);
}

START_TEST(an_image_reads_as_the_directory_does)
{
    directory_set_bootstrap(writer, "127.0.0.1:9092,127.0.0.1:9093");
    publish(0, "bravo", 1000);
    publish(1, "zulu", 2000);
    publish(1, "zulu", 3000); /* the other of the two copies */
    publish(2, "bravo.2", 4000);
    keep_and_compare();
    struct directory_worker worker;
    ck_assert(directory_worker(again, 1, &worker));
    ck_assert_int_eq(worker.kind, 3000);
    ck_assert_int_eq(worker.last_death.heartbeat_age_us, 3019);
    ck_assert_str_eq(worker.reason, "reason of zulu");
}
END_TEST

START_TEST(an_image_of_a_directory_without_workers_has_none)
{
    keep_and_compare();
    ck_assert_uint_eq(directory_count(again), 0);
    ck_assert_str_eq(directory_bootstrap(again), "");
}
END_TEST

START_TEST(an_empty_slot_stays_empty_and_the_others_keep_their_places)
{
    struct directory_worker worker;
    publish(6, "zulu", 5000);
    publish(2, "bravo", 6000);
    keep_and_compare();
    ck_assert(!directory_worker(again, 0, &worker));
    ck_assert(directory_worker(again, 2, &worker));
    ck_assert_str_eq(worker.name, "bravo");
    ck_assert(directory_worker(again, 6, &worker));
    ck_assert_str_eq(worker.name, "zulu");
}
END_TEST

START_TEST(an_image_is_of_its_moment)
{
    publish(0, "bravo", 1000);
    struct image image = keep();
    publish(0, "bravo", 9000);
    free(image.bytes);
    same_worker(0);
}
END_TEST

/* The pid that it names may be somebody else's when it is read: nothing holds its lock. */
START_TEST(an_image_is_as_long_as_it_says_and_nobody_lives_in_it)
{
    publish(0, "bravo", 1000);
    struct image image = keep();
    const struct directory_header *header = (const void *)image.bytes;
    ck_assert_uint_eq(header->total_bytes, image.size);
    ck_assert_uint_eq(header->workers_offset, header->bootstrap_offset + 2 * DIRECTORY_BOOTSTRAP_BYTES);
    ck_assert_uint_eq(image.size, header->workers_offset + 2 * sizeof(struct directory_worker));
    ck_assert_uint_eq(header->start_ticks, 0);
    ck_assert(!directory_alive(again));
    free(image.bytes);
}
END_TEST

CHECK_MAIN_WITH("common/stats/directory_image", prepare, clean_up, an_image_reads_as_the_directory_does,
                an_image_of_a_directory_without_workers_has_none,
                an_empty_slot_stays_empty_and_the_others_keep_their_places, an_image_is_of_its_moment,
                an_image_is_as_long_as_it_says_and_nobody_lives_in_it)
