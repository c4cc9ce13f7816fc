/* Captures without memory: each allocation of a writer and of a reader fails once. What is there stays,
 * nothing is kept, and somebody says so. */
#include "tests/common/capture/capture_case.h"
#include "common/view/values.h"

/* A sanitizer has an allocator of its own: there the steps are taken once, and nothing fails. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_OWN_ALLOCATOR 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_OWN_ALLOCATOR 1
#endif
#endif

static int fails_at; /* the so-manieth from now on; 0: none */
static int64_t living;

#ifndef HAS_OWN_ALLOCATOR
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void __libc_free(void *block);

static bool fails(void)
{
    return fails_at > 0 && --fails_at == 0;
}

void *malloc(size_t bytes)
{
    void *block = fails() ? NULL : __libc_malloc(bytes);
    living += block != NULL;
    return block;
}

void *calloc(size_t count, size_t bytes)
{
    void *block = fails() ? NULL : __libc_calloc(count, bytes);
    living += block != NULL;
    return block;
}

void *realloc(void *block, size_t bytes)
{
    void *moved = fails() ? NULL : __libc_realloc(block, bytes);
    living += block == NULL && moved != NULL;
    return moved;
}

void free(void *block)
{
    living -= block != NULL;
    __libc_free(block);
}
#endif

/* 0, or -1 with an error that says something. */
static int write_once(void)
{
    struct capture_writer *writer;
    int result = capture_create(&writer, path, &error);
    if (result == 0)
        result = capture_write(writer, &source_live, instance_name, &error);
    capture_finish(writer, NULL);
    return result;
}

static void count_value(void *context, const char *name, struct stat_value value)
{
    *(size_t *)context += value.type != VALUE_UNKNOWN && strcmp(name, "problem") != 0;
}

static void open_part(void *context, enum values_part part, const char *name, int32_t number)
{
    (void)context;
    (void)part;
    (void)name;
    (void)number;
}

static void close_part(void *context, enum values_part part)
{
    (void)context;
    (void)part;
}

/* How many values of the last moment are known, but for what could not be read. */
static int read_once(bool lazy, size_t *known)
{
    struct capture *read;
    struct view seen = {.count = 0};
    *known = 0;
    if (capture_open(&read, path, &error) != 0)
        return -1;
    const struct view_request request = {
        .source = capture_source(read), .instance = capture_instance(read), .lazy = lazy};
    const struct values_visitor visitor = {open_part, count_value, close_part, known};
    int result = view_collect(&seen, &request, &error);
    for (size_t i = 0; result == 0 && i < seen.count; i++) {
        view_begin_worker(&seen, i, &request);
        values_of_worker(&seen, &seen.workers[i], NULL, &visitor);
        view_end_worker(&seen, i, &request);
    }
    view_release(&seen);
    capture_close(read);
    return result;
}

#define ALLOCATIONS_MAX 500

START_TEST(a_writer_without_memory_says_so_and_leaves_what_is_there)
{
    size_t known, expected;
    write_looks(1);
    ck_assert_int_eq(read_once(true, &expected), 0);
    int failures = 0, n = 1;
    for (; n < ALLOCATIONS_MAX; n++) {
        int64_t before = living;
        error = (struct error)ERROR_INIT;
        fails_at = n;
        int result = write_once();
        bool was_hit = fails_at == 0;
        fails_at = 0;
        ck_assert_int_eq(living, before);
        ck_assert(result == 0 || error.text[0] != '\0');
        failures += result != 0;
        ck_assert_int_eq(read_once(true, &known), 0);
        if (!was_hit)
            break;
    }
    ck_assert_int_lt(n, ALLOCATIONS_MAX);
    ck_assert_int_eq(write_once(), 0);
    ck_assert_int_eq(read_once(true, &known), 0);
    ck_assert_uint_eq(known, expected);
#ifndef HAS_OWN_ALLOCATOR
    ck_assert_int_gt(failures, 3);
#endif
}
END_TEST

START_TEST(a_reader_without_memory_says_so_or_shows_less)
{
    size_t known, expected;
    write_looks(1);
    ck_assert_int_eq(read_once(true, &expected), 0);
    for (int lazy = 0; lazy < 2; lazy++) {
        int n = 1;
        for (; n < ALLOCATIONS_MAX; n++) {
            int64_t before = living;
            error = (struct error)ERROR_INIT;
            fails_at = n;
            int result = read_once(lazy == 1, &known);
            bool was_hit = fails_at == 0;
            fails_at = 0;
            ck_assert_int_eq(living, before);
            ck_assert_msg(result == 0 ? known <= expected : error.text[0] != '\0',
                          "%d of lazy %d: %d, %zu of %zu", n, lazy, result, known, expected);
            if (!was_hit)
                break;
        }
        ck_assert_int_lt(n, ALLOCATIONS_MAX);
        ck_assert_uint_eq(known, expected);
    }
}
END_TEST

CHECK_MAIN_WITH("common/capture: memory", capture_prepare, capture_clean_up,
                a_writer_without_memory_says_so_and_leaves_what_is_there,
                a_reader_without_memory_says_so_or_shows_less)
