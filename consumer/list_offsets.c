#include "consumer/list_offsets.h"

#include <unistd.h>

enum { TRIES = 5, PAUSE_US = 50000 };

/* ListOffsets takes −2 for the first offset and −1 for the end (librdkafka passes the "timestamps" through).
 * Right after a topic is made a broker may answer NOT_LEADER_OR_FOLLOWER: asked again. */
rd_kafka_resp_err_t list_offsets(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, int64_t edge)
{
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int attempt = 0; attempt < TRIES; attempt++) {
        if (attempt > 0)
            usleep(PAUSE_US);
        for (int i = 0; i < list->cnt; i++)
            list->elems[i].offset = edge;
        err = rd_kafka_offsets_for_times(rk, list, LIST_OFFSETS_MS);
        for (int i = 0; err == RD_KAFKA_RESP_ERR_NO_ERROR && i < list->cnt; i++)
            err = list->elems[i].err;
        if (err != RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION)
            return err;
    }
    return err;
}
