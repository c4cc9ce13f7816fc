#include "supervisor/control/verb_offsets.h"

#include <inttypes.h>
#include <stdarg.h>

#include "common/decimal.h"
#include "common/reset_spec.h"
#include "common/rpc/pack.h"
#include "supervisor/control/request.h"
#include "supervisor/states.h"

/* --- who does it --------------------------------------------------------------------------------------- */

static struct worker *worker_at(const struct request *request, size_t i)
{
    return request->supervisor->workers[i];
}

static bool is_meant(const struct request *request, const struct worker *worker)
{
    return worker->kind == KIND_CONSUMER && request_means(request, worker);
}

/* The one that stands for its group, whose offsets the request changes: the first that is meant of it. */
static bool leads(const struct request *request, const struct worker *worker)
{
    if (!is_meant(request, worker))
        return false;
    for (size_t i = 0; worker_at(request, i) != worker; i++)
        if (is_meant(request, worker_at(request, i)) &&
            strcmp(worker_at(request, i)->group, worker->group) == 0)
            return false;
    return true;
}

/* All that read in one group: its partitions are spread among them. */
static bool takes_part(const struct worker *worker, const char *group)
{
    return worker->kind == KIND_CONSUMER && worker->process.pid != 0 && strcmp(worker->group, group) == 0;
}

/* It runs and cannot take the request yet, or is about to run. */
static bool comes_or_goes(const struct worker *worker, const char *group)
{
    return takes_part(worker, group) ? !worker_works(worker)
                                     : worker->state == WORKER_BACKING_OFF && worker->kind == KIND_CONSUMER &&
                                           strcmp(worker->group, group) == 0;
}

/* The first of the group that is not ready for it; NULL: there is none. */
static const struct worker *unready(const struct request *request, const char *group)
{
    for (size_t i = 0; i < request->supervisor->worker_count; i++)
        if (comes_or_goes(worker_at(request, i), group))
            return worker_at(request, i);
    return NULL;
}

static bool any_runs(const struct request *request, const char *group)
{
    for (size_t i = 0; i < request->supervisor->worker_count; i++)
        if (takes_part(worker_at(request, i), group))
            return true;
    return false;
}

/* --- asked --------------------------------------------------------------------------------------------- */

static int refuse(struct request *request, struct worker *leader, const struct worker *because)
{
    char reason[128];
    snprintf(reason, sizeof reason, "%s is %s: try again when it is ready, or down", because->name,
             worker_state_name(because->state));
    return request_refuse(request, leader, reason);
}

static int ask_all(struct request *request, const char *group)
{
    for (size_t i = 0; i < request->supervisor->worker_count; i++)
        if (takes_part(worker_at(request, i), group) &&
            request_ask(request, worker_at(request, i), request->verb->name, request->argument) == -1)
            return -1;
    return 0;
}

typedef int without_members(struct request *request, struct worker *leader);

static int ask_group(struct request *request, struct worker *leader, without_members *otherwise)
{
    const struct worker *because = unready(request, leader->group);
    if (because != NULL)
        return refuse(request, leader, because);
    return any_runs(request, leader->group) ? ask_all(request, leader->group) : otherwise(request, leader);
}

static enum progress begin(struct request *request, without_members *otherwise, struct error *error)
{
    if (request_check_target(request, error) == PROGRESS_FAILED)
        return PROGRESS_FAILED;
    for (size_t i = 0; i < request->supervisor->worker_count; i++)
        if (leads(request, worker_at(request, i)) &&
            ask_group(request, worker_at(request, i), otherwise) == -1) {
            error_set(error, "out of memory");
            return PROGRESS_FAILED;
        }
    if (request->share_count > 0)
        return PROGRESS_WAITING;
    error_set(error, "%s has no offsets: it is not a consumer", request->target);
    return PROGRESS_FAILED;
}

static int reset_alone(struct request *request, struct worker *leader)
{
    return request_start_for(request, leader, request->argument);
}

static int refuse_ack(struct request *request, struct worker *leader)
{
    return request_refuse(request, leader, "it does not run");
}

