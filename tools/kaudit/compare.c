#include "tools/kaudit/compare.h"

void finding_add(struct finding *finding, int64_t offset)
{
    if (finding->count < EXAMPLES_MAX)
        finding->examples[finding->count] = offset;
    finding->count++;
}

/* Rows and letters of offsets before `offset`: no record stands for them. */
static int pass_strange(struct compare *compare, struct cursor *cursor, int64_t offset, struct error *error)
{
    struct tally *tally = compare->tally;
    int result = 0;
    while (cursor_has(cursor, &result, error) && cursor->item.offset < offset) {
        if (cursor->item.offset < tally->low)
            tally->expired++;
        else
            finding_add(&tally->strange, cursor->item.offset);
        cursor_step(cursor);
    }
    return result;
}

static int pass_lost(struct compare *compare, int64_t offset, struct error *error)
{
    struct cursor *ledger = &compare->ledger;
    int result = 0;
    while (cursor_has(ledger, &result, error) && ledger->item.offset < offset) {
        if (ledger->item.offset >= compare->tally->low)
            finding_add(&compare->tally->lost, ledger->item.offset);
        cursor_step(ledger);
    }
    return result;
}

/* A topic that was deleted and made again has another record at the same offset. */
static bool is_of(const struct source_item *item, const struct audited *record)
{
    return item->timestamp_ms <= 0 || record->timestamp_ms <= 0 || item->timestamp_ms == record->timestamp_ms;
}

static void compare_content(struct tally *tally, const struct source_item *item, const struct audited *record)
{
    uint64_t fields = content_difference(&item->content, &record->content);
    if (fields == 0)
        return;
    finding_add(&tally->different, record->offset);
    tally->different_fields |= fields;
}

/* What is below must be there. Kafka forgets a group's offsets when it was away for too long, and a database
 * may be restored: the greater of the two is what was told to be done. */
static int64_t done_until(const struct tally *tally)
{
    return tally->in_database > tally->committed ? tally->in_database : tally->committed;
}

/* How many items of the cursor are the record's; they are consumed, and those of another record that stood in
 * its place. The tag of one is in *tag. */
static int count_of(struct compare *compare, struct cursor *cursor, const struct audited *record,
                    uint64_t *count, int64_t *tag, struct error *error)
{
    int result = 0;
    *count = 0;
    for (; cursor_has(cursor, &result, error) && cursor->item.offset == record->offset; cursor_step(cursor))
        if (is_of(&cursor->item, record)) {
            (*count)++;
            *tag = cursor->item.tag;
            compare_content(compare->tally, &cursor->item, record);
        } else {
            finding_add(&compare->tally->strange, record->offset);
        }
    return result;
}

static void judge(struct compare *compare, int64_t offset, uint64_t rows, uint64_t letters,
                  int64_t letter_tag)
{
    struct tally *tally = compare->tally;
    tally->in_sink += rows > 0;
    tally->dead += letters > 0 && letter_tag != LETTER_IN_OUTBOX;
    tally->outbox += letters > 0 && letter_tag == LETTER_IN_OUTBOX;
    for (uint64_t extra = 1; extra < rows + letters; extra++)
        finding_add(&tally->doubled, offset);
    if (rows + letters > 0)
        return;
    if (offset >= done_until(tally))
        tally->waiting++;
    else if (compare->judged)
        finding_add(&tally->missing, offset);
}

/* A line at this offset with another number: the record that was acknowledged here is not this one. */
static int check_ledger(struct compare *compare, const struct audited *record, bool *acknowledged,
                        struct error *error)
{
    struct cursor *ledger = &compare->ledger;
    int result = 0;
    *acknowledged = false;
    while (cursor_has(ledger, &result, error) && ledger->item.offset == record->offset) {
        if (ledger->item.tag == record->seq)
            *acknowledged = true;
        else
            finding_add(&compare->tally->lost, record->offset);
        cursor_step(ledger);
    }
    return result;
}

int compare_record(struct compare *compare, const struct audited *record, bool *acknowledged,
                   struct error *error)
{
    uint64_t rows, letters;
    int64_t tag = 0;
    int64_t offset = record->offset;
    compare->tally->produced++;
    if (pass_strange(compare, &compare->rows, offset, error) == -1 ||
        pass_strange(compare, &compare->dead, offset, error) == -1 ||
        pass_lost(compare, offset, error) == -1 ||
        count_of(compare, &compare->rows, record, &rows, &tag, error) == -1 ||
        count_of(compare, &compare->dead, record, &letters, &tag, error) == -1)
        return -1;
    judge(compare, offset, rows, letters > 0, tag); /* a letter of an older build may repeat one of ours */
    return check_ledger(compare, record, acknowledged, error);
}

int compare_finish(struct compare *compare, struct error *error)
{
    if (pass_strange(compare, &compare->rows, INT64_MAX, error) == -1 ||
        pass_strange(compare, &compare->dead, INT64_MAX, error) == -1)
        return -1;
    return pass_lost(compare, INT64_MAX, error);
}
