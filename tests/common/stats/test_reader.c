#include "common/stats/reader.h"

#include "common/exit_codes.h"
#include "tests/common/stats/support.h"

static int fd;
static struct stats_writer *writer;
static struct image image;
static struct stats_header *header;

static void prepare(void)
{
    name_instance();
    fd = create(STATS_KIND_CONSUMER, 1, -1);
    writer = open_writer(fd);
    stats_add(writer, CONSUMER_RECEIVED, 7);
    stats_add(writer, CONSUMER_COMMITS, 8);
    stats_phase(writer, PHASE_POLLING, 5);
    int slot = stats_partition_slot(writer, "payments", 2);
    stats_partition_set(writer, slot, PARTITION_POSITION, 42);
    stats_partition_publish(writer, slot);
    stats_observe(writer, CONSUMER_BATCH_US, 100, 3);
    stats_event(writer, STATS_RING_ERRORS, 1, 2, "three");
    image = image_of(fd);
    header = (void *)image.bytes;
}

static void clean_up(void)
{
    free(image.bytes);
    stats_writer_close(writer);
    close(fd);
    remove_segments();
}

/* Takes a snapshot of the image; the error's text when it is refused. */
static struct stats_snapshot *take_image(struct error *error)
{
    struct stats_snapshot *snapshot;
    int file = memory_file(image.bytes, image.size);
    int result = stats_snapshot_take(&snapshot, file, error);
    close(file);
    ck_assert_int_eq(result, snapshot == NULL ? -1 : 0);
    return snapshot;
}

static void expect_refused(const char *what)
{
    struct error error = ERROR_INIT;
    ck_assert_ptr_null(take_image(&error));
    ck_assert_msg(strstr(error.text, what) != NULL, "'%s' is not in: %s", what, error.text);
}

START_TEST(a_name_that_is_not_there_is_not_running)
{
    struct stats_snapshot *snapshot;
    struct error error = ERROR_INIT;
    ck_assert_int_eq(stats_snapshot_open(&snapshot, instance_name, "nobody", 1, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_NOT_RUNNING);
    ck_assert_int_eq(stats_snapshot_open(&snapshot, instance_name, "bravo", 1, &error), 0);
    stats_snapshot_free(snapshot);
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    size_t whole = image.size;
    for (image.size = 0; image.size < whole; image.size += image.size < 2000 ? 1 : 509)
        ck_assert_ptr_null(take_image(NULL));
}
END_TEST

START_TEST(a_segment_that_shrinks_under_the_reader_is_an_error_not_a_sigbus)
{
    int file = memory_file(image.bytes, image.size);
    struct stats_snapshot *snapshot = take(file);
    struct error error = ERROR_INIT;
    ck_assert_int_eq(ftruncate(file, 1000), 0);
    ck_assert_int_eq(stats_snapshot_refresh(snapshot, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "truncated"));
    stats_snapshot_free(snapshot);
    close(file);
}
END_TEST

START_TEST(foreign_bytes_other_byte_orders_and_other_versions_are_told_apart)
{
    header->version = 0;
    struct error error = ERROR_INIT;
    ck_assert_ptr_null(take_image(&error));
    ck_assert_int_eq(error.exit_code, EXIT_CODE_NOT_RUNNING);
    header->version = STATS_LAYOUT_VERSION + 1;
    expect_refused("layout version 2, this program reads version 1");
    header->byte_order = __builtin_bswap32(header->byte_order);
    expect_refused("another byte order");
    header->magic[3] = 'x';
    expect_refused("not a statistics segment");
}
END_TEST

START_TEST(a_header_that_contradicts_itself_is_refused)
{
    /* Every 32-bit field after total_bytes whose value leads somewhere, with values that lead astray. */
    static const size_t fields[] = {24, 28, 48, 52, 56, 64,  68,  72,  76,
                                    80, 84, 88, 92, 96, 100, 104, 108, 112};
    static const uint32_t values[] = {UINT32_MAX, UINT32_MAX - 7, UINT32_C(1) << 31, 4};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        uint32_t former;
        memcpy(&former, image.bytes + fields[i], sizeof former);
        for (size_t j = 0; j < sizeof values / sizeof values[0]; j++) {
            memcpy(image.bytes + fields[i], &values[j], sizeof former);
            struct stats_snapshot *snapshot = take_image(NULL);
            /* 4 definitions, or rings of 4, are possible. */
            bool possible = values[j] == 4 && (fields[i] == 56 || fields[i] == 88);
            ck_assert_msg(snapshot == NULL || possible, "field at %zu, value %#x", fields[i], values[j]);
            stats_snapshot_free(snapshot);
        }
        memcpy(image.bytes + fields[i], &former, sizeof former);
    }
    header->total_bytes = UINT64_MAX;
    expect_refused("truncated");
}
END_TEST

