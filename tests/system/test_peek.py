"""kctl peek and ktopic peek on a real Kafka: one whole record, by its offset."""

import json

from harness import SystemTest, main
from kafka_protocol import end_offsets
from message_pack import pack

PAYMENT = {"payment_id": b"0123456789abcdef", "user": "marek", "amount_minor": 24999, "exponent": 2, "currency": "PLN",
           "method": "credit_card", "timestamp": 1772099522102594}


class Peek(SystemTest):
    def produce(self, topic, value, *more):
        """By kcat, which knows nothing of schemas."""
        path = self.folder / "value"
        path.write_bytes(value)
        self.run_ok("/usr/bin/env", "kcat", "-P", "-b", self.kafka.bootstrap, "-t", topic, "-p", 0, *more, path)

    def fleet(self, topic, *arguments):
        fleet = self.supervise("--clients", f"b-{self.token}", "--topic", topic, "--no-producer", "--quiet", *arguments)
        fleet.wait_line("ready:", 30)
        return fleet

    def end(self, fleet):
        self.assertEqual(fleet.interrupt(), 0)
        self.assert_nothing_left()

    def kctl(self, *words, status=0):
        done = self.run_program("kctl", "-i", self.instance, *words)
        self.assertEqual(done.status, status, done.text())
        return done.text()

    def peek(self, *words):
        return [json.loads(line) for line in self.kctl("peek", *words).splitlines()]

    def test_what_was_produced_is_there_whole(self):
        topic = self.topic(partitions=1)
        fleet = self.fleet(topic)
        answer = json.loads(self.kctl("--json", "produce", "user=ŁUKASZ", "amount=249.99", "currency=PLN", "method=blik"))["record"]
        one, = self.peek(topic, answer["partition"], answer["offset"])
        self.assertEqual((one["partition"], one["offset"], one["key"]), (0, answer["offset"], "ŁUKASZ"))
        self.assertEqual(dict(one["headers"]), {"schema": "payment/1", "producer": "producer", "seq": "1"})
        self.assertRegex(one["timestamp"], r"^20\d\d-\d\d-\d\dT")
        self.assertEqual((one["value"]["user"], one["value"]["amount"]), ("ŁUKASZ", 249.99))
        for _ in range(3):
            self.kctl("produce", "user=ola", "amount=1", "currency=EUR", "method=blik")
        self.assertEqual([r["offset"] for r in self.peek(topic, 0, 1, 2)], [1, 2])
        self.assertEqual([r["offset"] for r in self.peek(topic, 0, 2, 100)], [2, 3], "it ends at the end")
        self.end(fleet)

    def test_what_does_not_decode_is_shown_as_what_it_is(self):
        topic = self.topic(partitions=1)
        self.produce(topic, pack({"a": [1, -2, None, True, b"\x01\xff", "zażółć"], 7: 2**64 - 1}))
        self.produce(topic, b"\x1b[2Jhello \xff", "-k", "k", "-H", "x=1", "-H", "x=2")
        self.produce(topic, pack(PAYMENT), "-H", "schema=payment/7")
        self.produce(topic, pack(PAYMENT))
        self.produce(topic, b"x" * 100000)
        fleet = self.fleet(topic, "--dead-letters", "off")
        generic, raw, major, plain, long = self.peek(topic, 0, 0, 5)
        self.assertEqual(generic["value"], {"a": [1, -2, None, True, "01ff", "zażółć"], "7": 2**64 - 1})
        self.assertIn("undecodable", generic)
        self.assertEqual((generic["key"], generic["headers"]), (None, []))
        self.assertEqual((raw["value"], raw["bytes"], raw["key"], raw["headers"]), ("\x1b[2Jhello \ufffd", 11, "k", [["x", "1"], ["x", "2"]]))
        self.assertIn("major version that is not known here", major["undecodable"])
        self.assertEqual(major["value"]["user"], "marek")
        self.assertEqual(plain["value"]["amount"], 249.99, "the fleet's workload tells how")
        self.assertNotIn("undecodable", plain)
        self.assertEqual((len(long["value"]), long["bytes"]), (4096, 100000))
        self.assertNotIn("\x1b", self.kctl("peek", topic, 0, 1))
        self.end(fleet)

    def test_what_is_not_there_is_told(self):
        topic = self.topic(partitions=2)
        for _ in range(3):
            self.produce(topic, pack(PAYMENT))
        fleet = self.fleet(topic)
        for words, status, why in (
            ((topic, 0, 3), 1, f"topic {topic}: partition 0 has the offsets 0 to 2, not 3"),
            ((topic, 1, 0), 1, f"topic {topic}: partition 1 is empty: its next record gets offset 0"),
            ((topic, 2, 0), 1, f"topic {topic} has the partitions 0 to 1, not 2"),
            ((topic + "x", 0, 0), 1, f"there is no topic '{topic}x'"),
            ((topic, 0, 0, 101), 1, "how many"),
            ((topic, 0, "-1"), 2, "unknown option"),
            ((topic, 0, "latest"), 1, "the last three whole numbers"),
            ((topic, 0), 2, "usage: kctl peek TOPIC PARTITION OFFSET [N]"),
            ((topic, 0, 0, 1, 1), 2, "usage: kctl peek"),
        ):
            self.assertIn(why, self.kctl("peek", *words, status=status))
        self.assertIn(f"has the offsets 0 to 2, not 7", self.run_program("ktopic", "peek", topic, "0", "7").text())
        self.assertEqual(end_offsets(self.kafka.bootstrap, topic), {0: 3, 1: 0})
        self.end(fleet)

    def test_more_than_an_answer_carries_is_refused_and_many_callers_end_well(self):
        topic = self.topic(partitions=1)
        for _ in range(3):
            self.produce(topic, pack(["x" * 300000]))
        fleet = self.fleet(topic, "--dead-letters", "off")
        self.assertEqual(len(self.peek(topic, 0, 0, 2)), 2)
        self.assertIn("longer than an answer may be", self.kctl("peek", topic, 0, 0, 3, status=1))
        many = [self.start("kctl", "-i", self.instance, "peek", topic, 0, i % 3) for i in range(8)]
        for one in many:
            if one.wait(30) != 0:
                self.assertIn("are under way: try again", one.text())
        self.assertTrue(any(one.popen.returncode == 0 for one in many))
        self.assertIn("timed out", self.kctl("--timeout", "1ms", "peek", topic, 0, 0, status=1))
        self.end(fleet)

    def test_no_secret_is_on_its_command_line_and_no_group_is_touched(self):
        topic = self.topic(partitions=1)
        self.produce(topic, pack(PAYMENT))
        secret = f"hunter-{self.token}"
        programs = self.folder / "bin"  # the real ones, and a ktopic that notes what it was called with
        programs.mkdir()
        for name in ("ksupervise", "kconsume"):
            (programs / name).symlink_to(self.program(name))
        script = programs / "ktopic"
        script.write_text(f'#!/bin/sh\necho "$0 $*" >> {self.folder}/called\nexec {self.program("ktopic")} "$@"\n')
        script.chmod(0o755)
        fleet = self.start(programs / "ksupervise", "--instance", self.instance, "--clients", f"b-{self.token}", "--topic", topic, "--no-producer",
                           "--quiet", "-X", f"client.rack={secret}", "-X", f"sasl.password={secret}")
        fleet.wait_line("ready:", 30)
        self.assertEqual(self.peek(topic, 0, 0)[0]["value"]["user"], "marek")
        called = (self.folder / "called").read_text()
        self.assertIn(f"peek --supervised --workload payments -- {topic} 0 0\n", called)
        self.assertNotIn(secret, called)
        self.assertNotIn('"ktopic"', self.run_ok("ktopic", "groups", "--json"))
        self.end(fleet)


if __name__ == "__main__":
    main()
