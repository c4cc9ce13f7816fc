"""Where to go on is not there, on a real Kafka: retention took records, or the topic was deleted and recreated. It is told, and never passed
over in silence; where a database says where to go on (SQLite, PostgreSQL) that needs a look at the last record that was read."""

import signal

import kafka_protocol
from harness import main, wait_until
from sink_test import SinkTest
from test_exactly_once import IntoSqlite
from test_exactly_once_postgres import IntoPostgres

OFFSETS_LOST = 84


class Losing:
    """To be mixed into a SinkTest: a topic, and a group that goes on in it."""

    partitions = 1

    def setUp(self):
        super().setUp()
        self.topic_name, self.group = self.topic(self.partitions), self.name("g")

    def consume(self, count, *more):
        """A consumer that ends by itself after so many records; 0: never."""
        return super().consume(self.topic_name, self.group, f"validate, {self.stage}", "--count", count, "--batch-wait", "50ms", *more)

    def consumed(self, count, *more):
        process = self.consume(count, *more)
        self.assertEqual(process.wait(30), 0, process.text())
        self.assertIn(f"{count} payments received", process.text())
        return process

    def stopped(self, *more):
        process = self.consume(0, *more)
        self.assertEqual(process.wait(30), OFFSETS_LOST, process.text())
        return process.text("err")

    def make_anew(self):
        self.topic_anew(self.topic_name, self.partitions)

    def make_anew_before(self, process):
        """Under the eyes of a consumer."""
        kafka_protocol.delete_topic(self.kafka.bootstrap, self.topic_name)
        process.wait_line(f"topic '{self.topic_name}' does not exist", 30)
        self.run_ok("ktopic", "provision", "--partitions", self.partitions, self.topic_name)

    def end(self):
        return self.ends(self.topic_name)[0]


