/* A connection to PostgreSQL over a libpq that answers as the test says: connecting, asking, waiting, losing
 * it. Waits take time of the clock's, and none of ours. */
#undef _FORTIFY_SOURCE /* with it poll is an inline function, which a definition of our own would be too */
#include "consumer/sinks/postgres_link.h"

#include <errno.h>

#include "common/exit_codes.h"
#include "common/log.h"
#include "tests/consumer/sinks/fake_libpq.h"
#include "tests/support/capture.h"
#include "tests/support/fake_clock.h"

enum { WAIT_US = 200 * 1000 };

static struct pipeline pipeline;
static struct postgres_link to;
static struct error error;
static bool fresh;

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(fds->fd, PQ_SOCKET);
    ck_assert_int_eq(timeout_ms, WAIT_US / 1000);
    fake_clock_advance(WAIT_US);
    pq.waits++;
    pq.events = fds->events;
    errno = pq.waiting_errno;
    return pq.ready;
}

static char control_place;
#define CONTROL ((const struct worker_control *)(const void *)&control_place)

enum worker_stop worker_control_wanted(const struct worker_control *control)
{
    ck_assert_ptr_eq(control, CONTROL);
    return WORKER_DRAIN_KEEP;
}

static void begin(void)
{
    error = (struct error)ERROR_INIT;
    pipeline = (struct pipeline){.settings = NULL};
    pq_begin();
    ck_assert_int_eq(postgres_link_init(&to, &pipeline, "host=a", &error), 0);
    to.handle = PQ_HANDLE;
}

static void end(void)
{
    postgres_link_release(&to);
    ck_assert_int_eq(results_alive, 0);
}

static void is_lost(const char *text)
{
    ck_assert_str_eq(error.text, text);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_SINK);
    ck_assert_ptr_null(to.handle);
    ck_assert_int_eq(pq.finished, 1);
}

/* --- connecting ---------------------------------------------------------------------------------------- */

static int up(void)
{
    to.handle = NULL;
    pq_answers(PGRES_COMMAND_OK, NULL);
    return postgres_link_up(&to, &fresh, &error);
}

START_TEST(a_connection_says_who_it_is_and_bounds_its_session)
{
    ck_assert_int_eq(up(), 0);
    ck_assert(fresh);
    ck_assert_ptr_eq(to.handle, PQ_HANDLE);
    const char *said = pq_said();
    ck_assert_ptr_nonnull(strstr(said, "fallback_application_name ksupervise"));
    ck_assert_ptr_nonnull(
        strstr(said, "target_session_attrs read-write; dbname host=a; client_encoding UTF8"));
    ck_assert_ptr_nonnull(strstr(said, "query SET statement_timeout"));
    ck_assert_int_eq(postgres_link_up(&to, &fresh, &error), 0); /* it is up */
    ck_assert(!fresh);
    PQ_SAID("");
}
END_TEST

START_TEST(the_handshake_is_waited_for_in_the_direction_that_it_takes)
{
    pq.shakes[0] = PGRES_POLLING_READING;
    pq.shakes[1] = PGRES_POLLING_OK;
    ck_assert_int_eq(up(), 0);
    ck_assert_int_eq(pq.waits, 2);
    ck_assert_int_eq(pq.events, POLLIN);
    pq.shaken = 1; /* now it is over with what we said */
    ck_assert_int_eq(up(), 0);
    ck_assert_int_eq(pq.events, POLLOUT);
}
END_TEST

START_TEST(a_handshake_that_fails_is_told)
{
    pq.shakes[0] = PGRES_POLLING_FAILED;
    ck_assert_int_eq(up(), -1);
    is_lost("PostgreSQL: connect: the line is cut");
    ck_assert(!fresh);
    pq.finished = pq.shaken = 0;
    pq.shakes[0] = PGRES_POLLING_OK;
    pq.status = CONNECTION_BAD;
    ck_assert_int_eq(up(), -1);
    is_lost("PostgreSQL: connect: the line is cut");
}
END_TEST

START_TEST(one_that_cannot_be_begun_is_an_error)
{
    pq.starts = false;
    ck_assert_int_eq(up(), -1);
    ck_assert_str_eq(error.text, "out of memory");
}
END_TEST

