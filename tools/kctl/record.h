/* record.h: the words of `kctl produce` as the one text that the supervisor takes. */
#ifndef KSUPERVISE_TOOLS_KCTL_RECORD_H
#define KSUPERVISE_TOOLS_KCTL_RECORD_H

#include "common/options.h"
#include "common/rpc/message.h"

/* `words` are [TARGET] RECORD: a JSON object, field=value …, or - for standard input. *target is one of the
 * words, or "". 0, or -1 with a usage error; -1 with another one where standard input cannot be read. */
int record_words(const struct operands *words, const char **target, char record[RPC_TEXT_BYTES],
                 struct error *error);

#endif
