#include "consumer/letter_slots.h"

static void free_body(struct letter *letter)
{
    if (letter->body.headers != NULL)
        rd_kafka_headers_destroy(letter->body.headers);
    free((void *)(uintptr_t)letter->body.key);
    free((void *)(uintptr_t)letter->body.value);
    letter->body = (struct letter_body){0};
}

/* NULL stays NULL; what is empty stays empty. */
static void *copy_of(const void *bytes, size_t length)
{
    void *copy = bytes != NULL ? malloc(length > 0 ? length : 1) : NULL;
    if (copy != NULL)
        memcpy(copy, bytes, length);
    return copy;
}

void letter_keep_body(struct letter *letter, const struct letter_body *body)
{
    letter->body = *body;
    letter->body.key = copy_of(body->key, body->key_length);
    letter->body.value = copy_of(body->value, body->value_length);
}

int letter_slots_init(struct letter_slots *slots, size_t capacity)
{
    *slots = (struct letter_slots){.slots = calloc(capacity, sizeof *slots->slots), .capacity = capacity};
    return slots->slots != NULL ? 0 : -1;
}

void letter_slots_release(struct letter_slots *slots)
{
    for (size_t i = 0; i < slots->top; i++)
        free_body(&slots->slots[i]);
    free(slots->slots);
}

struct letter *letter_slots_take(struct letter_slots *slots)
{
    size_t i = slots->under_way + slots->refused == slots->top ? slots->top : 0;
    while (i < slots->top && slots->slots[i].state != LETTER_FREE)
        i++;
    if (i == slots->capacity)
        return NULL;
    if (i == slots->top)
        slots->top++;
    return &slots->slots[i];
}

void letter_slots_free(struct letter_slots *slots, struct letter *letter)
{
    free_body(letter);
    *letter = (struct letter){0};
    while (slots->top > 0 && slots->slots[slots->top - 1].state == LETTER_FREE)
        slots->top--;
}

bool letter_slots_any_refused(const struct letter_slots *slots, int32_t partition)
{
    for (size_t i = 0; slots->refused > 0 && i < slots->top; i++)
        if (slots->slots[i].state == LETTER_REFUSED && slots->slots[i].partition == partition)
            return true;
    return false;
}

int64_t letter_slots_next(const struct letter_slots *slots, int32_t partition, int64_t from)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < slots->top; i++) {
        const struct letter *letter = &slots->slots[i];
        if (letter->state != LETTER_FREE && letter->partition == partition && letter->offset >= from &&
            letter->offset < next)
            next = letter->offset;
    }
    return next;
}

int64_t letter_slots_due_us(const struct letter_slots *slots, int64_t now_us)
{
    int64_t due_us = INT64_MAX;
    for (size_t i = 0; slots->refused > 0 && i < slots->top; i++)
        if (slots->slots[i].state == LETTER_REFUSED && slots->slots[i].again_us - now_us < due_us)
            due_us = slots->slots[i].again_us - now_us;
    return due_us > 0 ? due_us : 0;
}