START_TEST(one_that_would_block_is_of_no_use)
{
    pq.nonblocking = false;
    ck_assert_int_eq(up(), -1);
    is_lost("PostgreSQL: connect: the line is cut");
}
END_TEST

START_TEST(a_session_without_its_bounds_is_not_used)
{
    to.handle = NULL;
    pq_answers(PGRES_FATAL_ERROR, "no such setting");
    ck_assert_int_eq(postgres_link_up(&to, &fresh, &error), -1);
    ck_assert(!fresh);
    is_lost("PostgreSQL: set the session's bounds: no such setting");
}
END_TEST

START_TEST(a_server_that_does_not_say_its_encoding_may_be_fit)
{
    pq.encoding = NULL;
    ck_assert_int_eq(up(), 0);
    pq.shaken = 0;
    pq.encoding = "SQL_ASCII";
    ck_assert_int_eq(up(), 0);
    pq.shaken = 0;
    pq.encoding = "LATIN1";
    ck_assert_int_eq(up(), -1);
    ck_assert_str_eq(error.text,
                     "PostgreSQL: database payments is encoded in LATIN1: create it with ENCODING 'UTF8'");
    ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
    ck_assert_ptr_null(to.handle);
}
END_TEST

START_TEST(a_notice_is_one_line_of_a_verbose_log)
{
    ck_assert_int_eq(up(), 0);
    log_set_verbose(true);
    capture_begin();
    pq.notice(NULL, "NOTICE:  it is late\nDETAIL:  very");
    log_flush();
    ck_assert_ptr_nonnull(strstr(capture_end(), "PostgreSQL: NOTICE:  it is late\n"));
}
END_TEST

/* --- asking -------------------------------------------------------------------------------------------- */

START_TEST(the_last_result_is_the_answer)
{
    pq_answers(PGRES_COMMAND_OK, NULL);
    pq_answers(PGRES_TUPLES_OK, NULL);
    PGresult *result = postgres_link_ask(&to, "look", "SELECT 1; SELECT 2", &error);
    PQ_SAID("query SELECT 1; SELECT 2");
    ck_assert_int_eq(PQresultStatus(result), PGRES_TUPLES_OK);
    ck_assert_int_eq(results_alive, 1);
    PQclear(result);
}
END_TEST

/* What follows is taken, too, or the next question would get it for its answer. */
START_TEST(the_first_that_fails_is_the_error_and_the_connection_stays)
{
    pq_answers(PGRES_COMMAND_OK, NULL);
    pq_answers(PGRES_FATAL_ERROR, "it is there\nDETAIL");
    pq_answers(PGRES_FATAL_ERROR, "aborted");
    ck_assert_int_eq(postgres_link_do(&to, "make", "…", &error), -1);
    ck_assert_str_eq(error.text, "PostgreSQL: make: it is there");
    ck_assert_int_eq(pq.next, 3);
    ck_assert_ptr_nonnull(to.handle);
}
END_TEST

START_TEST(an_error_that_ends_the_connection_leaves_none)
{
    pq_answers(PGRES_FATAL_ERROR, "terminated");
    pq.status = CONNECTION_BAD;
    ck_assert_int_eq(postgres_link_do(&to, "make", "…", &error), -1);
    is_lost("PostgreSQL: make: terminated");
}
END_TEST

START_TEST(an_answer_that_says_nothing_is_no_answer)
{
    pq_answers(PGRES_FATAL_ERROR, "");
    ck_assert_int_eq(postgres_link_do(&to, "make", "…", &error), -1);
    ck_assert_str_eq(error.text, "PostgreSQL: make: no answer");
}
END_TEST

static const char *const values[] = {"x"};
static const int lengths[] = {5};
static const int formats[] = {1};
static const struct postgres_call call = {"take", 1, values, lengths, formats, 1};

START_TEST(a_prepared_statement_gets_its_parameters)
{
    pq_answers(PGRES_TUPLES_OK, NULL);
    PGresult *result = postgres_link_call(&to, &call, &error);
    PQ_SAID("take 1 x 5 1 1");
    ck_assert_ptr_nonnull(result);
    PQclear(result);
    pq_answers(PGRES_COMMAND_OK, NULL);
    ck_assert_int_eq(postgres_link_prepare(&to, "take", "SELECT $1", &error), 0);
    PQ_SAID("take SELECT $1");
}
END_TEST

