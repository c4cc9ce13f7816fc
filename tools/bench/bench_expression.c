/* What a condition costs a record: nanoseconds per evaluation, as one JSON object. Medians of ROUNDS rounds
 * in which the expressions take turns, over the same RECORDS decoded payments.
 *
 *   cc -O2 -DNDEBUG -I. -D_GNU_SOURCE tools/bench/bench_expression.c build/libcommon.a -luuid -o
 * bench_expression
 */
#include "common/expression/expression.h"
#include "common/record/generate.h"

#define ROUNDS  9
#define RECORDS 256
#define REPEATS 2000 /* times all records a round */
#define PARSES  20000

static const struct {
    const char *name, *text;
} expressions[] = {
    {"amount > 250", "amount > 250"},
    {"amount > 250 and currency == 'PLN'", "amount > 250 and currency == 'PLN'"},
    {"method in (3 words)", "method in ('paypal', 'bank_transfer', 'blik')"},
    {"user ~ 'ar'", "user ~ 'ar'"},
    {"five comparisons",
     "not (user == 'marek' or currency != 'PLN') and (amount >= 100.50 or method == 'blik') and "
     "timestamp >= '2026-02-26T09:00:00Z'"},
};
#define EXPRESSIONS (sizeof expressions / sizeof expressions[0])

struct bench {
    const struct schema *schema;
    struct generator generators[RECORDS]; /* each backs the record of its index */
    struct record records[RECORDS];
    struct expression *parsed[EXPRESSIONS];
    uint64_t matched; /* or the compiler would leave the evaluation out */
};

static struct bench bench;

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double round_ns(const struct expression *expression)
{
    double start = now_ns();
    for (size_t repeat = 0; repeat < REPEATS; repeat++)
        for (size_t i = 0; i < RECORDS; i++)
            bench.matched += expression_matches(expression, &bench.records[i], NULL);
    return (now_ns() - start) / (REPEATS * RECORDS);
}

static double parse_ns(void)
{
    struct error error;
    double start = now_ns();
    for (size_t i = 0; i < PARSES; i++)
        expression_free(expression_parse(bench.schema, expressions[EXPRESSIONS - 1].text, &error));
    return (now_ns() - start) / PARSES;
}

static void prepare(void)
{
    struct error error;
    bench.schema = schema_by_workload("payments");
    for (size_t i = 0; i < RECORDS; i++) {
        generator_init(&bench.generators[i], i);
        generator_next(&bench.generators[i], bench.schema, INT64_C(1772099540102594) + (int64_t)i,
                       &bench.records[i]);
    }
    for (size_t e = 0; e < EXPRESSIONS; e++) {
        bench.parsed[e] = expression_parse(bench.schema, expressions[e].text, &error);
        if (bench.parsed[e] == NULL) {
            fprintf(stderr, "bench_expression: %s\n", error.text);
            exit(1);
        }
    }
}

int main(void)
{
    static double rounds[EXPRESSIONS][ROUNDS];
    prepare();
    for (size_t round = 0; round < ROUNDS; round++)
        for (size_t e = 0; e < EXPRESSIONS; e++)
            rounds[e][round] = round_ns(bench.parsed[e]);
    printf("{\"records\":%d,\"rounds\":%d,\"ns\":{", RECORDS, ROUNDS);
    for (size_t e = 0; e < EXPRESSIONS; e++) {
        qsort(rounds[e], ROUNDS, sizeof rounds[e][0], compare);
        printf("\"%s\":%.1f,", expressions[e].name, rounds[e][ROUNDS / 2]);
        expression_free(bench.parsed[e]);
    }
    printf("\"parse\":%.0f}}\n", parse_ns());
    return bench.matched == 0;
}
