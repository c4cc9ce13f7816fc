"""ktopic on a real Kafka."""

import json
import re
import signal
import socket
import threading
import time

from harness import SystemTest, main
from kafka_protocol import committed, end_offsets, leaders
from message_pack import pack

PAYMENT = {"payment_id": b"0123456789abcdef", "user": "marek", "amount_minor": 24999, "exponent": 2, "currency": "PLN",
           "method": "credit_card", "timestamp": 1772099522102594}
LINE = "💳 Payment: 249.99 PLN via credit_card from marek at 2026-02-26T09:52:02.102594+00:00"


class Topics(SystemTest):
    def produce(self, topic, value, partition=0, header="payment/1", key="marek"):
        """By kcat, which knows nothing of schemas."""
        path = self.folder / "value"
        path.write_bytes(value)
        headers = ["-H", f"schema={header}"] if header else []
        self.run_ok("/usr/bin/env", "kcat", "-P", "-b", self.kafka.bootstrap, "-t", topic, "-p", partition, "-k", key, *headers, path)


class Provision(Topics):
    def setUp(self):
        super().setUp()
        self.own_kafka()

    def test_makes_the_topics_of_all_workloads_once(self):
        expected = ["payments", "orders", "transactions", "demo-topic"]
        first = self.run_ok("ktopic", "provision")
        self.assertEqual(first.splitlines(), [f"{topic}: created with 3 partitions" for topic in expected])
        for topic in expected:
            self.assertEqual(set(leaders(self.kafka.bootstrap, topic)), {0, 1, 2})
        second = self.run_ok("ktopic", "provision")
        self.assertEqual(second.splitlines(), [f"{topic}: is there with 3 partitions" for topic in expected])

    def test_grows_on_request_and_never_shrinks(self):
        self.run_ok("ktopic", "provision", "orders")
        self.assertEqual(self.run_ok("ktopic", "provision", "--partitions", "6", "orders"), "orders: grown from 3 to 6 partitions")
        refused = self.run_program("ktopic", "provision", "--partitions", "2", "new", "orders")
        self.assertEqual(refused.status, 1)
        self.assertRegex(refused.text(), r"^ktopic provision: topic orders has 6 partitions, and Kafka cannot take partitions away")
        self.assertEqual(set(leaders(self.kafka.bootstrap, "orders")), set(range(6)))
        self.assertNotIn('"new"', self.run_ok("ktopic", "list", "--json"), "nothing is changed when one is refused")

    def test_more_replicas_than_brokers_is_one_clear_line(self):
        refused = self.run_program("ktopic", "provision", "--replication-factor", "3", "audit")
        self.assertEqual(refused.status, 1)
        self.assertRegex(refused.text(), r"^ktopic provision: cannot create topic audit: .*replication factor of 3")
        self.assertEqual(len(refused.text().splitlines()), 1)


class Describe(Topics):
    def test_shows_leaders_replicas_and_watermarks(self):
        topic = self.topic(partitions=2)
        for _ in range(3):
            self.produce(topic, pack(PAYMENT), partition=1)
        described, = json.loads(self.run_ok("ktopic", "describe", "--json", topic))
        self.assertEqual(described["topic"], topic)
        self.assertEqual([(p["partition"], p["leader"], p["replicas"], p["isr"], p["low"], p["high"]) for p in described["partitions"]],
                         [(0, 1, [1], [1], 0, 0), (1, 1, [1], [1], 0, 3)])
        self.assertEqual({0: 0, 1: 3}, end_offsets(self.kafka.bootstrap, topic))
        table = self.run_ok("ktopic", "describe", topic)
        self.assertRegex(table, r"(?m)^ +1 +1 +1 +1 +0 +3 +3$")

    def test_lists_the_topics_but_not_kafkas_own(self):
        topic = self.topic(partitions=2)
        listed = json.loads(self.run_ok("ktopic", "list", "--json"))
        self.assertIn({"topic": topic, "partitions": 2, "replicas": 1}, listed)
        self.assertEqual([entry for entry in listed if entry["topic"].startswith("__")], [])

    def test_a_mistyped_topic_is_told_with_the_nearest(self):
        topic = self.topic(partitions=1, stem="billing")
        process = self.run_program("ktopic", "describe", topic[:-1] + "_")
        self.assertEqual(process.status, 1)
        self.assertIn(f"is '{topic}' meant?", process.text("err"))
        self.assertNotIn(topic[:-1] + "_", self.run_ok("ktopic", "list"), "asking must not create it")


