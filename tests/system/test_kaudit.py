"""kaudit on a real Kafka, with planted faults that it must find."""

import json
import signal
import sqlite3

from harness import SystemTest, main, wait_until
from kafka_protocol import cluster_id, commit, committed, end_offsets, set_topic_settings
from postgres import Postgres


class Audit(SystemTest):
    def produce(self, topic, count, *more):
        self.run_ok("kproduce", "--topic", topic, "--rate", "0", "--count", count, "--publish=no", "--quiet", "--seed", "7", *more)
        return end_offsets(self.kafka.bootstrap, topic)

    def commit_all(self, group, topic, ends):
        for partition, end in ends.items():
            commit(self.kafka.bootstrap, group, topic, partition, end)

    def kcat(self, topic, lines, *options):
        """Records of another client's: no headers but those in the options."""
        path = self.folder / "lines"
        path.write_text("".join(f"{line}\n" for line in lines))
        self.run_ok("/usr/bin/env", "kcat", "-P", "-b", self.kafka.bootstrap, "-t", topic, *options, "-l", path)

    def letter(self, topic, group, partition, offset, dlq=None):
        headers = {"dlq.topic": topic, "dlq.group": group, "dlq.partition": partition, "dlq.offset": offset, "dlq.stage": "validate", "dlq.reason": "planted",
                   "dlq.attempts": 1, "dlq.id": f"c/{group}/{topic}/{partition}/{offset}"}
        self.kcat(dlq or f"{topic}.dlq", ["x"], *[word for name, value in headers.items() for word in ("-H", f"{name}={value}")])

    def database(self, topic, rows):
        path = self.folder / "sink.db"
        with sqlite3.connect(path) as db:
            db.execute(f'CREATE TABLE "{topic}" (kafka_partition INTEGER, kafka_offset BIGINT, "user" TEXT)')
            db.executemany(f'INSERT INTO "{topic}" VALUES (?, ?, ?)', [(p, o, "marek") for p, o in rows])
        db.close()
        return path

    def audit(self, topic, *options, status=0):
        process = self.run_program("kaudit", topic, "--json", *options)
        self.assertEqual(process.status, status, process.text())
        found = json.loads(process.text("out"))
        self.assertEqual(found["clean"], status == 0)
        return found

    def sums(self, found, *names):
        return tuple(sum(p[name] for p in found["partitions"]) for name in names)

    def everything(self, ends):
        return [(p, o) for p, end in ends.items() for o in range(end)]


