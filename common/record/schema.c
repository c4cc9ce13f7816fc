#include "common/record/schema.h"

#include "common/exit_codes.h"

/* --- the columns --------------------------------------------------------------------------------------- */

/* The name of a field is written once; with the header it must fit in 16 bytes. A parenthesised string cannot
 * initialise an array. NOLINTBEGIN(bugprone-macro-parentheses) */
#define WIRE_BYTES(n)                                                                                        \
    (sizeof(n) + 0 * sizeof(struct {                                                                         \
                     _Static_assert(sizeof(n) >= 2 && sizeof(n) < FIELD_KEY_BYTES,                           \
                                    "a name has 1 to 14 characters");                                        \
                     int unused;                                                                             \
                 }))
#define ONES(bytes) ((bytes) >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * ((bytes) % 8))) - 1)
#define WIRE_KEY(n)                                                                                          \
    {                                                                                                        \
        .header = (uint8_t)(0xa0 | (WIRE_BYTES(n) - 1)), .name = n,                                          \
        .mask = {ONES(sizeof(n)), sizeof(n) > 8 ? ONES(sizeof(n) - 8) : 0}, .bytes = sizeof(n)               \
    }
/* NOLINTEND(bugprone-macro-parentheses) */
#define NAMED(wire, people) .name = (wire), .label = (people), .key = WIRE_KEY(wire)

#define STRING(n, least, most)  NAMED(n, n), .type = FIELD_STRING, .minimum = (least), .maximum = (most)
#define UUID(n)                 NAMED(n, n), .type = FIELD_UUID
#define INTEGER(n, least, most) NAMED(n, n), .type = FIELD_INTEGER, .minimum = (least), .maximum = (most)
#define MONEY(n, least, most)   NAMED(n "_minor", n), .type = FIELD_MONEY, .minimum = (least), .maximum = (most)
#define CURRENCY                NAMED("currency", "currency"), .type = FIELD_CURRENCY, .minimum = 3, .maximum = 3
#define EXPONENT                NAMED("exponent", "exponent"), .type = FIELD_EXPONENT, .minimum = 0, .maximum = 4
#define ENUM(n, list)           NAMED(n, n), .type = FIELD_ENUM, .choices = (list)
#define TIMESTAMP               NAMED("timestamp", "timestamp"), .type = FIELD_TIME, .minimum = 0, .maximum = TIME_MAX_US

#define TIME_MAX_US                                                                                          \
    INT64_C(253402300799999999) /* 9999-12-31T23:59:59.999999Z: what ISO 8601 can say in four digits */
#define MONEY_MAX INT64_C(1000000000000) /* ten billion in units of a hundredth: beyond it is a mistake */

/* Key texts are at most RECORD_KEY_BYTES; a content leaves room for the rest in RECORD_ENCODED_MAX. */
#define PERSON_MAX  64
#define CONTENT_MAX 60000

#define SHOWN(nth, text)   .shown = {.place = (nth), .before = (text)}
#define DRAWN_FROM(list)   .made = {.samples = (list)}
#define DRAWN(least, most) .made = {.minimum = (least), .maximum = (most)}

#define WORD(text)                                                                                           \
    {                                                                                                        \
        text, sizeof(text) - 1                                                                               \
    }
#define END                                                                                                  \
    {                                                                                                        \
        NULL, 0                                                                                              \
    }

static const struct choice people[] = {WORD("marek"),
                                       WORD("anna"),
                                       WORD("piotr"),
                                       WORD("kasia"),
                                       WORD("tomek"),
                                       WORD("zofia"),
                                       WORD("jan"),
                                       WORD("ola"),
                                       WORD("michal"),
                                       WORD("ewa"),
                                       END};
static const struct choice currencies[] = {WORD("PLN"), WORD("EUR"), WORD("USD"), WORD("GBP"), END};

/* --- payment/1 ----------------------------------------------------------------------------------------- */

