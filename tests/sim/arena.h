/* arena.h: the memory of a history. While one runs, every malloc of the consumer's objects and of the
 * simulation comes from one arena (the linker wraps the calls), which is emptied at its end: what a killed
 * process held is gone with it, and allocating costs a few instructions. Between histories malloc is libc's.
 */
#ifndef KSUPERVISE_TESTS_SIM_ARENA_H
#define KSUPERVISE_TESTS_SIM_ARENA_H

#include <stddef.h>

void arena_begin(void);
void arena_end(void);

#endif
