#include "tests/common/json/support.h"

static bool whole(struct text *text, unsigned depth)
{
    return js_step(&text->reader, depth) && js_end(&text->reader);
}

static bool accepts(const char *json)
{
    struct text text = text_of(json);
    bool done = whole(&text, JS_DEPTH_MAX);
    text_free(&text);
    return done;
}

START_TEST(accepts_what_the_grammar_allows)
{
    static const char *const good[] = {
        "{}",
        "[]",
        "null",
        "true",
        "false",
        "\"\"",
        "0",
        "-0",
        "[ ]",
        "{ }",
        " \t\r\n1\n\r\t ",
        "[1,2,3]",
        "[[],[[]],{}]",
        "{\"a\":1}",
        "{ \"a\" : 1 , \"b\" : [ 2 , null ] }",
        "{\"\":0}",
        "{\"a\":1,\"a\":2}",
        "{\"\\u0000\":\"\\u0000\"}",
        "[1.5e+3,1E-2,-0.0,0e0,1e0005]",
        "\"\x7f\"",
        "\"\xc5\x81\xc3\xb3\x64\xc5\xba \xf0\x9f\x92\xb3\"",
        "[                                        1]",
        "[\"a\",true,false,null,{\"b\":{\"c\":[{}]}}]",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(accepts(good[i]), "%s", good[i]);
}
END_TEST

START_TEST(refuses_what_it_does_not_and_says_where)
{
    static const struct refused bad[] = {
        {"", JS_TRUNCATED, 0},
        {"  ", JS_TRUNCATED, 2},
        {"[", JS_TRUNCATED, 1},
        {"[1", JS_TRUNCATED, 2},
        {"[1,", JS_TRUNCATED, 3},
        {"{", JS_TRUNCATED, 1},
        {"{\"a\"", JS_TRUNCATED, 4},
        {"{\"a\":", JS_TRUNCATED, 5},
        {"{\"a\":1", JS_TRUNCATED, 6},
        {"{\"a", JS_TRUNCATED, 3},
        {"tru", JS_TRUNCATED, 3},
        {"[1,]", JS_TRAILING_COMMA, 3},
        {"[1 , ]", JS_TRAILING_COMMA, 5},
        {"{\"a\":1,}", JS_TRAILING_COMMA, 7},
        {"[,1]", JS_NOT_A_VALUE, 1},
        {"[,]", JS_NOT_A_VALUE, 1},
        {"[1,,2]", JS_NOT_A_VALUE, 3},
        {"{,}", JS_EXPECTED_NAME, 1},
        {"{\"a\":1,,}", JS_EXPECTED_NAME, 7},
        {"]", JS_NOT_A_VALUE, 0},
        {"}", JS_NOT_A_VALUE, 0},
        {"[1}", JS_EXPECTED_COMMA, 2},
        {"{\"a\":1]", JS_EXPECTED_COMMA, 6},
        {"[1 2]", JS_EXPECTED_COMMA, 3},
        {"{\"a\":1 \"b\":2}", JS_EXPECTED_COMMA, 7},
        {"{\"a\",1}", JS_EXPECTED_COLON, 4},
        {"{\"a\" 1}", JS_EXPECTED_COLON, 5},
        {"{a:1}", JS_EXPECTED_NAME, 1},
        {"{'a':1}", JS_EXPECTED_NAME, 1},
        {"{1:1}", JS_EXPECTED_NAME, 1},
        {"{null:1}", JS_EXPECTED_NAME, 1},
        {"{\"a\":}", JS_NOT_A_VALUE, 5},
        {"{\"a\"::1}", JS_NOT_A_VALUE, 5},
        {"1 2", JS_TRAILING_TEXT, 2},
        {"{}}", JS_TRAILING_TEXT, 2},
        {"[]\xff", JS_TRAILING_TEXT, 2},
        {"nullx", JS_TRAILING_TEXT, 4},
        {"nul!", JS_BAD_LITERAL, 3},
        {"True", JS_NOT_A_VALUE, 0},
        {"trUe", JS_BAD_LITERAL, 2},
        {"nan", JS_BAD_LITERAL, 1},
        {"NaN", JS_NOT_A_VALUE, 0},
        {"Infinity", JS_NOT_A_VALUE, 0},
        {"-Infinity", JS_NO_DIGIT, 1},
        {"// x\n1", JS_NOT_A_VALUE, 0},
        {"[1/**/]", JS_EXPECTED_COMMA, 2},
        {"\xef\xbb\xbf{}", JS_BYTE_ORDER_MARK, 0},
        {" \xef\xbb\xbf{}", JS_NOT_A_VALUE, 1},
        {"\xff\xfe{", JS_NOT_A_VALUE, 0},
        {"\x0b"
         "1",
         JS_NOT_A_VALUE, 0},
        {"[1\x0c]", JS_EXPECTED_COMMA, 2},
        {"[\xc2\xa0"
         "1]",
         JS_NOT_A_VALUE, 1},
        {"'a'", JS_NOT_A_VALUE, 0},
        {"[\"a\n\"]", JS_CONTROL_CHARACTER, 3},
        {"{\"a\\x\":1}", JS_BAD_ESCAPE, 3},
        {"[01]", JS_LEADING_ZERO, 1},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct text text = text_of(bad[i].json);
        ck_assert_msg(!whole(&text, JS_DEPTH_MAX), "%s", bad[i].json);
        assert_fault(&text, &bad[i]);
        text_free(&text);
    }
}
END_TEST

START_TEST(a_nul_byte_is_no_end)
{
    static const char inside[] = "[1\0]";
    struct text text = text_of_bytes(inside, sizeof inside - 1);
    ck_assert(!whole(&text, 1));
    assert_fault(&text, &(struct refused){"[1 NUL]", JS_EXPECTED_COMMA, 2});
    text_free(&text);
    static const char behind[] = "1";
    text = text_of_bytes(behind, sizeof behind);
    ck_assert(!whole(&text, 1));
    assert_fault(&text, &(struct refused){"1 NUL", JS_TRAILING_TEXT, 1});
    text_free(&text);
}
END_TEST

START_TEST(every_truncation_of_a_text_is_refused_as_one)
{
    static const char json[] =
        "{\"a\\u00e9\": [1.5e-3, -2, \"x\\n\xc5\x81\", true, false, null], \"b\": {\"c\": {}}}";
    for (size_t length = 0; length < sizeof json - 1; length++) {
        struct text text = text_of_bytes(json, length);
        ck_assert_msg(!whole(&text, JS_DEPTH_MAX), "%zu bytes", length);
        bool within_character = length > 0 && json[length - 1] == '\xc5';
        ck_assert_msg(text.reader.fault == (within_character ? JS_BAD_UTF8 : JS_TRUNCATED), "%zu bytes: %s",
                      length, js_fault_text(text.reader.fault));
        text_free(&text);
    }
    ck_assert(accepts(json));
}
END_TEST

START_TEST(nesting_is_bounded_without_recursion)
{
    enum { MANY = 100000 };
    static char json[MANY];
    memset(json, '[', sizeof json);
    struct text text = text_of_bytes(json, sizeof json);
    ck_assert(!whole(&text, UINT32_MAX));
    assert_fault(&text, &(struct refused){"[[[…", JS_TOO_DEEP, JS_DEPTH_MAX});
    text_free(&text);
    static const struct {
        const char *json;
        unsigned depth;
        bool fits;
    } cases[] = {{"1", 0, true},          {"[]", 0, false},           {"[[1],[2]]", 2, true},
                 {"[[1],[2]]", 1, false}, {"[{\"a\":[]}]", 2, false}, {"[{\"a\":[]}]", 3, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        text = text_of(cases[i].json);
        ck_assert_msg(whole(&text, cases[i].depth) == cases[i].fits, "%s", cases[i].json);
        text_free(&text);
    }
}
END_TEST

START_TEST(tells_the_type_of_each_value)
{
    static const struct {
        const char *json;
        enum js_type type;
    } cases[] = {{" null", JS_NULL}, {"\ttrue", JS_BOOL}, {"false", JS_BOOL},  {"-1", JS_NUMBER},
                 {"0", JS_NUMBER},   {"9", JS_NUMBER},    {"\"\"", JS_STRING}, {"[", JS_ARRAY},
                 {"{", JS_OBJECT},   {"+1", JS_NEVER},    {".5", JS_NEVER},    {"]", JS_NEVER},
                 {"\x80", JS_NEVER}, {"", JS_END},        {" \n", JS_END}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text text = text_of(cases[i].json);
        ck_assert_msg(js_peek(&text.reader) == cases[i].type, "%s", cases[i].json);
        text_free(&text);
    }
    ck_assert_str_eq(js_type_name(JS_OBJECT), "an object");
    ck_assert_str_eq(js_type_name(JS_END), "nothing");
    ck_assert_str_eq(js_type_name((enum js_type)99), "?");
}
END_TEST

START_TEST(walks_an_object_member_by_member)
{
    struct text text = text_of(" { \"id\" : 7 , \"name\":\"x\" , \"rest\" : [ true , null ] } ");
    struct js_reader *reader = &text.reader;
    struct mp_view name;
    struct mp_view value;
    int64_t id;
    bool more;
    bool truth;
    ck_assert(js_enter(reader, JS_OBJECT, &more) && more);
    ck_assert(js_read_key(reader, NULL, &name) && view_is(&name, "id"));
    ck_assert(js_read_int(reader, &id) && id == 7);
    ck_assert(js_more(reader, JS_OBJECT, &more) && more);
    ck_assert(js_take_key(reader, "\"name\"", 6));
    ck_assert(js_read_str(reader, NULL, &value) && view_is(&value, "x"));
    ck_assert(js_more(reader, JS_OBJECT, &more) && more);
    ck_assert(js_read_key(reader, NULL, &name) && view_is(&name, "rest"));
    ck_assert(js_enter(reader, JS_ARRAY, &more) && more);
    ck_assert(js_read_bool(reader, &truth) && truth);
    ck_assert(js_more(reader, JS_ARRAY, &more) && more);
    ck_assert(js_read_null(reader));
    ck_assert(js_more(reader, JS_ARRAY, &more) && !more);
    ck_assert(js_more(reader, JS_OBJECT, &more) && !more);
    ck_assert(js_end(reader));
    text_free(&text);
}
END_TEST

START_TEST(takes_an_expected_name_only_where_it_stands)
{
    static const struct {
        const char *json;
        const char *quoted;
        bool taken;
    } cases[] = {
        {"\"a\":1", "\"a\"", true},
        {" \"a\" :1", "\"a\"", true},
        {"\"a\"", "\"a\"", false},
        {"\"a\" 1", "\"a\"", false},
        {"\"b\":1", "\"a\"", false},
        {"\"a", "\"a\"", false},
        {"\"timestamp\":1", "\"timestamp\"", true},
        {"\"timestamq\":1", "\"timestamp\"", false},
        {"\"uimestamp\":1", "\"timestamp\"", false},
        {"\"timestamps\":1", "\"timestamp\"", false},
        {"\"a_longer_name_of_20x\":1", "\"a_longer_name_of_20x\"", true},
        {"\"a_longer_Name_of_20x\":1", "\"a_longer_name_of_20x\"", false},
        {"\"sixsix\":1", "\"sixsix\"", true},
        {"\"sixsiy\":1", "\"sixsix\"", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text text = text_of(cases[i].json);
        bool taken = js_take_key(&text.reader, cases[i].quoted, strlen(cases[i].quoted));
        ck_assert_msg(taken == cases[i].taken, "%s", cases[i].json);
        ck_assert(text.reader.fault == JS_OK);
        ck_assert(taken ? text.reader.at[-1] == ':' : js_offset(&text.reader) == 0);
        text_free(&text);
    }
}
END_TEST

typedef bool (*read_function)(struct js_reader *reader);

static bool read_int(struct js_reader *reader)
{
    int64_t value;
    return js_read_int(reader, &value);
}

static bool read_double(struct js_reader *reader)
{
    double value;
    return js_read_double(reader, &value);
}

static bool read_str(struct js_reader *reader)
{
    struct mp_view value;
    return js_read_str(reader, NULL, &value);
}

static bool read_bool(struct js_reader *reader)
{
    bool value;
    return js_read_bool(reader, &value);
}

static bool enter_object(struct js_reader *reader)
{
    bool more;
    return js_enter(reader, JS_OBJECT, &more);
}

static bool enter_array(struct js_reader *reader)
{
    bool more;
    return js_enter(reader, JS_ARRAY, &more);
}

START_TEST(a_value_of_another_type_is_refused_at_its_first_byte)
{
    static const struct {
        enum js_type type;
        read_function read;
    } reads[] = {{JS_NUMBER, read_int},  {JS_NUMBER, read_double}, {JS_STRING, read_str},
                 {JS_BOOL, read_bool},   {JS_NULL, js_read_null},  {JS_OBJECT, enter_object},
                 {JS_ARRAY, enter_array}};
    static const char *const values[] = {[JS_NULL] = " null",    [JS_BOOL] = " true", [JS_NUMBER] = " 12",
                                         [JS_STRING] = " \"x\"", [JS_ARRAY] = " []",  [JS_OBJECT] = " {}"};
    for (size_t r = 0; r < sizeof reads / sizeof reads[0]; r++) {
        for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
            struct text text = text_of(values[v]);
            bool done = reads[r].read(&text.reader);
            ck_assert_msg(done == (v == reads[r].type), "read %zu of '%s'", r, values[v]);
            if (!done)
                assert_fault(&text, &(struct refused){values[v], JS_WRONG_TYPE, 1});
            text_free(&text);
        }
        struct text nothing = text_of(" ");
        ck_assert(!reads[r].read(&nothing.reader));
        assert_fault(&nothing, &(struct refused){"nothing", JS_TRUNCATED, 1});
        text_free(&nothing);
    }
}
END_TEST

START_TEST(keeps_any_value_as_it_stands)
{
    static const char *const values[] = {"{ \"a\" : [ 1 , 2 ] }", "-1.50e+3", "\"x\\n\"", "null", "[]"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char json[64];
        struct mp_view value;
        snprintf(json, sizeof json, " %s \n", values[i]);
        struct text text = text_of(json);
        ck_assert(js_read_any(&text.reader, JS_DEPTH_MAX, &value));
        ck_assert_msg(view_is(&value, values[i]), "%.*s", (int)value.length, value.data);
        ck_assert(js_end(&text.reader));
        text_free(&text);
    }
}
END_TEST

START_TEST(every_fault_has_a_text)
{
    for (int fault = 0; fault < JS_FAULTS; fault++)
        ck_assert_uint_gt(strlen(js_fault_text((enum js_fault)fault)), 5);
    ck_assert_str_eq(js_fault_text((enum js_fault)JS_FAULTS), "?");
}
END_TEST

CHECK_MAIN("common/json/reader", accepts_what_the_grammar_allows, refuses_what_it_does_not_and_says_where,
           a_nul_byte_is_no_end, every_truncation_of_a_text_is_refused_as_one,
           nesting_is_bounded_without_recursion, tells_the_type_of_each_value,
           walks_an_object_member_by_member, takes_an_expected_name_only_where_it_stands,
           a_value_of_another_type_is_refused_at_its_first_byte, keeps_any_value_as_it_stands,
           every_fault_has_a_text)
