/* verb.h: the routes that are verbs of the supervisor's: what kctl does, over HTTP. */
#ifndef KSUPERVISE_TOOLS_KWEB_VERB_H
#define KSUPERVISE_TOOLS_KWEB_VERB_H

#include "tools/kweb/call.h"
#include "tools/kweb/exchange.h"

/* Asks the route's verb, with target and argument as its row says, and answers with what comes. */
void serve_verb(struct exchange *exchange);

/* Any verb; the answer is the verb's. */
void ask_verb(struct exchange *exchange, const char *verb, const char *target, const char *argument);
/* The same with another end, which gives the answer. */
void ask_verb_of(struct exchange *exchange, const char *verb, const char *target, const char *argument,
                 call_done *done, void *context);

/* The problem that a call ended with; `text` is its reason. */
void answer_call_end(struct exchange *exchange, enum call_end end, const char *text);
unsigned status_of_call_end(enum call_end end);

/* Whether the instance has such a client or worker ("all" is one), as its directory says; the answer is given
 * when not. */
bool target_is_there(struct exchange *exchange, const char *target);

#endif
