/* METRICS.md is what the lists say now. */
#include "tools/kweb/metrics.h"

#include "tests/support/check_main.h"

static char *read_whole(FILE *stream)
{
    char *text = NULL;
    size_t capacity = 0;
    ck_assert_ptr_nonnull(stream);
    ck_assert_int_gt(getdelim(&text, &capacity, '\0', stream), 0);
    fclose(stream);
    return text;
}

START_TEST(the_page_is_up_to_date)
{
    char *now = NULL;
    size_t bytes;
    FILE *stream = open_memstream(&now, &bytes);
    metrics_reference(stream);
    fclose(stream);
    char *page = read_whole(fopen("tools/kweb/METRICS.md", "r"));
    ck_assert_msg(strcmp(page, now) == 0,
                  "tools/kweb/METRICS.md is old: kweb --metrics-reference > tools/kweb/METRICS.md");
    free(page);
    free(now);
}
END_TEST

CHECK_MAIN("tools/kweb/metrics_reference", the_page_is_up_to_date)
