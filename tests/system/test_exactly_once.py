"""A database that stays exact through any kill, on a real Kafka: every record is in it once, whatever dies when."""

import os
import random
import signal
import sqlite3
import time

import kafka_protocol
from harness import SystemTest, alive, main, wait_until


class Exact(SystemTest):
    """What is the same for every database. The database is read by a client of the test's own."""

    def produce(self, topic, count, *more):
        self.run_ok("kproduce", "--topic", topic, "--rate", "0", "--count", count, "--quiet", *more, seconds=120)

    def poison(self, topic, partition):
        path = self.folder / "poison"
        path.write_bytes(b"no MessagePack")
        self.run_ok("/usr/bin/env", "kcat", "-P", "-b", self.kafka.bootstrap, "-t", topic, "-p", partition, "-k", "marek", path)

    def ends(self, topic):
        return kafka_protocol.end_offsets(self.kafka.bootstrap, topic)

    def reached(self, topic, group):
        """Kafka's committed offsets follow the database: at the end they say the same."""
        committed = kafka_protocol.committed(self.kafka.bootstrap, group)
        return committed is not None and all(committed.get((topic, p), 0) == end for p, end in self.ends(topic).items())

    def kill_until(self, done, most, seconds=120):
        """SIGKILLs bravo again and again, each generation once, until `done`, or `most` have died; returns how many did."""
        killed = set()

        def step():
            worker = self.worker("bravo")
            if len(killed) < most and worker and worker["state"] == "ready" and worker["pid"] not in killed and alive(worker["pid"]):
                os.kill(worker["pid"], signal.SIGKILL)
                killed.add(worker["pid"])
            return done()

        wait_until(step, seconds, "the end of the work")
        return len(killed)

    def assert_exact(self, rows, topic, dead=()):
        """Every offset that the topic has is there once, but for the dead ones."""
        wanted = sorted((p, o) for p, end in self.ends(topic).items() for o in range(end) if (p, o) not in dead)
        rows = sorted(rows)
        self.assertEqual(len(rows), len(set(rows)), "doubled")
        self.assertEqual(rows, wanted, "missing, or never produced")


