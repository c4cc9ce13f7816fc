"""ktopic dlq on a real Kafka."""

import collections
import json
import signal
import time

from harness import SystemTest, main, wait_until
from kafka_protocol import commit, committed, end_offsets
from message_pack import pack

PAYMENT = {"payment_id": b"0123456789abcdef", "user": "marek", "amount_minor": 24999, "exponent": 2, "currency": "PLN", "method": "credit_card",
           "timestamp": 1772099522102594}


class Letters(SystemTest):
    """Letters that the test writes itself, by kcat."""

    def setUp(self):
        super().setUp()
        self.source = self.topic(partitions=2)
        self.dlq = f"{self.source}.dlq"
        self.run_ok("ktopic", "provision", "--partitions", 2, self.dlq)

    def letter(self, offset, value=None, partition=0, group="shop", stage="validate", reason="amount: 0 is below 1", key="marek", headers=()):
        path = self.folder / "value"
        path.write_bytes(pack(PAYMENT) if value is None else value)
        said = {"schema": "payment/1", "seq": str(offset), "dlq.cluster": "c", "dlq.group": group, "dlq.topic": self.source, "dlq.partition": partition, "dlq.offset": offset,
                "dlq.stage": stage, "dlq.reason": reason, "dlq.attempts": 3, "dlq.first_failure": "2026-02-26T09:52:20.102594+00:00",
                "dlq.id": f"c/{group}/{self.source}/{partition}/{offset}", **dict(headers)}
        words = [word for name, header in said.items() for word in ("-H", f"{name}={header}")]
        self.run_ok("/usr/bin/env", "kcat", "-P", "-b", self.kafka.bootstrap, "-t", self.dlq, "-p", partition, "-k", key, *words, path)

    def dlq_json(self, *words):
        return json.loads(self.run_ok("ktopic", "dlq", "list", "--json", "--workload", "payments", self.source, *words))

    def replay(self, *words):
        return self.run_ok("ktopic", "dlq", "replay", "--workload", "payments", self.source, *words)

    def records(self, topic=None):
        """What the source topic holds, by kcat: partition, key, value's length, and the headers as a list of pairs."""
        found = []
        output = self.run_ok("/usr/bin/env", "kcat", "-C", "-b", self.kafka.bootstrap, "-t", topic or self.source, "-o", "beginning", "-e", "-q", "-f", r"%p\t%k\t%S\t%h\n")
        for line in output.splitlines():
            partition, key, length, headers = line.split("\t")
            pairs = [tuple(header.split("=", 1)) for header in headers.split(",")] if headers else []
            found.append({"partition": int(partition), "key": key, "length": int(length), "headers": pairs})
        return found

    def ids(self):
        return collections.Counter(dict(record["headers"])["dlq.replayed"].rpartition("/")[2] for record in self.records())

    def test_list_counts_by_reason_and_repeats_are_not_counted_twice(self):
        for offset in (3, 4, 5):
            self.letter(offset)
        self.letter(5)
        self.letter(9, partition=1, stage="decode", reason="byte 0: expected a map", group="other")
        found = self.dlq_json()
        self.assertEqual((found["letters"], found["replayed"], found["repeats"], found["unreadable"]), (4, 0, 1, 0))
        self.assertEqual([(r["group"], r["stage"], r["reason"], r["count"]) for r in found["reasons"]],
                         [("shop", "validate", "amount: 0 is below 1", 3), ("other", "decode", "byte 0: expected a map", 1)])
        self.assertEqual(self.dlq_json("--group", "other")["letters"], 1)
        table = self.run_ok("ktopic", "dlq", "list", self.source)
        self.assertRegex(table, r"(?m)^ +3 +0  shop +validate +amount: 0 is below 1$")
        self.assertIn(f"{self.dlq}: 4 dead letters, 0 sent back\n1 more are repeats", table)

    def test_show_decodes_what_can_be_and_escapes_what_cannot(self):
        self.letter(3)
        self.letter(4, value=b"\x1b[2Jhello", stage="decode", reason="byte 0\x1b[1m")
        text = self.run_ok("ktopic", "dlq", "show", self.source)
        self.assertNotIn("\x1b", text)
        lines = text.splitlines()
        self.assertEqual(lines[0], "0:0 group shop gave up partition 0 offset 3 (key marek) in validate at 2026-02-26T09:52:20.102594+00:00, attempts 3: amount: 0 is below 1")
        self.assertEqual(lines[1], "    💳 Payment: 249.99 PLN via credit_card from marek at 2026-02-26T09:52:02.102594+00:00")
        self.assertIn(r"byte 0\x1b[1m", lines[2])
        self.assertIn(r"\x1b[2Jhello", lines[3])
        first, second = [json.loads(line) for line in self.run_ok("ktopic", "dlq", "show", "--json", self.source).splitlines()]
        self.assertEqual((first["id"], first["offset"], first["replayed"], first["record"]["amount"]), (f"c/shop/{self.source}/0/3", 3, False, 249.99))
        self.assertEqual(second["record"]["undecodable"]["offset"], 4)

    def test_replay_sends_each_back_once_as_it_was(self):
        self.letter(3, headers={"origin": "elsewhere", "dlq.replayed": "an older one"})
        self.letter(3)
        self.letter(7, partition=1, value=b"not ours", key="anna")
        dry = self.replay("--dry-run")
        self.assertIn(f"would send back 0:0 to {self.source} [0] (validate: amount: 0 is below 1)", dry)
        self.assertEqual((self.records(), committed(self.kafka.bootstrap, f"{self.dlq}.replay")), ([], {}), "a dry run does nothing")
        self.assertIn(f"{self.dlq}: 2 letters sent back to {self.source}; 0 were sent back before, 0 are not among those asked for, 1 are repeats", self.replay())
        first, second = sorted(self.records(), key=lambda record: record["partition"])
        self.assertEqual(first["headers"], [("schema", "payment/1"), ("seq", "3"), ("origin", "elsewhere"), ("dlq.replayed", f"c/shop/{self.source}/0/3")])
        self.assertEqual((first["partition"], first["key"], second["partition"], second["key"], second["length"]), (0, "marek", 1, "anna", 8))
        self.assertEqual(self.run_ok("ktopic", "read", self.source, "--from-beginning", "--workload", "payments").count("249.99 PLN via credit_card from marek"), 1)
        self.assertEqual(committed(self.kafka.bootstrap, f"{self.dlq}.replay"), {(self.dlq, 0): 2, (self.dlq, 1): 1})
        self.assertIn("0 letters sent back", self.replay())
        self.letter(8)
        self.assertIn("1 letter sent back", self.replay())
        self.assertEqual(len(self.records()), 3)
        self.assertEqual((self.dlq_json()["letters"], self.dlq_json()["replayed"]), (3, 3))

    def test_where_chooses_and_the_others_stay(self):
        for offset, amount in enumerate((100, 500, 20000, 700, 30000)):
            self.letter(offset, value=pack({**PAYMENT, "amount_minor": amount}))
        self.assertIn("2 letters sent back", self.replay("--where", "amount > 100"))
        self.assertEqual(self.ids(), {"2": 1, "4": 1})
        self.assertEqual(committed(self.kafka.bootstrap, f"{self.dlq}.replay"), {(self.dlq, 0): 0, (self.dlq, 1): 0})
        self.assertEqual(self.dlq_json()["replayed"], 2)
        self.assertEqual(self.dlq_json("--where", "offset >= 3")["letters"], 2)
        self.assertIn("1 letter sent back", self.replay("--where", "partition = 0 and offset = 1"))
        self.assertIn("2 letters sent back", self.replay())
        self.assertEqual(self.ids(), {str(offset): 1 for offset in range(5)})
        refused = self.run_program("ktopic", "dlq", "replay", "--workload", "payments", self.source, "--where", "amout > 1")
        self.assertEqual(refused.status, 2)
        self.assertIn("did you mean amount?", refused.text("err"))

    def test_what_a_killed_replay_had_sent_is_found_in_the_source_topic(self):
        """The state that a kill leaves between sending and committing, made by hand: sent is all of partition 0, committed that it began."""
        began = int(time.time() * 1e6)
        for offset in range(4):
            self.letter(offset, partition=offset % 2)
        self.replay("--where", "partition = 0")
        for partition in (0, 1):
            commit(self.kafka.bootstrap, f"{self.dlq}.replay", self.dlq, partition, 0, f"replay 1 {began}")
        text = self.replay()
        self.assertIn("2 letters sent back", text)
        self.assertIn("(2 of those before by a replay that was cut off)", text)
        self.assertEqual(self.ids(), {str(offset): 1 for offset in range(4)})

    def test_killed_while_it_sends_each_is_sent_back_once(self):
        poison, count = self.topic(partitions=2, stem="poison"), 1500
        lines = self.folder / "lines"
        lines.write_text("".join(f"k{i}:poison {i}\n" for i in range(count)))
        self.run_ok("/usr/bin/env", "kcat", "-P", "-b", self.kafka.bootstrap, "-t", poison, "-K", ":", "-l", lines)
        group = self.name("g")
        consumer = self.start("kconsume", "--publish=no", "--client", "bravo", "--group", group, "--topic", poison, "--count", count, "--quiet")
        self.assertEqual(consumer.wait(60), 0)
        self.assertEqual(sum(end_offsets(self.kafka.bootstrap, f"{poison}.dlq").values()), count)
        kills, before = 0, count
        for _ in range(8):  # each is killed as soon as some of its letters are stored, which is before it has committed them
            replay = self.start("ktopic", "dlq", "replay", "-X", "batch.num.messages=1", "-X", "max.in.flight=1", poison)  # slow enough to be met at it
            wait_until(lambda: sum(end_offsets(self.kafka.bootstrap, poison).values()) > before or replay.popen.poll() is not None, 30, "a letter is stored", every=0.001)
            replay.send(signal.SIGKILL)
            kills += replay.wait() == -signal.SIGKILL
            before = sum(end_offsets(self.kafka.bootstrap, poison).values())
        self.assertGreater(kills, 2)
        self.run_ok("ktopic", "dlq", "replay", poison)
        ids = collections.Counter(dict(record["headers"]).get("dlq.replayed") for record in self.records(poison))
        self.assertEqual(ids.pop(None), count)
        self.assertEqual((len(ids), set(ids.values())), (count, {1}))

    def test_a_record_that_dies_again_is_a_new_letter(self):
        topic, group = self.topic(partitions=1, stem="again"), self.name("g")
        self.run_ok("/bin/bash", "-c", f"echo poison | kcat -P -b {self.kafka.bootstrap} -t {topic}")
        for expected in (1, 2):
            consumer = self.start("kconsume", "--publish=no", "--client", "bravo", "--group", group, "--topic", topic, "--count", 1, "--quiet")
            self.assertEqual(consumer.wait(30), 0)
            found = json.loads(self.run_ok("ktopic", "dlq", "list", "--json", topic))
            self.assertEqual((found["letters"], found["replayed"]), (expected, expected - 1))
            self.assertIn("1 letter sent back", self.run_ok("ktopic", "dlq", "replay", topic))

    def test_mistakes_are_told(self):
        for words, status, expected in ((("dlq",), 2, "list | show | replay"), (("dlq", "lst", "t"), 2, "is 'list' meant?"), (("dlq", "list"), 2, ""),
                                        (("dlq", "list", "--dry-run", "t"), 2, "only with replay"), (("dlq", "replay", self.dlq), 0, f"there is no topic {self.dlq}.dlq"),
                                        (("dlq", "list", self.source[:-1] + "_"), 1, f"is '{self.source}' meant?"),
                                        (("dlq", "list", self.source, "--where", "amount > 1"), 2, "name its fields with --workload")):
            process = self.run_program("ktopic", *words)
            self.assertEqual(process.status, status, words)
            self.assertIn(expected, process.text("err"))
        commit(self.kafka.bootstrap, f"{self.dlq}.replay", self.dlq, 0, 0, "somebody else's")
        process = self.run_program("ktopic", "dlq", "replay", self.source)
        self.assertEqual((process.status, self.records()), (1, []))
        self.assertIn("is not a replay's: 'somebody else's'", process.text("err"))


if __name__ == "__main__":
    main()
