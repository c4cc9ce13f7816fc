"""Pipelines of several stages, users' programs and files among them, on a real Kafka: what each record met, also when programs and consumers are killed."""

import json
import os
import signal
import time
from decimal import Decimal

from harness import ROOT, SystemTest, alive, describe_process, main, processes_marked, wait_until
from kafka_protocol import committed

# Refuses accounts that end in 0, asks once for another attempt at those that end in 1, and keeps what it saw.
JUDGE = """
import json, sys

again = set()
for line in sys.stdin:
    record = json.loads(line)
    place = (record["partition"], record["offset"])
    if record["account"] % 10 == 0:
        print("dead the account ends in 0", flush=True)
    elif record["account"] % 10 == 1 and place not in again:
        again.add(place)
        print("retry not yet", flush=True)
    else:
        print("ok", flush=True)
"""

# The same in MessagePack; it also ends in the midst of an answer, once, and once says what is no answer.
PACKED_JUDGE = f"""
import json, os, pathlib, sys

sys.dont_write_bytecode = True
sys.path.insert(0, {str(ROOT / "tests" / "system")!r})
from message_pack import pack, values

def once(name, answer):
    if not pathlib.Path(name).exists():
        pathlib.Path(name).touch()
        os.write(1, answer)
        os._exit(3)

again = set()
seen = open("seen", "a")
for number, record in enumerate(values(sys.stdin.buffer.raw)):
    record["transaction_id"] = str(record["transaction_id"])
    print(json.dumps(record), file=seen, flush=True)
    place = (record["partition"], record["offset"])
    answer = "ok"
    if record["account"] % 10 == 0:
        answer = ["dead", "the account ends in 0"]
    elif record["account"] % 10 == 1 and place not in again:
        again.add(place)
        answer = "retry not yet"
    if number == 70:
        once("half", b"\\x92\\xa4de")
    if number == 90:
        once("nonsense", pack(7))
    os.write(1, pack(answer))
"""