START_TEST(without_a_connection_nothing_is_sent)
{
    to.handle = NULL;
    ck_assert_ptr_null(postgres_link_ask(&to, "look", "SELECT 1", &error));
    ck_assert_str_eq(error.text, "PostgreSQL: look: not connected");
    ck_assert_ptr_null(postgres_link_call(&to, &call, &error));
    ck_assert_str_eq(error.text, "PostgreSQL: take: not connected");
    ck_assert_int_eq(postgres_link_prepare(&to, "read", "SELECT $1", &error), -1);
    ck_assert_str_eq(error.text, "PostgreSQL: read: not connected");
    postgres_link_roll_back(&to);
    PQ_SAID("");
}
END_TEST

/* --- losing it ----------------------------------------------------------------------------------------- */

static int ask(void)
{
    PGresult *result = postgres_link_ask(&to, "ask", "SELECT 1", &error);
    PQclear(result);
    return result != NULL ? 0 : -1;
}

static int call_it(void)
{
    PGresult *result = postgres_link_call(&to, &call, &error);
    PQclear(result);
    return result != NULL ? 0 : -1;
}

static int prepare(void)
{
    return postgres_link_prepare(&to, "prepare", "SELECT 1", &error);
}

static int send_row(void)
{
    return postgres_link_send(&to, "row", 3, &error);
}

static int end_rows(void)
{
    return postgres_link_sent(&to, &error);
}

static const struct {
    int (*act)(void);
    const char *what;
    bool is_answered;
} acts[] = {{ask, "ask", true},
            {call_it, "take", true},
            {prepare, "prepare", true},
            {send_row, "copy the rows", false},
            {end_rows, "copy the rows", true}};

/* In every way in which something can be asked. */
static void each_loses(void (*spoil)(void), bool only_answered, const char *why)
{
    char text[128];
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (only_answered && !acts[i].is_answered)
            continue;
        pq_begin();
        pq_answers(PGRES_COMMAND_OK, NULL);
        to.handle = PQ_HANDLE;
        spoil();
        ck_assert_int_eq(acts[i].act(), -1);
        snprintf(text, sizeof text, "PostgreSQL: %s: %s", acts[i].what, why);
        is_lost(text);
        ck_assert_int_eq(results_alive, 0);
    }
}

static void sends_nothing(void)
{
    pq.sends = pq.puts = false;
}

static void flushes_nothing(void)
{
    pq.flush_fails = true;
}

static void reads_nothing_while_it_sends(void)
{
    pq.flushes = 1;
    pq.consumes = false;
}

static void reads_nothing(void)
{
    pq.busy = 1;
    pq.consumes = false;
}

static void cannot_wait(void)
{
    pq.busy = 1;
    pq.ready = -1;
    pq.waiting_errno = EBADF;
}

START_TEST(a_line_that_is_cut_is_met_wherever_it_is)
{
    each_loses(sends_nothing, false, "the line is cut");
    each_loses(flushes_nothing, false, "the line is cut");
    each_loses(reads_nothing_while_it_sends, false, "the line is cut");
    each_loses(reads_nothing, true, "the line is cut");
    each_loses(cannot_wait, true, "the line is cut");
}
END_TEST

static void is_silent(void)
{
    pq.busy = 1000;
    pq.ready = 0;
}

static void takes_nothing(void)
{
    pq.flushes = 1000;
    pq.ready = 0;
}

START_TEST(a_server_that_is_silent_is_given_up_after_a_time)
{
    each_loses(is_silent, true, "the server does not answer");
    ck_assert_int_eq(pq.waits, 20 * US_PER_SECOND / WAIT_US);
    ck_assert_int_eq(pq.events, POLLIN);
    ck_assert_int_eq(to.silent_until_us, clock_monotonic_us() + 2 * US_PER_SECOND);
    each_loses(takes_nothing, false, "the server does not answer");
    ck_assert_int_eq(pq.waits, 20 * US_PER_SECOND / WAIT_US);
    ck_assert_int_eq(pq.events, POLLIN | POLLOUT);
}
END_TEST

