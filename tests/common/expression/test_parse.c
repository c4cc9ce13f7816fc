#include "tests/common/expression/support.h"

/* --- what is joined how -------------------------------------------------------------------------------- */

/* Three conditions that a record fulfils independently: a, b, c. */
#define A "quantity = 7"
#define B "item = 'B'"
#define C "status = 'paid'"

static struct record abc(unsigned bits)
{
    return record_of("orders", FIELDS("user_id", "marek", "currency", "PLN", "amount", "1", "quantity",
                                      bits & 1 ? "7" : "8", "item", bits & 2 ? "B" : "b", "status",
                                      bits & 4 ? "paid" : "created"));
}

#define FOR_ALL(text, expected)                                                                              \
    for (unsigned bits = 0; bits < 8; bits++) {                                                              \
        bool a = (bits & 1) != 0, b = (bits & 2) != 0, c = (bits & 4) != 0;                                  \
        struct record record = abc(bits);                                                                    \
        (void)a, (void)b, (void)c;                                                                           \
        ck_assert_msg(matches(&record, text) == (expected), "%s with %u", text, bits);                       \
    }

START_TEST(and_binds_tighter_than_or)
{
    FOR_ALL(A " or " B " and " C, a || (b && c));
    FOR_ALL(A " and " B " or " C, (a && b) || c);
    FOR_ALL(A " || " B " && " C, a || (b && c));
}
END_TEST

START_TEST(not_binds_tightest)
{
    FOR_ALL("not " A " and " B, !a && b);
    FOR_ALL("!" A " or " B, !a || b);
    FOR_ALL("not not " A, a);
    FOR_ALL("not (" A " and not " B ") or " C, !(a && !b) || c);
}
END_TEST

START_TEST(parentheses_bind_as_they_stand)
{
    FOR_ALL("(" A " or " B ") and " C, (a || b) && c);
    FOR_ALL("not (" A " or " B " and " C ")", !(a || (b && c)));
    FOR_ALL("(((" A ")))", a);
}
END_TEST

START_TEST(in_is_one_of_and_not_in_is_none_of)
{
    FOR_ALL("quantity in (1, 7, 9)", a);
    FOR_ALL("quantity not in (1, 7)", !a);
    FOR_ALL("quantity not in (7)", !a);
    FOR_ALL("item in ('B') and not status in ('shipped', 'paid')", b && !c);
    FOR_ALL("quantity ! in (7) or item not in ('B', 'x') and " C, !a || (!b && c));
}
END_TEST

START_TEST(a_literal_may_come_first)
{
    struct record record = abc(0); /* quantity 8 */
    ck_assert(matches(&record, "7 < quantity") && !matches(&record, "8 < quantity"));
    ck_assert(matches(&record, "8 <= quantity") && !matches(&record, "9 <= quantity"));
    ck_assert(matches(&record, "9 > quantity") && !matches(&record, "8 > quantity"));
    ck_assert(matches(&record, "8 >= quantity") && !matches(&record, "7 >= quantity"));
    ck_assert(matches(&record, "8 = quantity") && matches(&record, "7 != quantity"));
    ck_assert(matches(&record, "'created' == status"));
}
END_TEST

/* Writes a random expression with only the parentheses that it needs, and returns what it should be. `binds`:
 * 0 inside an or, 1 an and, 2 a not. */
static bool make(char *text, size_t bytes, size_t *used, unsigned bits, int depth, int binds)
{
    static const char *const leaves[] = {A, B, C};
    int kind = depth == 0 ? 3 : rand() % 4;
    bool result = false;
    if (kind == 3) {
        int leaf = rand() % 3;
        *used += (size_t)snprintf(text + *used, bytes - *used, "%s", leaves[leaf]);
        return (bits >> leaf & 1) != 0;
    }
    bool enclosed = kind < binds;
    *used +=
        (size_t)snprintf(text + *used, bytes - *used, "%s%s", enclosed ? "(" : "", kind == 2 ? "not " : "");
    result = make(text, bytes, used, bits, depth - 1, kind);
    if (kind == 2)
        result = !result;
    for (int more = kind == 2 ? 0 : 1 + rand() % 2; more > 0; more--) {
        *used += (size_t)snprintf(text + *used, bytes - *used, kind == 0 ? " or " : " and ");
        bool right = make(text, bytes, used, bits, depth - 1, kind);
        result = kind == 0 ? result || right : result && right;
    }
    *used += (size_t)snprintf(text + *used, bytes - *used, "%s", enclosed ? ")" : "");
    return result;
}

START_TEST(any_combination_is_what_its_tree_says)
{
    for (unsigned seed = 1; seed <= 4000; seed++) {
        static char text[16384];
        size_t used = 0;
        unsigned bits = seed % 8;
        srand(seed);
        bool expected = make(text, sizeof text, &used, bits, 3, 0);
        ck_assert_uint_lt(used, EXPRESSION_BYTES_MAX);
        struct record record = abc(bits);
        ck_assert_msg(matches(&record, text) == expected, "%s with %u", text, bits);
    }
}
END_TEST

