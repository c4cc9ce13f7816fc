#include "common/provenance.h"

#include <inttypes.h>

#include "common/decimal.h"

size_t provenance_format(char text[PROVENANCE_BYTES], const char *topic, int32_t partition, int64_t offset)
{
    int length = snprintf(text, PROVENANCE_BYTES, "%s/%" PRId32 "/%" PRId64, topic, partition, offset);
    return length < PROVENANCE_BYTES ? (size_t)length : PROVENANCE_BYTES - 1;
}

bool provenance_parse(const char *text, size_t length, const char *topic, int32_t *partition, int64_t *offset)
{
    char copy[PROVENANCE_BYTES];
    size_t name = strlen(topic);
    int64_t number;
    if (length >= sizeof copy || length <= name || memcmp(text, topic, name) != 0 || text[name] != '/')
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    const char *slash = decimal_read(copy + name + 1, INT32_MAX, &number);
    if (slash == NULL || *slash != '/')
        return false;
    *partition = (int32_t)number;
    const char *end = decimal_read(slash + 1, INT64_MAX - 1, offset);
    return end != NULL && end == copy + length;
}
