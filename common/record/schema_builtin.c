/* The workloads that everybody has: their texts are part of the program, and read as any other (schemas/). */
#include <assert.h>
#include <pthread.h>
#include <stdalign.h>

#include "common/record/schema_parse.h"

/* Names of symbols, which nothing can parenthesise. NOLINTBEGIN(bugprone-macro-parentheses) */
#define TEXT(symbol, file)                                                                                   \
    __asm__(".section .rodata\n" #symbol ":\n.incbin \"common/record/schemas/" file "\"\n" #symbol           \
            "_end:\n.byte 0\n.previous\n");                                                                  \
    extern const char symbol[] __attribute__((visibility("hidden")));                                        \
    extern const char symbol##_end[] __attribute__((visibility("hidden")))

/* NOLINTEND(bugprone-macro-parentheses) */
TEXT(schema_payments, "payments.schema");
TEXT(schema_orders, "orders.schema");
TEXT(schema_transactions, "transactions.schema");
TEXT(schema_messages, "messages.schema");

static const struct {
    const char *file, *text, *end;
} texts[] = {
    {"payments.schema", schema_payments, schema_payments_end},
    {"orders.schema", schema_orders, schema_orders_end},
    {"transactions.schema", schema_transactions, schema_transactions_end},
    {"messages.schema", schema_messages, schema_messages_end},
};
#define COUNT (sizeof texts / sizeof texts[0])

static const char raw_text[] = "schema raw/1 topic raw key none plural records\n"
                               "line \"{value}\"\nvalue bytes\n";

/* Read once, by whoever asks first. Not on the heap: nobody can be told that it is full. */
static struct schema schemas[COUNT];
static struct schema raw;
static alignas(64) char memory[COUNT + 1][SCHEMA_MEMORY(2048)];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void read_text(struct schema *schema, const char *file, const char *text, size_t length, char *to)
{
    struct error error = ERROR_INIT;
    if (schema_parse(schema, file, text, length, to, sizeof memory[0], &error) == 0)
        return;
    fprintf(stderr, "%s\n", error.text); /* a test reads them all */
    abort();
}

static void read_all(void)
{
    for (size_t i = 0; i < COUNT; i++)
        read_text(&schemas[i], texts[i].file, texts[i].text, (size_t)(texts[i].end - texts[i].text),
                  memory[i]);
    read_text(&raw, SCHEMA_RAW, raw_text, sizeof raw_text - 1, memory[COUNT]);
    raw.raw = true;
}

const struct schema *schema_at(size_t index)
{
    pthread_once(&once, read_all);
    return index < COUNT ? &schemas[index] : NULL;
}

const struct schema *schema_raw(void)
{
    pthread_once(&once, read_all);
    return &raw;
}
