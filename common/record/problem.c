/* Why a payload was refused, in words. */
#include <float.h>

#include "common/record/forms.h"
#include "common/record/out.h"
#include "common/record/text.h"

static void put_range(struct out *out, const struct field *field, const char *unit)
{
    char text[96];
    snprintf(text, sizeof text, "%lld to %lld%s", (long long)field->minimum, (long long)field->maximum, unit);
    out_text(out, text);
}

static void put_choices(struct out *out, const struct field *field)
{
    out_text(out, "one of");
    for (const struct choice *choice = field->choices; choice->text != NULL; choice++) {
        out_text(out, choice == field->choices ? " " : ", ");
        out_text(out, choice->text);
    }
}

/* Decimals where the wire has decimals. */
static void put_amounts(struct out *out, const struct field *field)
{
    char least[MONEY_TEXT_BYTES];
    char most[MONEY_TEXT_BYTES];
    money_format(field->minimum, field->digits, false, least);
    money_format(field->maximum, field->digits, false, most);
    out_text(out, least);
    out_text(out, " to ");
    out_text(out, most);
}

static void put_numbers(struct out *out, const struct field *field)
{
    bool open = field->low < -DBL_MAX && field->high > DBL_MAX;
    char text[96];
    snprintf(text, sizeof text, "%.17g to %.17g", field->low, field->high);
    out_text(out, open ? "a finite number" : text);
}

static const char *const fixed[FORM_MAP + 1] = {
    [FORM_UUID] = "16 bytes",
    [FORM_UUID_TEXT] = "a UUID (8-4-4-4-12 hexadecimal digits)",
    [FORM_TIME_TEXT] = "a time such as 2026-02-26T09:52:20.102594Z, up to the year 9999",
    [FORM_TIMESTAMP] = "MessagePack's timestamp, up to the year 9999",
    [FORM_TIME_UNIT] = "a time from 1970 to the year 9999",
};

static void put_expected_value(struct out *out, const struct field *field)
{
    if (fixed[field->form] != NULL)
        out_text(out, fixed[field->form]);
    else if (field->type == FIELD_STRING)
        put_range(out, field, " bytes of text");
    else if (field->type == FIELD_BYTES)
        put_range(out, field, " bytes");
    else if (field->type == FIELD_CURRENCY)
        out_text(out, "three capital letters");
    else if (field->type == FIELD_ENUM)
        put_choices(out, field);
    else if (field->type == FIELD_TIME)
        put_range(out, field, " microseconds since the epoch");
    else if (field->type == FIELD_NUMBER)
        put_numbers(out, field);
    else if (field->form == FORM_DECIMAL)
        put_amounts(out, field);
    else
        put_range(out, field, "");
}

/* The part after "byte N: field F: ", where nothing of the field is needed. */
static const char *const plain[RECORD_FAULTS] = {
    [RECORD_OK] = "no fault",
    [RECORD_TRUNCATED] = "the payload ends inside it, or announces more than there is",
    [RECORD_NOT_A_MAP] = "expected a map",
    [RECORD_TOO_LARGE] = "larger than a record may be (1 MiB)",
    [RECORD_TOO_MANY_FIELDS] = "more fields than a record may have (1024)",
    [RECORD_KEY_NOT_STRING] = "expected a string as the name of a field",
    [RECORD_BAD_UTF8] = "expected valid UTF-8",
    [RECORD_MISSING_FIELD] = "missing",
    [RECORD_DUPLICATE_FIELD] = "there twice",
    [RECORD_TOO_DEEP] = "nested too deep (more than 16)",
    [RECORD_TRAILING_BYTES] = "bytes after the end of the record",
    [RECORD_INVALID_BYTE] = "byte 0xc1, which MessagePack does not have",
    [RECORD_NOT_JSON] = "not JSON: ",
    [RECORD_NO_SCRATCH] = "no room for a string with escapes, or for bytes",
    [RECORD_IS_JSON] = "expected MessagePack, found JSON",
    [RECORD_IS_MSGPACK] = "expected JSON, found what looks like MessagePack",
    [RECORD_IS_CONFLUENT] = "framed for Confluent's schema registry, which is not read",
};
_Static_assert(RECORD_BYTES_MAX == 1024 * 1024 && RECORD_PAIRS_MAX == 1024 && MP_DEPTH_MAX == 16,
               "said in the texts above");

