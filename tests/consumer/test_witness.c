#include "tests/consumer/fake_messages.h"

#include "consumer/witness.h"

static struct witness seen(const char *key, size_t key_length, const char *value, size_t length)
{
    struct fake *fake = fake_bytes(0, 41, value, length);
    fake->message.key = (void *)(uintptr_t)key;
    fake->message.key_len = key_length;
    if (value == NULL)
        fake->message.payload = NULL;
    struct witness witness = witness_of(&fake->message);
    rd_kafka_message_destroy(&fake->message);
    return witness;
}

static bool same(struct witness a, struct witness b)
{
    return witness_equal(&a, &b);
}

START_TEST(the_hash_is_the_same_on_every_machine_and_in_every_build)
{
    /* FNV-1a of "\5\0\0\0\0\0\0\0marek" and "\2\0\0\0\0\0\0\0{}", by another program. */
    ck_assert_uint_eq((uint64_t)seen("marek", 5, "{}", 2).hash, UINT64_C(0x8975f4799d8e1f56));
    ck_assert_uint_eq((uint64_t)seen(NULL, 0, NULL, 0).hash, UINT64_C(0xd6607508f5a1e855));
    char long_value[0x123]; /* its length has more than one byte */
    memset(long_value, 'x', sizeof long_value);
    ck_assert_uint_eq((uint64_t)seen(NULL, 0, long_value, sizeof long_value).hash,
                      UINT64_C(0x2f005b31238fc68b));
}
END_TEST

START_TEST(a_record_is_told_by_offset_timestamp_key_and_value)
{
    struct witness witness = seen("marek", 5, "{}", 2);
    ck_assert_int_eq(witness.offset, 41);
    ck_assert_int_eq(witness.timestamp_ms, 1772099540102);
    ck_assert(same(witness, seen("marek", 5, "{}", 2)));
    struct witness later = witness;
    later.timestamp_ms++;
    ck_assert(!same(witness, later));
    struct witness farther = witness;
    farther.offset++;
    ck_assert(!same(witness, farther));
    ck_assert(!same(witness, seen("marel", 5, "{}", 2)));
    ck_assert(!same(witness, seen("marek", 5, "{]", 2)));
}
END_TEST

START_TEST(what_is_key_and_what_is_value_is_told_apart_and_none_from_empty)
{
    ck_assert(!same(seen("ab", 2, "c", 1), seen("a", 1, "bc", 2)));
    ck_assert(!same(seen("", 0, "a", 1), seen(NULL, 0, "a", 1)));
    ck_assert(!same(seen("a", 1, "", 0), seen("a", 1, NULL, 0)));
    ck_assert(!same(seen("a", 1, NULL, 0), seen(NULL, 0, "a", 1)));
}
END_TEST

CHECK_MAIN("consumer/witness", the_hash_is_the_same_on_every_machine_and_in_every_build,
           a_record_is_told_by_offset_timestamp_key_and_value,
           what_is_key_and_what_is_value_is_told_apart_and_none_from_empty)