class ByKafka(Losing, SinkTest):
    """--commit batch, and as much the others whose offsets Kafka keeps."""

    partitions = 3
    stage = "stats"

    def test_kafka_forgets_the_offsets_of_a_topic_that_is_deleted(self):
        self.produce(self.topic_name, 100)
        self.consumed(100)
        wait_until(lambda: self.reached(self.topic_name, self.group), 20, "all committed")
        self.make_anew()
        self.assertEqual(kafka_protocol.committed(self.kafka.bootstrap, self.group), {})
        self.produce(self.topic_name, 150)
        self.consumed(150)

    def test_one_that_is_made_anew_while_it_is_read_is_read_from_its_beginning(self):
        self.produce(self.topic_name, 300)
        process = self.consume(900, "--on-offset-loss", "earliest")
        wait_until(lambda: self.reached(self.topic_name, self.group), 30, "all committed")
        self.make_anew_before(process)
        self.produce(self.topic_name, 600)
        self.assertEqual(process.wait(30), 0, process.text())
        self.assertIn("900 payments received", process.text())
        self.assertEqual(process.text("err").count("0 records of the new one are skipped"), 3)

    def idle(self, count):
        """One that goes on at 300 committed offsets and has read nothing yet: it knows no last record."""
        self.produce(self.topic_name, 300)
        self.consumed(300)
        wait_until(lambda: self.reached(self.topic_name, self.group), 20, "all committed")
        process = self.consume(count, "--on-offset-loss", "earliest")
        process.wait_line("assigned 3 partitions", 30)
        return process

    def test_one_that_has_read_nothing_asks_the_group_whether_it_has_its_offsets(self):
        process = self.idle(600)
        self.make_anew_before(process)
        self.produce(self.topic_name, 600)
        self.assertEqual(process.wait(30), 0, process.text())
        self.assertEqual(process.text("err").count("the group had an offset of it, and has none now"), 3)

    def test_where_one_partition_has_a_last_record_the_others_are_asked_of(self):
        process = self.idle(601)
        self.produce(self.topic_name, 1)
        wait_until(lambda: self.reached(self.topic_name, self.group), 20, "all committed")
        self.make_anew_before(process)
        self.produce(self.topic_name, 600)
        self.assertEqual(process.wait(30), 0, process.text())
        self.assertEqual(process.text("err").count("the topic was deleted and recreated") +
                         process.text("err").count("the topic ends before the offset"), 3)

    def acknowledge_in_the_new_one(self, unacknowledged, *before):
        """A worker that fetches nothing hears nothing of its topic."""
        self.produce(self.topic_name, 300)
        fleet = self.supervise("--clients", "bravo", "--no-producer", "--topic", self.topic_name, "--group", self.group, "--commit", "manual",
                               "--max-unacknowledged", unacknowledged, "--pipeline", f"validate, {self.stage}")
        wait_until(lambda: len(kafka_protocol.committed(self.kafka.bootstrap, self.group) or {}) == 3, 30, "the first commit")
        if before:
            self.run_ok("kctl", "-i", self.instance, *before)
            fleet.wait_line("paused", 20)
        else:
            fleet.wait_line(r"waits: \d+ records are not acknowledged", 20)
        self.topic_anew(self.topic_name, self.partitions)
        self.produce(self.topic_name, 600)
        acked = self.run_program("kctl", "-i", self.instance, "ack", "bravo", "0:0-9")
        self.assertNotEqual(acked.status, 0, acked.text())
        self.assertIn("nothing was acknowledged", acked.text())
        self.assertEqual(kafka_protocol.committed(self.kafka.bootstrap, self.group), {})

    def test_a_full_partition_acknowledges_nothing_of_the_former_topic(self):
        self.acknowledge_in_the_new_one(20)

    def test_nor_does_a_paused_one(self):
        self.acknowledge_in_the_new_one(1000, "pause", "bravo")

    def lose_some(self):
        """Records of two of three partitions, never read; returns how many are gone and, by partition, how many there are to read."""
        self.produce(self.topic_name, 300)
        self.consumed(300)
        began = self.ends(self.topic_name)
        self.produce(self.topic_name, 300)
        ends = self.ends(self.topic_name)
        for partition in (0, 2):
            kafka_protocol.delete_records(self.kafka.bootstrap, self.topic_name, partition, began[partition] + 5)
        return 10, {p: ends[p] - began[p] - (5 if p in (0, 2) else 0) for p in ends}

    def test_records_that_are_gone_stop_the_consumer(self):
        self.lose_some()
        self.assertRegex(self.stopped(), r"\[[02]\]: offset \d+ is not there: the topic holds \d+ to \d+; nothing was skipped")

    def test_earliest_goes_on_behind_the_gaps_whatever_the_assignor(self):
        for assignor in ("range", "cooperative-sticky"):
            with self.subTest(assignor):
                gone, left = self.lose_some()
                process = self.consumed(sum(left.values()), "--on-offset-loss", "earliest", "-X", f"partition.assignment.strategy={assignor}")
                self.assertEqual(process.text("err").count(f": {gone // 2} records are gone"), 2)
                wait_until(lambda: self.reached(self.topic_name, self.group), 20, "all committed")

    def test_latest_counts_what_is_gone_and_what_it_passes_over(self):
        gone, left = self.lose_some()
        fleet = self.supervise("--clients", "bravo", "--no-producer", "--topic", self.topic_name, "--group", self.group, "--pipeline", "stats",
                               "--on-offset-loss", "latest", "--quiet", "--verbose")
        for partition in (0, 2):
            fleet.wait_line(rf"\[{partition}\]: {gone // 2} records are gone, .*, {left[partition]} existing records are skipped", 30)
        self.produce(self.topic_name, 50)
        wait_until(lambda: self.reached(self.topic_name, self.group), 20, "all committed")
        counters = self.worker("bravo")["counters"]
        self.assertEqual((counters["received"], counters["lost"]), (left[1] + 50, gone + left[0] + left[2]))