START_TEST(definitions_that_point_astray_or_have_no_name_are_refused)
{
    struct stats_wire_definition *definitions = (void *)(image.bytes + header->definitions_offset);
    for (uint32_t i = 0; i < header->definition_count; i++) {
        struct stats_wire_definition former = definitions[i];
        if (former.section == STATS_SECTION_NAMES)
            continue;
        static const uint64_t positions[] = {UINT64_MAX, UINT64_MAX - 7, UINT64_C(1) << 40, 3};
        for (size_t j = 0; j < 4; j++) {
            definitions[i].position = positions[j];
            expect_refused("makes no sense");
        }
        definitions[i] = former;
        definitions[i].name[0] = '\x1b';
        expect_refused("makes no sense");
        definitions[i] = former;
    }
    snprintf(header->worker, sizeof header->worker, "../../x");
    expect_refused("its names are not valid");
}
END_TEST

START_TEST(texts_without_an_end_are_ended)
{
    memset(header->group, 'g', sizeof header->group);
    struct stats_wire_partition *head = (void *)(image.bytes + header->partitions_offset);
    memset(head->topic, '\a', sizeof head->topic);
    struct stats_wire_ring_entry *entries = (void *)(image.bytes + header->rings_offset);
    memset(entries[header->ring_slots].text, 'e', sizeof entries[0].text);
    struct stats_wire_definition *wire = (void *)(image.bytes + header->definitions_offset);
    memset(wire[0].help, '\a', sizeof wire[0].help);
    struct stats_snapshot *snapshot = take_image(NULL);
    ck_assert_uint_eq(strlen(stats_snapshot_identity(snapshot)->group), sizeof header->group - 1);
    const char *help = stats_snapshot_definition(snapshot, 0)->help;
    ck_assert_uint_eq(strspn(help, "?"), sizeof wire[0].help - 1);
    ck_assert_uint_eq(strlen(help), sizeof wire[0].help - 1);
    int32_t partition;
    const char *topic = stats_snapshot_partition_topic(snapshot, 0, &partition);
    ck_assert_uint_eq(strspn(topic, "?"), sizeof head->topic - 1);
    struct stats_ring_entry ring[STATS_RING_ENTRIES];
    ck_assert_uint_eq(stats_snapshot_ring(snapshot, STATS_RING_ERRORS, ring), 1);
    ck_assert_uint_eq(strlen(ring[0].text), sizeof ring[0].text - 1);
    stats_snapshot_free(snapshot);
}
END_TEST

START_TEST(garbage_of_any_kind_is_survived)
{
    unsigned seed = 20260226;
    for (int round = 0; round < 3000; round++) {
        struct image former = {malloc(image.size), image.size};
        memcpy(former.bytes, image.bytes, image.size);
        for (int i = 0; i < 1 + round % 8; i++)
            image.bytes[(size_t)rand_r(&seed) % (round % 2 ? 512 : image.size)] =
                (unsigned char)rand_r(&seed);
        struct stats_snapshot *snapshot = take_image(NULL);
        struct stats_ring_entry ring[STATS_RING_ENTRIES];
        struct stats_summary summary;
        if (snapshot != NULL) {
            stats_snapshot_counter(snapshot, "received");
            stats_snapshot_state(snapshot, "phase");
            stats_snapshot_histogram(snapshot, "batch_us", &summary);
            stats_snapshot_ring(snapshot, STATS_RING_ERRORS, ring);
            for (size_t p = 0; p < stats_snapshot_partitions(snapshot); p++)
                stats_snapshot_partition(snapshot, p, "position");
        }
        stats_snapshot_free(snapshot);
        memcpy(image.bytes, former.bytes, image.size);
        free(former.bytes);
    }
}
END_TEST

/* Makes the segment that another build would have made: definitions in reverse order, wider, one that this
 * build lacks, one of this build's missing, a section that nobody knows; all that follows them moved. */
static void rebuild_as_another_build(void)
{
    const size_t stride = sizeof(struct stats_wire_definition) + 40, count = header->definition_count;
    const struct stats_wire_definition *old = (const void *)(image.bytes + header->definitions_offset);
    size_t definitions_end = header->definitions_offset + count * sizeof *old;
    size_t shift = (count * 40 + 2 * stride + 63) / 64 * 64;
    struct image fresh = {calloc(1, image.size + shift), image.size + shift};
    memcpy(fresh.bytes, image.bytes, header->definitions_offset);
    memcpy(fresh.bytes + definitions_end + shift, image.bytes + definitions_end,
           image.size - definitions_end);
    for (size_t i = 0; i < count; i++) {
        struct stats_wire_definition wire = old[count - 1 - i];
        if (wire.section == STATS_SECTION_COUNTERS || wire.section == STATS_SECTION_HISTOGRAMS)
            wire.position += shift;
        if (strcmp(wire.name, "commits") == 0)
            snprintf(wire.name, sizeof wire.name, "commits_of_the_future");
        memcpy(fresh.bytes + header->definitions_offset + i * stride, &wire, sizeof wire);
    }
    struct stats_wire_definition unheard_of = {
        .name = "unheard_of", .unit = "unicorns", .type = 77, .section = 88, .position = UINT64_MAX};
    memcpy(fresh.bytes + header->definitions_offset + count * stride, &unheard_of, sizeof unheard_of);
    free(image.bytes);
    image = fresh;
    header = (void *)image.bytes;
    header->definition_bytes = (uint32_t)stride;
    header->definition_count += 1;
    uint32_t *const offsets[] = {&header->liveness_offset, &header->selectors_offset, &header->status_offset,
                                 &header->rings_offset, &header->partitions_offset};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++)
        *offsets[i] += (uint32_t)shift;
    header->total_bytes += shift;
}

