"""The same exactness in PostgreSQL, a real one, whatever is done to it and to those who write to it."""

import os
import signal

from harness import alive, main, wait_until
from postgres import Postgres
from sink_test import EverySink, SinkTest
from test_faulty import BATCH_ONLY, Faulty, table


class IntoPostgres(SinkTest):
    stage, audited, extra = "postgres", ("--postgres", ""), ("--retry-delay", "20ms")

    def setUp(self):
        super().setUp()
        self.postgres = Postgres(self)

    def query(self, sql):
        return [tuple(line.split("|")) for line in self.postgres.run(sql).splitlines()]

    def there(self, topic):
        found = self.run_program("/usr/bin/env", "psql", "-qAtc", f'SELECT count(*) FROM "{topic}"')
        return int(found.text("out")) if found.status == 0 else 0

    def backends(self):
        return [int(pid) for pid, in self.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'ksupervise'")]


class Promises(EverySink, IntoPostgres):
    pass


class Records(IntoPostgres):
    def test_each_record_is_there_once_with_its_fields(self):
        topic, group = self.topic(), self.name("g")
        self.run_ok("kproduce", "--topic", topic, "--user", "żółw", "--amount", "249.99", "--currency", "PLN", "--method", "blik")
        self.produce(topic, 1000)
        self.supervise_sink(topic, group)
        wait_until(lambda: self.reached(topic, group), 30, "all committed")
        self.assert_exact(topic)
        (amount, exponent, currency, method, payment_id, late), = self.query(
            f'SELECT amount_minor, exponent, currency, method, payment_id, kafka_timestamp_us > 1500000000000000 FROM "{topic}" WHERE "user" = \'żółw\'')
        self.assertEqual((amount, exponent, currency, method, late), ("24999", "2", "PLN", "blik", "t"))
        self.assertIn(payment_id, self.run_ok("ktopic", "read", topic, "--from-beginning", "--count", "1001", "--json"))
        self.assert_audited(topic, group)

    def test_a_table_gets_a_column_for_a_new_field(self):
        topic, group = self.topic(1), self.name("g")
        self.produce(topic, 10)
        self.assertEqual(self.consume(topic, group, "postgres", "--count", 10).wait(20), 0)
        self.postgres.run(f'ALTER TABLE "{topic}" DROP COLUMN method')
        self.produce(topic, 10)
        self.assertEqual(self.consume(topic, group, "postgres", "--count", 10).wait(20), 0)
        self.assertEqual(self.query(f'SELECT count(*), count(method) FROM "{topic}"'), [("20", "10")])

    def test_a_column_of_another_type_and_a_conninfo_of_another_kind_are_told(self):
        topic = self.topic(1)
        self.postgres.run(f'CREATE TABLE "{topic}" (kafka_partition BIGINT, kafka_offset BIGINT, kafka_timestamp_us BIGINT, amount_minor NUMERIC)')
        wrong = self.consume(topic, self.name("g"), "postgres")
        self.assertEqual(wrong.wait(20), 78)
        self.assertIn("column amount_minor is of type numeric, not BIGINT", wrong.text("err"))
        unread = self.consume(topic, self.name("g"), "postgres:hots=localhost")
        self.assertEqual(unread.wait(20), 2)
        self.assertIn('invalid connection option "hots"', unread.text("err"))

    def test_a_type_that_is_altered_while_it_runs_takes_no_rows_until_it_is_right_again(self):
        """Eight bytes are eight bytes: PostgreSQL would take a number for a double."""
        topic, group = self.topic(2), self.name("g")
        self.produce(topic, 1000)
        supervisor = self.supervise_sink(topic, group)
        wait_until(lambda: self.reached(topic, group), 30, "all committed")
        self.postgres.run(f'ALTER TABLE "{topic}" ALTER amount_minor TYPE double precision')
        self.produce(topic, 1000)
        supervisor.wait_line("column amount_minor is of type double precision, not BIGINT", 30)
        self.assertEqual(self.there(topic), 1000)
        audited = self.run_program("kaudit", topic, "--group", group, *self.audited)
        self.assertEqual(audited.status, 1)
        self.assertIn("column amount_minor is of type double precision, but the sink writes bigint", audited.text("out"))
        self.postgres.run(f'ALTER TABLE "{topic}" ALTER amount_minor TYPE bigint')
        wait_until(lambda: self.reached(topic, group), 60, "all committed")
        self.assertEqual(self.worker("bravo")["generation"], 1, "an outage is not a crash")
        self.assertEqual(self.query(f'SELECT count(*) FROM "{topic}" WHERE amount_minor NOT BETWEEN 1 AND 100000000'), [("0",)])
        self.assert_exact(topic)
        self.assert_audited(topic, group)

    def test_text_that_it_cannot_hold_is_a_dead_letter(self):
        topic, group = self.topic(1), self.name("g")
        path = self.folder / "nul"
        path.write_bytes(b"\x82\xa7content\xa3a\0b\xa3key\xa1k")
        for _ in range(2):
            self.run_ok("/usr/bin/env", "kcat", "-P", "-b", self.kafka.bootstrap, "-t", topic, "-p", 0, path)
            path.write_bytes(b"\x82\xa7content\xa3a\xffb\xa3key\xa1k")
        self.run_ok("kproduce", "--workload", "messages", "--topic", topic, "--rate", "0", "--count", 10, "--quiet")
        consumer = self.consume(topic, group, "postgres", "--workload", "messages", "--count", 12)
        self.assertEqual(consumer.wait(30), 0, consumer.text())
        self.assertIn("a text with a NUL, which PostgreSQL cannot hold", consumer.text("err"))
        self.assertIn("a text that is not UTF-8", consumer.text("err"))
        self.assert_exact(topic, {(0, 0), (0, 1)})
        self.assert_audited(topic, group, "--dlq")


class Kills(IntoPostgres):
    def test_two_supervisors_with_the_same_client_share_the_work(self):
        topic, group = self.topic(), self.name("g")
        self.produce(topic, 30000)
        flags = self.flags(topic, group, "--batch-size", "50")
        other = f"{self.instance}-other"  # whatever it leaves is found by this test's name
        self.supervise(*flags)
        self.start("ksupervise", "--instance", other, *flags)
        self.kill_until(lambda: self.reached(topic, group), 10)
        self.assert_exact(topic)
        self.assert_audited(topic, group)


class EveryPoint(Faulty):
    def test_it_is_exact_after_a_kill_between_every_two_steps(self):
        postgres = Postgres(self)
        pipeline = ("--pipeline", "validate, postgres")
        for point in [p for p in table("FAULT_POINTS") if p not in BATCH_ONLY]:
            with self.subTest(point):
                self.group = f"{self.name('g')}-{point}"
                postgres.run(f'DROP TABLE IF EXISTS "{self.topic_name}", ksupervise_offsets, ksupervise_outbox')
                self.killed_at(point, *pipeline)
                self.finish(*pipeline)
                self.assertEqual(self.audit("--postgres", ""), (0, 0, 0))


class Outages(IntoPostgres):
    slow = ("--pipeline", "validate, delay:1, postgres")  # a record a millisecond: what happens in the midst does, however fast the machine is

    def cut(self, times):
        """Ends the connections of all consumers again and again, from a session of its own; returns the process, a line a cut."""
        path = self.folder / "cut.sql"
        path.write_text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ksupervise' \\watch 0.02\n")
        return self.start("/usr/bin/env", "sh", "-c", f"psql -qAt -f {path} | grep -m {times} -c t")

    def test_connections_that_are_cut_again_and_again(self):
        topic, group = self.topic(), self.name("g")
        dead = []
        for partition in range(3):
            self.produce(topic, 2000)
            dead.append((partition, self.ends(topic)[partition]))
            self.poison(topic, partition)
        self.supervise_sink(topic, group, "--batch-size", "50", *self.slow)
        wait_until(lambda: self.there(topic) > 100, 30, "some rows")
        self.cut(40).wait_line("^40$", 60)
        wait_until(lambda: self.reached(topic, group), 60, "the end of the work")
        self.assertEqual(self.worker("bravo")["generation"], 1, "an outage is not a crash")
        self.assert_exact(topic, dead)
        self.wait_for_the_letters()
        self.assert_audited(topic, group, "--dlq")

    def test_a_commit_that_was_done_though_its_answer_was_lost_is_not_done_again(self):
        """A commit waits for a standby that is not there: done, but not answered. Then the connection is cut."""
        topic, group = self.topic(1), self.name("g")
        self.produce(topic, 100)
        supervisor = self.supervise_sink(topic, group)
        wait_until(lambda: self.reached(topic, group), 30, "all committed")
        self.postgres.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        self.postgres.run("SELECT pg_reload_conf()")
        wait_until(lambda: self.query("SHOW synchronous_standby_names") == [("nobody",)], 10, "the setting")
        self.poison(topic, 0)
        self.produce(topic, 10)
        waiting = "FROM pg_stat_activity WHERE application_name = 'ksupervise' AND wait_event = 'SyncRep'"
        wait_until(lambda: self.query(f"SELECT 1 {waiting}"), 20, "a commit that waits")
        self.postgres.run("ALTER SYSTEM RESET synchronous_standby_names")
        self.assertEqual(self.query(f"SELECT pg_terminate_backend(pid) {waiting}"), [("t",)])
        self.postgres.run("SELECT pg_reload_conf()")
        supervisor.wait_line("where to continue is not known: PostgreSQL: commit", 20)
        wait_until(lambda: self.reached(topic, group), 30, "all committed")
        self.assert_exact(topic, {(0, 100)})
        self.wait_for_the_letters()
        self.assert_audited(topic, group, "--dlq")

    def test_a_commit_that_was_cut_before_it_was_done_is_done_again(self):
        """A deferred trigger makes the commit itself take long. Then the connection is cut."""
        topic, group = self.topic(1), self.name("g")
        self.produce(topic, 100)
        supervisor = self.supervise_sink(topic, group)
        wait_until(lambda: self.reached(topic, group), 30, "all committed")
        self.postgres.run("CREATE TABLE slow AS SELECT 1; CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
                          "PERFORM pg_sleep(10) FROM slow; RETURN NULL; END$$")
        self.postgres.run(f'CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON "{topic}" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION linger()')
        self.produce(topic, 10)
        waiting = "FROM pg_stat_activity WHERE application_name = 'ksupervise' AND query = 'COMMIT' AND wait_event = 'PgSleep'"
        wait_until(lambda: self.query(f"SELECT 1 {waiting}"), 20, "a commit that takes long")
        self.postgres.run("DELETE FROM slow")
        self.assertEqual(self.query(f"SELECT pg_terminate_backend(pid) {waiting}"), [("t",)])
        supervisor.wait_line("where to continue is not known: PostgreSQL: commit", 20)
        wait_until(lambda: self.reached(topic, group), 30, "all committed")
        self.assert_exact(topic)

    def test_a_server_that_is_stopped_and_started_in_the_midst(self):
        topic, group = self.topic(), self.name("g")
        self.produce(topic, 9000)
        self.supervise_sink(topic, group, "--batch-size", "50", *self.slow)
        for number in range(3):
            wait_until(lambda: self.there(topic) > 2000 * (number + 1), 30, "some rows")
            self.postgres.control("stop", "-m", "immediate" if number % 2 else "fast")
            self.postgres.control("start")
        wait_until(lambda: self.reached(topic, group), 90, "all committed")
        self.assertEqual(self.worker("bravo")["generation"], 1)
        self.assert_exact(topic)

    def test_a_server_that_is_not_there_yet_is_waited_for(self):
        topic, group = self.topic(), self.name("g")
        self.produce(topic, 300)
        self.postgres.control("stop")
        supervisor = self.supervise_sink(topic, group)
        supervisor.wait_line("where to continue is not known: PostgreSQL: connect", 30)
        self.postgres.control("start")
        wait_until(lambda: self.reached(topic, group), 60, "all committed")
        self.assert_exact(topic)

    def test_a_server_that_stands_still_is_an_outage_and_no_hang(self):
        topic, group = self.topic(), self.name("g")
        self.produce(topic, 1000)
        supervisor = self.supervise_sink(topic, group, "--batch-size", "20", "--hang-after", "12s")
        wait_until(lambda: self.reached(topic, group), 30, "all committed")
        backends = self.backends()
        try:
            for pid in backends:
                os.kill(pid, signal.SIGSTOP)
            self.produce(topic, 1000)
            supervisor.wait_line("the server does not answer", 40)
            self.assertFalse(self.reached(topic, group))
        finally:
            for pid in filter(alive, backends):
                os.kill(pid, signal.SIGCONT)
        wait_until(lambda: self.reached(topic, group), 60, "all committed")
        self.assertEqual(self.worker("bravo")["generation"], 1)
        self.assert_exact(topic)


if __name__ == "__main__":
    main()
