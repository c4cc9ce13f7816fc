#include "tools/kaudit/compare.h"

#include "tests/support/check_main.h"

/* --- fabricated streams -------------------------------------------------------------------------------- */

struct list {
    const struct source_item *items;
    size_t count, at;
    bool fails;
};

static int next_of_list(void *state, int32_t partition, struct source_item *item, struct error *error)
{
    struct list *list = state;
    ck_assert_int_eq(partition, 2);
    if (list->at == list->count)
        return list->fails ? error_set(error, "the database is gone") : 0;
    *item = list->items[list->at++];
    return 1;
}

#define END INT64_MIN

static struct source_item storage[3][64];
static struct list lists[3];
static struct source sources[3];
static struct tally tally;
static struct compare compare;
static struct error error;

static void fill(size_t which, const int64_t *offsets)
{
    size_t count = 0;
    for (; offsets[count] != END; count++)
        storage[which][count] =
            (struct source_item){.offset = offsets[count], .tag = offsets[count] + 100, .timestamp_ms = 0};
    lists[which] = (struct list){.items = storage[which], .count = count};
    sources[which] = (struct source){.next = next_of_list, .state = &lists[which]};
}

#define OFFSETS(...) ((const int64_t[]){__VA_ARGS__, END})
#define NONE         ((const int64_t[]){END})

static void begin(int64_t low, int64_t committed, const int64_t *rows, const int64_t *dead,
                  const int64_t *acknowledged)
{
    const int64_t *all[3] = {rows, dead, acknowledged};
    struct cursor *cursors[3] = {&compare.rows, &compare.dead, &compare.ledger};
    tally = (struct tally){.partition = 2, .low = low, .committed = committed, .in_database = -1};
    compare = (struct compare){.tally = &tally, .judged = rows != NULL};
    for (size_t i = 0; i < 3; i++) {
        if (all[i] == NULL)
            continue;
        fill(i, all[i]);
        *cursors[i] = (struct cursor){.source = &sources[i], .partition = 2};
    }
}

/* The records, whose seq is their offset and 100. */
static int records(const int64_t *offsets)
{
    bool acknowledged;
    for (size_t i = 0; offsets[i] != END; i++)
        if (compare_record(
                &compare, &(struct audited){.offset = offsets[i], .seq = offsets[i] + 100, .timestamp_ms = 0},
                &acknowledged, &error) == -1)
            return -1;
    return compare_finish(&compare, &error);
}

static void finds(const struct finding *finding, uint64_t count, int64_t first)
{
    ck_assert_uint_eq(finding->count, count);
    if (count > 0)
        ck_assert_int_eq(finding->examples[0], first);
}

static void finds_nothing(void)
{
    finds(&tally.missing, 0, 0);
    finds(&tally.doubled, 0, 0);
    finds(&tally.strange, 0, 0);
    finds(&tally.lost, 0, 0);
}

/* --- tests --------------------------------------------------------------------------------------------- */

START_TEST(a_row_or_a_letter_for_each_record_is_clean)
{
    begin(0, 5, OFFSETS(0, 1, 3, 4), OFFSETS(2), NULL);
    ck_assert_int_eq(records(OFFSETS(0, 1, 2, 3, 4)), 0);
    finds_nothing();
    ck_assert_uint_eq(tally.produced, 5);
    ck_assert_uint_eq(tally.in_sink, 4);
    ck_assert_uint_eq(tally.dead, 1);
}
END_TEST

START_TEST(a_committed_record_without_a_row_is_missing)
{
    begin(0, 5, OFFSETS(0, 1, 4), NONE, NULL);
    ck_assert_int_eq(records(OFFSETS(0, 1, 2, 3, 4)), 0);
    finds(&tally.missing, 2, 2);
    ck_assert_int_eq(tally.missing.examples[1], 3);
    finds(&tally.doubled, 0, 0);
}
END_TEST

START_TEST(what_is_not_committed_is_still_to_come)
{
    begin(0, 3, OFFSETS(0, 1, 2, 4), NONE, NULL);
    ck_assert_int_eq(records(OFFSETS(0, 1, 2, 3, 4, 5)), 0);
    finds_nothing();
    ck_assert_uint_eq(tally.in_sink, 4);
    ck_assert_uint_eq(tally.waiting, 2);
}
END_TEST

START_TEST(a_group_that_committed_nothing_misses_nothing)
{
    begin(0, -1, NONE, NULL, NULL);
    ck_assert_int_eq(records(OFFSETS(0, 1)), 0);
    finds_nothing();
    ck_assert_uint_eq(tally.waiting, 2);
}
END_TEST

static void in_outbox(size_t letter)
{
    storage[1][letter].tag = LETTER_IN_OUTBOX;
}

START_TEST(a_letter_in_the_outbox_accounts_for_its_record)
{
    begin(0, 5, OFFSETS(0, 1, 4), OFFSETS(2, 3), NULL);
    in_outbox(1);
    ck_assert_int_eq(records(OFFSETS(0, 1, 2, 3, 4)), 0);
    finds_nothing();
    ck_assert_uint_eq(tally.dead, 1);
    ck_assert_uint_eq(tally.outbox, 1);
    ck_assert_uint_eq(tally.waiting, 0);
}
END_TEST

