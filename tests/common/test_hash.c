#include "common/hash.h"
#include "tests/support/check_main.h"

/* The vectors of http://www.isthe.com/chongo/tech/comp/fnv/. */
START_TEST(the_hashes_are_those_that_were_published)
{
    ck_assert_uint_eq(hash_64(HASH_64_START, "", 0), UINT64_C(0xcbf29ce484222325));
    ck_assert_uint_eq(hash_64(HASH_64_START, "a", 1), UINT64_C(0xaf63dc4c8601ec8c));
    ck_assert_uint_eq(hash_64(HASH_64_START, "foobar", 6), UINT64_C(0x85944171f73967e8));
    ck_assert_uint_eq(hash_32(HASH_32_START, "a", 1), UINT32_C(0xe40c292c));
    ck_assert_uint_eq(hash_32(HASH_32_START, "foobar", 6), UINT32_C(0xbf9cf968));
}
END_TEST

START_TEST(pieces_one_behind_the_other_hash_as_the_whole)
{
    ck_assert_uint_eq(hash_64(hash_64(HASH_64_START, "foo", 3), "bar", 3),
                      hash_64(HASH_64_START, "foobar", 6));
    ck_assert_uint_eq(hash_32(hash_32(HASH_32_START, "foo", 3), "bar", 3),
                      hash_32(HASH_32_START, "foobar", 6));
}
END_TEST

CHECK_MAIN("common/hash", the_hashes_are_those_that_were_published,
           pieces_one_behind_the_other_hash_as_the_whole)