class Sqlite(Exact):
    def setUp(self):
        super().setUp()
        self.file = self.folder / "records.db"

    def rows(self, topic):
        with sqlite3.connect(self.file) as db:
            return db.execute(f'SELECT kafka_partition, kafka_offset FROM "{topic}"').fetchall()

    def query(self, sql):
        with sqlite3.connect(self.file) as db:
            return db.execute(sql).fetchall()

    def supervise_sink(self, topic, group, *more):
        return self.supervise("--clients", "bravo", "--no-producer", "--topic", topic, "--group", group, "--pipeline",
                              f"validate, sqlite:{self.file}", "--max-deaths", "32", "--restart-delay", "1ms", "--restart-delay-max", "5ms",
                              "--quiet", *more)

    def test_each_record_is_there_once_with_its_fields(self):
        topic, group = self.topic(), self.name("g")
        self.run_ok("kproduce", "--topic", topic, "--user", "marek", "--amount", "249.99", "--currency", "PLN", "--method", "blik")
        self.produce(topic, 1000)
        self.supervise_sink(topic, group)
        wait_until(lambda: self.reached(topic, group), 30, "all committed")
        self.assert_exact(self.rows(topic), topic)
        [(amount, exponent, currency, method, payment_id)] = self.query(
            f'SELECT amount_minor, exponent, currency, method, payment_id FROM "{topic}" WHERE user = \'marek\' AND amount_minor = 24999')
        self.assertEqual((amount, exponent, currency, method), (24999, 2, "PLN", "blik"))
        self.assertRegex(payment_id, r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")

    def test_it_stays_exact_through_kills_and_its_dead_letters_go_out(self):
        topic, group = self.topic(), self.name("g")
        chance = random.Random(4)
        dead = []
        for _ in range(8):
            self.produce(topic, 2500)
            partition = chance.randrange(3)
            dead.append((partition, self.ends(topic)[partition]))
            self.poison(topic, partition)
        self.supervise_sink(topic, group, "--batch-size", "100")
        killed = self.kill_until(lambda: self.reached(topic, group), 25)
        self.assertGreater(killed, 5)
        self.assert_exact(self.rows(topic), topic, dead)
        wait_until(lambda: not self.query("SELECT * FROM ksupervise_outbox"), 15, "an empty outbox")
        letters = self.run_ok("/usr/bin/env", "kcat", "-C", "-b", self.kafka.bootstrap, "-t", f"{topic}.dlq", "-e", "-q", "-f", "%h\\n")
        ids = {word for line in letters.splitlines() for word in line.split(",") if word.startswith("dlq.id=")}
        self.assertEqual(len(ids), len(dead), letters)

    def test_two_hundred_kills_of_two_consumers_of_one_file(self):
        """300,000 records, one in a hundred poisoned; each process is killed at a random moment of its first quarter second."""
        topic, group = self.topic(4), self.name("g")
        chance = random.Random(11)
        junk = self.folder / "junk"
        junk.write_text("".join(f"no MessagePack {n}\n" for n in range(300)))
        for _ in range(10):
            self.produce(topic, 29700)
            self.run_ok("/usr/bin/env", "kcat", "-P", "-b", self.kafka.bootstrap, "-t", topic, "-l", junk)
        self.assertEqual(sum(self.ends(topic).values()), 300000)

        def consumer(name):
            return self.start("kconsume", "--client", name, "--instance-id", f"{group}-{name}", "--group", group, "--topic", topic, "--quiet",
                              "--session-timeout", "30s", "--batch-size", "200", "--publish=no", "--pipeline", f"validate, sqlite:{self.file}")

        running = {name: consumer(name) for name in ("one", "two")}
        killed = 0
        while killed < 200:
            name = chance.choice(("one", "two"))
            time.sleep(chance.uniform(0, 0.25))  # not to wait for something: this is the random moment
            running[name].kill()
            running[name] = consumer(name)
            killed += 1
        wait_until(lambda: self.reached(topic, group), 120, "everything committed")
        for process in running.values():
            process.interrupt()
        done = self.run_program("kaudit", topic, "--group", group, "--sqlite", self.file, "--dlq", seconds=60)
        self.assertEqual(done.status, 0, done.text())
        self.assertEqual(len(self.rows(topic)), 297000)
        self.assertEqual(len(set(self.rows(topic))), 297000)

    def test_a_stopped_process_that_wakes_after_it_was_replaced_writes_nothing(self):
        topic, group = self.topic(1), self.name("g")
        self.produce(topic, 500)
        first = self.start("kconsume", "--publish=no", "--client", "first", "--group", group, "--topic", topic, "--session-timeout", "6s", "--batch-size", "10",
                           "--pipeline", f"delay:5, sqlite:{self.file}")
        wait_until(lambda: self.file.exists() and self.query("SELECT 1 FROM sqlite_master WHERE name LIKE 'ksup%'") and len(self.rows(topic)) > 20,
                   20, "some rows")
        first.send(signal.SIGSTOP)
        second = self.start("kconsume", "--publish=no", "--client", "second", "--group", group, "--topic", topic, "--pipeline", f"sqlite:{self.file}")
        wait_until(lambda: self.reached(topic, group), 40, "all committed by the second")
        first.send(signal.SIGCONT)
        self.produce(topic, 500)
        wait_until(lambda: self.reached(topic, group), 60, "all committed")
        for process in (first, second):
            process.interrupt()
        self.assert_exact(self.rows(topic), topic)

    def test_two_groups_do_not_fill_one_table(self):
        topic = self.topic(1)
        self.produce(topic, 10)
        one = self.start("kconsume", "--publish=no", "--client", "one", "--group", self.name("g1"), "--topic", topic, "--count", 10, "--pipeline", f"sqlite:{self.file}")
        self.assertEqual(one.wait(), 0, one.text())
        two = self.start("kconsume", "--publish=no", "--client", "two", "--group", self.name("g2"), "--topic", topic, "--pipeline", f"sqlite:{self.file}")
        two.wait_line("is filled by group", 20)
        two.interrupt()
        self.assertEqual(len(self.rows(topic)), 10)


if __name__ == "__main__":
    main()