enum progress verb_reset_begin(struct request *request, struct error *error)
{
    struct reset_spec spec;
    return reset_spec_parse(&spec, request->argument, error) == -1 ? PROGRESS_FAILED
                                                                   : begin(request, reset_alone, error);
}

enum progress verb_ack_begin(struct request *request, struct error *error)
{
    if (request->argument[0] != '\0')
        return begin(request, refuse_ack, error);
    error_set(error, "ack: what? 3:41 (partition and offset), 3:41-60, or all");
    return PROGRESS_FAILED;
}

/* --- what is not done ---------------------------------------------------------------------------------- */

/* A partition that nobody has answered for: in a rebalance it may be nobody's. */
enum { NOTHING_MISSING = -2, ALL_MISSING = -1 };

typedef int64_t find_missing(const struct request *request, const char *group);

static bool answered(const struct request *request, const char *group, int64_t partition)
{
    for (size_t i = 0; i < request->share_count; i++) {
        const struct request_share *share = &request->shares[i];
        for (size_t r = 0; strcmp(share->worker->group, group) == 0 && r < share->count; r++)
            if (partition == ALL_MISSING || share->results[r].partition == partition)
                return true;
    }
    return false;
}

static bool is_whole(const struct request *request, const char *group, int64_t *partitions)
{
    int64_t count = 0;
    *partitions = 0;
    for (size_t i = 0; i < request->share_count; i++) {
        const struct request_share *share = &request->shares[i];
        if (strcmp(share->worker->group, group) != 0)
            continue;
        count += (int64_t)(share->count + share->left_out);
        if (share->partitions > *partitions)
            *partitions = share->partitions;
    }
    return count >= *partitions;
}

/* Of a group with workers that died a while ago, the others do not have all partitions yet. */
static int64_t missing_of_reset(const struct request *request, const char *group)
{
    int64_t partitions;
    if (!answered(request, group, ALL_MISSING))
        return ALL_MISSING;
    if (is_whole(request, group, &partitions))
        return NOTHING_MISSING;
    for (int64_t i = 0; i < partitions; i++)
        if (!answered(request, group, i))
            return i;
    return NOTHING_MISSING;
}

/* For "3:41,4:7-9,all"; the workers have validated each word. */
static int64_t missing_of_ack(const struct request *request, const char *group)
{
    for (const char *word = request->argument; word != NULL; word = strchr(word, ',')) {
        int64_t partition = ALL_MISSING;
        word += *word == ',';
        decimal_read(word, INT32_MAX, &partition);
        if (!answered(request, group, partition))
            return partition;
    }
    return NOTHING_MISSING;
}

static bool group_failed(const struct request *request, const char *group)
{
    for (size_t i = 0; i < request->share_count; i++)
        if (request->shares[i].state == SHARE_FAILED && strcmp(request->shares[i].worker->group, group) == 0)
            return true;
    return false;
}

/* The first share of its group, as they were asked. */
static bool is_first(const struct request *request, size_t share)
{
    for (size_t i = 0; i < share; i++)
        if (strcmp(request->shares[i].worker->group, request->shares[share].worker->group) == 0)
            return false;
    return true;
}

/* --- the answer ---------------------------------------------------------------------------------------- */

/* A text that ends with "…" where it does not fit. */
struct account {
    char text[ERROR_TEXT_BYTES - 64];
    size_t used;
    bool full;
};

static void add(struct account *account, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct account *account, const char *format, ...)
{
    va_list arguments;
    size_t room = sizeof account->text - account->used;
    if (account->full)
        return;
    va_start(arguments, format);
    int length = vsnprintf(account->text + account->used, room, format, arguments);
    va_end(arguments);
    account->full = length < 0 || (size_t)length >= room;
    if (account->full && account->used > 0)
        account->text[account->used] = '\0'; /* what fits is whole */
    account->used = account->full ? strlen(account->text) : account->used + (size_t)length;
}