class Sink(Audit):
    def setUp(self):
        super().setUp()
        self.source, self.group = self.topic(), self.name("g")
        self.ends = self.produce(self.source, 3000)
        self.assertGreater(min(self.ends.values()), 100)

    def against(self, rows, *options, status=0):
        return self.audit(self.source, "--group", self.group, "--sqlite", self.database(self.source, rows), *options, status=status)

    def test_a_row_for_each_record_is_clean(self):
        self.commit_all(self.group, self.source, self.ends)
        rows = self.everything(self.ends)
        found = self.against(reversed(rows))
        self.assertEqual([(p["low"], p["end"], p["committed"], p["produced"], p["in_sink"]) for p in found["partitions"]],
                         [(0, end, end, end, end) for end in self.ends.values()])
        self.assertEqual(self.sums(found, "missing", "doubled", "strange", "waiting", "disorder"), (0, 0, 0, 0, 0))
        producer, = found["producers"]
        self.assertEqual((producer["producer"], producer["records"], producer["runs"], producer["first"], producer["last"], producer["missing_numbers"], producer["doubled"]),
                         ("producer", 3000, 1, 1, 3000, 0, 0))

    def test_planted_rows_are_found_where_they_are(self):
        self.commit_all(self.group, self.source, self.ends)
        rows = self.everything(self.ends)
        for gone in ((0, 0), (1, 17), (2, self.ends[2] - 1)):
            rows.remove(gone)
        rows += [(0, 5), (1, 50), (1, 50), (1, self.ends[1] + 3), (7, 1), (None, 1)]
        found = self.against(rows, status=1)
        self.assertEqual([p["missing"] for p in found["partitions"]], [1, 1, 1])
        self.assertEqual([p["examples"].get("missing") for p in found["partitions"]], [[0], [17], [self.ends[2] - 1]])
        self.assertEqual([p["doubled"] for p in found["partitions"]], [1, 2, 0])
        self.assertEqual(found["partitions"][1]["examples"]["strange"], [self.ends[1] + 3])
        self.assertEqual(found["rows_elsewhere"], 2)
        told = self.run_program("kaudit", self.source, "--group", self.group, "--sqlite", self.folder / "sink.db")
        self.assertEqual(told.status, 1)
        self.assertRegex(told.text("out"), r"partition 1: 1 missing \(.*\): offset 17\n")
        self.assertRegex(told.text("out"), r"NOT clean: 3 missing, 3 doubled, 3 strange, 0 lost, 0 out of order")

    def test_what_is_not_committed_is_waiting_and_not_missing(self):
        commit(self.kafka.bootstrap, self.group, self.source, 0, 40)
        found = self.against([(0, o) for o in range(45)])
        self.assertEqual(found["partitions"][0]["waiting"], self.ends[0] - 45)
        self.assertEqual(found["partitions"][1]["committed"], None)
        self.assertEqual(self.sums(found, "missing", "doubled"), (0, 0))

    def test_a_dead_letter_accounts_for_its_record_and_its_repeat_is_no_double(self):
        self.commit_all(self.group, self.source, self.ends)
        rows = self.everything(self.ends)
        for dead in ((0, 3), (1, 4)):
            rows.remove(dead)
        self.run_ok("ktopic", "provision", "--partitions", 1, f"{self.source}.dlq")
        self.letter(self.source, self.group, 0, 3)
        self.letter(self.source, self.group, 0, 3)
        self.letter(self.source, self.group, 1, 4)
        self.letter(self.source, "another-group", 2, 4)
        self.kcat(f"{self.source}.dlq", ["no letter"])
        found = self.against(rows, "--dlq")
        self.assertEqual(found["dead_letters"], {"letters": 2, "outbox": 0, "repeats": 1, "of_others": 1, "unreadable": 1})
        self.assertEqual([p["dead"] for p in found["partitions"]], [1, 1, 0])
        (self.folder / "sink.db").unlink()
        found = self.against(rows, status=1)
        self.assertEqual(self.sums(found, "missing"), (2,), "without --dlq they are missing")
        (self.folder / "sink.db").unlink()
        found = self.against(rows + [(1, 4)], "--dlq", status=1)
        self.assertEqual(found["partitions"][1]["examples"]["doubled"], [4], "a row and a letter is a double")

    def outbox(self, rows):
        """The table of a consumer's outbox, as SQL for either database."""
        values = ", ".join(f"('{cluster}', '{group}', '{topic}', {partition}, {offset}, -1)" for cluster, group, topic, partition, offset in rows)
        return ("CREATE TABLE ksupervise_outbox (cluster TEXT NOT NULL, consumer_group TEXT NOT NULL, topic TEXT NOT NULL, kafka_partition INTEGER NOT NULL, "
                "kafka_offset BIGINT NOT NULL, timestamp_ms BIGINT, PRIMARY KEY (cluster, consumer_group, topic, kafka_partition, kafka_offset)); "
                f"INSERT INTO ksupervise_outbox VALUES {values};")

    def letters_under_way(self):
        """A letter that is in the outbox, one that is also sent, one that is only sent; and letters of others in the outbox. Returns the SQL."""
        self.commit_all(self.group, self.source, self.ends)
        self.run_ok("ktopic", "provision", "--partitions", 1, f"{self.source}.dlq")
        self.letter(self.source, self.group, 1, 4)
        self.letter(self.source, self.group, 2, 5)
        cluster = cluster_id(self.kafka.bootstrap)
        return self.outbox([(cluster, self.group, self.source, 0, 3), (cluster, self.group, self.source, 1, 4), (cluster, "another", self.source, 0, 8),
                            (cluster, self.group, "another", 0, 8), ("another", self.group, self.source, 0, 8)])

    def assert_under_way(self, found):
        self.assertEqual([(p["dead"], p["outbox"], p["missing"], p["doubled"], p["strange"]) for p in found["partitions"]],
                         [(0, 1, 0, 0, 0), (1, 0, 0, 0, 0), (1, 0, 0, 0, 0)])
        self.assertEqual((found["dead_letters"]["letters"], found["dead_letters"]["outbox"], found["dead_letters"]["repeats"], found["rows_elsewhere"]), (2, 1, 0, 0))

    def test_a_letter_in_the_outbox_of_sqlite_accounts_for_its_record(self):
        sql = self.letters_under_way()
        rows = [row for row in self.everything(self.ends) if row not in ((0, 3), (1, 4), (2, 5))]
        path = self.database(self.source, rows)
        with sqlite3.connect(path) as db:
            db.executescript(sql)
        db.close()
        which = "--group", self.group, "--sqlite", path
        self.assert_under_way(self.audit(self.source, *which, "--dlq"))
        told = self.run_ok("kaudit", self.source, *which, "--dlq")
        self.assertRegex(told, r"(?m)^ +0 .* 0 +1 +0 +0 +0 +- +0$")
        self.assertIn("1 more in the outbox of the database: the dead-letter topic has not acknowledged them", told)
        self.assertEqual(self.sums(self.audit(self.source, *which, status=1), "missing"), (3,), "without --dlq they are missing")
        with sqlite3.connect(path) as db:
            db.execute(f'INSERT INTO "{self.source}" VALUES (0, 3, NULL)')
            db.execute("INSERT INTO ksupervise_outbox SELECT cluster, consumer_group, topic, 2, 1000000, -1 FROM ksupervise_outbox WHERE kafka_offset = 3")
            db.execute("INSERT INTO ksupervise_outbox SELECT cluster, consumer_group, topic, 7, 1, -1 FROM ksupervise_outbox WHERE kafka_offset = 3")
        db.close()
        found = self.audit(self.source, *which, "--dlq", status=1)
        self.assertEqual((found["partitions"][0]["examples"], found["partitions"][2]["examples"], found["rows_elsewhere"]), ({"doubled": [3]}, {"strange": [1000000]}, 1))

    def test_a_letter_in_the_outbox_of_postgresql_accounts_for_its_record(self):
        postgres = Postgres(self)
        sql = self.letters_under_way()
        postgres.run(f'CREATE TABLE "{self.source}" (kafka_partition INTEGER, kafka_offset BIGINT)')
        for partition, end in self.ends.items():
            postgres.run(f'INSERT INTO "{self.source}" SELECT {partition}, o FROM generate_series(0, {end - 1}) o '
                         f'WHERE ({partition}, o) NOT IN ((0, 3), (1, 4), (2, 5))')
        which = "--group", self.group, "--postgres", ""
        self.assertEqual(self.sums(self.audit(self.source, *which, "--dlq", status=1), "missing"), (1,), "there is no outbox yet")
        postgres.run(sql)
        self.assert_under_way(self.audit(self.source, *which, "--dlq"))
        postgres.run("ALTER TABLE ksupervise_outbox DROP COLUMN consumer_group")
        refused = self.run_program("kaudit", self.source, *which, "--dlq")
        self.assertRegex(refused.text("err"), r"^kaudit: --postgres: cannot read the outbox: ")
        self.assertEqual(refused.status, 1)

    def test_json_lines_are_a_sink_too(self):
        self.commit_all(self.group, self.source, self.ends)
        rows = self.everything(self.ends)
        rows.remove((1, 9))
        path = self.folder / "sink.ndjson"
        path.write_text("".join(f'{{"partition":{p},"offset":{o},"user":"x"}}\n' for p, o in reversed(rows + [(2, 2)])) + '{"partition":1,"offset":9')
        found = self.audit(self.source, "--group", self.group, "--ndjson", path, status=1)
        self.assertEqual((self.sums(found, "missing", "doubled"), found["partitions"][1]["examples"]["missing"]), ((1, 1), [9]))

    def test_a_table_of_ours_whose_column_is_of_another_type_is_not_clean(self):
        """A table of somebody else's may have what types it likes."""
        rows = self.everything(self.ends)
        self.commit_all(self.group, self.source, self.ends)
        path = self.database(self.source, rows)
        which = "--group", self.group, "--sqlite", path
        self.assertEqual(self.audit(self.source, *which)["altered_columns"], [])
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE ksupervise_offsets (cluster TEXT, consumer_group TEXT, topic TEXT, kafka_partition INTEGER, next_offset INTEGER)")
            db.execute("INSERT INTO ksupervise_offsets (topic) VALUES (?)", [self.source])
        found = self.audit(self.source, *which, status=1)
        self.assertEqual(found["altered_columns"], [{"column": "kafka_offset", "type": "BIGINT", "written": "INTEGER"}])
        self.assertEqual(self.sums(found, "in_sink", "missing", "doubled"), (3000, 0, 0))
        told = self.run_program("kaudit", self.source, *which)
        self.assertRegex(told.text("out"), "column kafka_offset is of type BIGINT, but the sink writes INTEGER: .* garbage")
        self.assertRegex(told.text("out"), "NOT clean: 0 missing.*; columns were altered")

    def test_sqlites_table_of_a_name_in_other_letters_is_another_topics(self):
        refused = self.run_program("kaudit", self.source, "--group", self.group, "--sqlite", self.database(self.source.upper(), [(0, 0)]))
        self.assertEqual(refused.status, 1)
        self.assertIn(f"there is a table {self.source.upper()}, but none named {self.source}", refused.text("err"))

    def test_postgresql_is_a_sink_too(self):
        postgres = Postgres(self)
        self.commit_all(self.group, self.source, self.ends)
        postgres.run(f'CREATE TABLE "{self.source}" (kafka_partition INTEGER, kafka_offset BIGINT)')
        for partition, end in self.ends.items():
            postgres.run(f'INSERT INTO "{self.source}" SELECT {partition}, o FROM generate_series({end - 1}, 0, -1) o')
        found = self.audit(self.source, "--group", self.group, "--postgres", "")
        self.assertEqual(self.sums(found, "in_sink", "missing", "doubled"), (3000, 0, 0))
        postgres.run(f'DELETE FROM "{self.source}" WHERE kafka_partition = 2 AND kafka_offset = 11')
        postgres.run(f'INSERT INTO "{self.source}" VALUES (0, 12)')
        found = self.audit(self.source, "--group", self.group, "--postgres", "", status=1)
        self.assertEqual((found["partitions"][2]["examples"], found["partitions"][0]["examples"]), ({"missing": [11]}, {"doubled": [12]}))
        refused = self.run_program("kaudit", self.source, "--group", self.group, "--postgres", "", "--table", "nothing")
        self.assertRegex(refused.text("err"), r'^kaudit: --postgres: cannot read the table: .*"nothing" does not exist')


