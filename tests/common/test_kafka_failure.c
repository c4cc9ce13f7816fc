#include "tests/support/check_main.h"

#include "common/kafka_failure.h"

static const struct brokers brokers = {.bootstrap = "h:1", .source = "--bootstrap"};
static struct kafka_failure failure;
static char text[512];

static const char *advice(void)
{
    kafka_failure_advice(&failure, &brokers, text, sizeof text);
    return text;
}

START_TEST(without_a_reason_the_advice_is_of_the_address)
{
    ck_assert_ptr_nonnull(strstr(advice(), "is the address right?"));
    kafka_failure_note(&failure, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
    kafka_failure_note(&failure, RD_KAFKA_RESP_ERR__TRANSPORT, "h:1: Connection refused (after 0ms)");
    ck_assert_ptr_nonnull(strstr(advice(), "is the address right?"));
    ck_assert(!kafka_failure_tells(&failure) && !kafka_failure_lasts(&failure));
}
END_TEST

START_TEST(the_most_telling_reason_is_kept_without_its_clock)
{
    kafka_failure_note(&failure, RD_KAFKA_RESP_ERR__AUTHENTICATION,
                       "h:1: SASL authentication error: no (after 301ms in state AUTH_REQ)");
    kafka_failure_note(&failure, RD_KAFKA_RESP_ERR__RESOLVE, "Failed to resolve");
    kafka_failure_note(&failure, RD_KAFKA_RESP_ERR__TRANSPORT, "Connection refused");
    ck_assert_str_eq(advice(), "no broker at h:1 (from --bootstrap) can be used: h:1: SASL authentication "
                               "error: no; check sasl.username and sasl.password");
    ck_assert(kafka_failure_tells(&failure) && kafka_failure_lasts(&failure));
}
END_TEST

START_TEST(a_connection_that_a_dying_broker_ends_may_come_again)
{
    kafka_failure_note(&failure, RD_KAFKA_RESP_ERR__SSL,
                       "SSL handshake failed: unexpected eof while reading");
    ck_assert(kafka_failure_tells(&failure) && !kafka_failure_lasts(&failure));
    kafka_failure_note(&failure, RD_KAFKA_RESP_ERR__SSL, "certificate verify failed");
    ck_assert(kafka_failure_lasts(&failure));
}
END_TEST

/* Right after a broker's end librdkafka guesses at security.protocol, though it was right until then. */
START_TEST(who_was_let_in_hears_no_guess_at_its_configuration)
{
    static const char guess[] =
        "h:1: Disconnected while requesting ApiVersion: might be caused by incorrect security.protocol";
    kafka_failure_note(&failure, RD_KAFKA_RESP_ERR__TRANSPORT, guess);
    ck_assert(kafka_failure_tells(&failure) && !kafka_failure_lasts(&failure));
    kafka_failure_over(&failure);
    kafka_failure_note(&failure, RD_KAFKA_RESP_ERR__TRANSPORT, guess);
    ck_assert(!kafka_failure_tells(&failure));
    ck_assert_ptr_nonnull(strstr(advice(), "no broker answers at h:1"));
    kafka_failure_note(&failure, RD_KAFKA_RESP_ERR__AUTHENTICATION, "refused");
    ck_assert(kafka_failure_lasts(&failure)); /* credentials can be withdrawn */
}
END_TEST

START_TEST(scram_names_the_version_that_it_needs)
{
    kafka_failure_note(&failure, RD_KAFKA_RESP_ERR__AUTHENTICATION,
                       "invalid credentials with SASL mechanism SCRAM-SHA-256");
    bool old = rd_kafka_version() < 0x020601ff;
    ck_assert(old == (strstr(advice(), "cannot do SCRAM with Kafka 4, 2.6.1 is needed") != NULL));
}
END_TEST

START_TEST(of_two_that_are_as_telling_the_later_is_told)
{
    kafka_failure_note(&failure, RD_KAFKA_RESP_ERR__RESOLVE, "Failed to resolve a");
    kafka_failure_note(&failure, RD_KAFKA_RESP_ERR__RESOLVE, "Failed to resolve b");
    ck_assert_ptr_nonnull(strstr(advice(), "Failed to resolve b"));
}
END_TEST

/* The first that fits is told: the last row of an error fits whatever librdkafka says. */
START_TEST(each_refusal_names_what_to_change)
{
    static const struct {
        const char *reason, *advice;
    } refusals[] = {{"Request not valid in current SASL state",
                     "the listener does not use SASL: check security.protocol"},
                    {"SASL PLAIN mechanism handshake failed", "check sasl.mechanism"},
                    {"invalid credentials", "check sasl.username and sasl.password"}};
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        failure = (struct kafka_failure){0};
        kafka_failure_note(&failure, RD_KAFKA_RESP_ERR__AUTHENTICATION, refusals[i].reason);
        ck_assert_ptr_nonnull(strstr(advice(), refusals[i].advice));
    }
}
END_TEST

CHECK_MAIN("common/kafka_failure", without_a_reason_the_advice_is_of_the_address,
           the_most_telling_reason_is_kept_without_its_clock,
           a_connection_that_a_dying_broker_ends_may_come_again,
           who_was_let_in_hears_no_guess_at_its_configuration, scram_names_the_version_that_it_needs,
           of_two_that_are_as_telling_the_later_is_told, each_refusal_names_what_to_change)