START_TEST(a_row_and_a_letter_in_the_outbox_is_doubled_and_one_without_a_record_is_strange)
{
    begin(0, 3, OFFSETS(0, 1, 2), OFFSETS(1, 7), NULL);
    in_outbox(0);
    in_outbox(1);
    ck_assert_int_eq(records(OFFSETS(0, 1, 2)), 0);
    finds(&tally.doubled, 1, 1);
    finds(&tally.strange, 1, 7);
    ck_assert_uint_eq(tally.outbox, 1);
}
END_TEST

START_TEST(each_row_too_many_is_doubled)
{
    begin(0, 4, OFFSETS(0, 1, 1, 1, 2, 3, 3), NONE, NULL);
    ck_assert_int_eq(records(OFFSETS(0, 1, 2, 3)), 0);
    finds(&tally.doubled, 3, 1);
    ck_assert_int_eq(tally.doubled.examples[2], 3);
    finds(&tally.missing, 0, 0);
    ck_assert_uint_eq(tally.in_sink, 4);
}
END_TEST

START_TEST(a_row_and_a_letter_for_one_record_is_doubled)
{
    begin(0, 3, OFFSETS(0, 1, 2), OFFSETS(1), NULL);
    ck_assert_int_eq(records(OFFSETS(0, 1, 2)), 0);
    finds(&tally.doubled, 1, 1);
}
END_TEST

START_TEST(a_row_without_a_record_is_strange_wherever_it_is)
{
    begin(0, 10, OFFSETS(0, 1, 5, 7, 12), OFFSETS(3), NULL);
    ck_assert_int_eq(records(OFFSETS(0, 1, 7)), 0);
    finds(&tally.strange, 3, 5);
    ck_assert_int_eq(tally.strange.examples[1], 3);
    ck_assert_int_eq(tally.strange.examples[2], 12);
    finds(&tally.missing, 0, 0);
}
END_TEST

START_TEST(offsets_without_a_record_are_not_missing)
{
    begin(0, 10, OFFSETS(0, 4, 9), NULL, OFFSETS(0, 4, 9));
    ck_assert_int_eq(records(OFFSETS(0, 4, 9)), 0); /* markers, compaction */
    finds_nothing();
    ck_assert_uint_eq(tally.produced, 3);
}
END_TEST

START_TEST(what_retention_took_is_not_judged)
{
    begin(5, 7, OFFSETS(0, 1, 1, 4, 5, 6), OFFSETS(2), OFFSETS(0, 3, 5, 6));
    ck_assert_int_eq(records(OFFSETS(5, 6)), 0);
    finds_nothing();
    ck_assert_uint_eq(tally.expired, 5);
}
END_TEST

START_TEST(without_a_sink_nothing_is_missing)
{
    begin(0, 3, NULL, OFFSETS(1), NULL);
    ck_assert_int_eq(records(OFFSETS(0, 1, 2)), 0);
    finds_nothing();
    ck_assert_uint_eq(tally.dead, 1);
}
END_TEST

START_TEST(an_acknowledged_record_that_is_not_there_is_lost)
{
    begin(0, -1, NULL, NULL, OFFSETS(0, 1, 2, 5));
    ck_assert_int_eq(records(OFFSETS(0, 2)), 0);
    finds(&tally.lost, 2, 1);
    ck_assert_int_eq(tally.lost.examples[1], 5);
}
END_TEST

START_TEST(another_record_in_its_place_is_lost_too)
{
    begin(0, -1, NULL, NULL, OFFSETS(0, 1));
    bool acknowledged;
    ck_assert_int_eq(compare_record(&compare, &(struct audited){.offset = 0, .seq = 100, .timestamp_ms = 0},
                                    &acknowledged, &error),
                     0);
    ck_assert(acknowledged);
    ck_assert_int_eq(compare_record(&compare, &(struct audited){.offset = 1, .seq = 7, .timestamp_ms = 0},
                                    &acknowledged, &error),
                     0);
    ck_assert(!acknowledged);
    ck_assert_int_eq(compare_finish(&compare, &error), 0);
    finds(&tally.lost, 1, 1);
}
END_TEST

/* A record of each timestamp at offset 0. */
static void stands_for(size_t which, int64_t told, int64_t timestamp_ms, bool it_does)
{
    bool acknowledged;
    begin(0, 1, which == 0 ? OFFSETS(0) : NONE, which == 1 ? OFFSETS(0) : NONE, NULL);
    storage[which][0].timestamp_ms = told;
    storage[which][0].tag = LETTER_SENT;
    ck_assert_int_eq(compare_record(&compare,
                                    &(struct audited){.offset = 0, .seq = 100, .timestamp_ms = timestamp_ms},
                                    &acknowledged, &error),
                     0);
    ck_assert_int_eq(compare_finish(&compare, &error), 0);
    ck_assert_uint_eq(tally.in_sink + tally.dead, it_does ? 1 : 0);
    finds(&tally.missing, it_does ? 0 : 1, 0);
    finds(&tally.strange, it_does ? 0 : 1, 0);
}