class ALetterUnderWay(Losing, SinkTest):
    """Retention takes a dead record whose letter the dead-letter topic has not acknowledged yet."""

    stage = "reject:offset == 5"

    def overtaken(self, *more):
        """A consumer whose dead letter lingers when retention takes what lies before 80 of 120. (No question of its is open while it stands
        still: that would be answered with what is to be gone.)"""
        self.run_ok("ktopic", "provision", "--partitions", 1, self.topic_name + ".dlq")
        self.produce(self.topic_name, 20)
        process = self.consume(0, "--on-offset-loss", "earliest", "-X", "linger.ms=60000", "-X", "fetch.wait.max.ms=10", *more)
        process.wait_line("offset 5: reject", 30)
        wait_until(lambda: self.committed() == 5 or more, 15, "a commit up to the dead record")
        process.send(signal.SIGSTOP)
        self.produce(self.topic_name, 100)
        kafka_protocol.delete_records(self.kafka.bootstrap, self.topic_name, 0, 80)
        process.send(signal.SIGCONT)
        process.wait_line("60 records are gone, offsets 20 to 79", 20)
        process.wait_line("Received batch of 40", 20)
        return process

    def committed(self):
        return (kafka_protocol.committed(self.kafka.bootstrap, self.group) or {}).get((self.topic_name, 0))

    def letters(self):
        return self.ends(self.topic_name + ".dlq")[0]

    def test_is_not_committed_past_before_it_is_there(self):
        process = self.overtaken()
        self.produce(self.topic_name, 1)
        process.wait_line("Received batch of 1 ", 20)
        self.assertEqual((self.committed(), self.letters()), (5, 0))
        process.send(signal.SIGTERM)
        self.assertEqual(process.wait(30), 0, process.text())
        self.assertEqual((self.committed(), self.letters()), (121, 1))

    def test_is_not_acknowledged_before_it_is_there(self):
        process = self.overtaken("--commit", "manual")
        process.wait_line("19 records that were delivered, from offset 0 on, are gone too, unacknowledged", 10)
        wait_until(lambda: self.committed() == 5, 15, "a commit up to the dead record")
        self.assertEqual(self.letters(), 0)
        process.send(signal.SIGTERM)
        self.assertEqual(process.wait(30), 0, process.text())
        self.assertEqual((self.committed(), self.letters()), (80, 1))


