/* Why a payload was refused, in words. */
#include "common/record/out.h"

static const char *const wanted_types[FIELD_TYPES] = {
    [FIELD_STRING] = "a string",  [FIELD_UUID] = "binary",       [FIELD_INTEGER] = "an integer",
    [FIELD_MONEY] = "an integer", [FIELD_CURRENCY] = "a string", [FIELD_EXPONENT] = "an integer",
    [FIELD_ENUM] = "a string",    [FIELD_TIME] = "an integer",
};

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

static void put_expected_value(struct out *out, const struct field *field)
{
    switch (field->type) {
    case FIELD_STRING:
        put_range(out, field, " bytes of text");
        break;
    case FIELD_UUID:
        out_text(out, "16 bytes");
        break;
    case FIELD_CURRENCY:
        out_text(out, "three capital letters");
        break;
    case FIELD_ENUM:
        put_choices(out, field);
        break;
    case FIELD_TIME:
        put_range(out, field, " microseconds since the epoch");
        break;
    case FIELD_INTEGER:
    case FIELD_MONEY:
    case FIELD_EXPONENT:
        put_range(out, field, "");
        break;
    }
}

/* The part after "byte N: field F: ", where nothing of the field is needed. */
static const char *const plain[RECORD_FAULTS] = {
    [RECORD_OK] = "no fault",
    [RECORD_TRUNCATED] = "the payload ends inside it, or announces more than there is",
    [RECORD_NOT_A_MAP] = "expected a map",
    [RECORD_TOO_LARGE] = "larger than a record may be (1 MiB)",
    [RECORD_TOO_MANY_FIELDS] = "more fields than a record may have (64)",
    [RECORD_KEY_NOT_STRING] = "expected a string as the name of a field",
    [RECORD_BAD_UTF8] = "expected valid UTF-8",
    [RECORD_MISSING_FIELD] = "missing",
    [RECORD_DUPLICATE_FIELD] = "there twice",
    [RECORD_TOO_DEEP] = "nested too deep (more than 16)",
    [RECORD_TRAILING_BYTES] = "bytes after the end of the record",
    [RECORD_INVALID_BYTE] = "byte 0xc1, which MessagePack does not have",
};
_Static_assert(RECORD_BYTES_MAX == 1024 * 1024 && RECORD_PAIRS_MAX == 64 && MP_DEPTH_MAX == 16,
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
        out_text(out, wanted_types[field->type]);
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