class Consumers(Audit):
    def test_consumers_that_are_killed_miss_nothing(self):
        """Batches into JSON lines, at least once: after kills some are there twice, none is missing, and the poison is in the dead letters."""
        topic, group, sink, ledger = self.topic(), self.name("g"), self.folder / "sink.ndjson", self.folder / "ledger"
        ends = self.produce(topic, 20000, "--ledger", ledger)
        self.kcat(topic, [f"k{i}:poison" for i in range(40)], "-K", ":")
        ends = end_offsets(self.kafka.bootstrap, topic)

        def size():
            return sink.stat().st_size if sink.exists() else 0

        for _ in range(4):
            consumer = self.start("kconsume", "--publish=no", "--client", "bravo", "--group", group, "--topic", topic, "--workload", "payments", "--batch-size", 300, "--quiet",
                                  "--session-timeout", "2s", "--pipeline", f"ndjson:{sink}, delay:1ms")
            before = size()
            wait_until(lambda: size() > before, 30, "some lines are written")
            consumer.send(signal.SIGKILL)
            consumer.wait()
        consumer = self.start("kconsume", "--publish=no", "--client", "bravo", "--group", group, "--topic", topic, "--workload", "payments", "--quiet", "--session-timeout", "2s",
                              "--pipeline", f"ndjson:{sink}")
        wait_until(lambda: committed(self.kafka.bootstrap, group) == {(topic, p): end for p, end in ends.items()}, 60, "all is committed")
        self.assertEqual(consumer.interrupt(), 0)
        audit = self.run_program("kaudit", topic, "--json", "--group", group, "--ndjson", sink, "--dlq", "--ledger", ledger)
        found = json.loads(audit.text("out"))
        self.assertEqual(self.sums(found, "produced", "missing", "strange", "lost", "unaccounted", "disorder", "dead"), (20040, 0, 0, 0, 0, 0, 40))
        self.assertEqual(found["rows_elsewhere"], 0)
        self.assertEqual(audit.status, 1 if self.sums(found, "doubled") != (0,) else 0)
        self.assertGreater(self.sums(found, "doubled"), (0,), "a kill between the sink and the commit writes a batch again")


