/* words.h: the words of the verbs, for a shell's completion: kctl sends any verb, and lets the supervisor
 * judge. */
#ifndef KSUPERVISE_TOOLS_KCTL_WORDS_H
#define KSUPERVISE_TOOLS_KCTL_WORDS_H

#include "common/options_complete.h"

void words_complete(const struct completion *completion);

#endif
