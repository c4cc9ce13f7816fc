"""kafka_protocol.py: asks a broker in Kafka's own protocol (https://kafka.apache.org/protocol), without librdkafka, so that the tests have a
witness that shares no code with what they test: what a group has committed, and where partitions begin and end."""

import socket
import struct
import time

_LIST_OFFSETS, _METADATA, _OFFSET_COMMIT, _OFFSET_FETCH, _FIND_COORDINATOR, _INCREMENTAL_ALTER_CONFIGS = 2, 3, 8, 9, 10, 44
_DELETE_TOPICS, _DELETE_RECORDS, _CREATE_PARTITIONS = 20, 21, 37
_COORDINATOR_ERRORS = (14, 15, 16)  # loading, not available, not this one
_MOVED = (5, 6)  # leader not available, not leader


class _Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, code):
        value, = struct.unpack_from(">" + code, self.data, self.at)
        self.at += struct.calcsize(">" + code)
        return value

    def string(self):
        length = self.number("h")
        if length < 0:
            return None
        self.at += length
        return self.data[self.at - length:self.at].decode()

    def array(self, element):
        return [element() for _ in range(self.number("i"))]


def _string(text):
    data = text.encode()
    return struct.pack(">h", len(data)) + data


def _receive(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise ConnectionError("the broker closed the connection")
        data += part
    return data


def _ask(address, key, version, body):
    host, port = address
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        request = struct.pack(">hhi", key, version, 1) + _string("tests") + body
        connection.sendall(struct.pack(">i", len(request)) + request)
        size, = struct.unpack(">i", _receive(connection, 4))
        return _Reader(_receive(connection, size)[4:])


def _brokers(bootstrap):
    return [tuple(address.rsplit(":", 1)) for address in bootstrap.split(",")]


def coordinator(bootstrap, group):
    answer = _ask(_brokers(bootstrap)[0], _FIND_COORDINATOR, 0, _string(group))
    error = answer.number("h")
    answer.number("i")
    return error, (answer.string(), answer.number("i"))


def committed(bootstrap, group):
    """{(topic, partition): offset} of all that the group has committed; None while its coordinator is not there yet."""
    error, address = coordinator(bootstrap, group)
    if error in _COORDINATOR_ERRORS:
        return None
    answer = _ask(address, _OFFSET_FETCH, 3, _string(group) + struct.pack(">i", -1))
    answer.number("i")  # throttle time
    found = {}

    def partition(topic):
        number, offset = answer.number("i"), answer.number("q")
        answer.string()  # metadata
        if answer.number("h") == 0 and offset >= 0:
            found[topic, number] = offset

    def topic():
        name = answer.string()
        answer.array(lambda: partition(name))

    answer.array(topic)
    error = answer.number("h")
    if error in _COORDINATOR_ERRORS:
        return None
    if error:
        raise RuntimeError(f"OffsetFetch of group {group}: error {error}")
    return found


def leaders(bootstrap, topic):
    """{partition: (host, port)} of its leader."""
    answer = _ask(_brokers(bootstrap)[0], _METADATA, 1, struct.pack(">i", 1) + _string(topic))
    addresses = {}

    def broker():
        number, host, port = answer.number("i"), answer.string(), answer.number("i")
        answer.string()  # rack
        addresses[number] = (host, port)

    found = {}

    def partition():
        answer.number("h")
        number, leader = answer.number("i"), answer.number("i")
        answer.array(lambda: answer.number("i"))
        answer.array(lambda: answer.number("i"))
        found[number] = leader

    def topics():
        answer.number("h")
        answer.string()
        answer.number("b")
        answer.array(partition)

    answer.array(broker)
    answer.number("i")  # controller
    answer.array(topics)
    return {number: addresses[leader] for number, leader in found.items() if leader in addresses}


def cluster_id(bootstrap):
    answer = _ask(_brokers(bootstrap)[0], _METADATA, 2, struct.pack(">i", 0))
    answer.array(lambda: (answer.number("i"), answer.string(), answer.number("i"), answer.string()))  # the brokers
    return answer.string()


def end_offsets(bootstrap, topic, timestamp=-1):
    """{partition: offset that the next record gets}; timestamp -2: the first one that is there. A leader that has just changed is asked for again."""
    deadline = time.monotonic() + 15
    while True:
        error, found = _end_offsets(bootstrap, topic, timestamp)
        if not error:
            return found
        if error not in _MOVED or time.monotonic() > deadline:
            raise RuntimeError(f"ListOffsets of {topic}: error {error}")
        time.sleep(0.1)


def _end_offsets(bootstrap, topic, timestamp):
    """(error or 0, what end_offsets returns)"""
    found = {}
    for number, address in leaders(bootstrap, topic).items():
        body = struct.pack(">ii", -1, 1) + _string(topic) + struct.pack(">iiq", 1, number, timestamp)
        answer = _ask(address, _LIST_OFFSETS, 1, body)
        answer.number("i")
        answer.string()
        answer.number("i")
        partition, error = answer.number("i"), answer.number("h")
        answer.number("q")
        if error:
            return error, found
        found[partition] = answer.number("q")
    return 0, found


def commit(bootstrap, group, topic, partition, offset, metadata=""):
    """Commits for a group that has no members."""
    deadline = time.monotonic() + 15
    while True:
        error, address = coordinator(bootstrap, group)
        if error == 0:
            body = _string(group) + struct.pack(">i", -1) + _string("") + struct.pack(">q", -1) + struct.pack(">i", 1) + _string(topic)
            answer = _ask(address, _OFFSET_COMMIT, 2, body + struct.pack(">iiq", 1, partition, offset) + _string(metadata))
            answer.number("i")
            answer.string()
            answer.number("i")
            answer.number("i")
            error = answer.number("h")
        if error == 0:
            return
        if error not in _COORDINATOR_ERRORS or time.monotonic() > deadline:
            raise RuntimeError(f"OffsetCommit of group {group}: error {error}")
        time.sleep(0.05)


def set_topic_settings(bootstrap, topic, settings):
    """IncrementalAlterConfigs: sets these, leaves the others."""
    body = struct.pack(">ib", 1, 2) + _string(topic) + struct.pack(">i", len(settings))
    for name, value in settings.items():
        body += _string(name) + struct.pack(">b", 0) + _string(value)
    answer = _ask(_brokers(bootstrap)[0], _INCREMENTAL_ALTER_CONFIGS, 0, body + b"\0")
    answer.number("i")
    answer.number("i")
    error, message = answer.number("h"), answer.string()
    if error:
        raise RuntimeError(f"IncrementalAlterConfigs of {topic}: error {error}: {message}")


def delete_topic(bootstrap, topic):
    answer = _ask(_brokers(bootstrap)[0], _DELETE_TOPICS, 1, struct.pack(">i", 1) + _string(topic) + struct.pack(">i", 10000))
    answer.number("i")
    answer.number("i")
    answer.string()
    error = answer.number("h")
    if error:
        raise RuntimeError(f"DeleteTopics of {topic}: error {error}")


def create_partitions(bootstrap, topic, count):
    """CreatePartitions: the topic has so many then."""
    body = struct.pack(">i", 1) + _string(topic) + struct.pack(">ii", count, -1) + struct.pack(">ib", 10000, 0)
    answer = _ask(_brokers(bootstrap)[0], _CREATE_PARTITIONS, 0, body)
    answer.number("i")
    answer.number("i")
    answer.string()
    error, message = answer.number("h"), answer.string()
    if error:
        raise RuntimeError(f"CreatePartitions of {topic}: error {error}: {message}")


def delete_records(bootstrap, topic, partition, before):
    """What retention does, at once: the first offset that is there is `before` then."""
    body = struct.pack(">i", 1) + _string(topic) + struct.pack(">iiqi", 1, partition, before, 10000)
    answer = _ask(leaders(bootstrap, topic)[partition], _DELETE_RECORDS, 0, body)
    for code in "ii":
        answer.number(code)
    answer.string()
    for code in "iiq":
        answer.number(code)
    error = answer.number("h")
    if error:
        raise RuntimeError(f"DeleteRecords of {topic}[{partition}]: error {error}")
