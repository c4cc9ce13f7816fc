"""sink_test.py: databases that stay exact, whatever dies when: what their tests stand on, and the tests that every one of them passes."""

import os
import random
import signal

import kafka_protocol
from harness import SystemTest, alive, wait_until


class SinkTest(SystemTest):
    """A database is a subclass, which reads it by a client of its own: `stage` is its stage of a pipeline, `audited` what kaudit calls it,
    query(sql) returns rows, there(topic) how many rows of a topic there are, also while there is no table."""

    stage, audited, extra = None, (), ()

    def produce(self, topic, count, *more):
        self.run_ok("kproduce", "--topic", topic, "--rate", "0", "--count", count, "--quiet", *more, seconds=120)

    def poison(self, topic, partition):
        path = self.folder / "poison"
        path.write_bytes(b"no MessagePack")
        self.run_ok("/usr/bin/env", "kcat", "-P", "-b", self.kafka.bootstrap, "-t", topic, "-p", partition, "-k", "marek", path)

    def flags(self, topic, group, *more):
        return ("--clients", "bravo", "--no-producer", "--topic", topic, "--group", group, "--pipeline", f"validate, {self.stage}",
                "--max-deaths", "32", "--restart-delay", "1ms", "--restart-delay-max", "5ms", "--quiet", *self.extra, *more)

    def supervise_sink(self, topic, group, *more):
        return self.supervise(*self.flags(topic, group, *more))

    def consume(self, topic, group, pipeline, *more, **popen):
        return self.start("kconsume", "--publish=no", "--client", self.name("c"), "--group", group, "--topic", topic, "--pipeline", pipeline, *more, **popen)

    def kill_until(self, done, most, seconds=120):
        """SIGKILLs bravo again and again, each generation once, until `done`, but `most` times at most; returns how often."""
        killed = set()

        def step():
            if len(killed) < most:
                killed.update(self.kill_if_ready(killed))
            return done()

        wait_until(step, seconds, "the end of the work")
        return len(killed)

    def kill_if_ready(self, already=()):
        worker = self.worker("bravo")
        if not worker or worker["state"] != "ready" or worker["pid"] in already or not alive(worker["pid"]):
            return []
        os.kill(worker["pid"], signal.SIGKILL)
        return [worker["pid"]]

    def ends(self, topic):
        return kafka_protocol.end_offsets(self.kafka.bootstrap, topic)

    def reached(self, topic, group):
        """Kafka's committed offsets follow the database: at the end they say the same."""
        committed = kafka_protocol.committed(self.kafka.bootstrap, group)
        return committed is not None and all(committed.get((topic, p), 0) == end for p, end in self.ends(topic).items())

    def rows(self, topic):
        return [(int(p), int(o)) for p, o in self.query(f'SELECT kafka_partition, kafka_offset FROM "{topic}"')]

    def wait_for_the_letters(self):
        wait_until(lambda: not self.query("SELECT 1 FROM ksupervise_outbox"), 15, "an empty outbox")

    def assert_exact(self, topic, dead=()):
        """Every offset that the topic has is there once, but for the dead ones."""
        wanted = sorted((p, o) for p, end in self.ends(topic).items() for o in range(end) if (p, o) not in dead)
        rows = sorted(self.rows(topic))
        self.assertEqual(len(rows), len(set(rows)), "doubled")
        self.assertEqual(rows, wanted, "missing, or never produced")

    def assert_audited(self, topic, group, *more):
        self.run_ok("kaudit", topic, "--group", group, *self.audited, *more, seconds=60)


class EverySink:
    """To be mixed into a SinkTest."""

    def test_it_stays_exact_through_kills_and_its_dead_letters_go_out(self):
        topic, group = self.topic(), self.name("g")
        chance = random.Random(4)
        dead = []
        for _ in range(8):
            self.produce(topic, 1000)
            partition = chance.randrange(3)
            dead.append((partition, self.ends(topic)[partition]))
            self.poison(topic, partition)
        self.supervise_sink(topic, group, "--batch-size", "100", "--pipeline", f"validate, delay:1, {self.stage}")
        killed = self.kill_until(lambda: self.reached(topic, group), 25)
        self.assertGreaterEqual(killed, 20)
        self.assert_exact(topic, dead)
        self.wait_for_the_letters()
        letters = self.run_ok("/usr/bin/env", "kcat", "-C", "-b", self.kafka.bootstrap, "-t", f"{topic}.dlq", "-e", "-q", "-f", "%h\\n")
        ids = {word for line in letters.splitlines() for word in line.split(",") if word.startswith("dlq.id=")}
        self.assertEqual(len(ids), len(dead), letters)
        self.assert_audited(topic, group, "--dlq")

    def test_it_stays_exact_while_brokers_and_consumers_are_killed_in_turn(self):
        self.own_kafka(3)
        topic, group, dead = self.name(), self.name("g"), []
        self.run_ok("ktopic", "provision", "--partitions", 3, "--replication-factor", 3, topic)
        self.supervise_sink(topic, group, "--batch-size", "100")
        for number in (1, 2, 3):
            dead.append((number - 1, self.ends(topic)[number - 1]))
            self.poison(topic, number - 1)
            for verb in ("kill", "start"):
                self.kafka.broker(verb, number)
                self.produce(topic, 1500)
                wait_until(self.kill_if_ready, 60, "a ready consumer, which then was killed")
        wait_until(lambda: self.reached(topic, group), 90, "all committed")
        self.assert_exact(topic, dead)
        self.wait_for_the_letters()
        self.assert_audited(topic, group, "--dlq")

    def test_a_stopped_process_that_wakes_after_it_was_replaced_writes_nothing(self):
        topic, group = self.topic(1), self.name("g")
        self.produce(topic, 500)
        first = self.consume(topic, group, f"delay:5, {self.stage}", "--session-timeout", "6s", "--batch-size", "10")
        wait_until(lambda: self.there(topic) > 20, 20, "some rows")
        first.send(signal.SIGSTOP)
        second = self.consume(topic, group, self.stage)
        wait_until(lambda: self.reached(topic, group), 60, "all committed by the second")
        first.send(signal.SIGCONT)
        self.produce(topic, 500)
        wait_until(lambda: self.reached(topic, group), 60, "all committed")
        for process in (first, second):
            process.interrupt()
        self.assert_exact(topic)

    def test_two_groups_do_not_fill_one_table(self):
        topic = self.topic(1)
        self.produce(topic, 10)
        self.assertEqual(self.consume(topic, self.name("g1"), self.stage, "--count", 10).wait(20), 0)
        second = self.consume(topic, self.name("g2"), self.stage)
        second.wait_line("is filled by group", 20)
        second.interrupt()
        self.assertEqual(len(self.rows(topic)), 10)
