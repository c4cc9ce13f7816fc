#include "common/signal_name.h"

#include <signal.h>

#include "tests/support/check_main.h"

START_TEST(a_signal_has_its_name_or_its_number)
{
    char text[SIGNAL_NAME_BYTES];
    ck_assert_str_eq(signal_name(SIGKILL, text), "SIGKILL");
    ck_assert_str_eq(signal_name(40, text), "signal 40");
    ck_assert_str_eq(signal_name(-7, text), "signal -7");
}
END_TEST

CHECK_MAIN("common/signal_name", a_signal_has_its_name_or_its_number)
