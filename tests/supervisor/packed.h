/* packed.h: what a function of a verb has packed for the answer of a request. */
#ifndef KSUPERVISE_TESTS_SUPERVISOR_PACKED_H
#define KSUPERVISE_TESTS_SUPERVISOR_PACKED_H

#include <msgpack.h>

#include "common/msgpack/reader.h"
#include "supervisor/control/request.h"
#include "tests/support/check_main.h"

/* Its bytes, which are one whole value; good until the next call. */
static inline const char *packed_by(void (*pack)(struct request *, msgpack_packer *), struct request *request,
                                    size_t *length)
{
    static msgpack_sbuffer buffer;
    msgpack_packer packer;
    struct mp_reader reader;
    msgpack_sbuffer_destroy(&buffer);
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    pack(request, &packer);
    *length = buffer.size;
    mp_init(&reader, buffer.data, buffer.size);
    ck_assert_int_eq(mp_step(&reader, MP_DEPTH_MAX), MP_OK);
    ck_assert(mp_at_end(&reader));
    return buffer.data;
}

#endif
