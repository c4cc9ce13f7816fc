/* ktopic dlq replay: sends letters back to the topic that they came from, each once.
 *
 * What was sent and acknowledged is committed in the dead-letter topic, under the group `<its name>.replay`
 * (replayed.h), after every so many. A replay that is killed leaves some sent and not committed: before it
 * sends anything it commits that it begins, and the next one, which finds that, looks in the source topic for
 * the ids (header dlq.replayed) that came since, and does not send those again.
 *
 * A record gets the time of its sending, not its old one: retention could take an old one at once.
 */
#include <inttypes.h>

#include "common/kafka_rules.h"
#include "common/kafka_send.h"
#include "common/clock.h"
#include "common/dead_letter.h"
#include "common/log.h"
#include "tools/ktopic/dlq/dlq.h"
#include "tools/ktopic/dlq/replay_tell.h"
#include "tools/ktopic/dlq/scan.h"

#define PENDING_MAX     500
#define RANGE_BYTES     24    /* that one letter can add to a progress, at most */
#define FLUSH_MS        40000 /* longer than message.timeout.ms, so that each has its answer */
#define DOUBT_MARGIN_MS 60000 /* other clocks */
#define OFFSETS_MS      10000

struct sent {
    int32_t partition; /* of the letter */
    int64_t offset;
    rd_kafka_resp_err_t err;
};

struct replay {
    struct letters *letters;
    rd_kafka_t *producer;
    int source_partitions;
    struct id_set in_doubt;
    int64_t *at;        /* by partition: the offset after the letter that was looked at last */
    size_t *text_bytes; /* by partition: of the progress, with what is pending */
    struct sent pending[PENDING_MAX];
    size_t pending_count;
    bool begun;
    struct replay_counts counts;
};

static struct replayed *replayed_of(const struct replay *replay, int32_t partition)
{
    return &replay->letters->replayed[partition];
}

/* --- progress ------------------------------------------------------------------------------------------ */

static int add_progress(struct replay *replay, rd_kafka_topic_partition_list_t *list, int32_t partition,
                        struct error *error)
{
    char text[REPLAYED_TEXT_BYTES];
    const struct replayed *replayed = replayed_of(replay, partition);
    if (replayed_text(replayed, text, error) == -1)
        return error_context(error, "partition %d", (int)partition);
    rd_kafka_topic_partition_t *entry =
        rd_kafka_topic_partition_list_add(list, replay->letters->name, partition);
    entry->offset = replayed->done.next;
    entry->metadata = strdup(text); /* the list's */
    entry->metadata_size = entry->metadata == NULL ? 0 : strlen(text);
    replay->text_bytes[partition] = strlen(text);
    return entry->metadata == NULL ? error_set(error, "out of memory") : 0;
}

static int commit(struct replay *replay, struct error *error)
{
    const struct letters *letters = replay->letters;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(letters->partitions);
    int result = 0;
    for (int i = 0; i < letters->partitions && result == 0; i++)
        result = add_progress(replay, list, i, error);
    rd_kafka_resp_err_t err =
        result == 0 ? rd_kafka_commit(letters->cluster.rk, list, 0) : RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; i < list->cnt && err == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
        err = list->elems[i].err;
    rd_kafka_topic_partition_list_destroy(list);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_set(error, "what was sent back cannot be committed (group %s): %s", letters->replay,
                         rd_kafka_err2str(err));
    return result;
}

static int commit_begun(struct replay *replay, int64_t begun_us, struct error *error)
{
    for (int i = 0; i < replay->letters->partitions; i++)
        replayed_of(replay, i)->begun_us = begun_us;
    replay->begun = begun_us != 0;
    return commit(replay, error);
}

/* --- what a killed replay may have sent ---------------------------------------------------------------- */

static int note_replayed(void *context, const rd_kafka_message_t *message, struct error *error)
{
    struct replay *replay = context;
    rd_kafka_headers_t *headers;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    struct kafka_header id = kafka_header_find(headers, DEAD_LETTER_REPLAYED);
    return id.data == NULL || id_set_add(&replay->in_doubt, id.data, id.length, error) != -1 ? 0 : -1;
}