/* How JSON says what is expected, where it is not as MessagePack does. */
static const struct {
    const char *type, *value;
} in_json[FIELD_TYPES] = {
    [FIELD_STRING] = {"a string", NULL},
    [FIELD_UUID] = {"a string", "a UUID (8-4-4-4-12 hexadecimal digits)"},
    [FIELD_INTEGER] = {"an integer", NULL},
    [FIELD_MONEY] =
        {"a number or a string",
         "a plain decimal such as 249.99, with no more digits after the point than the amount has"},
    [FIELD_CURRENCY] = {"a string", NULL},
    [FIELD_EXPONENT] = {"an integer", NULL},
    [FIELD_ENUM] = {"a string", NULL},
    [FIELD_TIME] = {"a time", "a time such as 2026-02-26T09:52:20.102594Z, up to the year 9999"},
    [FIELD_BOOLEAN] = {"true or false", NULL},
    [FIELD_NUMBER] = {"a number", NULL},
    [FIELD_BYTES] = {"a string", "hexadecimal digits, two a byte"},
    [FIELD_ANY] = {"a value", NULL},
};

static void put_found(struct out *out, const struct record_problem *problem)
{
    out_text(out, ", found ");
    out_text(out, problem->json != NULL ? problem->json : mp_type_name(problem->found));
}

static void put_wanted_type(struct out *out, const struct record_problem *problem)
{
    const struct field *field = problem->field;
    out_text(out, "expected ");
    out_text(out, problem->json != NULL ? in_json[field->type].type : form_wants(field->form));
    put_found(out, problem);
}

static void put_wanted_value(struct out *out, const struct record_problem *problem)
{
    const char *said = problem->json == NULL ? NULL : in_json[problem->field->type].value;
    out_text(out, "expected ");
    if (said != NULL)
        out_text(out, said);
    else
        put_expected_value(out, problem->field);
}

static void put_plain(struct out *out, const struct record_problem *problem)
{
    bool found = problem->fault == RECORD_NOT_A_MAP || problem->fault == RECORD_KEY_NOT_STRING;
    bool object = problem->fault == RECORD_NOT_A_MAP && problem->json != NULL;
    out_text(out, object ? "expected an object" : plain[problem->fault]);
    if (found)
        put_found(out, problem);
    else if (problem->fault == RECORD_NOT_JSON)
        out_text(out, problem->json);
}

static void put_cause(struct out *out, const struct record_problem *problem)
{
    if (problem->field != NULL && problem->fault == RECORD_WRONG_TYPE)
        put_wanted_type(out, problem);
    else if (problem->field != NULL && problem->fault == RECORD_OUT_OF_RANGE)
        put_wanted_value(out, problem);
    else
        put_plain(out, problem);
}

void record_problem_text(const struct record_problem *problem, char *text, size_t bytes)
{
    struct out out;
    out_init(&out, text, bytes);
    /* What validation finds is about a value, not about a byte. */
    bool validated = problem->offset == 0 && problem->field != NULL;
    if (!validated) {
        char where[24];
        snprintf(where, sizeof where, "byte %u: ", (unsigned)problem->offset);
        out_text(&out, where);
    }
    if (problem->field != NULL) {
        out_text(&out, "field ");
        out_text(&out, problem->json != NULL ? problem->field->label : problem->field->name);
        out_text(&out, ": ");
    }
    put_cause(&out, problem);
}
