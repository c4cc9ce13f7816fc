#include "common/log_json.h"

#include "common/log.h"
#include "tests/support/capture.h"
#include "tests/support/check_main.h"

START_TEST(a_value_is_a_line_of_its_own_without_blanks)
{
    json_t *value = json_pack("{s:i, s:[i,i]}", "a", 1, "b", 2, 3);
    log_init();
    capture_begin();
    log_json(value);
    log_json(value);
    ck_assert_str_eq(capture_end(), "{\"a\":1,\"b\":[2,3]}\n{\"a\":1,\"b\":[2,3]}\n");
    json_decref(value);
}
END_TEST

START_TEST(none_is_no_line)
{
    log_init();
    capture_begin();
    log_json(NULL);
    ck_assert_str_eq(capture_end(), "");
}
END_TEST

CHECK_MAIN("common/log_json", a_value_is_a_line_of_its_own_without_blanks, none_is_no_line)