static const struct choice methods[] = {WORD("credit_card"),   WORD("debit_card"), WORD("paypal"),
                                        WORD("bank_transfer"), WORD("blik"),       END};

static const struct field payment[] = {
    {UUID("payment_id")},
    {STRING("user", 1, PERSON_MAX), .is_key = true, DRAWN_FROM(people), SHOWN(4, " from ")},
    {MONEY("amount", 1, MONEY_MAX), DRAWN(500, 50000), SHOWN(1, "")},
    {CURRENCY, DRAWN_FROM(currencies), SHOWN(2, " ")},
    {EXPONENT},
    {ENUM("method", methods), SHOWN(3, " via ")},
    {TIMESTAMP, SHOWN(5, " at ")},
};

/* --- order/1 ------------------------------------------------------------------------------------------- */

static const struct choice items[] = {WORD("keyboard"),  WORD("monitor"),  WORD("headphones"),
                                      WORD("desk lamp"), WORD("notebook"), WORD("coffee grinder"),
                                      WORD("backpack"),  WORD("webcam"),   END};
static const struct choice statuses[] = {WORD("created"),   WORD("paid"),      WORD("shipped"),
                                         WORD("delivered"), WORD("cancelled"), END};

static const struct field order[] = {
    {UUID("order_id")},
    {STRING("user_id", 1, PERSON_MAX), .is_key = true, DRAWN_FROM(people), SHOWN(5, " by ")},
    {STRING("item", 1, 200), DRAWN_FROM(items), SHOWN(2, " × ")},
    {INTEGER("quantity", 1, 1000000), DRAWN(1, 5), SHOWN(1, "")},
    {MONEY("amount", 0, MONEY_MAX), DRAWN(999, 199999), SHOWN(3, " for ")},
    {CURRENCY, DRAWN_FROM(currencies), SHOWN(4, " ")},
    {EXPONENT},
    {ENUM("status", statuses), .fallback = "created", SHOWN(6, ", ")},
    {TIMESTAMP, SHOWN(7, " at ")},
};

/* --- transaction/1 ------------------------------------------------------------------------------------- */

static const struct choice types[] = {WORD("deposit"), WORD("withdrawal"), WORD("transfer"), WORD("payment"),
                                      END};

static const struct field transaction[] = {
    {STRING("transaction_id", 1, 40), .made = {.serial = "TXN-"}, SHOWN(4, " | ")},
    {INTEGER("account", 1000, 5000), .is_key = true, DRAWN(1000, 5000), SHOWN(1, "Account ")},
    {MONEY("amount", -100000, 100000), DRAWN(-100000, 100000),
     .shown = {.place = 2, .before = " | ", .style = STYLE_SIGNED, .width = 11}},
    {CURRENCY, .fallback = "USD"},
    {EXPONENT},
    {ENUM("type", types), .shown = {.place = 3, .before = " | ", .width = -12}},
    {TIMESTAMP},
};

/* --- message/1 ----------------------------------------------------------------------------------------- */

static const struct choice contents[] = {WORD("hello"),
                                         WORD("how are you?"),
                                         WORD("see you at noon"),
                                         WORD("the build is green"),
                                         WORD("kawa?"),
                                         WORD("on my way"),
                                         WORD("done"),
                                         END};
static const struct choice conversations[] = {WORD("alpha"), WORD("beta"), WORD("gamma"), WORD("delta"), END};

static const struct field message[] = {
    {STRING("content", 0, CONTENT_MAX), DRAWN_FROM(contents), SHOWN(1, "")},
    {STRING("key", 1, 200), .optional = true, .is_key = true, DRAWN_FROM(conversations),
     .shown = {.place = 2, .before = " (key ", .after = ")"}},
};

/* --- all of them --------------------------------------------------------------------------------------- */

#define FIELDS(table) .fields = (table), .field_count = sizeof(table) / sizeof((table)[0])