START_TEST(a_row_or_letter_of_another_record_stands_for_nothing)
{
    for (size_t which = 0; which < 2; which++) {
        stands_for(which, 1700, 1700, true);
        stands_for(which, 1700, 1701, false);
        stands_for(which, 1700, 0, true);
        stands_for(which, 0, 1700, true);
        stands_for(which, -1, 1700, true);
    }
}
END_TEST

START_TEST(a_letter_of_another_record_hides_none_of_this_one)
{
    bool acknowledged;
    begin(0, 1, NONE, OFFSETS(0, 0), NULL);
    storage[1][0] = (struct source_item){.offset = 0, .tag = LETTER_SENT, .timestamp_ms = 1600};
    storage[1][1] = (struct source_item){.offset = 0, .tag = LETTER_IN_OUTBOX, .timestamp_ms = 1700};
    ck_assert_int_eq(compare_record(&compare,
                                    &(struct audited){.offset = 0, .seq = 100, .timestamp_ms = 1700},
                                    &acknowledged, &error),
                     0);
    ck_assert_uint_eq(tally.outbox, 1);
    ck_assert_uint_eq(tally.dead, 0);
    finds(&tally.strange, 1, 0);
    finds(&tally.doubled, 0, 0);
}
END_TEST

START_TEST(a_letter_that_tells_no_timestamp_repeats_one_that_does)
{
    bool acknowledged;
    begin(0, 1, NONE, OFFSETS(0, 0), NULL);
    storage[1][0] = (struct source_item){.offset = 0, .tag = LETTER_SENT, .timestamp_ms = 0};
    storage[1][1] = (struct source_item){.offset = 0, .tag = LETTER_SENT, .timestamp_ms = 1700};
    ck_assert_int_eq(compare_record(&compare,
                                    &(struct audited){.offset = 0, .seq = 100, .timestamp_ms = 1700},
                                    &acknowledged, &error),
                     0);
    ck_assert_uint_eq(tally.dead, 1);
    finds(&tally.doubled, 0, 0);
}
END_TEST

/* Wherever it breaks off: before, at or behind any record, and of any of the three. The last item has no
 * record. */
START_TEST(each_source_that_breaks_off_anywhere_is_an_error)
{
    for (size_t which = 0; which < 3; which++)
        for (size_t left = 0; left <= 4; left++) {
            begin(0, 3, OFFSETS(0, 1, 2, 7), OFFSETS(0, 1, 2, 7), OFFSETS(0, 1, 2, 7));
            lists[which].count = left;
            lists[which].fails = true;
            ck_assert_msg(records(OFFSETS(0, 1, 2)) == -1, "source %zu after %zu", which, left);
        }
}
END_TEST

START_TEST(a_source_that_fails_is_an_error_and_not_the_end)
{
    begin(0, 3, OFFSETS(0), NULL, NULL);
    lists[0].fails = true;
    ck_assert_int_eq(records(OFFSETS(0, 1, 2)), -1);
    ck_assert_str_eq(error.text, "the database is gone");
}
END_TEST

START_TEST(many_findings_are_counted_and_the_first_are_kept)
{
    begin(0, 50, NONE, NULL, NULL);
    bool acknowledged;
    for (int64_t i = 0; i < 50; i++)
        ck_assert_int_eq(compare_record(&compare,
                                        &(struct audited){.offset = i, .seq = -1, .timestamp_ms = 0},
                                        &acknowledged, &error),
                         0);
    finds(&tally.missing, 50, 0);
    ck_assert_int_eq(tally.missing.examples[EXAMPLES_MAX - 1], EXAMPLES_MAX - 1);
}
END_TEST

CHECK_MAIN("tools/kaudit/compare", a_row_or_a_letter_for_each_record_is_clean,
           a_row_or_letter_of_another_record_stands_for_nothing,
           a_letter_of_another_record_hides_none_of_this_one,
           a_letter_that_tells_no_timestamp_repeats_one_that_does,
           a_committed_record_without_a_row_is_missing, what_is_not_committed_is_still_to_come,
           a_group_that_committed_nothing_misses_nothing, a_letter_in_the_outbox_accounts_for_its_record,
           a_row_and_a_letter_in_the_outbox_is_doubled_and_one_without_a_record_is_strange,
           each_row_too_many_is_doubled, a_row_and_a_letter_for_one_record_is_doubled,
           a_row_without_a_record_is_strange_wherever_it_is, offsets_without_a_record_are_not_missing,
           what_retention_took_is_not_judged, without_a_sink_nothing_is_missing,
           an_acknowledged_record_that_is_not_there_is_lost, another_record_in_its_place_is_lost_too,
           each_source_that_breaks_off_anywhere_is_an_error, a_source_that_fails_is_an_error_and_not_the_end,
           many_findings_are_counted_and_the_first_are_kept)
