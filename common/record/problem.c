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
};
_Static_assert(RECORD_BYTES_MAX == 1024 * 1024 && RECORD_PAIRS_MAX == 1024 && MP_DEPTH_MAX == 16,
               "said in the texts above");

static void put_found(struct out *out, enum mp_type found)
{
    out_text(out, ", found ");
    out_text(out, mp_type_name(found));
}

static void put_cause(struct out *out, const struct record_problem *problem)
{
    const struct field *field = problem->field;
    if (field != NULL && problem->fault == RECORD_WRONG_TYPE) {
        out_text(out, "expected ");
        out_text(out, form_wants(field->form));
        put_found(out, problem->found);
    } else if (field != NULL && problem->fault == RECORD_OUT_OF_RANGE) {
        out_text(out, "expected ");
        put_expected_value(out, field);
    } else {
        out_text(out, plain[problem->fault]);
        if (problem->fault == RECORD_NOT_A_MAP || problem->fault == RECORD_KEY_NOT_STRING)
            put_found(out, problem->found);
    }
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
        out_text(&out, problem->field->name);
        out_text(&out, ": ");
    }
    put_cause(&out, problem);
}
