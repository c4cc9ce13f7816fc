/* Captures that somebody sends. */
#include "tests/tools/kweb/exchange_case.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "common/capture/capture.h"
#include "tools/kweb/captures.h"
#include "tools/kweb/guard.h"

static void send_file(const void *bytes, size_t length)
{
    ask("POST", "/captures");
    exchange.file = memfd_create("check", MFD_CLOEXEC);
    exchange.waiting = true;
    ck_assert_int_eq(write(exchange.file, bytes, length), (ssize_t)length);
    serve();
}

static void let_go(void)
{
    captures_close(&kweb);
    close(exchange.file);
    clean_up_exchange();
}

START_TEST(what_is_no_capture_is_refused_with_the_readers_reason)
{
    send_file("hello", 5);
    is_refused(400, "the file is not a capture: kstat --dump writes one");
    close(exchange.file);
    send_file("KSUPCAP\0\4\3\2\1\1\0\0\0", 16);
    is_refused(400, "the file has no whole frame");
    ck_assert_ptr_null(kweb.openings);
    ck_assert_int_eq(captures_deadline_us(&kweb), INT64_MAX);
}
END_TEST

START_TEST(a_file_with_too_many_frames_is_refused)
{
    struct {
        struct capture_file_header header;
        struct capture_frame frames[200000];
    } *file = calloc(1, sizeof *file);
    file->header = (struct capture_file_header){CAPTURE_MAGIC, CAPTURE_BYTE_ORDER, CAPTURE_VERSION};
    for (size_t i = 0; i < 200000; i++)
        file->frames[i].magic = CAPTURE_FRAME;
    send_file(file, sizeof *file);
    is_refused(400, "the file is damaged");
    free(file);
}
END_TEST

START_TEST(it_is_no_change_and_who_only_shows_takes_it)
{
    settings.read_only = true;
    ck_assert_int_eq(listen_address_parse(&kweb.address, "8000", NULL), 0);
    ask("POST", "/captures");
    header("Host", "127.0.0.1:8000");
    ck_assert(guard(&exchange));
}
END_TEST

CHECK_MAIN_WITH("tools/kweb/captures", NULL, let_go, what_is_no_capture_is_refused_with_the_readers_reason,
                a_file_with_too_many_frames_is_refused, it_is_no_change_and_who_only_shows_takes_it)
