#include "tools/ktopic/dlq/replay_tell.h"

#include <inttypes.h>
#include <jansson.h>

#include "common/log.h"
#include "common/log_json.h"

void replay_tell_letter(const struct letters *letters, const struct letter *letter)
{
    char reason[LETTER_TEXT_BYTES], stage[LETTER_TEXT_BYTES];
    if (letters->settings->json)
        return;
    log_line("would send back %d:%" PRId64 " to %s [%d] (%s: %s)", (int)letter->message->partition,
             letter->message->offset, letters->topic, (int)letter->partition,
             letter_text(letter->stage, stage), letter_text(letter->reason, reason));
}

static void tell_json(const struct letters *letters, const struct replay_counts *counts)
{
    json_t *json =
        json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:I}", "topic", letters->topic, "dlq_topic", letters->name,
                  "dry_run", (int)letters->settings->dry_run, "sent", (json_int_t)counts->sent, "sent_before",
                  (json_int_t)counts->before + (json_int_t)counts->found, "not_asked_for",
                  (json_int_t)counts->others, "repeats", (json_int_t)letters->kinds[LETTER_REPEAT]);
    log_json(json);
    json_decref(json);
}

static void tell_text(const struct letters *letters, const struct replay_counts *counts)
{
    log_line("%s: %" PRIu64 " letter%s %s to %s; %" PRIu64 " were sent back before, %" PRIu64
             " are not among those asked for, %" PRIu64 " are repeats",
             letters->name, counts->sent, counts->sent == 1 ? "" : "s",
             letters->settings->dry_run ? "would be sent back" : "sent back", letters->topic,
             counts->before + counts->found, counts->others, letters->kinds[LETTER_REPEAT]);
    if (counts->found > 0)
        log_line("(%" PRIu64 " of those before by a replay that was cut off)", counts->found);
}

void replay_tell_end(const struct letters *letters, const struct replay_counts *counts)
{
    if (letters->settings->json)
        tell_json(letters, counts);
    else
        tell_text(letters, counts);
}