START_TEST(a_segment_of_another_build_is_read_by_its_own_definitions)
{
    rebuild_as_another_build();
    struct error error = ERROR_INIT;
    struct stats_snapshot *snapshot = take_image(&error);
    ck_assert_msg(snapshot != NULL, "%s", error.text);
    ck_assert_int_eq(stats_snapshot_counter(snapshot, "received"), 7);
    ck_assert_int_eq(stats_snapshot_counter(snapshot, "commits_of_the_future"), 8);
    ck_assert(stats_snapshot_counter(snapshot, "commits") == STATS_UNKNOWN);
    ck_assert(stats_snapshot_counter(snapshot, "unheard_of") == STATS_UNKNOWN);
    ck_assert_str_eq(stats_snapshot_state(snapshot, "phase"), "polling");
    ck_assert_int_eq(stats_snapshot_partition(snapshot, 0, "position"), 42);
    struct stats_summary summary;
    stats_snapshot_histogram(snapshot, "batch_us", &summary);
    ck_assert_uint_eq(summary.count, 3);
    struct stats_ring_entry ring[STATS_RING_ENTRIES];
    ck_assert_uint_eq(stats_snapshot_ring(snapshot, STATS_RING_ERRORS, ring), 1);
    ck_assert_str_eq(ring[0].text, "three");
    stats_snapshot_free(snapshot);
}
END_TEST

START_TEST(totals_of_another_build_carry_over_by_name)
{
    rebuild_as_another_build();
    int previous = memory_file(image.bytes, image.size);
    int next = create(STATS_KIND_CONSUMER, 2, previous);
    struct stats_snapshot *snapshot = take(next);
    ck_assert_int_eq(stats_snapshot_counter(snapshot, "received"), 7);
    ck_assert_int_eq(stats_snapshot_counter(snapshot, "commits"), 0);
    stats_snapshot_free(snapshot);
    close(previous);
    close(next);
}
END_TEST

START_TEST(past_the_last_there_is_nothing)
{
    struct stats_snapshot *snapshot = take_image(NULL);
    int32_t partition;
    ck_assert_uint_eq(stats_snapshot_partitions(snapshot), 1);
    ck_assert_int_eq(stats_snapshot_partition(snapshot, 0, "position"), 42);
    ck_assert(stats_snapshot_partition(snapshot, 1, "position") == STATS_UNKNOWN);
    ck_assert_ptr_null(stats_snapshot_partition_topic(snapshot, 1, &partition));
    ck_assert_ptr_nonnull(stats_snapshot_definition(snapshot, header->definition_count - 1));
    ck_assert_ptr_null(stats_snapshot_definition(snapshot, header->definition_count));
    struct stats_ring_entry ring[STATS_RING_ENTRIES];
    ck_assert_uint_eq(stats_snapshot_ring(snapshot, (enum stats_ring)header->ring_count, ring), 0);
    stats_snapshot_free(snapshot);
}
END_TEST

START_TEST(lag_is_unknown_when_either_side_is_and_never_negative)
{
    ck_assert_int_eq(stats_lag(3, 10), 7);
    ck_assert_int_eq(stats_lag(10, 3), 0);
    ck_assert_int_eq(stats_lag(9, 10), 1);
    ck_assert(stats_lag(STATS_UNKNOWN, 3) == STATS_UNKNOWN);
    ck_assert(stats_lag(3, STATS_UNKNOWN) == STATS_UNKNOWN);
    ck_assert(stats_lag(INT64_MIN + 1, INT64_MAX) == STATS_UNKNOWN);
}
END_TEST

CHECK_MAIN_WITH("common/stats/reader", prepare, clean_up, a_name_that_is_not_there_is_not_running,
                every_truncation_is_refused, a_segment_that_shrinks_under_the_reader_is_an_error_not_a_sigbus,
                foreign_bytes_other_byte_orders_and_other_versions_are_told_apart,
                a_header_that_contradicts_itself_is_refused,
                definitions_that_point_astray_or_have_no_name_are_refused, texts_without_an_end_are_ended,
                garbage_of_any_kind_is_survived, a_segment_of_another_build_is_read_by_its_own_definitions,
                totals_of_another_build_carry_over_by_name, past_the_last_there_is_nothing,
                lag_is_unknown_when_either_side_is_and_never_negative)