static int64_t doubt_since_us(const struct replay *replay)
{
    int64_t since_us = 0;
    for (int i = 0; i < replay->letters->partitions; i++) {
        int64_t begun_us = replayed_of(replay, i)->begun_us;
        if (begun_us != 0 && (since_us == 0 || begun_us < since_us))
            since_us = begun_us;
    }
    return since_us;
}

/* The first offset of each partition that is not older; its end where there is none. */
static int offsets_since(const struct replay *replay, int64_t since_ms, const int64_t *ends, int64_t *offsets,
                         struct error *error)
{
    const struct letters *letters = replay->letters;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(replay->source_partitions);
    for (int i = 0; i < replay->source_partitions; i++)
        rd_kafka_topic_partition_list_add(list, letters->topic, i)->offset = since_ms;
    rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(letters->cluster.rk, list, OFFSETS_MS);
    for (int i = 0; i < list->cnt && err == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        const rd_kafka_topic_partition_t *entry = &list->elems[i];
        err = entry->err;
        offsets[entry->partition] = entry->offset >= 0 ? entry->offset : ends[entry->partition];
    }
    rd_kafka_topic_partition_list_destroy(list);
    return err == RD_KAFKA_RESP_ERR_NO_ERROR ? 0
                                             : error_set(error, "topic %s does not report its offsets: %s",
                                                         letters->topic, rd_kafka_err2str(err));
}

static int scan_source(struct replay *replay, const struct rd_kafka_metadata_topic *topic, int64_t since_us,
                       struct error *error)
{
    const struct letters *letters = replay->letters;
    size_t count = (size_t)topic->partition_cnt;
    struct kafka_watermarks *watermarks = calloc(count + 1, sizeof *watermarks);
    int64_t *offsets = calloc(2 * count + 1, sizeof *offsets);
    int64_t *ends = offsets == NULL ? NULL : offsets + count;
    int result = -1;
    if (watermarks == NULL || offsets == NULL)
        error_set(error, "out of memory");
    else
        result = kafka_cluster_watermarks(&letters->cluster, topic, watermarks, error);
    for (size_t i = 0; i < count && result == 0; i++)
        ends[topic->partitions[i].id] = watermarks[i].high;
    if (result == 0)
        result = offsets_since(replay, since_us / US_PER_MS - DOUBT_MARGIN_MS, ends, offsets, error);
    struct scan scan = {&letters->cluster, letters->topic, topic->partition_cnt, offsets, ends};
    if (result == 0)
        result = scan_run(&scan, note_replayed, replay, error);
    free(watermarks);
    free(offsets);
    return result;
}

static int look_at_source(struct replay *replay, struct error *error)
{
    const struct letters *letters = replay->letters;
    const struct rd_kafka_metadata *metadata;
    if (kafka_cluster_metadata(&letters->cluster, &metadata, error) == -1)
        return -1;
    const struct rd_kafka_metadata_topic *topic = kafka_metadata_topic(metadata, letters->topic);
    int64_t since_us = doubt_since_us(replay);
    int result = -1;
    if (topic == NULL) {
        unknown_topic(&letters->cluster, metadata, letters->topic, error);
    } else {
        replay->source_partitions = topic->partition_cnt;
        result = since_us == 0 ? 0 : scan_source(replay, topic, since_us, error);
    }
    rd_kafka_metadata_destroy(metadata);
    return result;
}

/* --- sending ------------------------------------------------------------------------------------------- */

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct sent *sent = message->_private;
    (void)rk;
    (void)opaque;
    sent->err = message->err;
}

static int open_producer(struct replay *replay, struct error *error)
{
    static const struct kafka_property ours[] = {{"enable.idempotence", "true"},
                                                 {"message.timeout.ms", "30000"},
                                                 {"message.max.bytes", "1000000000"},
                                                 {NULL, NULL}};
    const struct letters *letters = replay->letters;
    if (kafka_rules_check(KAFKA_ROLE_LETTERS, &letters->settings->properties, error) == -1)
        return -1;
    rd_kafka_conf_t *conf =
        kafka_conf(letters->cluster.brokers.bootstrap, "ktopic", &letters->settings->properties, error);
    if (conf == NULL)
        return -1;
    if (kafka_conf_set_all(conf, ours, NULL, error) == -1) {
        rd_kafka_conf_destroy(conf);
        return -1;
    }
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    replay->producer = kafka_new(RD_KAFKA_PRODUCER, conf, error);
    return replay->producer == NULL ? -1 : 0;
}

