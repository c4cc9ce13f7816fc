"""kctl produce on a real Kafka: one record through a fleet's producer, answered by the broker's acknowledgement."""

import json
import os
import re
import signal

from harness import SystemTest, main, wait_until
from kafka_protocol import end_offsets

FIELDS = ("user=marek", "amount=249.99", "currency=PLN", "method=credit_card")
RECORD = '{"user": "ola", "amount": "1.50", "currency": "EUR", "method": "blik"}'


class Produce(SystemTest):
    def setUp(self):
        super().setUp()
        self.client = f"b-{self.token}"
        self.topic_name = self.topic()

    def fleet(self, *arguments):
        fleet = self.supervise("--clients", self.client, "--topic", self.topic_name, "--quiet", *arguments)
        fleet.wait_line("ready:", 30)
        return fleet

    def end(self, fleet):
        self.assertEqual(fleet.interrupt(), 0)
        self.assert_nothing_left()

    def kctl(self, *words, status=0, **more):
        done = self.run_program("kctl", "-i", self.instance, *words, **more)
        self.assertEqual(done.status, status, done.text())
        return done.text()

    def place(self, text):
        """(partition, offset) of an answer."""
        found = re.match(rf"{re.escape(self.topic_name)} \[(\d+)\] @ (\d+)$", text.splitlines()[0])
        self.assertIsNotNone(found, text)
        return int(found[1]), int(found[2])

    def stored(self):
        return sum(end_offsets(self.kafka.bootstrap, self.topic_name).values())

    def read(self):
        """{(partition, offset): record} of the whole topic."""
        lines = self.run_ok("ktopic", "read", self.topic_name, "--from-beginning", "--json", "--offsets", "--workload", "payments").splitlines()
        return {(one["partition"], one["offset"]): one for one in map(json.loads, lines)}

    def state(self):
        workers = json.loads(self.kctl("status", "--json"))["workers"]
        return next((w for w in workers if w["name"] == "producer"), None)


