"""Topics with more partitions than a segment begins with, on a real Kafka: each of them is shown, and counted in what is a sum."""

import json

import kafka_protocol
from harness import SystemTest, main, wait_until


class ManyPartitions(SystemTest):
    def fleet(self, topic, *more):
        return self.supervise("--clients", "bravo", "--group", self.name("g"), "--topic", topic, "--quiet", "--dead-letters", "off", *more)

    def assigned(self, worker):
        return [p for p in (worker or {"partitions": []})["partitions"] if p["assigned"]]

    def ends(self, topic):
        return kafka_protocol.end_offsets(self.kafka.bootstrap, topic)

    def all_committed(self, topic):
        """By the word of the broker."""
        found = kafka_protocol.committed(self.kafka.bootstrap, self.name("g")) or {}
        return {p: o for (t, p), o in found.items() if t == topic and o}

    def ends_when_done(self, partitions, records):
        topic = self.topic(partitions, f"t{partitions}")
        fleet = self.fleet(topic, "--rate", "0", "--count", records, "--exit-when-done")
        self.assertEqual(fleet.wait(120), 0, fleet.text())
        ends = {p: o for p, o in self.ends(topic).items() if o}
        self.assertEqual(sum(ends.values()), records)
        self.assertEqual(self.all_committed(topic), ends)

    def test_exit_when_done_with_200(self):
        self.ends_when_done(200, 20000)
        self.assert_nothing_left()

    def test_exit_when_done_with_2000(self):
        self.own_kafka()  # one that elects so many leaders lets others wait
        self.ends_when_done(2000, 50000)

    def test_each_of_200_is_shown_and_their_sum_is_known(self):
        topic = self.topic(200)
        fleet = self.fleet(topic, "--no-producer")
        fleet.wait_line("ready:", 30)
        self.run_ok("kproduce", "--publish=no", "--topic", topic, "--rate", "0", "--count", 2000, "--quiet")
        wait_until(lambda: sum(self.all_committed(topic).values()) == 2000, 30, "all is committed")
        wait_until(lambda: all(p["lag"] == 0 for p in self.assigned(self.worker("bravo"))), 30, "all is shown")
        shown = self.assigned(self.worker("bravo"))
        self.assertEqual({p["partition"]: p["high"] for p in shown}, self.ends(topic))
        self.assertEqual(self.worker("bravo")["counters"]["untracked_partitions"], 0)

    def test_partitions_that_are_added_have_their_places(self):
        topic = self.topic(60)
        fleet = self.fleet(topic, "--no-producer", "-X", "topic.metadata.refresh.interval.ms=1000")
        fleet.wait_line("ready:", 30)
        kafka_protocol.create_partitions(self.kafka.bootstrap, topic, 150)
        wait_until(lambda: len(self.assigned(self.worker("bravo"))) == 150, 30, "all of them are shown")
        worker = self.worker("bravo")
        self.assertEqual((worker["alive"], worker["counters"]["untracked_partitions"]), (True, 0))

    def test_a_worker_by_hand(self):
        topic = self.topic(200)
        client = self.name("c")
        consumer = self.start("kconsume", "--client", client, "--group", self.name("g"), "--topic", topic, "--quiet")

        def shown():
            process = self.run_program("kstat", "-i", "solo", "--json", client)
            return process.status == 0 and len(self.assigned(json.loads(process.text("out"))["workers"][0])) == 200

        wait_until(shown, 30, "all of them are shown")
        self.assertEqual(consumer.interrupt(), 0, consumer.text())


if __name__ == "__main__":
    main()
