"""The field's usual Python: confluent-kafka with JSON, as the demonstrations do it.

    peer_python.py consume BOOTSTRAP TOPIC GROUP COUNT      batches of 500, json.loads of each value, a synchronous commit a batch
    peer_python.py produce BOOTSTRAP TOPIC COUNT            json.dumps of each payment, produce with a delivery callback, poll(0)

Prints {"records":N,"seconds":S}; consuming is timed from the first batch to the last.
"""

import json
import sys
import time
import uuid
from datetime import datetime, timezone

from confluent_kafka import Consumer, Producer


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


verb, arguments = sys.argv[1], sys.argv[2:]
result = {"consume": consume, "produce": produce}[verb](*arguments[:-1], int(arguments[-1]))
print(json.dumps({"records": result[0], "seconds": result[1]}))