class WithAProducer(Produce):
    def test_the_answer_is_where_the_broker_has_it(self):
        ledger = self.folder / "ledger"
        fleet = self.fleet("--rate", "200", "--ledger", ledger)
        places = [self.place(self.kctl("produce", *FIELDS)), self.place(self.kctl("produce", "producer", RECORD))]
        (self.folder / "one.json").write_text(RECORD + "\n")
        with open(self.folder / "one.json") as one:
            places.append(self.place(self.kctl("produce", "-", stdin=one)))
        answer = json.loads(self.kctl("--json", "produce", *FIELDS))["record"]
        self.assertEqual((answer["topic"], answer["started"]), (self.topic_name, False))
        places.append((answer["partition"], answer["offset"]))
        self.kctl("stop", "producer")
        records = self.read()
        self.assertEqual([records[at]["user"] for at in places], ["marek", "ola", "ola", "marek"])
        self.assertEqual(str(records[places[0]]["amount"]), "249.99")
        self.assertEqual(self.worker("producer")["counters"]["acknowledged"], len(records))
        self.end(fleet)
        self.run_ok("kaudit", self.topic_name, "--ledger", ledger)
        lines = set(ledger.read_text().splitlines())
        for partition, offset in places:
            self.assertTrue(any(re.match(rf"\d+ {partition} {offset} acknowledged$", line) for line in lines), (partition, offset))

    def test_what_is_no_record_is_refused_and_nothing_is_sent(self):
        fleet = self.fleet("--interval", "1h")
        wait_until(lambda: self.stored() == 1, 10, "its first record")
        for words, why in (
            (("colour=red",), "field 'colour': payments have no such field"),
            (("user=marek",), "fields missing: amount, currency, method"),
            ((*FIELDS[:3], "method=gold"), "field method"),
            (("{",), "not JSON"),
            (('{"user": 1}',), "field user: expected a string, found a number"),
            ((self.client, *FIELDS), f"the producer sends records, not '{self.client}'"),
        ):
            self.assertIn(why, self.kctl("produce", *words, status=1))
        for words, why in (((), "which record"), (("user=" + "x" * 5000,), "at most 4095 bytes"), ((RECORD, RECORD), "one record at a time")):
            self.assertIn(why, self.kctl("produce", *words, status=2))
        self.assertIn("waited for", self.kctl("--no-wait", "produce", *FIELDS, status=1))
        self.assertEqual(self.stored(), 1)
        self.assertEqual(self.state()["state"], "ready")
        self.end(fleet)

    def test_a_record_that_librdkafka_or_the_broker_finds_too_large_is_told_as_not_stored(self):
        fleet = self.fleet("--rate", "1", "--workload", "messages", "-X", "message.max.bytes=2000")
        self.assertRegex(self.kctl("produce", "content=" + "x" * 3000, status=1), "[Mm]essage size too large: the record is not stored")
        self.place(self.kctl("produce", "content=short"))
        self.kctl("stop", "producer")
        self.end(fleet)

    def test_a_paused_producer_sends_it_and_stays_paused(self):
        fleet = self.fleet("--rate", "50")
        self.kctl("pause", "producer")
        before = self.stored()
        self.place(self.kctl("produce", *FIELDS))
        self.assertEqual(self.stored(), before + 1)
        self.assertTrue(self.state()["paused"])
        self.kctl("restart", "producer", "--no-wait")
        self.place(self.kctl("produce", *FIELDS))
        self.assertEqual(self.stored(), before + 2)
        self.end(fleet)

    def test_a_restart_and_a_kill_meanwhile_lose_and_double_none_that_was_answered(self):
        fleet = self.fleet("--rate", "100")
        places, unknown = [], 0
        for i in range(30):
            if i % 10 == 5:
                self.kctl("restart", "producer", "--no-wait")
            if i % 10 == 9:
                self.kctl("kill", "producer", "KILL")
            done = self.run_program("kctl", "-i", self.instance, "produce", f"user=u{i}-{self.token}", *FIELDS[1:])
            if done.status == 0:
                places.append((self.place(done.text()), f"u{i}-{self.token}"))
            else:
                self.assertRegex(done.text(), "may be stored all the same|is not sent|may still arrive")
                unknown += 1
        self.kctl("stop", "producer")
        records = self.read()
        for at, user in places:
            self.assertEqual(records[at]["user"], user)
        users = [record["user"] for record in records.values() if record["user"].endswith(self.token)]
        self.assertEqual(len(users), len(set(users)), "none twice")
        self.assertLessEqual(len(users), len(places) + unknown)
        self.assertGreater(len(places), 20)
        self.end(fleet)

    def test_count_is_of_the_records_that_it_makes(self):
        fleet = self.supervise("--clients", self.client, "--topic", self.topic_name, "--rate", "100", "--count", "300", "--quiet", "--exit-when-done")
        fleet.wait_line("ready:", 30)
        for _ in range(3):
            self.kctl("produce", *FIELDS)
        self.kctl("restart", "producer")
        self.kctl("produce", *FIELDS)
        self.assertEqual(fleet.wait(60), 0, fleet.text())
        self.assertEqual(self.stored(), 304)
        self.assert_nothing_left()


