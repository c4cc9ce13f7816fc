#include "tests/support/check_main.h"

#include "supervisor/process/kinds.h"

START_TEST(each_kind_has_its_program)
{
    ck_assert_str_eq(kind_program(KIND_CONSUMER), "kconsume");
    ck_assert_str_eq(kind_program(KIND_PRODUCER), "kproduce");
    ck_assert_str_eq(kind_program(KIND_PROVISION), "ktopic");
    ck_assert_str_eq(kind_program(KIND_BROKER), "kbroker");
    ck_assert(kind_publishes(KIND_CONSUMER) && kind_publishes(KIND_PRODUCER));
    ck_assert(!kind_publishes(KIND_PROVISION) && !kind_publishes(KIND_BROKER));
}
END_TEST

CHECK_MAIN("supervisor/process/kinds", each_kind_has_its_program)