class Stages(SystemTest):
    def setUp(self):
        super().setUp()
        self.bravo = f"b-{self.token}"

    def produced(self, topic, count):
        """Fills the topic; returns what it holds, by partition and offset."""
        self.run_ok("kproduce", "--workload", "transactions", "--topic", topic, "--rate", "0", "--count", count, "--quiet")
        read = ("ktopic", "read", "--from-beginning", "--workload", "transactions", topic)
        by_id = {record["transaction_id"]: record for record in (json.loads(line, parse_float=Decimal) for line in self.run_ok(*read, "--json").splitlines())}
        records = {}
        for line in self.run_ok(*read, "--offsets").splitlines():
            partition, offset = line.split()[0].split(":")
            records[int(partition), int(offset)] = by_id[line.split()[-1]]
        self.assertEqual(len(records), count)
        return records

    def lines(self, path):
        """The file's records, in their order; a line that is just being written is none yet."""
        text = path.read_text().rpartition("\n")[0]
        return [json.loads(line, parse_float=Decimal) for line in text.splitlines()]

    def places(self, path):
        return [(line["partition"], line["offset"]) for line in self.lines(path)] if path.exists() else []

    def counter(self, name):
        worker = self.worker(self.bravo)
        return worker["counters"][name] if worker else 0

    def test_each_record_meets_the_stages_in_their_order(self):
        topic = self.topic()
        records = self.produced(topic, 600)
        (self.folder / "judge.py").write_text(JUDGE)
        fleet = self.supervise("--clients", self.bravo, "--workload", "transactions", "--topic", topic, "--no-producer", "--keep", "--retry-delay", "5ms",
                               "--retries", "1000", "--batch-size", "50", "--pipeline",
                               "validate, filter:amount > 0 and type in ('deposit', 'transfer'), flag:amount >= 900.00, stats, exec:python3 judge.py, ndjson:out")
        kept = {place: record for place, record in records.items() if record["amount"] > 0 and record["type"] in ("deposit", "transfer")}
        large = {record["transaction_id"] for record in kept.values() if record["amount"] >= 900}
        passed = {place for place, record in kept.items() if record["account"] % 10 != 0}
        self.assertTrue(large and passed and len(passed) < len(kept) < len(records), "a seed without any of them")
        out = self.folder / "out"
        wait_until(lambda: set(self.places(out)) == passed and self.counter("dead_lettered") == len(kept) - len(passed), 60, "all records through")
        self.assertEqual(fleet.interrupt(), 0)
        for line in self.lines(out):
            place = line.pop("partition"), line.pop("offset")
            self.assertEqual(line, records[place])
        flagged = [line for line in fleet.text().splitlines() if "🚩" in line]
        self.assertEqual({line.rpartition("|")[2].strip() for line in flagged}, large)
        self.assertEqual(self.counter("flagged"), len(flagged))
        self.assertGreater(self.counter("retried"), 0)
        self.assertRegex(fleet.text(), r"statistics after \d+ transactions")
        self.assertIn("exec: the account ends in 0", fleet.text())
        for partition in range(3):
            end = max(offset for p, offset in records if p == partition) + 1
            self.assertEqual(committed(self.kafka.bootstrap, f"test_group_{self.bravo}")[topic, partition], end)

    def test_a_program_may_speak_message_pack(self):
        topic = self.topic()
        records = self.produced(topic, 600)
        (self.folder / "judge.py").write_text(PACKED_JUDGE)
        fleet = self.supervise("--clients", self.bravo, "--workload", "transactions", "--topic", topic, "--no-producer", "--keep", "--retry-delay", "5ms",
                               "--retries", "1000", "--batch-size", "50", "--pipeline", "validate, exec-msgpack:python3 judge.py, ndjson:out")
        passed = {place for place, record in records.items() if record["account"] % 10 != 0}
        self.assertTrue(passed and len(passed) < len(records), "a seed without any of them")
        out = self.folder / "out"
        wait_until(lambda: set(self.places(out)) == passed and self.counter("dead_lettered") == len(records) - len(passed), 60, "all records through")
        fleet.wait_line(r"exec-msgpack: .* ended with exit status 3 after \d+ of \d+ answers", 1)
        fleet.wait_line(r"exec-msgpack: .* said an integer where ok, retry or dead is expected after \d+ of \d+ answers", 1)
        self.assertIn("exec-msgpack: the account ends in 0", fleet.text())
        self.assertGreater(self.counter("retried"), 0)
        self.assertEqual(fleet.interrupt(), 0)
        self.assertEqual(set(self.places(self.folder / "seen")), set(records))
        for line in self.lines(self.folder / "seen"):
            record = records[line["partition"], line["offset"]]
            self.assertEqual((line["account"], line["type"], line["currency"]), (record["account"], record["type"], record["currency"]))
            self.assertEqual(Decimal(line["amount_minor"]).scaleb(-line["exponent"]), record["amount"])
        for partition in range(3):
            end = max(offset for p, offset in records if p == partition) + 1
            self.assertEqual(committed(self.kafka.bootstrap, f"test_group_{self.bravo}")[topic, partition], end)

    def test_a_program_and_a_consumer_that_are_killed_lose_nothing(self):
        topic = self.topic()
        records = self.produced(topic, 3000)
        out = self.folder / "out"
        pid = self.folder / "pid"
        config = self.folder / "fleet.ini"
        config.write_text(f"[ksupervise]\ninstance = {self.instance}\nworkload = transactions\ntopic = {topic}\nno-producer = yes\nkeep = yes\nquiet = yes\n"
                          f"[client {self.bravo}]\nbatch-size = 20\nretry-delay = 5ms\n"
                          f"pipeline = exec:echo $$ >pid; while read -r line; do echo ok; sleep 0.002; done, ndjson:out\n")
        fleet = self.start("ksupervise", "--config", config)
        wait_until(lambda: len(self.places(out)) > 200, 30, "the first records")
        os.kill(int(pid.read_text()), signal.SIGKILL)
        fleet.wait_line(r"exec: .*was killed by SIGKILL (after \d+ of \d+ answers|between two batches)", 10)
        reached = len(self.places(out))
        wait_until(lambda: len(self.places(out)) > reached + 200, 30, "records after the program's death")
        program = int(pid.read_text())
        os.kill(self.worker(self.bravo)["pid"], signal.SIGKILL)
        fleet.wait_line(rf"{self.bravo} resumed at \d+", 15)
        wait_until(lambda: not alive(program), 5, "the end of the dead consumer's program")
        wait_until(lambda: set(self.places(out)) == set(records), 60, "every record in the file")
        program = int(pid.read_text())
        self.assertEqual(fleet.interrupt(), 0)
        self.assertFalse(alive(program))
        self.assertEqual(set(self.places(out)), set(records))
        self.assertTrue(out.read_text().endswith("\n"))  # what the kill had torn was cut

    def test_a_consumers_whole_tree_ends_with_it_however_it_ends(self):
        topic = self.topic()
        self.produced(topic, 100)
        leave = "sleep 1000 & setsid sleep 1000 & setsid sh -c 'sleep 1000 & sleep 1000 &' & "
        started = []

        def fleet():
            started.append(self.supervise("--clients", self.bravo, "--workload", "transactions", "--topic", topic, "--no-producer", "--quiet", "--keep",
                                          "--group", f"g-{len(started)}-{self.token}", "--from", "earliest",
                                          "--pipeline", f"exec:{leave} while read -r line; do echo ok; done"))
            wait_until(lambda: len(self.tree()) == 4, 30, "what the program leaves")
            return started[-1]

        first = fleet()
        tree = self.tree()
        os.kill(self.worker(self.bravo)["pid"], signal.SIGKILL)
        first.wait_line(rf"{self.bravo} resumed at \d+", 30)
        wait_until(lambda: not set(tree) & set(self.tree()), 5, "the end of the dead consumer's tree")
        self.assertEqual(first.interrupt(), 0)
        self.assertEqual(self.tree(), [])
        second = fleet()
        os.kill(second.pid, signal.SIGKILL)
        second.wait(10)
        wait_until(lambda: not self.tree(), 5, "the end of the dead supervisor's tree")

    def tree(self):
        """What the programs have left."""
        return [pid for pid in processes_marked(self.token) if describe_process(pid).endswith(" sleep 1000")]

    def test_a_slow_record_is_no_hang_and_does_not_hold_up_the_end(self):
        topic = self.topic(partitions=1)
        self.produced(topic, 20)
        fleet = self.supervise("--clients", self.bravo, "--workload", "transactions", "--topic", topic, "--no-producer", "--quiet", "--hang-after", "2s",
                               "--pipeline", "delay:6000")
        wait_until(lambda: (w := self.worker(self.bravo)) and w["phase"] == "processing", 30, "the first record in work")
        since_us = self.worker(self.bravo)["phase_since_us"]
        wait_until(lambda: time.time() * 1e6 - since_us > 5e6, 10, "five seconds in one record")
        self.assertEqual(self.worker(self.bravo)["generation"], 1)
        self.assertNotIn("hangs", fleet.text())
        self.assertEqual(fleet.interrupt(8), 0)  # twenty records would take two minutes
        self.assertEqual(committed(self.kafka.bootstrap, f"test_group_{self.bravo}")[topic, 0], 1)  # the first slice; the rest comes again

    def test_a_slow_program_does_not_hold_up_the_end(self):
        topic = self.topic(partitions=1)
        self.produced(topic, 20)
        fleet = self.supervise("--clients", self.bravo, "--workload", "transactions", "--topic", topic, "--no-producer", "--quiet",
                               "--pipeline", "exec:while read -r line; do touch asked; sleep 30; echo ok; done")
        wait_until((self.folder / "asked").exists, 30, "the first question")
        self.assertEqual(fleet.interrupt(15), 0)
        self.assertIn("is too slow for a consumer that is stopping", fleet.text())
        self.assertNotIn("SIGKILL", fleet.text())
        self.assertEqual(committed(self.kafka.bootstrap, f"test_group_{self.bravo}").get((topic, 0), 0), 0)
        self.assert_nothing_left()

    def test_a_crash_stage_kills_before_the_record_is_committed(self):
        topic = self.topic(partitions=1)
        self.produced(topic, 20)
        consumer = self.run_program("kconsume", "--client", self.bravo, "--workload", "transactions", "--topic", topic, "--batch-size", "5", "--pipeline",
                                    "crash:partition == 0 and offset == 12", "--publish=no")
        self.assertEqual(consumer.status, -signal.SIGSEGV, consumer.text())
        self.assertIn("crash: [0] offset 12 fulfils partition == 0 and offset == 12", consumer.text("err"))
        self.assertLessEqual(committed(self.kafka.bootstrap, f"test_group_{self.bravo}").get((topic, 0), 0), 12)

    def test_a_mistake_in_a_condition_is_shown_where_it_is(self):
        process = self.run_program("kconsume", "--publish=no", "--pipeline", "validate, filter:user = 'marek' and amout > 5, stats")
        self.assertEqual(process.status, 2)
        self.assertEqual(process.text("err").splitlines()[:3],
                         ["kconsume: --pipeline: filter: column 20: there is no field 'amout' in payments; did you mean amount?",
                          "  user = 'marek' and amout > 5",
                          "                     ^"])

    def test_a_check_says_what_a_start_would_say_and_nothing_else(self):
        self.assertEqual(self.run_ok("kconsume", "--check", "--pipeline", "validate, exec:touch started, ndjson:out, sqlite:rows.db"), "")
        self.assertEqual(list(self.folder.iterdir()), [])
        for pipeline, status in (("validate, fliter:amount > 5", 2), ("validate, filter:user = 'marek' and amout > 5, stats", 2), ("delay:soon", 2),
                                 ("sqlite:rows.db, print", 2), ("postgres:hots=db1", 2)):
            check, start = (self.run_program("kconsume", "--publish=no", "--pipeline", pipeline, *more) for more in (["--check"], []))
            self.assertEqual((check.status, start.status), (status, status), check.text())
            self.assertEqual(check.text("err"), start.text("err"))
            self.assertEqual(check.text("out"), "")


if __name__ == "__main__":
    main()
