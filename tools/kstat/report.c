#include "tools/kstat/report.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "common/asset.h"
#include "common/capture/recording.h"

#define PAGE  "report.html"
#define PLACE "@RECORDING@" /* tools/web/report */

/* --- the file ------------------------------------------------------------------------------------------ */

static int put_recording(const struct recording_spec *spec, struct error *error)
{
    struct recording *recording;
    int more = recording_open(&recording, spec, error);
    if (more == 0)
        while ((more = recording_step(recording, error)) == 1)
            ;
    recording_close(recording);
    return more;
}

static int put_page(const struct recording_spec *spec, struct error *error)
{
    const struct asset *page = asset_find(PAGE);
    size_t length = page != NULL ? (size_t)(page->end - page->bytes) : 0;
    const unsigned char *at = length > 0 ? memmem(page->bytes, length, PLACE, strlen(PLACE)) : NULL;
    if (at == NULL)
        return error_set(error, "this build has no page: build it again");
    fwrite(page->bytes, 1, (size_t)(at - page->bytes), spec->stream);
    fputs("<script type=\"application/json\" id=\"recording\">", spec->stream);
    if (put_recording(spec, error) == -1)
        return -1;
    fputs("</script>", spec->stream);
    fwrite(at + strlen(PLACE), 1, (size_t)(page->end - at) - strlen(PLACE), spec->stream);
    return 0;
}

static int finish(FILE *stream, const char *fresh, const char *path, struct error *error)
{
    bool failed = ferror(stream) != 0;
    if (fclose(stream) != 0 || failed || rename(fresh, path) != 0)
        return error_set(error, "cannot write %s: %m", path);
    return 0;
}

int report(const struct settings *settings, const struct view_request *request, struct capture *capture,
           struct error *error)
{
    char fresh[PATH_MAX];
    snprintf(fresh, sizeof fresh, "%s.new", settings->report);
    FILE *stream = fopen(fresh, "we");
    if (stream == NULL)
        return error_set(error, "cannot write %s: %m", fresh);
    const struct recording_spec spec = {.request = request, .capture = capture, .stream = stream};
    if (put_page(&spec, error) == 0)
        return finish(stream, fresh, settings->report, error);
    fclose(stream);
    unlink(fresh);
    return -1;
}
