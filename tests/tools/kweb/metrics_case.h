/* metrics_case.h: an answer for Prometheus, of the instance of instance_case.h, in `shown`. */
#ifndef KSUPERVISE_TESTS_TOOLS_KWEB_METRICS_CASE_H
#define KSUPERVISE_TESTS_TOOLS_KWEB_METRICS_CASE_H

#include "tests/common/view/instance_case.h"
#include "tools/kweb/metrics.h"

/* In pieces of at most so many bytes. The view is gone before the first of them is read. */
__attribute__((unused)) static void render(const struct view_request *request, enum metrics_names names,
                                           enum exposition_format format, size_t piece)
{
    size_t bytes;
    char buffer[65536];
    struct view_request complete = *request;
    complete.instance = instance_name;
    collect(request);
    struct metrics *metrics = metrics_open(&view, &complete, names, format);
    ck_assert_ptr_nonnull(metrics);
    view_release(&view);
    free(shown);
    FILE *stream = open_memstream(&shown, &bytes);
    for (size_t length; (length = metrics_read(metrics, buffer, piece)) > 0;)
        fwrite(buffer, 1, length, stream);
    fclose(stream);
    ck_assert_uint_eq(metrics_read(metrics, buffer, piece), 0);
    metrics_close(metrics);
}

__attribute__((unused)) static void expect_not(const char *text)
{
    ck_assert_msg(strstr(shown, text) == NULL, "'%s' is in:\n%s", text, shown);
}

#endif
