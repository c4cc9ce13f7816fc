#include "supervisor/count.h"

#include "common/stats/writer.h"
#include "supervisor/process/segment.h"
#include "tests/supervisor/support.h"

static void acknowledge(uint64_t records)
{
    struct error error = ERROR_INIT;
    struct stats_writer *writer;
    ck_assert_msg(stats_writer_open(&writer, stage.worker.segment_fd, &error) == 0, "%s", error.text);
    stats_add(writer, PRODUCER_ACKNOWLEDGED, records);
    stats_writer_close(writer);
}

START_TEST(what_is_left_is_less_what_was_acknowledged_of_its_own_records)
{
    struct error error = ERROR_INIT;
    struct worker *worker = &stage.worker;
    worker->kind = KIND_PRODUCER;
    stage.settings.count = 100;
    ck_assert_int_eq(count_remaining(worker), 100);
    worker->generation = 1;
    ck_assert_msg(segment_next(worker, &error) == 0, "%s", error.text);
    acknowledge(30);
    ck_assert_int_eq(count_acknowledged(worker), 30);
    ck_assert_int_eq(count_remaining(worker), 70);
    worker->count_base = 20; /* of an earlier supervisor */
    ck_assert_int_eq(count_remaining(worker), 90);
    worker->asked = 5; /* of those that were acknowledged since: none that it made */
    ck_assert_int_eq(count_remaining(worker), 95);
    acknowledge(1000);
    ck_assert_int_eq(count_remaining(worker), 0);
    segment_release(worker);
    segment_unlink_all(stage.name);
}
END_TEST

START_TEST(one_without_a_count_is_never_finished)
{
    struct worker *worker = &stage.worker;
    ck_assert(!count_is_finished(worker));
    worker->kind = KIND_PRODUCER;
    ck_assert(!count_is_finished(worker));
    stage.settings.count = 5;
    worker->count_base = -5; /* as if five had come since */
    ck_assert(count_is_finished(worker));
    worker->on_request = true;
    ck_assert(!count_is_finished(worker));
}
END_TEST

CHECK_MAIN_WITH("supervisor/count", stage_open, stage_close,
                what_is_left_is_less_what_was_acknowledged_of_its_own_records,
                one_without_a_count_is_never_finished)
