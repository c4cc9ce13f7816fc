/* Why there is no handle: rd_kafka_new is stood in for. */
#include "common/kafka.h"

#include "common/exit_codes.h"
#include "tests/support/check_main.h"

static rd_kafka_resp_err_t cause;

rd_kafka_t *rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, char *why, size_t bytes)
{
    (void)type, (void)conf;
    snprintf(why, bytes, "the reason");
    return NULL;
}

rd_kafka_resp_err_t rd_kafka_last_error(void)
{
    return cause;
}

static int exit_code_after(rd_kafka_resp_err_t err)
{
    struct error error = ERROR_INIT;
    cause = err;
    ck_assert_ptr_null(kafka_new(RD_KAFKA_CONSUMER, rd_kafka_conf_new(), &error));
    ck_assert_ptr_nonnull(strstr(error.text, "the reason"));
    return error.exit_code;
}

START_TEST(a_thread_that_cannot_be_made_now_is_no_configuration_error)
{
    ck_assert_int_eq(exit_code_after(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE), EXIT_CODE_RESOURCES);
    ck_assert_int_eq(exit_code_after(RD_KAFKA_RESP_ERR__INVALID_ARG), EXIT_CODE_CONFIG);
}
END_TEST

CHECK_MAIN("common/kafka_new", a_thread_that_cannot_be_made_now_is_no_configuration_error)
