"""Records that can never be processed, on a real Kafka: where they go, what they say, and what is committed meanwhile."""

import json
import os
import signal

import kafka_protocol
from harness import SystemTest, main, wait_until

POISON = b"no MessagePack"


class DeadLetters(SystemTest):
    def kcat(self, *words):
        return self.run_ok("/usr/bin/env", "kcat", "-b", self.kafka.bootstrap, *words)

    def poison(self, topic, partition, value=POISON, key="marek", headers=("origin=elsewhere",)):
        path = self.folder / "poison"
        path.write_bytes(value)
        words = [word for header in headers for word in ("-H", header)]
        self.kcat("-P", "-t", topic, "-p", partition, "-k", key, *words, path)

    def letters(self, topic):
        """What the dead-letter topic holds, from the start: kcat's JSON, and the headers as a dict."""
        if f'"{topic}"' not in self.kcat("-L", "-J"):
            return []
        found = []
        for line in self.kcat("-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J").splitlines():
            letter = json.loads(line)
            words = letter.get("headers", [])
            letter["headers"] = dict(zip(words[::2], words[1::2]))
            found.append(letter)
        return found

    def produce(self, topic, count):
        self.run_ok("kproduce", "--topic", topic, "--rate", "0", "--count", count, "--quiet")

    def committed(self, group, topic):
        return {p: o for (t, p), o in kafka_protocol.committed(self.kafka.bootstrap, group).items() if t == topic}

    def test_a_poison_record_goes_to_the_dead_letter_topic_as_it_came_with_the_reason(self):
        topic = self.topic()
        group = self.name("g")
        self.produce(topic, 100)
        self.poison(topic, 1)
        at = kafka_protocol.end_offsets(self.kafka.bootstrap, topic)[1] - 1
        self.produce(topic, 100)
        consumer = self.start("kconsume", "--client", "bravo", "--group", group, "--topic", topic, "--count", 201)
        self.assertEqual(consumer.wait(), 0, consumer.text())
        self.assertIn(f"{topic} [1] offset {at}: decode: ", consumer.text())
        self.assertIn(f"it goes to {topic}.dlq", consumer.text())
        [letter] = self.letters(f"{topic}.dlq")
        self.assertEqual(letter["key"], "marek")
        self.assertIn("no MessagePack", letter["payload"])
        headers = letter["headers"]
        self.assertEqual(headers["origin"], "elsewhere")
        self.assertEqual((headers["dlq.topic"], headers["dlq.partition"], headers["dlq.offset"]), (topic, "1", str(at)))
        self.assertEqual((headers["dlq.group"], headers["dlq.stage"], headers["dlq.attempts"]), (group, "decode", "1"))
        self.assertGreater(letter["ts"], int(headers["dlq.timestamp"]), "a letter has its own time: retention counts from then")
        self.assertTrue(headers["dlq.id"].endswith(f"/{group}/{topic}/1/{at}/{headers['dlq.timestamp']}"), headers["dlq.id"])
        self.assertRegex(headers["dlq.first_failure"], r"^20\d\d-\d\d-\d\dT")
        self.assertTrue(headers["dlq.reason"])
        self.assertEqual(self.committed(group, topic), kafka_protocol.end_offsets(self.kafka.bootstrap, topic))

    def test_a_letter_of_a_topic_that_is_made_anew_is_no_repeat_of_one_of_its_namesake(self):
        topic, group = self.topic(), self.name("g")
        for _ in range(2):
            self.poison(topic, 0)
            consumer = self.start("kconsume", "--client", "bravo", "--group", group, "--topic", topic, "--count", 1)
            self.assertEqual(consumer.wait(), 0, consumer.text())
            self.topic_anew(topic, 3)
        self.assertEqual([letter["headers"]["dlq.offset"] for letter in self.letters(f"{topic}.dlq")], ["0", "0"])
        found = json.loads(self.run_ok("ktopic", "dlq", "list", "--json", topic))
        self.assertEqual((found["letters"], found["repeats"]), (2, 0))
        self.run_ok("ktopic", "dlq", "replay", topic)
        self.assertEqual(sum(kafka_protocol.end_offsets(self.kafka.bootstrap, topic).values()), 2)

    def test_what_comes_again_because_a_letter_is_refused_is_told_in_full(self):
        topic, group = self.topic(2), self.name("g")
        self.run_ok("ktopic", "provision", "--partitions", 2, topic + ".dlq")
        kafka_protocol.set_topic_settings(self.kafka.bootstrap, topic + ".dlq", {"max.message.bytes": "100"})
        self.produce(topic, 40)
        words = "--publish=no", "--group", group, "--topic", topic, "-X", "partition.assignment.strategy=range", "--pipeline", "validate, reject:offset == 5"
        first = self.start("kconsume", "--client", "a", *words)
        first.wait_line("offset 5 was refused by topic", 30)
        second = self.start("kconsume", "--client", "b", *words)  # the first keeps partition 0, whose group has 5
        told = first.wait_line(r"\[0\] was assigned again at 5, after (\d+) had been reached: (\d+) records will be delivered again", 30)
        reached, again = int(told.group(1)), int(told.group(2))
        self.assertEqual(reached - 5, again)
        for process in (first, second):
            process.kill()

    def test_off_passes_a_poison_record_over_and_makes_no_topic(self):
        topic = self.topic(1)
        self.poison(topic, 0)
        consumer = self.start("kconsume", "--client", "bravo", "--topic", topic, "--group", self.name("g"), "--count", 1, "--dead-letters", "off")
        self.assertEqual(consumer.wait(), 0, consumer.text())
        self.assertIn("passed over", consumer.text())
        self.assertNotIn(f"{topic}.dlq", self.kcat("-L", "-J"))

    def tombstones(self, topic, partition, count):
        """Records of the key marek without a value."""
        path = self.folder / "tombstones"
        path.write_text("marek:\n" * count)
        self.kcat("-P", "-Z", "-K", ":", "-t", topic, "-p", partition, "-l", path)

    def test_a_tombstone_says_so_and_its_letter_has_no_value_either(self):
        topic, group = self.topic(1), self.name("g")
        self.tombstones(topic, 0, 1)
        consumer = self.start("kconsume", "--client", "bravo", "--group", group, "--topic", topic, "--count", 1)
        self.assertEqual(consumer.wait(), 0, consumer.text())
        [letter] = self.letters(f"{topic}.dlq")
        self.assertEqual((letter["key"], letter["payload"]), ("marek", None))
        self.assertEqual(letter["headers"]["dlq.reason"], "a tombstone: the record has no value")

    def test_skipped_tombstones_are_settled_in_every_mode_of_one_client_alone(self):
        """Nobody acknowledges anything: what is committed is what needed nobody's word. The other client has the default."""
        topic = self.topic(1)
        self.tombstones(topic, 0, 5)
        config = self.folder / "fleet.ini"
        config.write_text(f"[ksupervise]\ninstance = {self.instance}\ntopic = {topic}\nno-producer = yes\n"
                          "[client bravo]\ntombstones = skip\ncommit = manual\n[client zulu]\n")
        self.start("ksupervise", "--config", config)
        wait_until(lambda: all((worker := self.worker(name)) and worker["partitions"] and worker["partitions"][0]["committed"] == 5
                               for name in ("bravo", "zulu")), 30, "all committed")
        counters = {name: self.worker(name)["counters"] for name in ("bravo", "zulu")}
        self.assertEqual([counters["bravo"][name] for name in ("tombstones", "processed", "dead_lettered")], [5, 5, 0])
        self.assertEqual([counters["zulu"][name] for name in ("tombstones", "processed", "dead_lettered")], [5, 0, 5])

    def separate(self, kafka):
        """A topic, a group, and the number of the broker that leads the topic's dead letters, but neither of those two."""
        numbers = {address: number + 1 for number, address in enumerate(kafka.bootstrap.split(","))}

        def number(address):
            return numbers["%s:%d" % address]

        def coordinator(group):
            error, address = kafka_protocol.coordinator(kafka.bootstrap, group)
            return number(address) if error == 0 else None

        for attempt in range(20):
            topic = self.name(f"t{attempt}")
            for name in (topic, f"{topic}.dlq"):
                self.run_ok("ktopic", "provision", "--partitions", 1, "--replication-factor", 1, name)
            source = number(kafka_protocol.leaders(kafka.bootstrap, topic)[0])
            letters = number(kafka_protocol.leaders(kafka.bootstrap, f"{topic}.dlq")[0])
            for group in (self.name(f"g{n}") for n in range(10)):
                if letters not in (source, wait_until(lambda: coordinator(group), 30, "the group's coordinator")):
                    return topic, group, letters
        self.fail("no topic whose dead letters are led by a broker of their own")

    def test_nothing_beyond_an_unacknowledged_letter_is_committed(self):
        """The letters' topic is led by a broker that stands still; the source's is not."""
        kafka = self.own_kafka(brokers=3)
        topic, group, letters = self.separate(kafka)
        self.produce(topic, 10)
        self.poison(topic, 0)
        self.produce(topic, 10)
        kafka.broker("pause", letters)
        self.supervise("--clients", "bravo", "--no-producer", "--topic", topic, "--group", group, "--session-timeout", "6s")
        reached = wait_until(lambda: (worker := self.worker("bravo")) and worker["partitions"]
                             and worker["partitions"][0]["position"] == 21 and worker, 60, "the consumer at the end")
        self.assertEqual(reached["counters"]["dead_lettered"], 0)
        wait_until(lambda: self.worker("bravo")["partitions"][0]["committed"] == 10, 40, "a commit up to the letter")
        os.kill(self.worker("bravo")["pid"], signal.SIGKILL)
        kafka.broker("resume", letters)
        wait_until(lambda: (worker := self.worker("bravo")) and worker["generation"] == 2 and worker["partitions"]
                   and worker["partitions"][0]["committed"] == 21, 60, "everything committed")
        ids = {letter["headers"]["dlq.id"] for letter in self.letters(f"{topic}.dlq")}
        self.assertEqual(len(ids), 1, ids)


if __name__ == "__main__":
    main()