/* --- what is refused ----------------------------------------------------------------------------------- */

static const struct {
    const char *text, *why;
} refused[] = {
    {"", "column 1: it ends where a comparison such as amount > 1000 should follow"},
    {"   ", "column 4: it ends where a comparison such as amount > 1000 should follow"},
    {"amount", "column 7: it ends where a comparison: == != < <= > >= in, or ~ for texts should follow"},
    {"amount >", "column 9: it ends where a number or a text in quotes should follow"},
    {"amount > 5 and", "column 15: it ends where a comparison such as amount > 1000 should follow"},
    {"amount > 5 or or", "column 15: expected a comparison such as amount > 1000"},
    {"amount > 5 amount", "column 12: expected and, or, or the end"},
    {"amount > 5 > 4", "column 12: expected and, or, or the end"},
    {"amount > > 5", "column 10: expected a number or a text in quotes"},
    {"amount 5", "column 8: expected a comparison: == != < <= > >= in, or ~ for texts"},
    {"amount not > 5", "column 12: expected in"},
    {"(amount > 5", "column 1: the parenthesis that opens here is not closed"},
    {"(amount > 5 amount", "column 13: expected and, or, or a closing parenthesis"},
    {"amount > 5)", "column 11: nothing was opened that this closes"},
    {"()", "column 2: expected a comparison such as amount > 1000"},
    {"not", "column 4: it ends where a comparison such as amount > 1000 should follow"},
    {"method in 'blik'", "column 11: expected a list in parentheses"},
    {"method in ()", "column 12: expected a number or a text in quotes"},
    {"method in ('blik' 'paypal')", "column 19: expected a comma or a closing parenthesis"},
    {"method in ('blik',)", "column 19: expected a number or a text in quotes"},
    {"method in ('blik'", "column 18: it ends where a comma or a closing parenthesis should follow"},
    {"5", "column 2: it ends where a comparison: == != < <= > >= should follow"},
    {"5 > 4", "column 5: expected the name of a field"},
    {"'a' ~ user", "column 5: expected a comparison: == != < <= > >="},
    {"currency == PLN", "column 13: texts stand in quotes: 'PLN'"},
    {"user == key", "column 9: key is a field too: user is compared with a number or a text in quotes"},
};

START_TEST(what_is_wrong_is_told_with_its_column)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const char *why = refusal("payments", refused[i].text);
        size_t length = strlen(refused[i].why);
        ck_assert_msg(strncmp(why, refused[i].why, length) == 0 && why[length] == '\n', "%s: %s",
                      refused[i].text, why);
    }
}
END_TEST

static void repeat(char *text, size_t bytes, const char *start, const char *part, size_t count,
                   const char *end)
{
    size_t used = (size_t)snprintf(text, bytes, "%s", start);
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, bytes - used, "%s", part);
    snprintf(text + used, bytes - used, "%s", end);
    ck_assert_uint_lt(used, bytes - 1);
}

START_TEST(there_are_bounds_and_what_reaches_them_works)
{
    static char text[2 * EXPRESSION_BYTES_MAX];
    struct record record = abc(1);
    repeat(text, sizeof text, "", "not ", EXPRESSION_DEPTH_MAX - 1, A);
    ck_assert(!matches(&record, text));
    repeat(text, sizeof text, "", "not ", EXPRESSION_DEPTH_MAX, A);
    ck_assert_ptr_nonnull(strstr(refusal("orders", text), "column 129: more than 32 parentheses and nots"));
    repeat(text, sizeof text, "quantity in (0", ",1", EXPRESSION_TESTS_MAX - 2, ",7)");
    ck_assert(matches(&record, text));
    repeat(text, sizeof text, "quantity in (0", ",1", EXPRESSION_TESTS_MAX - 1, ",7)");
    ck_assert_ptr_nonnull(strstr(refusal("orders", text), "column 526: more than 256 comparisons"));
    repeat(text, sizeof text, A, " ", EXPRESSION_BYTES_MAX - 1 - strlen(A), "");
    ck_assert(matches(&record, text));
    repeat(text, sizeof text, A, " ", EXPRESSION_BYTES_MAX - strlen(A), "");
    ck_assert_ptr_nonnull(strstr(refusal("orders", text), "column 1: longer than 4095 bytes"));
}
END_TEST

CHECK_MAIN("common/expression/parse", and_binds_tighter_than_or, not_binds_tightest,
           parentheses_bind_as_they_stand, in_is_one_of_and_not_in_is_none_of, a_literal_may_come_first,
           any_combination_is_what_its_tree_says, what_is_wrong_is_told_with_its_column,
           there_are_bounds_and_what_reaches_them_works)