class Contents(Audit):
    """Rows of a sink of ours, and what somebody did to them."""

    def setUp(self):
        super().setUp()
        self.source, self.group = self.topic(), self.name("g")
        self.ends = self.produce(self.source, 1000)

    def consume(self, sink):
        consumer = self.start("kconsume", "--publish=no", "--client", "c", "--group", self.group, "--topic", self.source, "--workload", "payments", "--quiet",
                              "--pipeline", sink)
        wait_until(lambda: committed(self.kafka.bootstrap, self.group) == {(self.source, p): end for p, end in self.ends.items()}, 60, "all is committed")
        self.assertEqual(consumer.interrupt(), 0)

    def change(self, path, sql):
        with sqlite3.connect(path) as db:
            db.executescript(sql.replace("TABLE", f'"{self.source}"'))
        db.close()

    def test_a_row_that_says_something_else_is_found(self):
        path = self.folder / "db"
        self.consume(f"sqlite:{path}")
        which = "--group", self.group, "--sqlite", path
        self.assertEqual(self.sums(self.audit(self.source, *which), "in_sink", "different"), (1000, 0))
        for change in ("SET amount_minor = amount_minor + 1", "SET user = NULL", "SET payment_id = upper(payment_id)", "SET currency = 'XXX'", "SET timestamp = 1"):
            self.change(path, f"UPDATE TABLE {change} WHERE kafka_partition = 1 AND kafka_offset IN (7, 9)")
            found = self.audit(self.source, *which, status=1)
            self.assertEqual((self.sums(found, "different", "missing"), found["partitions"][1]["examples"]["different"]), ((2, 0), [7, 9]), change)
        told = self.run_program("kaudit", self.source, *which)
        self.assertRegex(told.text("out"), r"partition 1: 2 different \(.*\): offset 7, 9\n  field payment_id\n  field user\n  field amount_minor\n")
        self.assertRegex(told.text("out"), r"NOT clean: .* 2 different")

    def test_rows_in_postgresql_are_compared_too(self):
        postgres = Postgres(self)
        self.consume("postgres:")
        which = "--group", self.group, "--postgres", ""
        self.assertEqual(self.sums(self.audit(self.source, *which), "in_sink", "different"), (1000, 0))
        postgres.run(f'UPDATE "{self.source}" SET method = \'blik?\', amount_minor = NULL WHERE kafka_partition = 2 AND kafka_offset = 3')
        self.assertEqual(self.audit(self.source, *which, status=1)["partitions"][2]["examples"], {"different": [3]})
        postgres.run(f'DELETE FROM "{self.source}" WHERE kafka_partition = 0 AND kafka_offset = 5')
        postgres.run("UPDATE ksupervise_offsets SET consumer_group = 'away'")
        found = self.audit(self.source, "--group", "away", "--postgres", "", status=1)
        self.assertEqual((found["partitions"][0]["committed"], found["partitions"][0]["in_database"], found["partitions"][0]["examples"]),
                         (None, self.ends[0], {"missing": [5]}))

    def test_lines_of_json_are_compared_too(self):
        path = self.folder / "lines"
        self.consume(f"ndjson:{path}")
        which = "--group", self.group, "--ndjson", path
        self.assertEqual(self.sums(self.audit(self.source, *which), "in_sink", "different"), (1000, 0))
        lines = path.read_text().splitlines()
        changed = json.loads(lines[500])
        changed["amount"] = round(changed["amount"] + 0.01, 2)
        path.write_text("".join(f"{line}\n" for line in [*lines[:500], json.dumps(changed), *lines[501:]]))
        found = self.audit(self.source, *which, status=1)
        self.assertEqual((self.sums(found, "different"), found["partitions"][changed["partition"]]["examples"]), ((1,), {"different": [changed["offset"]]}))

    def test_rows_that_are_gone_are_missing_though_the_groups_offsets_expired(self):
        path = self.folder / "db"
        self.consume(f"sqlite:{path}")
        self.change(path, "DELETE FROM TABLE WHERE kafka_offset < 10 AND kafka_partition = 0; UPDATE ksupervise_offsets SET consumer_group = 'away'")
        found = self.audit(self.source, "--group", "away", "--sqlite", path, status=1)
        self.assertEqual(self.sums(found, "missing", "waiting"), (10, 0))
        told = self.run_program("kaudit", self.source, "--group", "away", "--sqlite", path)
        self.assertIn(f"the database continues at offset {self.ends[0]}, beyond what is committed in Kafka", told.text("out"))
        self.assertRegex(told.text("out"), r"partition 0: 10 missing \(committed, but not processed; dead letters were not checked: --dlq checks them\)")

    def test_what_cannot_be_read_to_its_end_is_an_error(self):
        path = self.folder / "db"
        self.consume(f"sqlite:{path}")
        data = bytearray(path.read_bytes())
        middle = len(data) // 2 // 4096 * 4096
        data[middle:middle + 4096 * 8] = b"\xff" * 4096 * 8
        path.write_bytes(data)
        for sink in (("--sqlite", path), ("--ndjson", self.folder)):
            refused = self.run_program("kaudit", self.source, "--group", self.group, *sink)
            self.assertEqual((refused.status, refused.text("out")), (1, ""))
            self.assertRegex(refused.text("err"), rf"^kaudit: {sink[0]} .*: cannot read ")
        refused = self.run_program("kaudit", self.source, "--ledger", self.folder)
        self.assertRegex(refused.text("err"), "cannot read it: Is a directory")
        self.assertEqual(refused.status, 1)


