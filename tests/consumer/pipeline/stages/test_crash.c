#include "tests/consumer/pipeline/stages/stage_run.h"

#include <sys/resource.h>
#include <sys/wait.h>

START_TEST(what_fulfils_the_condition_kills_the_process)
{
    struct rlimit no_core = {0, 0};
    rd_kafka_message_t message = {.partition = 3, .offset = 41};
    run.item.message = &message;
    run_open_with(&stage_crash, "transactions", "account = 1001");
    ck_assert_int_eq(RUN_RECORD("account", "1000", "amount", "1", "type", "deposit"), VERDICT_PASS);
    capture_begin();
    pid_t pid = fork();
    if (pid == 0) {
        setrlimit(RLIMIT_CORE, &no_core);
        RUN_RECORD("account", "1001", "amount", "1", "type", "deposit");
        _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    ck_assert_str_eq(capture_end(), "warning: crash: [3] offset 41 fulfils account = 1001\n");
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    run_close();
}
END_TEST

CHECK_MAIN("consumer/pipeline/stages/crash", what_fulfils_the_condition_kills_the_process)
