/* letters.h: the dead letters of a topic: counted by reason, shown, sent back. What `kctl dead-letters` does;
 * its lines of JSON become the answer. */
#ifndef KSUPERVISE_TOOLS_KWEB_LETTERS_H
#define KSUPERVISE_TOOLS_KWEB_LETTERS_H

#include "tools/kweb/exchange.h"

void serve_letters(struct exchange *exchange);
void serve_letter_records(struct exchange *exchange);
void serve_letters_replay(struct exchange *exchange);

#endif
