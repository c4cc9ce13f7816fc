"""The life of a partition on a real Kafka, where features meet: rebalances, pauses, retries, acknowledgements, transactions, refused letters."""

import json
import os
import shlex
import signal
import subprocess

import kafka_protocol
from harness import ROOT, SystemTest, main, wait_until


class Partitions(SystemTest):
    def produce(self, topic, count, *more):
        self.run_ok("kproduce", "--publish=no", "--topic", topic, "--rate", "0", "--count", count, "--quiet", *more, seconds=60)

    def poison(self, topic, partition, value=b"no MessagePack"):
        path = self.folder / "poison"
        path.write_bytes(value)
        self.run_ok("/usr/bin/env", "kcat", "-P", "-b", self.kafka.bootstrap, "-X", "message.max.bytes=10000000", "-t", topic, "-p", partition, path)

    def ends(self, topic):
        return kafka_protocol.end_offsets(self.kafka.bootstrap, topic)

    def is_there(self, topic, partitions):
        try:
            return len(self.ends(topic)) == partitions
        except RuntimeError:  # not everywhere yet
            return False

    def committed(self, group, topic):
        found = kafka_protocol.committed(self.kafka.bootstrap, group) or {}
        return {p: o for (t, p), o in found.items() if t == topic}

    def done(self, group, topic):
        return self.committed(group, topic) == self.ends(topic)

    def consume(self, client, group, topic, *more):
        return self.start("kconsume", "--publish=no", "--client", client, "--group", group, "--topic", topic, "--session-timeout", "6s", *more)

    def kctl(self, *words):
        return self.run_program("kctl", "-i", self.instance, *words)

    def fleet(self, topic, group, *more):
        fleet = self.supervise("--clients", "bravo", "--group", group, "--topic", topic, "--no-producer", "--session-timeout", "6s", "--keep", *more)
        fleet.wait_line("ready:", 30)
        return fleet

    def lag(self):
        return sum(p["lag"] if p["lag"] is not None else 1 for p in self.worker("bravo")["partitions"] if p["assigned"])

    def lines(self, path):
        """[(partition, offset)] of an ndjson file that may be in the making."""
        if not path.exists():
            return []
        whole = path.read_text().rpartition("\n")[0].splitlines()
        return [(line["partition"], line["offset"]) for line in map(json.loads, whole)]

    def offsets_of(self, topic):
        return {(p, o) for p, end in self.ends(topic).items() for o in range(end)}


class Acknowledgements(Partitions):
    def test_members_that_come_and_go_move_no_commit(self):
        topic, group = self.topic(), self.name("g")
        self.produce(topic, 300)
        self.fleet(topic, group, "--commit", "manual", "--batch-wait", "5ms")
        wait_until(lambda: sum(p["position"] or 0 for p in self.worker("bravo")["partitions"]) == 300, 20, "all delivered")
        before = self.committed(group, topic)
        self.assertEqual(set(before.values()), {0})
        for round in range(3):
            other = self.consume(f"other{round}", group, topic, "--commit", "manual")
            other.wait_line("assigned [1-9]", 30)
            self.produce(topic, 50)
            self.assertEqual(other.interrupt(), 0, other.text())
            wait_until(lambda: sum(p["assigned"] for p in self.worker("bravo")["partitions"]) == 3, 30, "all three back")
            self.assertEqual(self.committed(group, topic), before, f"round {round}: nobody has acknowledged anything")
        ended = self.kctl("ack", "bravo", "all")
        self.assertEqual(ended.status, 0, ended.text())

    def test_a_reset_to_the_committed_offset_forgets_what_was_acknowledged_beyond_it(self):
        topic, group = self.topic(1), self.name("g")
        self.produce(topic, 20)
        given = self.folder / "given"
        self.fleet(topic, group, "--commit", "manual", "--pipeline", f"ndjson:{given}")
        wait_until(lambda: len(self.lines(given)) == 20, 20, "all delivered")
        self.assertEqual(self.kctl("ack", "bravo", "0:5-9").status, 0)
        done = self.kctl("reset", "bravo", "--to", "offset", "0")
        self.assertEqual(done.status, 0, done.text())
        wait_until(lambda: len(self.lines(given)) == 40, 20, "all 20 again")
        os.kill(self.worker("bravo")["pid"], signal.SIGKILL)
        wait_until(lambda: len(self.lines(given)) == 60, 20, "and again after a kill")