/* Waits for the answers to all that is pending, and commits what was acknowledged. */
static int settle(struct replay *replay, struct error *error)
{
    const struct sent *refused = NULL;
    if (replay->pending_count == 0)
        return 0;
    rd_kafka_flush(replay->producer, FLUSH_MS);
    for (size_t i = 0; i < replay->pending_count; i++) {
        const struct sent *sent = &replay->pending[i];
        if (sent->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            refused = sent;
            continue;
        }
        replay->counts.sent++;
        if (offset_set_add(&replayed_of(replay, sent->partition)->done, sent->offset, sent->offset + 1,
                           error) == -1)
            return -1;
    }
    replay->pending_count = 0;
    if (commit(replay, error) == -1)
        return -1;
    return refused == NULL
               ? 0
               : error_set(
                     error,
                     "the letter at partition %d offset %" PRId64
                     " was not sent back: %s; those before it were, and the next replay continues there",
                     (int)refused->partition, refused->offset, rd_kafka_err2str(refused->err));
}

/* Before each: may one more letter of this partition be kept note of? */
static int make_room(struct replay *replay, int32_t partition, struct error *error)
{
    if (!replay->begun && commit_begun(replay, clock_wall_us(), error) == -1)
        return -1;
    bool full = replay->pending_count == PENDING_MAX ||
                replay->text_bytes[partition] + RANGE_BYTES > REPLAYED_TEXT_BYTES;
    if (full && settle(replay, error) == -1)
        return -1;
    if (replay->text_bytes[partition] + RANGE_BYTES <= REPLAYED_TEXT_BYTES)
        return 0;
    return error_set(error,
                     "partition %d: the letters that were sent back are too scattered for Kafka to keep note "
                     "of more: send back those in front, from offset %" PRId64 " on, first",
                     (int)partition, replayed_of(replay, partition)->done.next);
}

/* The original ones: all but the letter's, and which letter it was. */
static rd_kafka_headers_t *make_headers(const struct letter *letter)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_copy(letter->headers);
    const char *name;
    const void *value;
    size_t length, at = 0;
    while (rd_kafka_header_get_all(headers, at, &name, &value, &length) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (strncmp(name, DEAD_LETTER_PREFIX, sizeof DEAD_LETTER_PREFIX - 1) != 0) {
            at++;
            continue;
        }
        char removed[256];
        snprintf(removed, sizeof removed, "%s", name);
        if (rd_kafka_header_remove(headers, removed) != RD_KAFKA_RESP_ERR_NO_ERROR)
            at++;
        else
            at = 0;
    }
    rd_kafka_header_add(headers, DEAD_LETTER_REPLAYED, -1, letter->id.data, (ssize_t)letter->id.length);
    return headers;
}

static rd_kafka_resp_err_t produce(const struct replay *replay, const struct letter *letter,
                                   rd_kafka_headers_t *headers, struct sent *sent)
{
    const rd_kafka_message_t *message = letter->message;
    int32_t partition =
        letter->partition < replay->source_partitions ? letter->partition : RD_KAFKA_PARTITION_UA;
    const struct kafka_message sent_back = {.topic = replay->letters->topic,
                                            .partition = partition,
                                            .key = message->key,
                                            .key_length = message->key_len,
                                            .value = message->payload,
                                            .value_length = message->len,
                                            .headers = headers,
                                            .opaque = sent};
    return kafka_send(replay->producer, &sent_back);
}

static int send_back(struct replay *replay, const struct letter *letter, struct error *error)
{
    int32_t partition = letter->message->partition;
    if (make_room(replay, partition, error) == -1)
        return -1;
    struct sent *sent = &replay->pending[replay->pending_count];
    *sent = (struct sent){partition, letter->message->offset, RD_KAFKA_RESP_ERR__TIMED_OUT};
    rd_kafka_headers_t *headers = make_headers(letter);
    rd_kafka_resp_err_t err = produce(replay, letter, headers, sent);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_headers_destroy(headers);
        return error_set(error, "the letter at partition %d offset %" PRId64 " cannot be sent back: %s",
                         (int)partition, sent->offset, rd_kafka_err2str(err));
    }
    replay->pending_count++;
    replay->text_bytes[partition] += RANGE_BYTES;
    return 0;
}

