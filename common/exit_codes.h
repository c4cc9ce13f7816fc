/* exit_codes.h: what the programs exit with. One table: the supervisor's policy, --help and the manual come
 * from it.
 *
 * 0 to 2 mean what they mean everywhere. Codes from 64 up are sysexits.h's where one fits, so that a shell
 * user's reflexes work; the ones that only Kafka needs follow from 80.
 */
#ifndef KSUPERVISE_COMMON_EXIT_CODES_H
#define KSUPERVISE_COMMON_EXIT_CODES_H

#include "common/banned.h"

/* What the supervisor does with a worker that exited with the code. */
enum exit_policy {
    EXIT_POLICY_DONE,    /* it finished its work: not restarted */
    EXIT_POLICY_RESTART, /* restarted, counted as a death */
    EXIT_POLICY_HOLD,    /* a restart would fail in the same way: held at once, with the reason */
    EXIT_POLICY_RETRY,   /* restarted after a growing delay, without a limit. Not counted */
    EXIT_POLICY_WAIT     /* restarted at once with --take-over; if it had that, after the session timeout. Not
                            counted */
};

/*  X(name, code, policy, meaning)  */
#define EXIT_CODES(X)                                                                                        \
    X(EXIT_CODE_OK, 0, DONE, "done")                                                                         \
    X(EXIT_CODE_FAILED, 1, RESTART, "failed")                                                                \
    X(EXIT_CODE_USAGE, 2, HOLD, "usage: a flag or its value is wrong")                                       \
    X(EXIT_CODE_NOT_RUNNING, 3, HOLD, "nothing is running under that name")                                  \
    X(EXIT_CODE_TIMED_OUT, 4, RESTART, "what was waited for did not become true in time")                    \
    X(EXIT_CODE_NEVER, 5, HOLD, "what was waited for cannot become true any more")                           \
    X(EXIT_CODE_RESOURCES, 75, RETRY,                                                                        \
      "the machine has no thread, memory, descriptor or space left for it: this may pass")                   \
    X(EXIT_CODE_CONFIG, 78, HOLD, "configuration: it cannot work as configured")                             \
    X(EXIT_CODE_KAFKA_FATAL, 80, RESTART, "librdkafka raised a fatal error")                                 \
    X(EXIT_CODE_FENCED, 81, HOLD, "fenced: another process took this worker's group.instance.id")            \
    X(EXIT_CODE_UNRELEASED, 82, WAIT, "the group has not released this worker's group.instance.id yet")      \
    X(EXIT_CODE_SINK, 83, RESTART, "the sink failed")                                                        \
    X(EXIT_CODE_OFFSETS_LOST, 84, HOLD,                                                                      \
      "the next records are gone, or the topic was recreated, and --on-offset-loss is stop")                 \
    X(EXIT_CODE_ORPHAN, 85, DONE, "the supervisor is gone")                                                  \
    X(EXIT_CODE_UNDELIVERED, 86, RESTART, "the producer ended with records that were not delivered")         \
    X(EXIT_CODE_LEDGER, 87, RESTART, "the producer's ledger cannot be written")                              \
    X(EXIT_CODE_FORGOTTEN, 88, RESTART,                                                                      \
      "fenced right after a broker came back: it remembers an older process under our group.instance.id")    \
    X(EXIT_CODE_POLL_INTERVAL, 89, RESTART,                                                                  \
      "the group expelled it: a batch took longer than max.poll.interval.ms")                                \
    X(EXIT_CODE_EXEC, 127, HOLD, "the program could not be executed")

enum exit_code {
#define X(name, code, policy, meaning) name = (code),
    EXIT_CODES(X)
#undef X
};

struct exit_code_def {
    int code;
    enum exit_policy policy;
    const char *meaning;
};

/* The entry of `code`; an undocumented code is a failure that is restarted. Never NULL. */
const struct exit_code_def *exit_code_find(int code);

/* What to exit with after a system call that failed with `cause`, an errno: EXIT_CODE_RESOURCES where the
 * cause may pass, else `otherwise`. */
int exit_code_of_errno(int cause, int otherwise);

/* The table's entries in their order; NULL behind the last. */
const struct exit_code_def *exit_code_at(size_t index);

#endif
