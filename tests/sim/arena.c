#include "tests/sim/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA_BYTES (1UL << 30) /* of address space: a history touches a few MiB of it */
enum { SMALL_STEP = 16, SMALL_CLASSES = 64, CLASSES = SMALL_CLASSES + 24 };

/* In front of each block; the payload stays aligned to 16. */
struct head {
    size_t class;
    size_t bytes;
};

struct free_block {
    struct free_block *next;
};

static struct {
    unsigned char *base;
    size_t used;
    bool on;
    struct free_block *free[CLASSES];
} arena;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *block, size_t bytes);
void __real_free(void *block);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *block, size_t bytes);
void __wrap_free(void *block);
char *__wrap_strdup(const char *text);

void arena_begin(void)
{
    if (arena.base == NULL) {
        arena.base = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (arena.base == MAP_FAILED) {
            perror("the arena");
            exit(2);
        }
    }
    arena.used = 0;
    memset(arena.free, 0, sizeof arena.free);
    arena.on = true;
}

void arena_end(void)
{
    arena.on = false;
}

/* Steps of 16 bytes up to a KiB, powers of two beyond. */
static size_t class_of(size_t bytes, size_t *rounded)
{
    if (bytes <= (size_t)SMALL_STEP * SMALL_CLASSES) {
        size_t class = bytes == 0 ? 0 : (bytes - 1) / SMALL_STEP;
        *rounded = (class + 1) * SMALL_STEP;
        return class;
    }
    size_t class = SMALL_CLASSES;
    for (*rounded = (size_t)SMALL_STEP * SMALL_CLASSES * 2; *rounded < bytes; *rounded *= 2)
        class ++;
    return class;
}

static bool is_ours(const void *block)
{
    const unsigned char *at = block;
    return arena.base != NULL && at >= arena.base && at < arena.base + ARENA_BYTES;
}

void *__wrap_malloc(size_t bytes)
{
    size_t rounded;
    if (!arena.on)
        return __real_malloc(bytes);
    size_t class = class_of(bytes, &rounded);
    if (class < CLASSES && arena.free[class] != NULL) {
        struct free_block *block = arena.free[class];
        arena.free[class] = block->next;
        ((struct head *)(void *)block - 1)->bytes = bytes;
        return block;
    }
    struct head *head = (struct head *)(void *)(arena.base + arena.used);
    arena.used += sizeof *head + rounded;
    if (class >= CLASSES || arena.used > ARENA_BYTES)
        return NULL;
    *head = (struct head){class, bytes};
    return head + 1;
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    if (!arena.on)
        return __real_calloc(count, bytes);
    void *block = __wrap_malloc(count * bytes);
    return block != NULL ? memset(block, 0, count * bytes) : NULL;
}

void __wrap_free(void *block)
{
    if (!is_ours(block)) {
        __real_free(block);
        return;
    }
    struct head *head = (struct head *)block - 1;
    struct free_block *freed = block;
    freed->next = arena.free[head->class];
    arena.free[head->class] = freed;
}

void *__wrap_realloc(void *block, size_t bytes)
{
    if (!arena.on)
        return __real_realloc(block, bytes);
    void *bigger = __wrap_malloc(bytes);
    if (block == NULL || bigger == NULL)
        return bigger;
    size_t had = ((struct head *)block - 1)->bytes;
    memcpy(bigger, block, had < bytes ? had : bytes);
    __wrap_free(block);
    return bigger;
}

char *__wrap_strdup(const char *text)
{
    if (!arena.on)
        return __real_strdup(text);
    size_t bytes = strlen(text) + 1;
    char *copy = __wrap_malloc(bytes);
    return copy != NULL ? memcpy(copy, text, bytes) : NULL;
}
