/* The families: every definition has one, and names follow the rules of Prometheus. */
#include "tools/kweb/metrics_families.h"

#include "common/stats/histogram.h"
#include "tests/support/check_main.h"

static struct metrics_families families;

static void prepare(void)
{
    metrics_families_init(&families);
}

static const struct metrics_family *named(const char *name)
{
    for (size_t i = 0; i < families.count; i++)
        if (strcmp(families.items[i].head.name, name) == 0)
            return &families.items[i];
    ck_abort_msg("there is no %s", name);
    return NULL;
}

static size_t families_of(const struct stats_definition *definition)
{
    size_t found = 0;
    for (size_t i = 0; i < families.count; i++)
        found += families.items[i].definition == definition;
    return found;
}

static bool is_quantity(const struct stats_definition *definition)
{
    return definition->section != STATS_SECTION_NAMES && strcmp(definition->unit, STATS_UNIT_BITS) != 0;
}

START_TEST(every_definition_that_is_a_quantity_has_one)
{
    for (int kind = STATS_KIND_CONSUMER; kind <= STATS_KIND_PRODUCER; kind++) {
        size_t count;
        const struct stats_definition *definitions = stats_definitions((enum stats_kind)kind, &count);
        for (size_t i = 0; i < count; i++)
            ck_assert_uint_eq(families_of(&definitions[i]), is_quantity(&definitions[i]));
    }
}
END_TEST

START_TEST(no_name_comes_twice)
{
    for (size_t i = 0; i < families.count; i++)
        for (size_t k = 0; k < i; k++)
            ck_assert_str_ne(families.items[i].head.name, families.items[k].head.name);
}
END_TEST

START_TEST(no_column_has_two_meanings)
{
    bool taken[3][METRICS_FAMILIES_MAX * 4] = {{false}};
    const size_t ends[] = {[METRICS_OF_INSTANCE] = families.instance_columns,
                           [METRICS_OF_WORKER] = families.worker_columns,
                           [METRICS_OF_PARTITION] = families.partition_columns};
    for (size_t i = 0; i < families.count; i++) {
        const struct metrics_family *family = &families.items[i];
        for (size_t k = family->column; k < family->column + family->columns; k++) {
            ck_assert_uint_lt(k, ends[family->scope]);
            ck_assert(!taken[family->scope][k]);
            taken[family->scope][k] = true;
        }
    }
}
END_TEST

START_TEST(names_say_the_unit_and_seconds_are_the_only_time)
{
    ck_assert_str_eq(named("ksupervise_consumer_received_records")->definition->name, "received");
    ck_assert_str_eq(named("ksupervise_consumer_batches_by_size")->definition->name, "batches_by_size");
    ck_assert_str_eq(named("ksupervise_consumer_commit_errors")->definition->name, "commit_errors");
    ck_assert_str_eq(named("ksupervise_consumer_bytes")->head.unit, "bytes");
    ck_assert_str_eq(named("ksupervise_consumer_process_seconds")->definition->name, "process_us");
    ck_assert_str_eq(named("ksupervise_consumer_phase")->definition->name, "phase");
    ck_assert_str_eq(named("ksupervise_partition_committed_offset")->definition->name, "committed");
    ck_assert_str_eq(named("ksupervise_partition_committed_timestamp_seconds")->definition->name,
                     "committed_us");
    ck_assert_str_eq(named("ksupervise_partition_acknowledged_offset")->definition->name,
                     "acknowledged_offset");
    ck_assert_str_eq(named("ksupervise_partition_lag_seconds")->head.unit, "seconds");
    ck_assert_str_eq(named("ksupervise_partition_assigned")->head.unit, "");
    ck_assert_str_eq(named("ksupervise_worker_restarts")->head.unit, "");
    for (size_t i = 0; i < families.count; i++)
        ck_assert_ptr_null(strstr(families.items[i].head.name, "_us"));
}
END_TEST

/* They go between quotes in OpenMetrics' comments, and into a table. */
START_TEST(help_is_one_plain_line)
{
    for (size_t i = 0; i < families.count; i++) {
        ck_assert_str_ne(families.items[i].head.help, "");
        ck_assert_ptr_null(strpbrk(families.items[i].head.help, "\"\\\n|"));
    }
}
END_TEST

START_TEST(a_state_set_has_its_states)
{
    const struct metrics_family *phase = named("ksupervise_consumer_phase");
    const struct metrics_family *state = named("ksupervise_worker_state");
    ck_assert_str_eq(phase->state(PHASE_POLLING), "polling");
    ck_assert_str_eq(phase->state(PHASE_STOPPED), "stopped");
    ck_assert_ptr_null(phase->state(PHASE_STOPPED + 1));
    ck_assert_str_eq(state->state(WORKER_HELD), "held");
    ck_assert_str_eq(state->state(WORKER_DONE + 2), "dead");
    ck_assert_ptr_null(state->state(WORKER_DONE + 3));
}
END_TEST

START_TEST(bounds_are_the_largest_values_of_buckets)
{
    for (size_t i = 0; i < METRICS_BOUNDS; i++) {
        ck_assert_uint_eq(histogram_upper(histogram_bucket(metrics_bounds[i])), metrics_bounds[i]);
        ck_assert(i == 0 || metrics_bounds[i] > metrics_bounds[i - 1]);
    }
}
END_TEST

CHECK_MAIN_WITH("tools/kweb/metrics_families", prepare, NULL, every_definition_that_is_a_quantity_has_one,
                no_name_comes_twice, no_column_has_two_meanings,
                names_say_the_unit_and_seconds_are_the_only_time, help_is_one_plain_line,
                a_state_set_has_its_states, bounds_are_the_largest_values_of_buckets)