class Topic(Audit):
    def test_retention_is_said_and_the_rest_is_audited(self):
        topic, group = self.topic(partitions=1), self.name("g")
        self.produce(topic, 200)
        self.run_ok("ktopic", "retention", topic, "1s")
        wait_until(lambda: end_offsets(self.kafka.bootstrap, topic, timestamp=-2) == {0: 200}, 30, "retention takes the records", every=0.2)
        self.run_ok("ktopic", "retention", topic, "unlimited")
        self.produce(topic, 50)
        self.commit_all(group, topic, {0: 250})
        found = self.audit(topic, "--group", group, "--sqlite", self.database(topic, [(0, o) for o in range(100, 250)]))
        partition, = found["partitions"]
        self.assertEqual((partition["low"], partition["produced"], partition["in_sink"], partition["expired"], partition["missing"]), (200, 50, 50, 100, 0))
        self.assertIn("retention deleted what was before offset 200", self.run_ok("kaudit", topic, "--group", group))

    def test_a_transactions_markers_are_not_missing(self):
        topic, group = self.topic(partitions=1), self.name("g")
        for part in range(3):
            self.kcat(topic, [f"{part}-{i}" for i in range(4)], "-X", f"transactional.id={self.name('tx')}", "-X", "acks=all")
        ends = end_offsets(self.kafka.bootstrap, topic)
        self.commit_all(group, topic, ends)
        self.assertEqual(ends, {0: 15}, "a marker behind each transaction")
        found = self.audit(topic, "--group", group, "--sqlite", self.database(topic, [(0, o) for o in range(15) if o % 5 != 4]))
        self.assertEqual(self.sums(found, "produced", "missing", "strange"), (12, 0, 0))
        self.assertEqual(found["unnumbered"], 12)

    def test_a_record_that_is_sent_again_later_is_a_double(self):
        topic = self.topic(partitions=1)
        for seq in (1, 2, 3, 4, 3):
            self.kcat(topic, [f"k{seq}:v"], "-K", ":", "-H", "producer=till", "-H", f"seq={seq}")
        self.assertEqual([(p["runs"], p["doubled"]) for p in self.audit(topic, status=1)["producers"]], [(1, 1)])

    def test_numbers_that_did_not_come_and_numbers_that_came_twice(self):
        topic = self.topic(partitions=1)
        for seq in (1, 2, 5, 6):
            self.kcat(topic, [f"k{seq % 2}:v"], "-K", ":", "-H", "producer=till", "-H", f"seq={seq}")
        self.kcat(topic, ["k:v"], "-K", ":", "-H", "producer=other", "-H", "seq=1")
        found = self.audit(topic)
        self.assertEqual([(p["producer"], p["records"], p["missing_numbers"], p["gaps"]) for p in found["producers"]], [("till", 4, 2, [[3, 4]]), ("other", 1, 0, [])])

    def test_a_producer_that_is_started_again_is_no_double(self):
        topic = self.topic()
        self.produce(topic, 500)
        self.produce(topic, 300)
        producer, = self.audit(topic)["producers"]
        self.assertEqual((producer["records"], producer["runs"], producer["doubled"], producer["missing_numbers"]), (800, 2, 0, 0))

    def test_a_key_out_of_order_is_found(self):
        topic = self.topic(partitions=1)
        set_topic_settings(self.kafka.bootstrap, topic, {"message.timestamp.type": "LogAppendTime"})
        wait_until(lambda: "LogAppendTime" in self.run_ok("ktopic", "describe", topic), what="the setting is there")
        for key, seq in (("a", 1), ("b", 2), ("a", 5), ("b", 6), ("a", 4), ("c", 3)):
            self.kcat(topic, [f"{key}:v"], "-K", ":", "-H", "producer=till", "-H", f"seq={seq}")
        found = self.audit(topic, status=1)
        self.assertEqual(found["partitions"][0]["disorder"], 1)
        self.assertEqual(found["partitions"][0]["examples"]["disorder"], [4])
        self.assertEqual(found["producers"][0]["missing_numbers"], 0)

    def test_an_empty_topic_is_clean_and_a_missing_one_is_told(self):
        topic = self.topic()
        self.assertEqual(self.sums(self.audit(topic), "produced"), (0,))
        process = self.run_program("kaudit", topic + "-no")
        self.assertEqual(process.status, 1)
        self.assertIn("there is no topic", process.text("err"))

    def test_it_commits_nothing_and_leaves_the_group_as_it_was(self):
        topic, group = self.topic(), self.name("g")
        self.produce(topic, 100)
        commit(self.kafka.bootstrap, group, topic, 0, 1)
        before = json.loads(self.run_ok("ktopic", "group", group, "--json"))
        self.audit(topic, "--group", group)
        self.assertEqual(json.loads(self.run_ok("ktopic", "group", group, "--json")), before)

    def test_mistakes_are_told(self):
        for words, status, expected in (((), 2, "TOPIC"), (("t", "--sqlite", "x"), 2, "--group is needed"), (("t", "--dlq"), 2, "--group is needed"),
                                        (("t", "-g", "g", "--sqlite", "x", "--ndjson", "y"), 2, "one of them at a time"), (("t", "--table", "x"), 2, "--table"),
                                        (("t", "-X", "group.id=x"), 2, "group.id")):
            process = self.run_program("kaudit", *words)
            self.assertEqual(process.status, status, words)
            self.assertIn(expected, process.text("err"))
        topic = self.topic()
        process = self.run_program("kaudit", topic, "-g", "g", "--sqlite", self.folder / "none.db")
        self.assertRegex(process.text("err"), r"^kaudit: --sqlite .*none.db: cannot open it: ")
        self.assertEqual(process.status, 1)
        self.assertFalse((self.folder / "none.db").exists())
        process = self.run_program("kaudit", topic, "--ledger", "/etc/hostname")
        self.assertIn("not a ledger", process.text("err"))


