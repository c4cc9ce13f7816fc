/* A library for LD_PRELOAD: counts how often the program itself allocates memory, not the libraries that it
 * calls, and writes the number into the file that $ALLOCATIONS names when the program ends.
 * test_allocations.py builds it. */
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* glibc's own names of them */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);

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

static void note(const void *caller)
{
    if ((uintptr_t)caller >= first && (uintptr_t)caller < end)
        atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
}

void *malloc(size_t bytes)
{
    note(__builtin_return_address(0));
    return __libc_malloc(bytes);
}

void *calloc(size_t number, size_t bytes)
{
    note(__builtin_return_address(0));
    return __libc_calloc(number, bytes);
}

void *realloc(void *block, size_t bytes)
{
    note(__builtin_return_address(0));
    return __libc_realloc(block, bytes);
}

char *strdup(const char *text)
{
    note(__builtin_return_address(0));
    size_t bytes = strlen(text) + 1;
    char *copy = __libc_malloc(bytes);
    return copy != NULL ? memcpy(copy, text, bytes) : NULL;
}