static const struct schema schemas[] = {
    {"payment", 1, "payments", "payments", "payments", FIELDS(payment), .key_field = 1,
     .line_start = "💳 Payment: "},
    {"order", 1, "orders", "orders", "orders", FIELDS(order), .key_field = 1, .line_start = "🛒 Order: "},
    {"transaction", 1, "transactions", "transactions", "transactions", FIELDS(transaction), .key_field = 1,
     .line_start = "", .line_numbered = true},
    {"message", 1, "messages", "demo-topic", "messages", FIELDS(message), .key_field = 1,
     .line_start = "💬 Message: "},
};
#define SCHEMA_COUNT (sizeof schemas / sizeof schemas[0])

const struct schema *schema_at(size_t index)
{
    return index < SCHEMA_COUNT ? &schemas[index] : NULL;
}

const struct schema *schema_by_workload(const char *workload)
{
    for (size_t i = 0; i < SCHEMA_COUNT; i++)
        if (strcmp(schemas[i].workload, workload) == 0)
            return &schemas[i];
    return NULL;
}

const struct schema *schema_require(const char *workload, struct error *error)
{
    const struct schema *schema = schema_by_workload(workload);
    char list[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < SCHEMA_COUNT && schema == NULL; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s",
                                 i == 0                  ? ""
                                 : i + 1 == SCHEMA_COUNT ? " or "
                                                         : ", ",
                                 schemas[i].workload);
    if (schema == NULL)
        error_set_code(error, EXIT_CODE_USAGE, "'%s' is not %s", workload, list);
    return schema;
}

static bool same(const char *name, const char *text, size_t length)
{
    return strlen(name) == length && memcmp(name, text, length) == 0;
}

const struct schema *schema_by_name(const char *name, size_t length)
{
    for (size_t i = 0; i < SCHEMA_COUNT; i++)
        if (same(schemas[i].name, name, length))
            return &schemas[i];
    return NULL;
}

int schema_field_index(const struct schema *schema, const char *name, size_t length)
{
    for (size_t i = 0; i < schema->field_count; i++)
        if (same(schema->fields[i].name, name, length))
            return (int)i;
    return -1;
}

int schema_label_index(const struct schema *schema, const char *label, size_t length)
{
    for (size_t i = 0; i < schema->field_count; i++)
        if (same(schema->fields[i].label, label, length))
            return (int)i;
    return -1;
}

int schema_type_index(const struct schema *schema, enum field_type type)
{
    for (size_t i = 0; i < schema->field_count; i++)
        if (schema->fields[i].type == type)
            return (int)i;
    return -1;
}

bool schema_label_scales_money(const struct schema *schema, const char *label)
{
    int index = schema_label_index(schema, label, strlen(label));
    return index >= 0 &&
           (schema->fields[index].type == FIELD_CURRENCY || schema->fields[index].type == FIELD_EXPONENT);
}

size_t schema_header(const struct schema *schema, char header[SCHEMA_HEADER_BYTES])
{
    int length = snprintf(header, SCHEMA_HEADER_BYTES, "%s/%d", schema->name, schema->major);
    return (size_t)length;
}

enum schema_match schema_from_header(const void *value, size_t length, const struct schema **schema)
{
    const char *text = value;
    const char *slash = length == 0 ? NULL : memchr(text, '/', length);
    if (slash == NULL || slash == text)
        return SCHEMA_MALFORMED;
    size_t digits = length - (size_t)(slash + 1 - text);
    int major = 0;
    for (size_t i = 0; i < digits; i++) {
        if (slash[1 + i] < '0' || slash[1 + i] > '9' || digits > 6)
            return SCHEMA_MALFORMED;
        major = major * 10 + (slash[1 + i] - '0');
    }
    if (major == 0)
        return SCHEMA_MALFORMED;
    const struct schema *found = schema_by_name(text, (size_t)(slash - text));
    if (found == NULL)
        return SCHEMA_UNKNOWN_NAME;
    *schema = found;
    return found->major == major ? SCHEMA_KNOWN : SCHEMA_UNKNOWN_MAJOR;
}