class Ledger(Audit):
    def setUp(self):
        super().setUp()
        self.source, self.path = self.topic(), self.folder / "ledger"
        self.ends = self.produce(self.source, 1000, "--ledger", self.path)

    def plant(self, change):
        lines = self.path.read_text().splitlines()
        self.path.write_text("".join(f"{line}\n" for line in change(lines)))

    def test_the_producers_own_ledger_is_clean(self):
        found = self.audit(self.source, "--ledger", self.path)
        self.assertEqual((found["ledger"]["acknowledged"], found["ledger"]["failed"], found["ledger"]["unknown"], found["ledger"]["unreadable"]), (1000, 0, 0, 0))
        self.assertEqual(self.sums(found, "lost", "unaccounted"), (0, 0))

    def test_an_acknowledged_record_that_the_topic_lacks_is_lost(self):
        self.plant(lambda lines: lines + [f"1001 1 {self.ends[1]} acknowledged"])
        found = self.audit(self.source, "--ledger", self.path, status=1)
        self.assertEqual((self.sums(found, "lost"), found["partitions"][1]["examples"]["lost"]), ((1,), [self.ends[1]]))

    def test_another_record_in_its_place_is_lost_too(self):
        self.plant(lambda lines: [line.replace(" 0 7 acknowledged", " 0 8 acknowledged") for line in lines])
        found = self.audit(self.source, "--ledger", self.path, status=1)
        self.assertEqual((self.sums(found, "lost", "unaccounted"), found["partitions"][0]["examples"]["lost"]), ((1, 1), [8]))

    def test_a_line_that_cannot_be_read_is_not_clean(self):
        self.plant(lambda lines: lines + ["1001 1 what acknowledged", "neither"])
        found = self.audit(self.source, "--ledger", self.path, status=1)
        self.assertEqual((found["ledger"]["unreadable"], found["ledger"]["acknowledged"], self.sums(found, "lost")), (2, 1000, (0,)))
        told = self.run_program("kaudit", self.source, "--ledger", self.path)
        self.assertRegex(told.text("out"), r"ledger: 2 lines could not be read.*\n(.*\n)*NOT clean: .*; the ledger cannot be read in full")

    def test_zeros_that_a_machine_left_behind_are_no_torn_line(self):
        self.path.write_bytes(self.path.read_bytes() + b"\0" * 4096)
        self.assertEqual(self.audit(self.source, "--ledger", self.path, status=1)["ledger"]["unreadable"], 1)

    def test_a_record_in_a_partition_that_the_topic_lacks_is_lost(self):
        self.plant(lambda lines: lines + ["1001 7 4 acknowledged", "1002 3 0 acknowledged"])
        found = self.audit(self.source, "--ledger", self.path, status=1)
        self.assertEqual((found["ledger"]["unreadable"], found["ledger"]["nowhere"]), (0, 2))
        told = self.run_program("kaudit", self.source, "--ledger", self.path)
        self.assertRegex(told.text("out"), r"2 lost: acknowledged in partitions that the topic does not have\n(.*\n)*NOT clean: .* 2 lost")

    def test_failed_and_unknown_are_resolved(self):
        def change(lines):
            words = {" 0 3 acknowledged": " - - failed", " 1 4 acknowledged": " 1 - unknown"}
            for old, new in words.items():
                index = next(i for i, line in enumerate(lines) if line.endswith(old))
                lines[index] = lines[index].replace(old, new)
            return lines + ["2001 - - failed", "2002 2 - unknown", "what is this?"]

        self.plant(change)
        found = self.audit(self.source, "--ledger", self.path, status=1)
        ledger = found["ledger"]
        self.assertEqual((ledger["failed"], ledger["failed_present"], ledger["unknown"], ledger["unknown_present"], ledger["unreadable"]), (2, 1, 2, 1, 1))
        self.assertEqual(self.sums(found, "lost", "unaccounted"), (0, 0))

    def test_records_of_a_killed_producer_are_without_a_line_and_that_is_no_loss(self):
        self.plant(lambda lines: lines[:-1])
        self.path.write_text(self.path.read_text() + "1000 0 ")
        found = self.audit(self.source, "--ledger", self.path)
        self.assertEqual(self.sums(found, "lost", "unaccounted"), (0, 1))

    def test_a_second_run_in_the_same_ledger_is_told_apart(self):
        self.produce(self.source, 200, "--ledger", self.path)

        def change(lines):
            index = max(i for i, line in enumerate(lines) if line.startswith("5 "))
            lines[index] = "5 - - failed"
            return lines

        self.plant(change)
        found = self.audit(self.source, "--ledger", self.path, status=1)
        self.assertEqual((found["ledger"]["failed_present"], found["ledger"]["failed_examples"], self.sums(found, "lost", "unaccounted")), (1, [5], (0, 0)))


if __name__ == "__main__":
    main()