class WithoutAProducer(Produce):
    def test_of_many_at_once_each_is_stored_once_or_turned_away(self):
        fleet = self.fleet("--no-producer")
        many = [self.start("kctl", "-i", self.instance, "produce", f"user=u{i}", *FIELDS[1:]) for i in range(50)]
        places = [self.place(one.text()) for one in many if one.wait(60) == 0]
        self.assertGreater(len(places), 10)
        self.assertEqual(len(places), len(set(places)))
        self.assertEqual(self.stored(), len(places))
        self.end(fleet)

    def test_one_is_started_for_it_that_makes_nothing_and_stays(self):
        fleet = self.fleet("--no-producer")
        self.assertIsNone(self.state())
        told = self.kctl("produce", *FIELDS)
        self.place(told)
        self.assertIn("no producer was running: one was started that makes no records of its own and stays", told)
        second = self.kctl("produce", *FIELDS)
        self.assertEqual(len(second.splitlines()), 1)
        self.assertEqual(self.stored(), 2)
        self.assertEqual(self.state()["state"], "ready")
        self.assertIn("makes no records", self.kctl("status"))
        self.assertIn("makes no records", self.kctl("rate", "5/s", status=1))
        self.kctl("restart", "producer")
        self.assertEqual(self.state()["generation"], 2)
        self.place(self.kctl("produce", *FIELDS))
        os.kill(self.state()["pid"], signal.SIGKILL)
        wait_until(lambda: self.state()["generation"] == 3 and self.state()["state"] == "ready", 20, "the next one")
        self.kctl("stop", "producer")
        self.kctl("start", "producer")
        self.assertEqual(self.stored(), 3)
        self.kctl("stop", "producer")
        self.assertIn("no producer was running", self.kctl("produce", *FIELDS))
        self.assertEqual(self.stored(), 4)
        self.end(fleet)

    def test_one_that_was_stopped_or_is_done_makes_none_until_it_is_started(self):
        fleet = self.fleet("--rate", "100")
        self.kctl("stop", "producer")
        before = self.stored()
        self.assertIn("no producer was running", self.kctl("produce", *FIELDS))
        self.kctl("produce", *FIELDS)
        self.assertEqual(self.stored(), before + 2)
        self.kctl("start", "producer")
        wait_until(lambda: self.stored() > before + 10, 20, "its own records")
        self.assertNotIn("makes no records", self.kctl("status"))
        self.end(fleet)

    def test_a_topic_that_nobody_reads_is_not_taken_for_the_one_that_is_meant(self):
        (self.folder / "fleet.ini").write_text(f"[ksupervise]\nno-producer = yes\n[client {self.client}]\ntopic = {self.topic_name}\n")
        fleet = self.supervise("--config", "fleet.ini", "--quiet")
        fleet.wait_line("ready:", 30)
        self.assertIn("none of its clients reads topic 'payments'", self.kctl("produce", *FIELDS, status=1))
        self.assertIsNone(self.state())
        self.end(fleet)

    def test_a_reload_leaves_it_and_one_that_wants_a_producer_gets_one(self):
        path = self.folder / "fleet.ini"
        text = f"[ksupervise]\ntopic = {self.topic_name}\n{{}}\n[producer]\nrate = 100\n[client {self.client}]\nbatch-size = {{}}\n"
        path.write_text(text.format("no-producer = yes", 10))
        fleet = self.supervise("--config", "fleet.ini", "--quiet")
        fleet.wait_line("ready:", 30)
        self.kctl("produce", *FIELDS)
        path.write_text(text.format("no-producer = yes", 20))
        self.kctl("reload")
        self.assertEqual((self.state()["state"], self.state()["generation"]), ("ready", 1))
        path.write_text(text.format("", 20))
        self.kctl("reload")
        wait_until(lambda: self.stored() > 10, 20, "its own records")
        self.assertNotIn("makes no records", self.kctl("status"))
        self.end(fleet)


class BrokerAway(Produce):
    def test_until_the_time_is_up_and_what_may_still_arrive_is_said_and_not_sent_twice(self):
        self.own_kafka()
        self.topic_name = self.topic(stem="away")
        fleet = self.fleet("--no-producer")
        self.place(self.kctl("produce", *FIELDS))
        self.kafka.broker("kill", 1)
        told = self.kctl("--timeout", "2s", "produce", *FIELDS, status=1)
        self.assertIn("produce: timed out: the record may still arrive; it is not sent again", told)
        told = self.kctl("--timeout", "1s", "produce", *FIELDS, status=1)
        self.assertIn("nothing was changed", told)
        self.kafka.broker("start", 1)
        self.place(self.kctl("--timeout", "60s", "produce", *FIELDS))
        self.assertEqual(self.stored(), 3)  # the one that was said to perhaps arrive has
        self.end(fleet)

    def test_a_topic_that_is_gone_is_told_and_the_producer_is_held(self):
        fleet_topic, self.topic_name = self.topic_name, self.name("gone")
        (self.folder / "fleet.ini").write_text(f"[ksupervise]\nno-producer = yes\n[producer]\ntopic = {self.topic_name}\n[client {self.client}]\ntopic = {fleet_topic}\n")
        fleet = self.supervise("--config", "fleet.ini", "--quiet", "-X", "allow.auto.create.topics=false")
        fleet.wait_line("ready:", 30)
        told = self.kctl("produce", *FIELDS, status=1)
        self.assertRegex(told, rf"topic '{self.topic_name}': .*[Uu]nknown topic.*: the record is not stored")
        wait_until(lambda: self.state()["state"] == "held", 10, "the end of its producer")
        self.assertRegex(self.kctl("produce", *FIELDS, status=1), "producer is held: exit code 78.*the record is not sent")
        self.end(fleet)


if __name__ == "__main__":
    main()
