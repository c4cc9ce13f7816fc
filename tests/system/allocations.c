/* A library for LD_PRELOAD: counts how often the program itself allocates memory, not the libraries that it
 * calls, and writes the number into the file that $ALLOCATIONS names when the program ends.
 * test_allocations.py builds it. */
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* glibc's own, for what is asked for while the next library's are looked for. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);

/* The allocator that the program would have without us: the one that it links, or glibc's. What we hand out
 * is freed by it. */
static void *(*next_malloc)(size_t bytes) = __libc_malloc;
static void *(*next_calloc)(size_t number, size_t bytes) = __libc_calloc;
static void *(*next_realloc)(void *block, size_t bytes) = __libc_realloc;

static uintptr_t first, end; /* of the program's code */
static atomic_ullong count;

static int note_program(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size, (void)context;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X) != 0) {
            first = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            end = first + info->dlpi_phdr[i].p_memsz;
        }
    return 1; /* the first object is the program */
}

__attribute__((constructor)) static void begin(void)
{
    dl_iterate_phdr(note_program, NULL);
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("ALLOCATIONS");
    int fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    if (fd != -1) {
        dprintf(fd, "%llu\n", atomic_load(&count));
        close(fd);
    }
}

static void find_next(void)
{
    static bool sought; /* the program has one thread when it allocates first */
    if (sought)
        return;
    sought = true;
    *(void **)&next_malloc = dlsym(RTLD_NEXT, "malloc");
    *(void **)&next_calloc = dlsym(RTLD_NEXT, "calloc");
    *(void **)&next_realloc = dlsym(RTLD_NEXT, "realloc");
}

static void note(const void *caller)
{
    find_next();
    if ((uintptr_t)caller >= first && (uintptr_t)caller < end)
        atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
}

void *malloc(size_t bytes)
{
    note(__builtin_return_address(0));
    return next_malloc(bytes);
}

void *calloc(size_t number, size_t bytes)
{
    note(__builtin_return_address(0));
    return next_calloc(number, bytes);
}

void *realloc(void *block, size_t bytes)
{
    note(__builtin_return_address(0));
    return next_realloc(block, bytes);
}

char *strdup(const char *text)
{
    note(__builtin_return_address(0));
    size_t bytes = strlen(text) + 1;
    char *copy = next_malloc(bytes);
    return copy != NULL ? memcpy(copy, text, bytes) : NULL;
}
