#include "common/msgpack/reader.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the loads of reader.h swap bytes");

/* What follows the first bytes 0xc0 to 0xdf: `length_bytes` of a length, which for containers is a count, and
 * `fixed` bytes of a body. The rows are the specification's table of formats. */
static const struct shape {
    uint8_t type;
    uint8_t length_bytes;
    uint8_t fixed;
} shapes[32] = {
    {MP_NIL, 0, 0},   {MP_NEVER, 0, 0}, {MP_BOOL, 0, 0},  {MP_BOOL, 0, 0},  /* c0 */
    {MP_BIN, 1, 0},   {MP_BIN, 2, 0},   {MP_BIN, 4, 0},   {MP_EXT, 1, 1},   /* c4 */
    {MP_EXT, 2, 1},   {MP_EXT, 4, 1},   {MP_FLOAT, 0, 4}, {MP_FLOAT, 0, 8}, /* c8 */
    {MP_UINT, 0, 1},  {MP_UINT, 0, 2},  {MP_UINT, 0, 4},  {MP_UINT, 0, 8},  /* cc */
    {MP_INT, 0, 1},   {MP_INT, 0, 2},   {MP_INT, 0, 4},   {MP_INT, 0, 8},   /* d0 */
    {MP_EXT, 0, 2},   {MP_EXT, 0, 3},   {MP_EXT, 0, 5},   {MP_EXT, 0, 9}, /* d4: a type byte and 1, 2, 4, 8 */
    {MP_EXT, 0, 17},  {MP_STR, 1, 0},   {MP_STR, 2, 0},   {MP_STR, 4, 0}, /* d8 */
    {MP_ARRAY, 2, 0}, {MP_ARRAY, 4, 0}, {MP_MAP, 2, 0},   {MP_MAP, 4, 0}, /* dc */
};

/* One value's first bytes, taken apart. */
struct head {
    enum mp_type type;
    size_t header_bytes;
    uint64_t body_bytes; /* of scalars */
    uint32_t count;      /* elements of an array, pairs of a map */
};

static enum mp_type type_of(uint8_t first)
{
    if (first < 0x80)
        return MP_UINT;
    if (first >= 0xe0)
        return MP_INT;
    if (first >= 0xc0)
        return (enum mp_type)shapes[first - 0xc0].type;
    return first < 0x90 ? MP_MAP : first < 0xa0 ? MP_ARRAY : MP_STR;
}

enum mp_type mp_peek(const struct mp_reader *reader)
{
    return mp_at_end(reader) ? MP_END : type_of(reader->at[0]);
}

const char *mp_type_name(enum mp_type type)
{
    static const char *const names[] = {"nil",     "a boolean",    "an integer", "an integer",
                                        "a float", "a string",     "binary",     "an array",
                                        "a map",   "an extension", "byte 0xc1",  "nothing"};
    return (size_t)type < sizeof names / sizeof names[0] ? names[type] : "?";
}

static uint32_t load_length(const uint8_t *at, unsigned bytes)
{
    return bytes == 1 ? at[0] : bytes == 2 ? mp_load16(at) : mp_load32(at);
}

static bool is_container(enum mp_type type)
{
    return type == MP_ARRAY || type == MP_MAP;
}

/* True when the head is there, whole, and what it announces can be: the body is there, or a byte for each
 * element. */
static bool read_head(const struct mp_reader *reader, struct head *head)
{
    size_t left = mp_left(reader);
    if (left == 0)
        return false;
    uint8_t first = reader->at[0];
    *head = (struct head){.type = type_of(first), .header_bytes = 1};
    if (head->type == MP_NEVER)
        return false;
    if (first >= 0x80 && first < 0xa0)
        head->count = first & 0x0f;
    else if (first >= 0xa0 && first < 0xc0)
        head->body_bytes = first & 0x1f;
    else if (first >= 0xc0 && first < 0xe0) {
        const struct shape *shape = &shapes[first - 0xc0];
        head->header_bytes += shape->length_bytes;
        if (left < head->header_bytes)
            return false;
        uint32_t length = shape->length_bytes == 0 ? 0 : load_length(reader->at + 1, shape->length_bytes);
        if (is_container(head->type))
            head->count = length;
        else
            head->body_bytes = (uint64_t)length + shape->fixed;
    }
    uint64_t least =
        is_container(head->type) ? (uint64_t)head->count * (head->type == MP_MAP ? 2 : 1) : head->body_bytes;
    return least <= left - head->header_bytes;
}

bool mp_read_nil(struct mp_reader *reader)
{
    if (mp_peek(reader) != MP_NIL)
        return false;
    reader->at++;
    return true;
}

bool mp_read_bool(struct mp_reader *reader, bool *value)
{
    if (mp_peek(reader) != MP_BOOL)
        return false;
    *value = *reader->at++ == 0xc3;
    return true;
}

bool mp_read_view_long(struct mp_reader *reader, enum mp_type type, struct mp_view *value)
{
    struct head head;
    if (!read_head(reader, &head) || head.type != type)
        return false;
    value->data = (const char *)reader->at + head.header_bytes;
    value->length = (uint32_t)head.body_bytes;
    reader->at += head.header_bytes + head.body_bytes;
    return true;
}

static bool read_container(struct mp_reader *reader, enum mp_type type, uint32_t *count)
{
    struct head head;
    if (!read_head(reader, &head) || head.type != type)
        return false;
    *count = head.count;
    reader->at += head.header_bytes;
    return true;
}

bool mp_read_array(struct mp_reader *reader, uint32_t *count)
{
    return read_container(reader, MP_ARRAY, count);
}

bool mp_read_map_long(struct mp_reader *reader, uint32_t *count)
{
    return read_container(reader, MP_MAP, count);
}

enum mp_fault mp_step(struct mp_reader *reader, unsigned depth_max)
{
    uint64_t pending[MP_DEPTH_MAX + 1] = {1}; /* values still to come, for each container that is open */
    unsigned depth = 0;
    if (depth_max > MP_DEPTH_MAX)
        depth_max = MP_DEPTH_MAX;
    for (;;) {
        while (pending[depth] == 0) {
            if (depth == 0)
                return MP_OK;
            depth--;
        }
        struct head head;
        if (!read_head(reader, &head))
            return mp_peek(reader) == MP_NEVER ? MP_INVALID : MP_TRUNCATED;
        pending[depth]--;
        if (is_container(head.type)) {
            if (depth == depth_max)
                return MP_TOO_DEEP;
            pending[++depth] = (uint64_t)head.count * (head.type == MP_MAP ? 2 : 1);
        }
        reader->at += head.header_bytes + head.body_bytes;
    }
}

bool mp_skip(struct mp_reader *reader, unsigned depth_max)
{
    return mp_step(reader, depth_max) == MP_OK;
}