class InADatabase(Losing):
    """To be mixed into the test of a database."""

    def offsets(self):
        return sorted(offset for _, offset in self.rows(self.topic_name))

    def next_offset(self):
        [(offset,)] = self.query("SELECT next_offset FROM ksupervise_offsets")
        return int(offset)

    def test_a_longer_one_stops_the_consumer_each_time_and_nothing_is_skipped(self):
        self.produce(self.topic_name, 50)
        self.consumed(50)
        self.make_anew()
        self.produce(self.topic_name, 200)
        for _ in range(2):
            said = self.stopped()
            self.assertIn(f"{self.topic_name} [0]: the topic was deleted and recreated: at offset 49 the record of ", said)
            self.assertIn("nothing was skipped. --on-offset-loss earliest continues", said)
            self.assertIn("'kctl reset'", said)
        self.assertEqual((self.offsets(), self.next_offset()), (list(range(50)), 50))

    def test_one_that_is_as_long_does_too_and_one_that_has_just_grown_so_long(self):
        self.produce(self.topic_name, 50)
        self.consumed(50)
        self.make_anew()
        self.produce(self.topic_name, 49)
        process = self.consume(1)
        process.wait_line("assigned 1 partition", 30)
        self.produce(self.topic_name, 1)
        self.assertEqual(process.wait(30), OFFSETS_LOST, process.text())
        self.assertIn("at offset 49 the record of ", self.stopped())
        self.assertEqual((self.offsets(), self.next_offset()), (list(range(50)), 50))

    def test_earliest_takes_all_of_the_new_one(self):
        for length in (60, 20):  # longer than what was read, and shorter than that
            with self.subTest(length):
                at = self.end()
                self.produce(self.topic_name, 40)
                self.consumed(40)
                before = self.offsets()
                self.make_anew()
                self.produce(self.topic_name, length)
                process = self.consumed(length, "--on-offset-loss", "earliest")
                self.assertIn(f"; {at + 40} → 0, 0 records of the new one are skipped", process.text("err"))
                self.assertEqual(self.offsets(), sorted(before + list(range(length))))

    def test_latest_says_how_many_it_passes_over(self):
        self.produce(self.topic_name, 40)
        self.consumed(40)
        self.make_anew()
        self.produce(self.topic_name, 60)
        process = self.consume(5, "--on-offset-loss", "latest")
        process.wait_line("; 40 → 60, 60 records of the new one are skipped", 30)
        self.assertIn(self.query("SELECT next_offset, witness_offset FROM ksupervise_offsets"), ([(60, None)], [("60", "")]))
        self.produce(self.topic_name, 5)
        self.assertEqual(process.wait(30), 0, process.text())
        self.assertEqual(self.offsets(), list(range(40)) + list(range(60, 65)))

    def test_one_that_is_made_anew_while_it_is_read_stops_the_consumer_too(self):
        self.produce(self.topic_name, 50)
        process = self.consume(0)
        wait_until(lambda: self.reached(self.topic_name, self.group), 30, "all committed")
        self.make_anew_before(process)
        self.produce(self.topic_name, 200)
        self.assertEqual(process.wait(30), OFFSETS_LOST, process.text())
        self.assertIn(f"{self.topic_name} [0]: the topic was deleted and recreated: at offset 49 the record of ", process.text("err"))
        self.assertEqual((self.offsets(), self.next_offset()), (list(range(50)), 50))

    def test_a_restart_of_the_same_one_reads_nothing_again(self):
        fleet = self.supervise("--clients", "bravo", "--no-producer", "--topic", self.topic_name, "--group", self.group, "--pipeline",
                               f"validate, {self.stage}", "--batch-size", "7", "--quiet", "--verbose")
        fleet.wait_line("ready:", 30)
        for total in range(20, 120, 20):
            self.produce(self.topic_name, 20)
            wait_until(lambda: self.reached(self.topic_name, self.group), 20, "all committed")
            self.run_ok("kctl", "-i", self.instance, "restart", "bravo")
            worker = self.worker("bravo")
            self.assertEqual([worker["counters"][name] for name in ("received", "processed", "skipped", "lost", "retried")], [total, total, 0, 0, 0])
            [row] = worker["partitions"]
            self.assertEqual((row["position"], row["committed"]), (total, total), row)
        self.assertNotIn("cannot be told", fleet.text())
        self.assert_exact(self.topic_name)
        self.assert_audited(self.topic_name, self.group)

    def test_a_database_of_an_older_build_gets_the_columns_and_is_believed(self):
        self.produce(self.topic_name, 50)
        self.consumed(50)
        for column in ("witness_offset", "witness_timestamp_ms", "witness_hash", "group_had_ms"):
            self.query(f"ALTER TABLE ksupervise_offsets DROP COLUMN {column}")
        self.produce(self.topic_name, 10)
        self.consumed(10)
        self.assert_exact(self.topic_name)
        [(offset, there)] = self.query("SELECT witness_offset, witness_hash IS NOT NULL FROM ksupervise_offsets")
        self.assertEqual((int(offset), there in (1, "t")), (59, True))
        self.make_anew()
        self.produce(self.topic_name, 100)
        self.assertIn("at offset 59 the record of ", self.stopped())

    def set_back(self):
        """A place in the middle of 50 records, without a last record; the group has it, too."""
        self.produce(self.topic_name, 50)
        self.consumed(50)
        self.run_ok("kconsume", "--publish=no", "--topic", self.topic_name, "--group", self.group, "--pipeline",
                    f"validate, {self.stage}", "--reset", "offset:30,delete-rows")
        self.assertIn(self.query("SELECT next_offset, witness_offset FROM ksupervise_offsets"), ([(30, None)], [("30", "")]))

    def test_behind_a_reset_the_group_tells_that_the_topic_is_another_one(self):
        self.set_back()
        self.make_anew()
        self.produce(self.topic_name, 60)
        for _ in range(2):
            self.assertIn(": the topic was deleted and recreated: the group had an offset of it, and has none now; nothing was skipped", self.stopped())
        self.assertEqual((self.offsets(), self.next_offset()), (list(range(30)), 30))
        process = self.consumed(60, "--on-offset-loss", "earliest")
        self.assertIn("; 30 → 0, 0 records of the new one are skipped", process.text("err"))
        self.assertEqual(self.offsets(), sorted(list(range(30)) + list(range(60))))

    def test_or_that_its_offset_may_have_expired_which_earliest_does_not_settle(self):
        self.set_back()
        self.make_anew()
        self.produce(self.topic_name, 60)
        self.query("UPDATE ksupervise_offsets SET group_had_ms = group_had_ms - 46800000")
        self.assertIn("--partition 0 --to offset 30' continues where the database is", self.stopped("--on-offset-loss", "earliest"))
        self.assertEqual((self.offsets(), self.next_offset()), (list(range(30)), 30))
        self.run_ok("kconsume", "--publish=no", "--topic", self.topic_name, "--group", self.group, "--pipeline",
                    f"validate, {self.stage}", "--reset", "offset:30")
        self.consumed(30)
        self.assertEqual(self.offsets(), list(range(60)))

    def test_a_place_of_which_that_is_not_known_is_believed(self):
        self.set_back()
        self.make_anew()
        self.produce(self.topic_name, 60)
        self.query("UPDATE ksupervise_offsets SET group_had_ms = NULL")
        self.consumed(30)
        self.assertEqual(self.offsets(), list(range(60)))

    def test_retention_that_took_the_last_record_that_was_read_took_nothing(self):
        self.produce(self.topic_name, 50)
        self.consumed(50)
        self.produce(self.topic_name, 10)
        kafka_protocol.delete_records(self.kafka.bootstrap, self.topic_name, 0, 50)
        process = self.consumed(10, "--verbose")
        self.assertIn("the last record that was read, at 49, is gone", process.text("err"))
        self.assertEqual(self.offsets(), list(range(60)))
        self.produce(self.topic_name, 10)
        kafka_protocol.delete_records(self.kafka.bootstrap, self.topic_name, 0, 65)
        self.assertIn("offset 60 is not there: the topic holds 65 to 70;", self.stopped())
        self.assertIn("5 records are gone, offsets 60 to 64; 60 → 65, 0 existing records are skipped", self.consumed(5, "--on-offset-loss", "earliest").text("err"))

    def test_an_audit_takes_no_row_of_the_former_one_for_a_row_of_the_new_one(self):
        self.produce(self.topic_name, 40)
        self.consumed(40)
        self.assert_audited(self.topic_name, self.group)
        self.make_anew()
        self.produce(self.topic_name, 40)
        kafka_protocol.commit(self.kafka.bootstrap, self.group, self.topic_name, 0, 40)
        audit = self.run_program("kaudit", self.topic_name, "--group", self.group, *self.audited)
        self.assertEqual(audit.status, 1, audit.text())
        self.assertIn("NOT clean: 40 missing, 0 doubled, 40 strange", audit.text())

    def test_a_reset_goes_on_in_the_new_one(self):
        self.produce(self.topic_name, 50)
        self.consumed(50)
        self.make_anew()
        self.produce(self.topic_name, 80)
        fleet = self.supervise("--clients", "bravo", "--no-producer", "--topic", self.topic_name, "--group", self.group, "--pipeline",
                               f"validate, {self.stage}", "--quiet")
        fleet.wait_line("bravo.* is held", 30)
        done = self.run_program("kctl", "-i", self.instance, "reset", "bravo", "--to", "earliest", "--delete-rows")
        self.assertEqual(done.status, 0, done.text())
        self.run_ok("kctl", "-i", self.instance, "start", "bravo")
        wait_until(lambda: self.reached(self.topic_name, self.group), 20, "all committed")
        self.assert_exact(self.topic_name)


class InSqlite(InADatabase, IntoSqlite):
    pass


class InPostgres(InADatabase, IntoPostgres):
    pass


if __name__ == "__main__":
    main()