START_TEST(a_consumer_that_is_to_end_waits_for_less)
{
    pipeline.control = CONTROL;
    each_loses(is_silent, true, "the server does not answer");
    ck_assert_int_eq(pq.waits, 3 * US_PER_SECOND / WAIT_US);
}
END_TEST

START_TEST(a_signal_ends_no_wait)
{
    pq.busy = 3;
    pq.ready = -1;
    pq.waiting_errno = EINTR;
    ck_assert_int_eq(ask(), -1);
    ck_assert_str_eq(error.text, "PostgreSQL: ask: the server does not answer");
}
END_TEST

START_TEST(what_comes_late_is_an_answer_all_the_same)
{
    stats_word ticks = 0;
    struct stats_writer writer = {.tick = &ticks};
    pipeline.stats = &writer;
    pq.busy = pq.flushes = 5;
    pq_answers(PGRES_COMMAND_OK, NULL);
    ck_assert_int_eq(ask(), 0);
    ck_assert_int_eq(pq.waits, 10);
    ck_assert_uint_eq(word_load(&ticks), 10); /* it has not hung */
}
END_TEST

/* --- COPY ---------------------------------------------------------------------------------------------- */

START_TEST(a_copy_takes_data_and_then_has_a_result)
{
    pq_answers(PGRES_COPY_IN, NULL);
    pq_answers(PGRES_COMMAND_OK, NULL);
    ck_assert_int_eq(postgres_link_do(&to, "copy", "COPY …", &error), 0);
    ck_assert_int_eq(pq.next, 1); /* it is not over: nothing more is taken */
    ck_assert_int_eq(send_row(), 0);
    ck_assert_int_eq(end_rows(), 0);
    PQ_SAID("query COPY …; copy row; copied");
    pq_answers(PGRES_FATAL_ERROR, "a row is wrong");
    ck_assert_int_eq(end_rows(), -1);
    ck_assert_str_eq(error.text, "PostgreSQL: copy the rows: a row is wrong");
}
END_TEST

/* --- rolling back -------------------------------------------------------------------------------------- */

START_TEST(only_a_transaction_is_rolled_back)
{
    pq.transaction = PQTRANS_IDLE;
    postgres_link_roll_back(&to);
    PQ_SAID("");
    pq.transaction = PQTRANS_INERROR;
    pq_answers(PGRES_COMMAND_OK, NULL);
    postgres_link_roll_back(&to);
    PQ_SAID("query ROLLBACK");
    ck_assert_ptr_nonnull(to.handle);
}
END_TEST

START_TEST(a_connection_that_will_not_is_closed)
{
    pq.transaction = PQTRANS_ACTIVE; /* a COPY that takes data still: a statement would be an error */
    postgres_link_roll_back(&to);
    PQ_SAID("");
    ck_assert_ptr_null(to.handle);
    to.handle = PQ_HANDLE;
    pq.transaction = PQTRANS_INTRANS;
    pq_answers(PGRES_FATAL_ERROR, "no");
    postgres_link_roll_back(&to);
    ck_assert_ptr_null(to.handle);
    ck_assert_int_eq(pq.finished, 2);
}
END_TEST

CHECK_MAIN_WITH("consumer/sinks/postgres_link: asking", begin, end,
                a_connection_says_who_it_is_and_bounds_its_session,
                the_handshake_is_waited_for_in_the_direction_that_it_takes, a_handshake_that_fails_is_told,
                one_that_cannot_be_begun_is_an_error, one_that_would_block_is_of_no_use,
                a_session_without_its_bounds_is_not_used, a_server_that_does_not_say_its_encoding_may_be_fit,
                a_notice_is_one_line_of_a_verbose_log, the_last_result_is_the_answer,
                the_first_that_fails_is_the_error_and_the_connection_stays,
                an_error_that_ends_the_connection_leaves_none, an_answer_that_says_nothing_is_no_answer,
                a_prepared_statement_gets_its_parameters, without_a_connection_nothing_is_sent,
                a_line_that_is_cut_is_met_wherever_it_is, a_server_that_is_silent_is_given_up_after_a_time,
                a_consumer_that_is_to_end_waits_for_less, a_signal_ends_no_wait,
                what_comes_late_is_an_answer_all_the_same, a_copy_takes_data_and_then_has_a_result,
                only_a_transaction_is_rolled_back, a_connection_that_will_not_is_closed)
