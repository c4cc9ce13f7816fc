/* verb_stage.h: a fleet of bravo, zulu and a producer, all ready, and one request to it that is under way. A
 * test's one source file may include it. */
#ifndef KSUPERVISE_TESTS_SUPERVISOR_VERB_STAGE_H
#define KSUPERVISE_TESTS_SUPERVISOR_VERB_STAGE_H

#include <msgpack.h>

#include "tests/supervisor/fleet_stage.h"
#include "tests/supervisor/packed.h"

static struct worker *bravo, *zulu, *producer;
static struct request request; /* the one that is under way */
static struct error error;

static inline void set_up(void)
{
    FLEET_OPEN("--clients", "bravo,zulu", "--bootstrap", "h:1", "--max-deaths", "1");
    fleet_begin();
    bravo = fleet_worker("bravo");
    zulu = fleet_worker("zulu");
    producer = fleet_worker(PRODUCER_WORKER);
    fleet_all_ready();
}

static inline void tear_down(void)
{
    request_release(&request);
    fleet_close();
}

static inline enum progress begins(const char *verb, const char *target, const char *argument)
{
    const char *suggestion;
    request_release(&request);
    error = (struct error)ERROR_INIT;
    request = (struct request){.supervisor = &fleet, .verb = verb_find(verb, strlen(verb), &suggestion)};
    ck_assert_ptr_nonnull(request.verb);
    snprintf(request.target, sizeof request.target, "%s", target);
    snprintf(request.argument, sizeof request.argument, "%s", argument);
    return request_begin(&request, &error);
}

static inline enum progress is(void)
{
    error = (struct error)ERROR_INIT;
    return request_check(&request, &error);
}

static inline void waits(const char *verb, const char *target, const char *argument)
{
    ck_assert_msg(begins(verb, target, argument) == PROGRESS_WAITING, "%s", error.text);
    ck_assert_int_eq(is(), PROGRESS_WAITING);
}

static inline void is_refused(const char *verb, const char *target, const char *argument, const char *why)
{
    ck_assert_int_eq(begins(verb, target, argument), PROGRESS_FAILED);
    ck_assert_ptr_nonnull(strstr(error.text, why));
}

static inline void ends(struct worker *worker, int exit_status)
{
    fake_ends(&worker->process, exit_status, 0);
    fleet_turn();
}

/* What a packing function has packed, as bytes; its length in `packed_length`. */
static size_t packed_length;
static inline const char *packed(void (*pack)(struct request *, msgpack_packer *))
{
    return packed_by(pack, &request, &packed_length);
}

/* The lines of the answer, each with its '\n'. */
static inline const char *lines(void)
{
    static char text[8192];
    struct mp_reader reader;
    uint32_t count;
    struct mp_view line;
    size_t used = 0;
    const char *bytes = packed(verb_lines);
    mp_init(&reader, bytes, packed_length);
    ck_assert(mp_read_array(&reader, &count));
    text[0] = '\0';
    while (count-- > 0 && mp_read_str(&reader, &line))
        used += (size_t)snprintf(text + used, sizeof text - used, "%.*s\n", (int)line.length, line.data);
    return text;
}

#endif
