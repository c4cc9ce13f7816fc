"""The field's usual Python: confluent-kafka with JSON, as the demonstrations do it.

    peer_python.py consume BOOTSTRAP TOPIC GROUP COUNT      batches of 500, json.loads of each value, a synchronous commit a batch
    peer_python.py sqlite|postgres BOOTSTRAP TOPIC GROUP FILE COUNT
                                                            batches of 5000, rows and next offsets in one transaction (PGHOST and the like; FILE is SQLite's)
    peer_python.py kafka BOOTSTRAP TOPIC GROUP TARGET COUNT batches of 5000 into another topic, with the offsets, in one transaction
    peer_python.py produce BOOTSTRAP TOPIC COUNT            json.dumps of each payment, produce with a delivery callback, poll(0)

Prints {"records":N,"seconds":S}; consuming is timed from the first batch to the last.
"""

import json
import sqlite3
import sys
import time
import uuid
from datetime import datetime, timezone

from confluent_kafka import Consumer, Producer, TopicPartition


def payment(number):
    return {"payment_id": str(uuid.UUID(int=number, version=4)), "user": ("marek", "anna", "piotr", "ewa")[number % 4], "amount": 249.99,
            "currency": "PLN", "method": "credit_card", "timestamp": datetime.now(timezone.utc).isoformat()}


def consume(bootstrap, topic, group, count):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False})
    consumer.subscribe([topic])
    records, first, last, give_up = 0, None, None, time.monotonic() + 120
    while records < count and time.monotonic() < give_up:
        messages = [message for message in consumer.consume(500, 1.0) if message.error() is None]
        if not messages:
            continue
        first = first or time.monotonic()
        for message in messages:
            json.loads(message.value())
        records += len(messages)
        consumer.commit(asynchronous=False)
        last = time.monotonic()
    consumer.close()
    return records, last - first


def produce(bootstrap, topic, count):
    acknowledged = 0

    def delivered(error, message):
        nonlocal acknowledged
        acknowledged += error is None

    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 5})
    began = time.monotonic()
    for number in range(count):
        record = payment(number)
        while True:
            try:
                producer.produce(topic, json.dumps(record).encode(), record["user"].encode(), on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.01)
        producer.poll(0)
    producer.flush(60)
    return acknowledged, time.monotonic() - began


COLUMNS = "kafka_partition, kafka_offset, payment_id, \"user\", amount_minor, currency, method, timestamp"


class Sqlite:
    def __init__(self, path):
        self.db = sqlite3.connect(path)
        self.db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE offsets (number INTEGER PRIMARY KEY, next INTEGER);"
                              "CREATE TABLE payments (kafka_partition INTEGER, kafka_offset INTEGER, payment_id TEXT, user TEXT, amount_minor INTEGER,"
                              "currency TEXT, method TEXT, timestamp TEXT); CREATE INDEX place ON payments (kafka_partition, kafka_offset)")

    def write(self, rows, offsets):
        with self.db:
            self.db.executemany(f"INSERT INTO payments ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            self.db.executemany("INSERT INTO offsets VALUES (?, ?) ON CONFLICT (number) DO UPDATE SET next = excluded.next", offsets)


class Postgres:
    def __init__(self, _):
        import psycopg2
        import psycopg2.extras
        self.many = psycopg2.extras.execute_values
        self.db = psycopg2.connect("")
        with self.db, self.db.cursor() as cursor:
            cursor.execute("CREATE TABLE offsets (number INTEGER PRIMARY KEY, next BIGINT);"
                           "CREATE TABLE payments (kafka_partition BIGINT, kafka_offset BIGINT, payment_id UUID, \"user\" TEXT, amount_minor BIGINT,"
                           "currency TEXT, method TEXT, timestamp TEXT); CREATE INDEX ON payments (kafka_partition, kafka_offset)")

    def write(self, rows, offsets):
        with self.db, self.db.cursor() as cursor:
            self.many(cursor, f"INSERT INTO payments ({COLUMNS}) VALUES %s", rows, page_size=1000)
            self.many(cursor, "INSERT INTO offsets VALUES %s ON CONFLICT (number) DO UPDATE SET next = excluded.next", offsets)


def sink(database, bootstrap, topic, group, count):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False})
    consumer.subscribe([topic])
    records, first, last, give_up = 0, None, None, time.monotonic() + 120
    while records < count and time.monotonic() < give_up:
        messages = [message for message in consumer.consume(min(5000, count - records), 1.0) if message.error() is None]
        if not messages:
            continue
        first = first or time.monotonic()
        rows, offsets = [], {}
        for message in messages:
            payment = json.loads(message.value())
            rows.append((message.partition(), message.offset(), payment["payment_id"], payment["user"], round(payment["amount"] * 100), payment["currency"],
                         payment["method"], payment["timestamp"]))
            offsets[message.partition()] = message.offset() + 1
        database.write(rows, list(offsets.items()))
        records += len(messages)
        last = time.monotonic()
    consumer.close()
    return records, last - first


def sqlite(bootstrap, topic, group, path, count):
    return sink(Sqlite(path), bootstrap, topic, group, count)


def postgres(bootstrap, topic, group, path, count):
    return sink(Postgres(path), bootstrap, topic, group, count)


def kafka(bootstrap, topic, group, target, count):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False})
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": group, "queue.buffering.max.messages": 1000000})
    consumer.subscribe([topic])
    producer.init_transactions()
    records, first, last, give_up = 0, None, None, time.monotonic() + 120
    while records < count and time.monotonic() < give_up:
        messages = [message for message in consumer.consume(min(5000, count - records), 1.0) if message.error() is None]
        if not messages:
            continue
        first = first or time.monotonic()
        producer.begin_transaction()
        offsets = {}
        for message in messages:
            producer.produce(target, message.value(), message.key(), headers=message.headers(), timestamp=message.timestamp()[1])
            offsets[message.partition()] = message.offset() + 1
        producer.poll(0)
        producer.send_offsets_to_transaction([TopicPartition(topic, partition, offset) for partition, offset in offsets.items()],
                                             consumer.consumer_group_metadata())
        producer.commit_transaction()
        records += len(messages)
        last = time.monotonic()
    consumer.close()
    return records, last - first


verb, arguments = sys.argv[1], sys.argv[2:]
result = {"consume": consume, "produce": produce, "sqlite": sqlite, "postgres": postgres, "kafka": kafka}[verb](*arguments[:-1], int(arguments[-1]))
print(json.dumps({"records": result[0], "seconds": result[1]}))
