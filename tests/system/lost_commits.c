/* lost_commits.c: preloaded into kconsume: the end of every third transaction is not known, though it was
 * committed; that of every other third is not either, and it never was. All of them say that no answer came
 * in time. */
#include <dlfcn.h>
#include <librdkafka/rdkafka.h>

typedef rd_kafka_error_t *commit_function(rd_kafka_t *rk, int timeout_ms);

rd_kafka_error_t *rd_kafka_commit_transaction(rd_kafka_t *rk, int timeout_ms)
{
    static unsigned calls;
    commit_function *commit = (commit_function *)dlsym(RTLD_NEXT, "rd_kafka_commit_transaction");
    unsigned fate = calls++ % 3;
    rd_kafka_error_t *error = fate == 1 ? NULL : commit(rk, timeout_ms);
    if (error != NULL || fate == 0)
        return error;
    return rd_kafka_error_new(RD_KAFKA_RESP_ERR__TIMED_OUT, "the answer of a commit was lost on purpose");
}