class Pauses(Partitions):
    def test_a_partition_that_was_paused_and_moved_is_read_again(self):
        topic, group = self.topic(), self.name("g")
        self.fleet(topic, group)
        self.assertEqual(self.kctl("pause", "bravo").status, 0)
        other = self.consume("other", group, topic)
        other.wait_line("assigned [1-9]", 30)
        self.produce(topic, 100)
        self.assertEqual(other.interrupt(), 0, other.text())
        wait_until(lambda: sum(p["assigned"] for p in self.worker("bravo")["partitions"]) == 3, 30, "all three back")
        self.assertEqual(self.kctl("resume", "bravo").status, 0)
        self.produce(topic, 100)
        wait_until(lambda: self.done(group, topic), 20, "all read and committed")
        wait_until(lambda: self.lag() == 0, 10, "lag 0")

    def test_one_that_was_full_and_moved_is_read_again(self):
        topic, group = self.topic(), self.name("g")
        self.produce(topic, 60)
        fleet = self.fleet(topic, group, "--commit", "manual", "--max-unacknowledged", "5", "--batch-size", "5")
        fleet.wait_line("waits: .* not acknowledged", 20)
        other = self.consume("other", group, topic, "--commit", "manual")
        other.wait_line("assigned [1-9]", 30)
        self.assertEqual(other.interrupt(), 0, other.text())
        wait_until(lambda: sum(p["assigned"] for p in self.worker("bravo")["partitions"]) == 3, 30, "all three back")

        def acknowledged():
            self.kctl("ack", "bravo", "all")
            return self.done(group, topic)

        wait_until(acknowledged, 30, "all delivered and acknowledged", every=0.1)


class Transactions(Partitions):
    def transactions(self, topic, *words):
        program = self.folder / "transactions"
        if not program.exists():
            source = ROOT / "tests" / "system" / "transactions.c"
            subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-std=gnu11", "-o", program, source, "-lrdkafka"], check=True)
        self.run_ok(str(program), self.kafka.bootstrap, topic, 0, *words, seconds=60)

    def test_what_is_no_record_is_no_lag(self):
        for more in ((), ("--commit", "manual"), ("--pipeline", "validate, sqlite:rows.db")):
            topic, group = self.name("t" + str(len(more))), self.name("g" + str(len(more)))
            self.run_ok("ktopic", "provision", "--partitions", 1, topic)
            self.transactions(topic, "commit:3", "abort:4", "commit:1", "abort:2")
            consumer = self.consume("bravo", group, topic, "--dead-letters", "off", *more)
            wait_until(lambda: self.done(group, topic), 30, f"{more}: committed up to the end, over markers and aborted records")
            self.assertEqual(consumer.interrupt(), 0, consumer.text())

    def test_exit_when_done_ends_behind_a_marker(self):
        topic, group = self.topic(1), self.name("g")
        self.transactions(topic, "commit:3", "abort:2")
        self.produce(topic, 5)
        self.transactions(topic, "abort:2")
        fleet = self.supervise("--clients", "bravo", "--group", group, "--topic", topic, "--rate", "0", "--count", 5, "--quiet", "--dead-letters", "off",
                               "--exit-when-done")
        self.assertEqual(fleet.wait(30), 0, fleet.text())


