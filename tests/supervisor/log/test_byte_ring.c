#include "supervisor/log/byte_ring.h"

#include "tests/support/check_main.h"

static char block[8];
static struct byte_ring ring;

static void empty(void)
{
    ring = (struct byte_ring){.bytes = block, .size = sizeof block};
}

START_TEST(what_goes_in_comes_out_over_the_end_of_the_block)
{
    char out[8];
    for (int round = 0; round < 50; round++) {
        byte_ring_put(&ring, "abcde", 5);
        ck_assert_uint_eq(byte_ring_room(&ring), 3);
        byte_ring_get(&ring, 1, out, 3);
        ck_assert_mem_eq(out, "bcd", 3);
        byte_ring_drop(&ring, 5);
        ck_assert_uint_eq(byte_ring_room(&ring), 8);
    }
}
END_TEST

START_TEST(it_can_be_full_to_the_last_byte)
{
    char out[8];
    byte_ring_put(&ring, "123", 3);
    byte_ring_drop(&ring, 3);
    byte_ring_put(&ring, "abcdefgh", 8);
    ck_assert_uint_eq(byte_ring_room(&ring), 0);
    byte_ring_get(&ring, 0, out, 8);
    ck_assert_mem_eq(out, "abcdefgh", 8);
}
END_TEST

START_TEST(a_piece_ends_where_the_block_ends)
{
    const char *piece;
    ck_assert_uint_eq(byte_ring_piece(&ring, &piece), 0);
    byte_ring_put(&ring, "123456", 6);
    byte_ring_drop(&ring, 6);
    byte_ring_put(&ring, "abcd", 4);
    ck_assert_uint_eq(byte_ring_piece(&ring, &piece), 2);
    ck_assert_mem_eq(piece, "ab", 2);
    byte_ring_drop(&ring, 2);
    ck_assert_uint_eq(byte_ring_piece(&ring, &piece), 2);
    ck_assert_mem_eq(piece, "cd", 2);
}
END_TEST

CHECK_MAIN_WITH("supervisor/byte_ring", empty, NULL, what_goes_in_comes_out_over_the_end_of_the_block,
                it_can_be_full_to_the_last_byte, a_piece_ends_where_the_block_ends)
