"""Exactly once from one topic into another, on a real Kafka, whatever is killed when: each record is in the target once for whoever reads committed."""

import pathlib
import random
import signal
import subprocess

import kafka_protocol
from harness import main, wait_until
from message_pack import pack
from sink_test import SinkTest


class IntoAnotherTopic(SinkTest):
    def setUp(self):
        super().setUp()
        self.use(self.name("out"))

    def use(self, target):
        self.target = target
        self.stage, self.audited = f"kafka:{target}", ("--kafka", target)

    def written(self, topic=None):
        """What a reader of committed records meets: (partition, timestamp, key, bytes of the value), and the headers as a dictionary."""
        lines = self.run_ok("/usr/bin/env", "kcat", "-C", "-b", self.kafka.bootstrap, "-t", topic or self.target, "-e", "-q", "-X", "isolation.level=read_committed",
                            "-f", "%p\\t%T\\t%k\\t%S\\t%h\\n")
        records = [line.split("\t") for line in lines.splitlines()]
        return [(tuple(record[:4]), dict(header.split("=", 1) for header in record[4].split(",") if header)) for record in records]

    def sources(self, topic):
        """(partition, offset) of each record's source, as the header says it."""
        names, partitions, offsets = zip(*(headers["ksupervise.source"].split("/") for _, headers in self.written()))
        self.assertEqual(set(names), {topic})
        return list(zip(map(int, partitions), map(int, offsets)))

    def rows(self, topic):
        return self.sources(topic)

    def there(self, topic):
        return len(self.sources(topic)) if self.target in self.run_ok("ktopic", "list") else 0

    def letters(self, topic):
        lines = self.run_ok("/usr/bin/env", "kcat", "-C", "-b", self.kafka.bootstrap, "-t", f"{topic}.dlq", "-e", "-q", "-X", "isolation.level=read_committed",
                            "-f", "%h\\n")
        return [word for line in lines.splitlines() for word in line.split(",") if word.startswith("dlq.id=")]


