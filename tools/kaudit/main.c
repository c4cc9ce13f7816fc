/* kaudit: counts after producers and consumers. */
#include "common/exit_codes.h"
#include "common/log.h"
#include "tools/kaudit/report.h"

int main(int argc, char **argv)
{
    static struct settings settings;
    static struct audit audit = {.settings = &settings};
    struct error error = ERROR_INIT;
    log_init();
    if (settings_load(&settings, argc, argv, &error) == -1)
        return program_fail(AUDIT_PROGRAM, &error);
    int exit_code = EXIT_CODE_OK;
    if (audit_run(&audit, &error) == -1)
        exit_code = program_fail(AUDIT_PROGRAM, &error);
    else if (!report(&audit))
        exit_code = EXIT_CODE_FAILED;
    audit_release(&audit);
    settings_release(&settings);
    return log_flush() == 0 ? exit_code : EXIT_CODE_FAILED;
}