/* --- a letter ------------------------------------------------------------------------------------------ */

static int take_letter(struct replay *replay, const struct letter *letter, struct error *error)
{
    if (letter->is_replayed) {
        replay->counts.before++;
        return 0;
    }
    if (id_set_has(&replay->in_doubt, letter->id.data, letter->id.length)) {
        replay->counts.found++;
        return offset_set_add(&replayed_of(replay, letter->message->partition)->done, letter->message->offset,
                              letter->message->offset + 1, error);
    }
    if (!letter->is_chosen) {
        replay->counts.others++;
        return 0;
    }
    if (!replay->letters->settings->dry_run)
        return send_back(replay, letter, error);
    replay_tell_letter(replay->letters, letter);
    replay->counts.sent++;
    return 0;
}

/* Offsets without a record (a transaction's markers) and repeats need no sending back. */
static int take(void *context, const struct letter *letter, struct error *error)
{
    struct replay *replay = context;
    int32_t partition = letter->message->partition;
    int64_t offset = letter->message->offset;
    struct replayed *replayed = replayed_of(replay, partition);
    bool passed = letter->kind == LETTER_REPEAT || letter->kind == LETTER_NONE;
    if (offset_set_add(&replayed->done, replay->at[partition], offset + passed, error) == -1)
        return -1;
    replay->at[partition] = offset + 1;
    return letter->kind == LETTER ? take_letter(replay, letter, error) : 0;
}

/* --- all of it ----------------------------------------------------------------------------------------- */

static int pass_ends(struct replay *replay, struct error *error)
{
    const struct letters *letters = replay->letters;
    for (int i = 0; i < letters->partitions; i++)
        if (offset_set_add(&replayed_of(replay, i)->done, replay->at[i], letters->to[i], error) == -1)
            return -1;
    return 0;
}

static int run(struct replay *replay, struct error *error)
{
    struct letters *letters = replay->letters;
    for (int i = 0; i < letters->partitions; i++)
        replay->at[i] = letters->from[i];
    if (look_at_source(replay, error) == -1 || open_producer(replay, error) == -1)
        return -1;
    int result = letters_each(letters, take, replay, error);
    if (letters->settings->dry_run)
        return result;
    /* What was sent is kept note of whatever ended the walk. */
    struct error later = ERROR_INIT;
    if (settle(replay, result == 0 ? error : &later) == -1 || result == -1)
        return -1;
    return pass_ends(replay, error) == -1 ? -1 : commit_begun(replay, 0, error);
}

/* It answers our commit, but keeps those of its groups' members only. */
static void warn_of_forgetting(const struct replay *replay)
{
    struct error forgets = ERROR_INIT;
    if (replay->counts.sent > 0 && !replay->letters->settings->dry_run &&
        cluster_real(&replay->letters->cluster, "does not remember that: another replay sends them again",
                     &forgets) == -1)
        log_warning("%s", forgets.text);
}

int dlq_replay(struct letters *letters, struct error *error)
{
    struct replay *replay = calloc(1, sizeof *replay);
    int result = -1;
    if (replay == NULL)
        return error_set(error, "out of memory");
    replay->letters = letters;
    replay->at = calloc((size_t)letters->partitions + 1, sizeof *replay->at);
    replay->text_bytes = calloc((size_t)letters->partitions + 1, sizeof *replay->text_bytes);
    if (replay->at == NULL || replay->text_bytes == NULL)
        error_set(error, "out of memory");
    else
        result = letters->partitions == 0 ? 0 : run(replay, error);
    if (result == 0) {
        replay_tell_end(letters, &replay->counts);
        warn_of_forgetting(replay);
    }
    if (replay->producer != NULL)
        rd_kafka_destroy(replay->producer);
    id_set_release(&replay->in_doubt);
    free(replay->at);
    free(replay->text_bytes);
    free(replay);
    return result;
}