class KafkaSink(IntoAnotherTopic):
    def test_key_value_headers_and_timestamp_are_kept_and_the_source_is_told(self):
        topic, group = self.topic(), self.name("g")
        self.produce(topic, 200)
        self.assertEqual(self.consume(topic, group, self.stage, "--count", 200).wait(30), 0)
        before, after = self.written(topic), self.written()

        for _, headers in after:
            headers.pop("ksupervise.source")
        self.assertEqual(sorted(before, key=repr), sorted(after, key=repr))
        self.assert_exact(topic)
        self.assert_audited(topic, group)
        self.assertEqual(self.ends(topic).keys(), self.ends(self.target).keys(), "made like its source")

    def test_what_a_stage_drops_is_not_written_and_its_offset_is_committed(self):
        topic, group = self.topic(1), self.name("g")
        for amount in ("1.00", "900.00", "2.00"):
            self.run_ok("kproduce", "--topic", topic, "--currency", "PLN", "--user", "marek", "--method", "blik", "--amount", amount)
        consumer = self.consume(topic, group, f"validate, filter:amount > 500, {self.stage}")
        wait_until(lambda: self.reached(topic, group), 30, "all committed")
        consumer.interrupt()
        self.assertEqual(self.sources(topic), [(0, 1)])

    def test_a_dead_letter_is_in_the_same_transaction(self):
        topic, group, dead = self.topic(), self.name("g"), []
        for partition in range(3):
            self.produce(topic, 100)
            dead.append((partition, self.ends(topic)[partition]))
            self.poison(topic, partition)
        self.supervise_sink(topic, group)
        wait_until(lambda: self.reached(topic, group), 30, "all committed")
        self.assert_exact(topic, dead)
        self.assertEqual(len(self.letters(topic)), 3)
        self.assert_audited(topic, group, "--dlq")

    def test_it_stays_exact_through_kills_at_any_moment(self):
        topic, group, chance, dead = self.topic(), self.name("g"), random.Random(5), []
        for _ in range(5):
            self.produce(topic, 1000)
            partition = chance.randrange(3)
            dead.append((partition, self.ends(topic)[partition]))
            self.poison(topic, partition)
        self.supervise_sink(topic, group, "--batch-size", "50", "--pipeline", f"validate, delay:1, {self.stage}")
        killed = self.kill_until(lambda: self.reached(topic, group), 20, 150)
        self.assertGreaterEqual(killed, 10)
        self.assert_exact(topic, dead)
        ids = self.letters(topic)
        self.assertEqual((len(ids), len(set(ids))), (5, 5), "a letter is written once")
        self.assert_audited(topic, group, "--dlq")

    def test_it_stays_exact_while_brokers_and_consumers_are_killed_in_turn(self):
        self.own_kafka(3)
        topic, group = self.name(), self.name("g")
        self.run_ok("ktopic", "provision", "--partitions", 3, "--replication-factor", 3, topic)
        self.supervise_sink(topic, group, "--batch-size", "100")
        for number in (1, 2, 3):
            for verb in ("kill", "start"):
                self.kafka.broker(verb, number)
                self.produce(topic, 1500)
                wait_until(self.kill_if_ready, 60, "a ready consumer, which then was killed")
        wait_until(lambda: self.reached(topic, group), 90, "all committed")
        self.assert_exact(topic)
        self.assert_audited(topic, group)

    def test_a_stopped_process_that_wakes_after_it_was_replaced_writes_nothing(self):
        topic, group = self.topic(1), self.name("g")
        self.produce(topic, 500)
        first = self.consume(topic, group, f"delay:5, {self.stage}", "--session-timeout", "6s", "--batch-size", "10")
        wait_until(lambda: self.there(topic) > 20, 30, "some records")
        first.send(signal.SIGSTOP)
        second = self.consume(topic, group, self.stage)
        wait_until(lambda: self.reached(topic, group), 90, "all committed by the second")
        first.send(signal.SIGCONT)
        self.produce(topic, 500)
        wait_until(lambda: self.reached(topic, group), 60, "all committed")
        for process in (first, second):
            process.interrupt()
        self.assert_exact(topic)

    def test_a_commit_whose_end_is_not_known_is_asked_for_and_done_once(self):
        topic, group = self.topic(), self.name("g")
        self.produce(topic, 2000)
        library = self.folder / "lost_commits.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library, pathlib.Path(__file__).with_name("lost_commits.c"), "-ldl"], check=True)
        consumer = self.consume(topic, group, self.stage, "--batch-size", "100", "--retry-delay", "10ms", env={"LD_PRELOAD": str(library)})
        wait_until(lambda: self.reached(topic, group), 90, "all committed")
        self.assertGreater(consumer.text().count("a commit was lost on purpose"), 10)
        consumer.interrupt()
        self.assert_exact(topic)
        self.assert_audited(topic, group)

    def test_members_that_come_and_go_in_mid_transaction_double_nothing(self):
        topic, group = self.topic(6), self.name("g")
        self.produce(topic, 6000)
        members = [self.consume(topic, group, f"validate, delay:1, {self.stage}", "--batch-size", "50")]
        for _ in range(3):
            members.append(self.consume(topic, group, f"validate, delay:1, {self.stage}", "--batch-size", "50"))
            members[-1].wait_line("assigned", 30)
            members.pop(0).interrupt()
        wait_until(lambda: self.reached(topic, group), 90, "all committed")
        members[0].interrupt()
        self.assert_exact(topic)
        self.assert_audited(topic, group)

    def test_a_record_that_the_topic_refuses_is_dead_and_the_others_go_on(self):
        topic, group = self.topic(1), self.name("g")
        self.run_ok("ktopic", "provision", "--partitions", 1, self.target)
        kafka_protocol.set_topic_settings(self.kafka.bootstrap, self.target, {"max.message.bytes": "20000"})
        self.produce(topic, 100)
        large = self.folder / "large"
        large.write_bytes(pack({"payment_id": bytes(16), "user": "marek", "amount_minor": 1, "currency": "PLN", "exponent": 2, "method": "blik",
                                "timestamp": 1772099540102594, "more": "x" * 50_000}))
        self.run_ok("/usr/bin/env", "kcat", "-P", "-b", self.kafka.bootstrap, "-t", topic, "-p", 0, large)
        self.produce(topic, 100)
        consumer = self.consume(topic, group, self.stage, "--batch-wait", "200ms")
        wait_until(lambda: self.reached(topic, group), 60, "all committed")
        consumer.interrupt()
        self.assert_exact(topic, [(0, 100)])
        self.assertEqual(len(self.letters(topic)), 1)
        self.assert_audited(topic, group, "--dlq")

    def test_a_reset_while_it_runs_writes_again_from_there(self):
        topic, group = self.topic(1), self.name("g")
        self.produce(topic, 100)
        self.supervise_sink(topic, group)
        wait_until(lambda: self.reached(topic, group), 30, "all committed")
        self.run_ok("kctl", "-i", self.instance, "reset", "bravo", "--to", "offset", "90")
        wait_until(lambda: len(self.sources(topic)) == 110, 30, "ten more")
        wait_until(lambda: kafka_protocol.committed(self.kafka.bootstrap, group) == {(topic, 0): 100}, 30, "all committed again")

    def test_what_cannot_be_is_refused_with_its_reason(self):
        topic = self.topic(1)
        for pipeline, reason, more in (("kafka", "write kafka:TOPIC", ()), (f"kafka:{topic}", "that is the topic that is read", ()),
                                       (f"kafka:{topic}.dlq", "of the dead letters", ()), ("kafka:a/b", "kafka:a/b", ()),
                                       (self.stage, "leave --commit out", ("--commit", "batch")),
                                       (self.stage, "read_uncommitted", ("-X", "isolation.level=read_uncommitted"))):
            process = self.run_program("kconsume", "--check", "--topic", topic, "--pipeline", pipeline, *more)
            self.assertNotEqual(process.status, 0, pipeline)
            self.assertIn(reason, process.text())

    def test_the_embedded_broker_is_refused(self):
        self.environment.pop("KAFKA_BOOTSTRAP")
        arguments = ("--clients", "bravo", "--pipeline", self.stage, "--no-producer", "--quiet")
        checked = self.run_program("ksupervise", "--instance", self.instance, "--check", *arguments)
        self.assertEqual(checked.status, 78, checked.text())
        self.assertIn("transactions are for show", checked.text())
        supervisor = self.supervise(*arguments)
        supervisor.wait_line("transactions are for show", 30)
        supervisor.wait_line("bravo is held: exit code 78", 30)
        supervisor.interrupt()


if __name__ == "__main__":
    main()