class Starts(Partitions):
    def test_a_new_partition_is_read_from_its_first_record_though_from_is_latest(self):
        topic, group = self.topic(1), self.name("g")
        self.produce(topic, 5)
        given = self.folder / "given"
        fleet = self.fleet(topic, group, "--from", "latest", "--pipeline", f"ndjson:{given}", "-X", "topic.metadata.refresh.interval.ms=3000")
        self.produce(topic, 5)
        wait_until(lambda: len(self.lines(given)) == 5, 20, "those after the start")
        kafka_protocol.create_partitions(self.kafka.bootstrap, topic, 2)
        wait_until(lambda: self.is_there(topic, 2), 10, "the new partition")
        self.run_ok("/usr/bin/env", "kcat", "-P", "-b", self.kafka.bootstrap, "-t", topic, "-p", 1, "-H", "schema=payment/1", "/etc/hostname")
        fleet.wait_line(r"\[1\] is new to the group: it begins at its first record", 30)
        wait_until(lambda: self.done(group, topic), 20, "read from its first record")

    def test_partitions_added_while_a_static_member_is_down_are_read_after_its_restart(self):
        for strategy in ("range", "cooperative-sticky"):
            topic, group = self.name("t" + strategy[0]), self.name("g" + strategy[0])
            self.run_ok("ktopic", "provision", "--partitions", 2, topic)
            more = ("-X", f"partition.assignment.strategy={strategy}", "--instance-id")
            first = self.consume("first", group, topic, *more, "one")
            first.wait_line("assigned 2 partitions", 30)
            second = self.consume("second", group, topic, *more, "two")
            second.wait_line("assigned 1 partition", 30)
            first.popen.kill()
            first.wait(10)
            rebalances = second.text().count("assigned")
            first = self.consume("first", group, topic, *more, "one")
            self.produce(topic, 100)
            wait_until(lambda: self.done(group, topic), 20, f"{strategy}: both are read")
            self.assertEqual(second.text().count("assigned"), rebalances, "nothing was added: no rebalance")
            first.popen.kill()
            first.wait(10)
            kafka_protocol.create_partitions(self.kafka.bootstrap, topic, 4)
            wait_until(lambda: self.is_there(topic, 4), 10, "the new partitions")
            first = self.consume("first", group, topic, *more, "one")
            self.produce(topic, 400)
            wait_until(lambda: self.done(group, topic), 20, f"{strategy}: all four are read")
            self.assertEqual(first.text().count("were added to topic"), 1, first.text())
            for process in (first, second):
                self.assertEqual(process.interrupt(), 0, process.text())

    def test_a_new_database_begins_where_the_group_is(self):
        topic, group = self.topic(1), self.name("g")
        self.produce(topic, 10)
        self.assertEqual(self.consume("bravo", group, topic, "--count", 10).wait(30), 0)
        self.produce(topic, 20)
        rows = self.folder / "rows.db"
        consumer = self.consume("bravo", group, topic, "--from", "latest", "--pipeline", f"validate, sqlite:{rows}", "--count", 20)
        self.assertEqual(consumer.wait(30), 0, consumer.text())
        count = self.run_ok("/usr/bin/env", "sqlite3", rows, f'SELECT count(*), min(kafka_offset) FROM "{topic}"')
        self.assertEqual(count.strip(), "20|10")


class Letters(Partitions):
    def letter_count(self, topic):
        listed = self.run_ok("/usr/bin/env", "kcat", "-L", "-J", "-b", self.kafka.bootstrap)
        return sum(self.ends(topic).values()) if f'"{topic}"' in listed else 0

    def test_no_letter_leaves_before_its_batch_stands(self):
        topic, group = self.topic(1), self.name("g")
        self.produce(topic, 3)
        self.poison(topic, 0)
        may = self.folder / "may"
        program = f"while read -r line; do [ -e {may} ] || exit 1; echo ok; done"
        consumer = self.consume("bravo", group, topic, "--retry-delay", "20ms", "--pipeline", f"validate, exec:{program}")
        for _ in range(5):
            consumer.wait_line("could not be processed: .*retrying in", 20, after=consumer.mark())
        self.assertEqual(self.letter_count(f"{topic}.dlq"), 0)
        may.touch()
        wait_until(lambda: self.done(group, topic), 60, "all committed")
        self.assertEqual(self.letter_count(f"{topic}.dlq"), 1)

    def test_a_letter_that_the_topic_refuses_holds_its_partition_and_no_other_until_it_is_taken(self):
        topic, group = self.topic(2), self.name("g")
        self.run_ok("ktopic", "provision", "--partitions", 1, f"{topic}.dlq")
        kafka_protocol.set_topic_settings(self.kafka.bootstrap, f"{topic}.dlq", {"max.message.bytes": "2000"})
        self.poison(topic, 0, os.urandom(20000))
        fleet = self.fleet(topic, group, "--retry-delay", "100ms")
        fleet.wait_line(r"the dead letter of .* \[0\] offset 0 was refused by topic .*its partition waits", 20)
        self.produce(topic, 200)
        wait_until(lambda: self.committed(group, topic).get(1) == self.ends(topic)[1] > 0, 20, "the other partition goes on")
        self.assertEqual(self.committed(group, topic)[0], 0, "nothing is committed beyond the letter")
        self.assertEqual(self.worker("bravo")["restarts"], 0)
        kafka_protocol.set_topic_settings(self.kafka.bootstrap, f"{topic}.dlq", {"max.message.bytes": "1000000"})
        wait_until(lambda: self.done(group, topic), 40, "it goes on by itself")
        self.assertEqual(self.letter_count(f"{topic}.dlq"), 1)

    def test_the_letters_topic_has_room_for_the_largest_record(self):
        topic, group = self.topic(1), self.name("g")
        kafka_protocol.set_topic_settings(self.kafka.bootstrap, topic, {"max.message.bytes": "3000000"})
        self.poison(topic, 0, os.urandom(2900000))
        self.consume("bravo", group, topic)
        wait_until(lambda: self.done(group, topic), 30, "its letter is taken")
        self.assertEqual(self.letter_count(f"{topic}.dlq"), 1)

    def test_a_name_that_a_topic_cannot_have_is_refused_at_the_start(self):
        consumer = self.run_program("kconsume", "--publish=no", "--topic", "t" * 248, "--group", self.name("g"))
        self.assertEqual(consumer.status, 78, consumer.text())
        self.assertIn("--dead-letters", consumer.text())


