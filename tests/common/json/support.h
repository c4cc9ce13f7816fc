/* support.h: a JSON text under a reader, and what became of it. */
#ifndef KSUPERVISE_TESTS_COMMON_JSON_SUPPORT_H
#define KSUPERVISE_TESTS_COMMON_JSON_SUPPORT_H

#include "common/json/reader.h"

#include "tests/support/check_main.h"

/* The text is copied to the end of an allocation, so that a sanitizer sees each byte that is read beyond it.
 */
struct text {
    struct js_reader reader;
    char *bytes;
};

static inline struct text text_of_bytes(const void *bytes, size_t length)
{
    struct text text = {.bytes = malloc(length > 0 ? length : 1)};
    ck_assert_ptr_nonnull(text.bytes);
    memcpy(text.bytes, bytes, length);
    js_init(&text.reader, text.bytes, length);
    return text;
}

static inline struct text text_of(const char *json)
{
    return text_of_bytes(json, strlen(json));
}

static inline void text_free(struct text *text)
{
    free(text->bytes);
    text->bytes = NULL;
}

/* One text, and how a call on it must end: the fault, at which byte. */
struct refused {
    const char *json;
    enum js_fault fault;
    size_t offset;
};

static inline void assert_fault(const struct text *text, const struct refused *wanted)
{
    ck_assert_msg(text->reader.fault == wanted->fault && js_offset(&text->reader) == wanted->offset,
                  "'%s': %s at %zu, not %s at %zu", wanted->json, js_fault_text(text->reader.fault),
                  js_offset(&text->reader), js_fault_text(wanted->fault), wanted->offset);
}

static inline bool view_is(const struct mp_view *view, const char *wanted)
{
    return view->length == strlen(wanted) && memcmp(view->data, wanted, view->length) == 0;
}

#endif