class Read(Topics):
    def test_prints_records_from_the_beginning_and_ends_at_the_end(self):
        topic = self.topic(partitions=2)
        for partition in (0, 1, 1):
            self.produce(topic, pack(PAYMENT), partition)
        self.assertEqual(self.run_ok("ktopic", "read", topic, "--from-beginning").splitlines(), [LINE] * 3)
        lines = self.run_ok("ktopic", "read", topic, "--from-beginning", "--offsets").splitlines()
        self.assertEqual(sorted(lines), [f"0:0 {LINE}", f"1:0 {LINE}", f"1:1 {LINE}"])

    def test_prints_json_with_exact_money(self):
        topic = self.topic(partitions=1)
        self.produce(topic, pack({**PAYMENT, "amount_minor": 2**53 + 1, "later_addition": [1, {"x": 2}]}))
        text = self.run_ok("ktopic", "read", topic, "--from-beginning", "--json")
        self.assertIn('"amount":90071992547409.93', text)
        self.assertEqual(json.loads(text)["payment_id"], "30313233-3435-3637-3839-616263646566")

    def test_ends_after_count_records(self):
        topic = self.topic(partitions=1)
        for _ in range(4):
            self.produce(topic, pack(PAYMENT))
        self.assertEqual(len(self.run_ok("ktopic", "read", topic, "--from-beginning", "--count", "2").splitlines()), 2)

    def test_an_empty_topic_is_no_output_and_no_wait(self):
        topic = self.topic(partitions=3)
        began = time.monotonic()
        self.assertEqual(self.run_ok("ktopic", "read", topic, "--from-beginning"), "")
        self.assertLess(time.monotonic() - began, 2)

    def test_undecodable_records_are_shown_and_do_not_stop_it(self):
        topic = self.topic(partitions=1)
        self.produce(topic, b"\x1b[2Jhello")
        self.produce(topic, pack(PAYMENT), header="payment/7")
        self.produce(topic, pack(PAYMENT), header=None)
        self.produce(topic, pack(PAYMENT))
        lines = self.run_ok("ktopic", "read", topic, "--from-beginning").splitlines()
        self.assertEqual(lines[0], r"partition 0 offset 0 cannot be decoded: byte 0: expected a map, found an integer: \x1b[2Jhello")
        self.assertRegex(lines[1], r"^partition 0 offset 1 cannot be decoded: .*major version that is not known here: payment/7")
        self.assertRegex(lines[2], r"^partition 0 offset 2 cannot be decoded: it has no schema header, and no workload has this topic")
        self.assertEqual(lines[3], LINE)
        parsed = [json.loads(line) for line in self.run_ok("ktopic", "read", topic, "--from-beginning", "--json").splitlines()]
        self.assertEqual([entry.get("undecodable", {}).get("offset") for entry in parsed], [0, 1, 2, None])

    def test_workload_tells_how_to_decode_what_has_no_header(self):
        topic = self.topic(partitions=1)
        self.produce(topic, pack(PAYMENT), header=None)
        self.assertEqual(self.run_ok("ktopic", "read", topic, "--from-beginning", "--workload", "payments"), LINE)

    def test_follow_goes_on_with_new_records(self):
        topic = self.topic(partitions=1)
        self.produce(topic, pack(PAYMENT))
        reader = self.start("ktopic", "read", topic, "--from-beginning", "--follow")
        reader.wait_line(re.escape(LINE))
        mark = reader.mark()
        self.produce(topic, pack({**PAYMENT, "user": "anna"}))
        reader.wait_line("from anna at", after=mark)
        self.assertIsNone(reader.popen.poll())
        reader.send(signal.SIGINT)
        reader.wait(5)

    def test_commits_nothing_and_joins_no_group(self):
        topic = self.topic(partitions=1)
        self.produce(topic, pack(PAYMENT))
        self.run_ok("ktopic", "read", topic, "--from-beginning")
        self.assertFalse(committed(self.kafka.bootstrap, "ktopic"))


class Unreachable(SystemTest):
    """Within 10 s one line that names the address, and exit status 1."""

    def check(self, address):
        began = time.monotonic()
        process = self.run_program("ktopic", "list", "--bootstrap", address)
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(process.status, 1)
        self.assertEqual(len(process.text().splitlines()), 1, process.text())
        self.assertIn(address, process.text("err"))

    def test_a_port_that_nobody_listens_on(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            self.check(f"127.0.0.1:{unused.getsockname()[1]}")

    def test_a_port_that_never_answers(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            self.check(f"127.0.0.1:{silent.getsockname()[1]}")

    def test_a_port_that_speaks_something_else(self):
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen()
            server.settimeout(0.2)
            over = threading.Event()

            def answer():
                while not over.is_set():
                    try:
                        connection, _ = server.accept()
                    except OSError:
                        continue
                    with connection:
                        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

            thread = threading.Thread(target=answer)
            thread.start()
            try:
                self.check(f"127.0.0.1:{server.getsockname()[1]}")
            finally:
                over.set()
                thread.join()


class Usage(SystemTest):
    def test_mistakes_are_exit_status_2_and_name_what_is_wrong(self):
        for words, expected in (((), "a verb is missing"), (("lst",), "is 'list' meant?"), (("--bootstrap", "x"), "the verb comes first"),
                                (("list", "--jsn"), "did you mean '--json'?"), (("read",), "TOPIC"), (("provision", "--partitions", "0"), "--partitions"),
                                (("read", "t", "--workload", "cheques"), "cheques")):
            process = self.run_program("ktopic", *words)
            self.assertEqual(process.status, 2, words)
            self.assertIn(expected, process.text("err"))

    def test_every_verb_explains_itself(self):
        verbs = re.findall(r"(?m)^  (\w+) ", self.run_ok("ktopic", "--help"))
        self.assertGreaterEqual(len(verbs), 4)
        for verb in verbs:
            self.assertIn(f"Usage: ktopic {verb}", self.run_ok("ktopic", verb, "--help"))


if __name__ == "__main__":
    main()