static void add_failures(const struct request *request, find_missing *missing, struct account *account)
{
    for (size_t i = 0; i < request->share_count; i++) {
        const struct request_share *share = &request->shares[i];
        const char *before = account->used > 0 ? "; " : "";
        int64_t partition = is_first(request, i) && !group_failed(request, share->worker->group)
                                ? missing(request, share->worker->group)
                                : NOTHING_MISSING;
        if (share->state == SHARE_FAILED)
            add(account, "%s%s: %s", before, share->worker->name, share->reason);
        else if (partition == ALL_MISSING)
            add(account, "%sno worker of %s owns such a partition now (a rebalance, or no such partition)",
                before, share->worker->client);
        else if (partition != NOTHING_MISSING)
            add(account, "%sno worker of %s owns partition %" PRId64 " now", before, share->worker->client,
                partition);
    }
}

static void add_result(const struct request_share *share, const struct request_result *result,
                       struct account *account, const char *before)
{
    char from[24] = "nothing";
    if (result->from != STATS_UNKNOWN)
        snprintf(from, sizeof from, "%" PRId64, result->from);
    add(account, "%s%s [%" PRId64 "] %s → %" PRId64, before, share->worker->name, result->partition, from,
        result->to);
}

/* A share that failed may have done something too. */
static void add_done(const struct request *request, struct account *account)
{
    const char *before = "; done: ";
    for (size_t i = 0; i < request->share_count; i++)
        for (size_t r = 0; r < request->shares[i].count; r++, before = ", ")
            add_result(&request->shares[i], &request->shares[i].results[r], account, before);
}

static enum progress check(const struct request *request, find_missing *missing, struct error *error)
{
    struct account account = {0};
    if (request_awaits(request) != NULL)
        return PROGRESS_WAITING;
    add_failures(request, missing, &account);
    if (account.used == 0)
        return PROGRESS_DONE;
    add_done(request, &account);
    error_set(error, "%s%s", account.text, account.full ? " …" : "");
    return PROGRESS_FAILED;
}

enum progress verb_ack_check(struct request *request, struct error *error)
{
    return check(request, missing_of_ack, error);
}

enum progress verb_reset_check(struct request *request, struct error *error)
{
    return check(request, missing_of_reset, error);
}

/* --- what it did --------------------------------------------------------------------------------------- */

static void pack_number(msgpack_packer *packer, int64_t number)
{
    number == STATS_UNKNOWN ? msgpack_pack_nil(packer) : msgpack_pack_int64(packer, number);
}

static size_t total(const struct request *request)
{
    size_t count = 0;
    for (size_t i = 0; i < request->share_count; i++)
        count += request->shares[i].count;
    return count;
}

static size_t total_left_out(const struct request *request)
{
    size_t count = 0;
    for (size_t i = 0; i < request->share_count; i++)
        count += request->shares[i].left_out;
    return count;
}

void verb_offsets_lines(struct request *request, msgpack_packer *packer)
{
    size_t left_out = total_left_out(request);
    char more[64];
    msgpack_pack_array(packer, total(request) + (left_out > 0));
    for (size_t i = 0; i < request->share_count; i++)
        for (size_t r = 0; r < request->shares[i].count; r++)
            rpc_pack_text(packer, request->shares[i].results[r].text);
    snprintf(more, sizeof more, "and %zu more", left_out);
    if (left_out > 0)
        rpc_pack_text(packer, more);
}

static void pack_result(const struct request_share *share, const struct request_result *result,
                        msgpack_packer *packer)
{
    msgpack_pack_map(packer, 4);
    rpc_pack_text(packer, "worker");
    rpc_pack_text(packer, share->worker->name);
    rpc_pack_text(packer, "partition");
    pack_number(packer, result->partition);
    rpc_pack_text(packer, "from");
    pack_number(packer, result->from);
    rpc_pack_text(packer, "to");
    pack_number(packer, result->to);
}

void verb_offsets_results(struct request *request, msgpack_packer *packer)
{
    msgpack_pack_array(packer, total(request));
    for (size_t i = 0; i < request->share_count; i++)
        for (size_t r = 0; r < request->shares[i].count; r++)
            pack_result(&request->shares[i], &request->shares[i].results[r], packer);
}
