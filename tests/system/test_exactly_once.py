"""A database that stays exact through any kill, on a real Kafka: every record is in it once, whatever dies when."""

import os
import pathlib
import random
import shutil
import signal
import sqlite3
import time

from harness import main, wait_until
from sink_test import EverySink, SinkTest


class IntoSqlite(SinkTest):
    def setUp(self):
        super().setUp()
        self.file = self.folder / "records.db"
        self.stage, self.audited = f"sqlite:{self.file}", ("--sqlite", self.file)

    def query(self, sql):
        with sqlite3.connect(self.file) as db:
            return db.execute(sql).fetchall()

    def there(self, topic):
        made = self.file.exists() and self.query(f"SELECT 1 FROM sqlite_master WHERE name = '{topic}'")
        return len(self.rows(topic)) if made else 0


class Sqlite(EverySink, IntoSqlite):
    def test_each_record_is_there_once_with_its_fields(self):
        topic, group = self.topic(), self.name("g")
        self.run_ok("kproduce", "--topic", topic, "--user", "marek", "--amount", "249.99", "--currency", "PLN", "--method", "blik")
        self.produce(topic, 1000)
        self.supervise_sink(topic, group)
        wait_until(lambda: self.reached(topic, group), 30, "all committed")
        self.assert_exact(topic)
        [(amount, exponent, currency, method, payment_id)] = self.query(
            f'SELECT amount_minor, exponent, currency, method, payment_id FROM "{topic}" WHERE user = \'marek\' AND amount_minor = 24999')
        self.assertEqual((amount, exponent, currency, method), (24999, 2, "PLN", "blik"))
        self.assertRegex(payment_id, r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")

    def test_a_full_disk_holds_the_records_up_and_none_is_lost(self):
        """The consumer has a small file system of its own, which a file of ours fills until it is removed."""
        topic, group = self.topic(2), self.name("g")
        small, as_root = self.folder / "small", () if os.geteuid() == 0 else ("--map-root-user",)
        small.mkdir()
        self.produce(topic, 20_000)
        mount = 'mount -t tmpfs -o size=32m small "$1" && head -c 31m /dev/zero >"$1/filler"; shift; exec "$@"'
        consumer = self.start("/usr/bin/env", "unshare", "--mount", *as_root, "sh", "-c", mount, "sh", small, self.program("kconsume"),
                              "--publish=no", "--client", self.name("c"), "--group", group, "--topic", topic, "--pipeline", f"validate, sqlite:{small}/records.db")
        consumer.wait_line("disk is full", 30)
        self.assertFalse(self.reached(topic, group))
        inside = pathlib.Path(f"/proc/{consumer.pid}/root{small}")
        (inside / "filler").unlink()
        wait_until(lambda: self.reached(topic, group), 60, "all committed, once there is room")
        for path in inside.glob("records.db*"):  # SQLite would follow the name back out of there
            shutil.copy(path, self.folder)
        self.assert_exact(topic)
        consumer.interrupt()

    def test_a_file_that_is_locked_elsewhere_is_waited_for_and_no_hang(self):
        """Longer than --hang-after, with many partitions that each have a letter to keep and a place to set."""
        topic, group = self.topic(24), self.name("g")
        self.produce(topic, 2400)
        supervisor = self.supervise_sink(topic, group, "--hang-after", "8s", "--retry-delay", "50ms")
        wait_until(lambda: self.reached(topic, group), 60, "all committed")
        with sqlite3.connect(self.file, isolation_level=None) as lock:
            lock.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            self.produce(topic, 2400)
            os.kill(self.worker("bravo")["pid"], signal.SIGKILL)  # the next one takes 24 partitions over, or tries to
            supervisor.wait_line("database is locked", 30)
            wait_until(lambda: time.monotonic() - began > 20, 30, "a lock twice as long as a hang")
            self.assertEqual(self.worker("bravo")["generation"], 2, supervisor.text())
            self.assertFalse(self.reached(topic, group))
            lock.execute("ROLLBACK")
        wait_until(lambda: self.reached(topic, group), 60, "all committed")
        self.assertEqual(self.worker("bravo")["generation"], 2, supervisor.text())
        self.assert_exact(topic)
        self.assert_audited(topic, group)

    def test_a_file_that_is_replaced_is_noticed_and_its_own_places_hold(self):
        topic, group = self.topic(2), self.name("g")
        self.produce(topic, 1000)
        supervisor = self.supervise_sink(topic, group)
        wait_until(lambda: self.reached(topic, group), 30, "all committed")
        self.query(f"VACUUM INTO '{self.file}.backup'")
        self.produce(topic, 1000)
        wait_until(lambda: self.reached(topic, group), 30, "all committed")
        for path in self.folder.glob("records.db*"):
            if path.suffix != ".backup":
                path.unlink()
        os.rename(f"{self.file}.backup", self.file)
        self.produce(topic, 1000)
        supervisor.wait_line("was deleted or replaced while it was in use", 30)
        os.kill(self.worker("bravo")["pid"], signal.SIGKILL)  # at the latest now its partitions are taken again
        wait_until(lambda: self.there(topic) == 3000, 60, "all rows, those of the first file again")
        self.assert_exact(topic)

    def test_topics_that_differ_in_case_only_do_not_share_a_table(self):
        topic, group = self.topic(1), self.name("g")
        self.run_ok("ktopic", "provision", "--partitions", 1, topic.upper())
        self.produce(topic, 10)
        self.produce(topic.upper(), 10)
        self.assertEqual(self.consume(topic, group, self.stage, "--count", 10).wait(20), 0)
        other = self.consume(topic.upper(), group, self.stage)
        self.assertEqual(other.wait(20), 78)
        self.assertRegex(other.text("err"), f'topic {topic.upper()} needs a table of its name, and there is the table "{topic}"')
        self.assert_exact(topic)

    def test_two_hundred_kills_of_two_consumers_of_one_file(self):
        """300,000 records, one in a hundred poisoned; and small batches, so that there is work to die in to the end."""
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
                              "--session-timeout", "30s", "--batch-size", "4", "--publish=no", "--pipeline", f"validate, sqlite:{self.file}")

        running = {name: consumer(name) for name in ("one", "two")}
        killed = 0
        while killed < 200:
            name = chance.choice(("one", "two"))
            time.sleep(chance.uniform(0, 0.1))  # not to wait for something: this is the random moment
            running[name].kill()
            running[name] = consumer(name)
            killed += 1
        wait_until(lambda: self.reached(topic, group), 120, "everything committed")
        for process in running.values():
            process.interrupt()
        self.assert_audited(topic, group, "--dlq")
        self.assertEqual(len(self.rows(topic)), 297000)
        self.assertEqual(len(set(self.rows(topic))), 297000)


if __name__ == "__main__":
    main()
