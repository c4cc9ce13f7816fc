#include "tests/sim/coroutine.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { STACK_BYTES = 256 * 1024, GUARD_BYTES = 4096 };

#if defined(__x86_64__)

/* Saves what the System V ABI has a callee preserve on the stack, changes the stack, and restores. */
void sim_switch(void **save, void *to);
__asm__(".text\n"
        ".p2align 4\n"
        ".globl sim_switch\n"
        ".type sim_switch, @function\n"
        "sim_switch:\n"
        "    endbr64\n"
        "    pushq %rbp\n"
        "    pushq %rbx\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    movq %rsp, (%rdi)\n"
        "    movq %rsi, %rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    ret\n"
        ".size sim_switch, .-sim_switch\n");

struct coroutine {
    unsigned char *stack;
    void *inside, *outside; /* saved stack pointers */
    void (*run)(void *context);
    void *context;
    bool used;
};

static struct coroutine coroutines[COROUTINES];
static struct coroutine *starting;

static void start(void)
{
    struct coroutine *coroutine = starting;
    coroutine->run(coroutine->context);
    abort(); /* it was to leave */
}

static void prepare(struct coroutine *coroutine)
{
    uintptr_t *top = (uintptr_t *)(void *)(coroutine->stack + STACK_BYTES);
    *--top = 0; /* `start` finds the stack as after a call */
    *--top = (uintptr_t)start;
    for (int i = 0; i < 6; i++)
        *--top = 0;
    coroutine->inside = top;
}

void coroutine_enter(struct coroutine *coroutine)
{
    starting = coroutine;
    sim_switch(&coroutine->outside, coroutine->inside);
}

void coroutine_leave(struct coroutine *coroutine)
{
    sim_switch(&coroutine->inside, coroutine->outside);
}

#else

#include <ucontext.h>

struct coroutine {
    unsigned char *stack;
    ucontext_t inside, outside;
    void (*run)(void *context);
    void *context;
    bool used;
};

static struct coroutine coroutines[COROUTINES];
static struct coroutine *starting;

static void start(void)
{
    struct coroutine *coroutine = starting;
    coroutine->run(coroutine->context);
    abort();
}

static void prepare(struct coroutine *coroutine)
{
    getcontext(&coroutine->inside);
    coroutine->inside.uc_stack.ss_sp = coroutine->stack;
    coroutine->inside.uc_stack.ss_size = STACK_BYTES;
    makecontext(&coroutine->inside, start, 0);
}

void coroutine_enter(struct coroutine *coroutine)
{
    starting = coroutine;
    swapcontext(&coroutine->outside, &coroutine->inside);
}

void coroutine_leave(struct coroutine *coroutine)
{
    swapcontext(&coroutine->inside, &coroutine->outside);
}

#endif

/* With an unreadable page below: a stack that overflows is a crash, not a riddle. */
static unsigned char *make_stack(void)
{
    unsigned char *memory =
        mmap(NULL, STACK_BYTES + GUARD_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory, GUARD_BYTES, PROT_NONE) == -1) {
        perror("a stack");
        exit(2);
    }
    return memory + GUARD_BYTES;
}

struct coroutine *coroutine_new(void (*run)(void *context), void *context)
{
    for (int i = 0; i < COROUTINES; i++) {
        struct coroutine *coroutine = &coroutines[i];
        if (coroutine->used)
            continue;
        if (coroutine->stack == NULL)
            coroutine->stack = make_stack();
        coroutine->used = true;
        coroutine->run = run;
        coroutine->context = context;
        prepare(coroutine);
        return coroutine;
    }
    return NULL;
}

void coroutine_free(struct coroutine *coroutine)
{
    coroutine->used = false;
}