class Slow(Partitions):
    def test_a_batch_that_takes_longer_than_the_poll_interval_costs_no_place(self):
        topic, group = self.topic(1), self.name("g")
        self.produce(topic, 60)
        consumer = self.consume("bravo", group, topic, "--instance-id", self.name("i"), "-X", "max.poll.interval.ms=6000", "--pipeline", "validate, delay:250",
                                "--batch-size", "60", "--count", 60)
        self.assertEqual(consumer.wait(60), 0, consumer.text())
        self.assertEqual(self.committed(group, topic), {0: 60})
        self.assertEqual(consumer.text().count("assigned 1 partition"), 1, consumer.text())


class Cooperative(Partitions):
    def test_scaling_loses_no_record_and_doubles_none(self):
        topic, group = self.topic(6), self.name("g")
        common = ("-X", "partition.assignment.strategy=cooperative-sticky", "--batch-size", "50", "--quiet")
        files = [self.folder / f"given{n}" for n in range(4)]
        stay = [self.consume(f"c{n}", group, topic, *common, "--pipeline", f"delay:1, ndjson:{files[n]}") for n in range(2)]
        sender = self.start("kproduce", "--publish=no", "--topic", topic, "--rate", "1000", "--count", 15000, "--quiet")
        for n in (2, 3):
            come = self.consume(f"c{n}", group, topic, *common, "--pipeline", f"delay:1, ndjson:{files[n]}")
            wait_until(lambda: self.lines(files[n]), 30, f"the {n}th has records")
            self.assertEqual(come.interrupt(), 0, come.text())
        self.assertEqual(sender.wait(60), 0)
        wait_until(lambda: self.done(group, topic), 60, "all committed")
        for process in stay:
            self.assertEqual(process.interrupt(), 0, process.text())
        given = [pair for path in files for pair in self.lines(path)]
        self.assertEqual(self.offsets_of(topic) - set(given), set(), "missing")
        self.assertEqual(len(given) - len(set(given)), 0, "delivered again, though nothing was killed")


class Errors(Partitions):
    def test_a_record_that_librdkafka_cannot_take_is_told(self):
        topic, group = self.topic(1), self.name("g")
        kafka_protocol.set_topic_settings(self.kafka.bootstrap, topic, {"max.message.bytes": "3000000"})
        self.poison(topic, 0, os.urandom(2500000))
        fleet = self.fleet(topic, group, "-X", "receive.message.max.bytes=1000000", "-X", "fetch.max.bytes=900000", "-X", "message.max.bytes=900000")
        fleet.wait_line("warning: Kafka: .*(too large|receive.message.max.bytes|[Ii]nvalid response size)", 20)


if __name__ == "__main__":
    main()
