#include "common/kafka_header.h"

#include <string.h>

struct kafka_header kafka_header_find(const rd_kafka_headers_t *headers, const char *name)
{
    const void *value;
    size_t length;
    if (headers == NULL ||
        rd_kafka_header_get_last(headers, name, &value, &length) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return (struct kafka_header){NULL, 0};
    return (struct kafka_header){value, length};
}

bool kafka_header_is(struct kafka_header header, const char *text)
{
    return header.data != NULL && header.length == strlen(text) &&
           memcmp(header.data, text, header.length) == 0;
}
