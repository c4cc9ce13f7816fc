#include "common/provenance.h"

#include "tests/support/check_main.h"

START_TEST(what_is_written_is_read_again)
{
    char text[PROVENANCE_BYTES];
    int32_t partition = -1;
    int64_t offset = -1;
    size_t length = provenance_format(text, "payments", 3, INT64_C(9223372036854775806));
    ck_assert_str_eq(text, "payments/3/9223372036854775806");
    ck_assert_uint_eq(length, strlen(text));
    ck_assert(provenance_parse(text, length, "payments", &partition, &offset));
    ck_assert(partition == 3 && offset == INT64_C(9223372036854775806));
}
END_TEST

START_TEST(anything_else_is_refused)
{
    static const char *const bad[] = {"",
                                      "payments",
                                      "payments/",
                                      "payments/3",
                                      "payments/3/",
                                      "payments/3/x",
                                      "payments/3/4x",
                                      "payments/-1/4",
                                      "payments/3/-4",
                                      "payment/3/4",
                                      "payments2/3/4",
                                      "payments/3/9223372036854775807",
                                      "payments/3/4/5",
                                      "payments/2147483648/4"};
    int32_t partition;
    int64_t offset;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!provenance_parse(bad[i], strlen(bad[i]), "payments", &partition, &offset), "%s",
                      bad[i]);
    ck_assert(!provenance_parse("payments/3/4\0", 13, "payments", &partition, &offset));
}
END_TEST

CHECK_MAIN("common/provenance", what_is_written_is_read_again, anything_else_is_refused)
