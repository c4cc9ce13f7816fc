#include "tools/kstat/table.h"

#include "tests/support/check_main.h"

static const struct table_column columns[] = {
    {"WORKER", false, true, 0}, {"PHASE", false, false, 2}, {"N", true, false, 0}, {"LAG", true, false, 1}};
#define COLUMNS 4

static struct table table;
static char *printed;

static void fill(void)
{
    table_init(&table, columns, COLUMNS);
    const char *const cells[] = {"bravo", "polling", "1042", "7", "zażółć.2", "-", "3", ""};
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++)
        table_add(&table, CELL_PLAIN, "%s", cells[i]);
}

static void release(void)
{
    table_release(&table);
    free(printed);
}

static const char *print(size_t width, bool colours)
{
    size_t bytes;
    struct screen screen = {.columns = width, .colours = colours};
    free(printed);
    FILE *stream = open_memstream(&printed, &bytes);
    table_print(&table, &screen, stream);
    fclose(stream);
    return printed;
}

START_TEST(columns_are_aligned_by_what_is_seen_not_by_bytes)
{
    ck_assert_str_eq(print(0, false), "WORKER    PHASE       N  LAG\n"
                                      "bravo     polling  1042    7\n"
                                      "zażółć.2  -           3\n");
}
END_TEST

START_TEST(a_narrow_terminal_loses_columns_in_their_order)
{
    ck_assert_ptr_nonnull(strstr(print(28, false), "WORKER    PHASE       N  LAG\n"));
    ck_assert_str_eq(print(27, false), "WORKER       N  LAG\n"
                                       "bravo     1042    7\n"
                                       "zażółć.2     3\n");
    ck_assert_str_eq(print(18, false), "WORKER       N\n"
                                       "bravo     1042\n"
                                       "zażółć.2     3\n");
}
END_TEST

START_TEST(then_it_is_cut_between_characters)
{
    ck_assert_str_eq(print(12, false), "WORKER     N\n"
                                       "bravo   1042\n"
                                       "zażół…     3\n");
    ck_assert_str_eq(print(3, false), "WO…\n"
                                      "br…\n"
                                      "za…\n");
}
END_TEST

START_TEST(no_width_at_all_does_no_harm)
{
    for (size_t width = 1; width < 40; width++)
        ck_assert_ptr_nonnull(strchr(print(width, true), '\n'));
}
END_TEST

START_TEST(a_column_without_a_value_is_not_shown)
{
    table_release(&table);
    table_init(&table, columns, COLUMNS);
    const char *const cells[] = {"bravo", "", "1", ""};
    for (size_t i = 0; i < COLUMNS; i++)
        table_add(&table, CELL_PLAIN, "%s", cells[i]);
    ck_assert_str_eq(print(0, false), "WORKER  N\nbravo   1\n");
}
END_TEST

START_TEST(nothing_is_printed_without_a_row)
{
    table_release(&table);
    table_init(&table, columns, COLUMNS);
    ck_assert(table_empty(&table));
    ck_assert_str_eq(print(0, false), "");
}
END_TEST

START_TEST(colours_do_not_count_as_width_and_end_in_the_cell)
{
    table_add(&table, CELL_BAD, "dead");
    for (int i = 0; i < 3; i++)
        table_add(&table, CELL_PLAIN, "x");
    ck_assert_ptr_nonnull(strstr(print(0, true), "\033[1;31mdead\033[0m      x"));
    ck_assert_ptr_null(strchr(print(0, false), '\033'));
}
END_TEST

START_TEST(foreign_escape_sequences_are_shown_not_obeyed)
{
    table_add(&table, CELL_PLAIN, "%s", "\033[2Jx");
    for (int i = 0; i < 3; i++)
        table_add(&table, CELL_PLAIN, "x");
    ck_assert_ptr_null(strchr(print(0, false), '\033'));
    ck_assert_ptr_nonnull(strstr(printed, "\\x1b[2Jx"));
}
END_TEST

CHECK_MAIN_WITH("tools/kstat/table", fill, release, columns_are_aligned_by_what_is_seen_not_by_bytes,
                a_narrow_terminal_loses_columns_in_their_order, then_it_is_cut_between_characters,
                no_width_at_all_does_no_harm, a_column_without_a_value_is_not_shown,
                nothing_is_printed_without_a_row, colours_do_not_count_as_width_and_end_in_the_cell,
                foreign_escape_sequences_are_shown_not_obeyed)
