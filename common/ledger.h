/* ledger.h: the producer's ledger, a text file that says of each message what became of it. kproduce --ledger
 * writes it, kaudit reads it; so can a person, awk, or a spreadsheet.
 *
 *   ksupervise-ledger 1
 *   run 1772099522102594 1 payments producer
 *   1 0 0 acknowledged
 *   2 2 0 acknowledged
 *   3 1 - unknown
 *   4 - - failed
 *
 * The first line names the format and its version. A run begins with a line of its own: when it began
 * (microseconds since the epoch), the `seq` that its first message gets, its topic, and the producer's name
 * (the header `producer`). Then a line for each delivery report: seq, partition, offset, outcome; an unknown
 * value is `-`. Lines come in the order of the reports, which is not that of seq. A number is found again in
 * the header `seq`, in the run that was the producer's at the record's time: numbers may begin anew with a
 * run.
 *
 * acknowledged  the broker has it, at that partition and offset
 * failed        it was never sent, or was refused: the topic must not have it
 * unknown       it was sent, and no answer came: the topic may have it
 *
 * A message without a line was under way when its producer was killed: as good as unknown. Fields are
 * separated by one blank. Only whole lines count: a process that dies in a write leaves the last one torn,
 * without a newline, and the next run cuts it off. A file belongs to one running producer at a time (flock).
 */
#ifndef KSUPERVISE_COMMON_LEDGER_H
#define KSUPERVISE_COMMON_LEDGER_H

#include "common/banned.h"

#define LEDGER_FIRST_LINE   "ksupervise-ledger 1"
#define LEDGER_RUN          "run"
#define LEDGER_ACKNOWLEDGED "acknowledged"
#define LEDGER_FAILED       "failed"
#define LEDGER_UNKNOWN      "unknown"

/* The longest line there can be: a run's, with a topic of 249 and a name of 32 characters. */
#define LEDGER_LINE_BYTES 384

enum ledger_outcome { LEDGER_OUTCOME_ACKNOWLEDGED, LEDGER_OUTCOME_FAILED, LEDGER_OUTCOME_UNKNOWN };

#endif
