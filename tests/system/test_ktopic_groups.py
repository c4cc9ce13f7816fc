"""ktopic groups, group and retention on a real Kafka."""

import json

from harness import SystemTest, main, wait_until
from kafka_protocol import commit, committed, end_offsets, set_topic_settings


class Groups(SystemTest):
    def consumer(self, group, topic, name):
        consumer = self.start("kconsume", "--publish=no", "--group", group, "--topic", topic, "-X", f"client.id={name}", "--workload", "payments", "--from", "earliest", "--batch-wait", "50ms")
        consumer.wait_line(r"assigned \d+ partition")
        return consumer

    def produce(self, topic, count):
        self.run_ok("kproduce", "--topic", topic, "--rate", "0", "--count", count, "--publish=no", "--quiet")

    def group(self, name):
        return json.loads(self.run_ok("ktopic", "group", "--json", name))

    def test_shows_members_assignment_committed_end_and_lag(self):
        topic, group = self.topic(partitions=3), self.name("g")
        self.produce(topic, 60)
        first = self.consumer(group, topic, "bravo")
        wait_until(lambda: sum((committed(self.kafka.bootstrap, group) or {}).values()) == 60, what="all is committed")
        second = self.consumer(group, topic, "zulu")
        wait_until(lambda: sorted(len(m["assignment"]) for m in self.group(group)["members"]) == [1, 2], what="the partitions are split")
        found = self.group(group)
        self.assertEqual((found["group"], found["state"], found["assignor"], found["coordinator"]), (group, "Stable", "range", 1))
        self.assertEqual(sorted(m["client"] for m in found["members"]), ["bravo", "zulu"])
        self.assertTrue(all(m["host"] == "/127.0.0.1" for m in found["members"]))
        owners = {(a["topic"], a["partition"]): m["member"] for m in found["members"] for a in m["assignment"]}
        self.assertEqual(set(owners), {(topic, p) for p in range(3)})
        ends = end_offsets(self.kafka.bootstrap, topic)
        self.assertEqual([(p["topic"], p["partition"], p["committed"], p["low"], p["end"], p["lag"], p["member"]) for p in found["partitions"]],
                         [(topic, p, ends[p], 0, ends[p], 0, owners[topic, p]) for p in range(3)])
        for consumer in (first, second):
            consumer.interrupt()
        self.produce(topic, 30)
        found = self.group(group)
        self.assertEqual((found["state"], found["members"]), ("Empty", []))
        self.assertEqual([p["lag"] for p in found["partitions"]], [end_offsets(self.kafka.bootstrap, topic)[p] - ends[p] for p in range(3)])
        table = self.run_ok("ktopic", "group", group)
        self.assertIn(f"Group {group}: Empty, 0 members", table)
        self.assertRegex(table, rf"(?m)^ +{topic} +1 +{ends[1]} +\d+ +\d+ +- +-$")
        listed = {g["group"]: g for g in json.loads(self.run_ok("ktopic", "groups", "--json"))}
        self.assertEqual(listed[group], {"group": group, "state": "Empty", "members": 0, "topics": [topic], "lag": 30})
        self.assertRegex(self.run_ok("ktopic", "groups"), rf"(?m)^{group} +Empty +0 +30  {topic}$")

    def test_a_supervised_member_shows_its_instance_id(self):
        group = self.name("g")
        topic = self.topic(partitions=2)
        fleet = self.supervise("--clients", "bravo", "--group", group, "--topic", topic, "--rate", "20", "--quiet")
        fleet.wait_line("ready:", 30)
        member, = self.group(group)["members"]
        self.assertRegex(member["instance"], rf"^{self.instance}\..*bravo$")
        self.assertIn(member["instance"], self.run_ok("ktopic", "group", group))
        fleet.interrupt()

    def test_what_is_committed_beside_the_offset_is_shown(self):
        topic, group = self.topic(partitions=1), self.name("g")
        self.produce(topic, 5)
        self.commit(group, topic, 3, "acknowledged 4\u00a0\x1b[31m")
        partition, = self.group(group)["partitions"]
        self.assertEqual((partition["committed"], partition["lag"], partition["metadata"]), (3, 2, "acknowledged 4\u00a0\x1b[31m"))
        table = self.run_ok("ktopic", "group", group)
        self.assertIn(r"\x1b[31m", table, "text from elsewhere is escaped")
        self.assertNotIn("\x1b", table)

    def commit(self, group, topic, offset, metadata):
        commit(self.kafka.bootstrap, group, topic, 0, offset, metadata)

    def test_a_group_that_is_not_there_is_told_with_the_nearest(self):
        group = self.name("billing")
        topic = self.topic(partitions=1)
        self.commit(group, topic, 0, "")
        process = self.run_program("ktopic", "group", group[:-1] + "_")
        self.assertEqual(process.status, 1)
        self.assertIn(f"is '{group}' meant?", process.text("err"))

    def test_a_commit_past_the_end_is_no_negative_lag(self):
        topic, group = self.topic(partitions=2), self.name("g")
        self.produce(topic, 5)
        self.commit(group, topic, 1000, "")
        partition, = self.group(group)["partitions"]
        self.assertEqual((partition["committed"], partition["lag"]), (1000, 0))

    def test_the_embedded_broker_says_that_it_cannot(self):
        broker = self.start("kbroker")
        address = broker.wait_line(r"^embedded broker at (\S+)$").group(1)
        for words, expected in ((("groups",), "does not list its groups"), (("group", "g"), "does not list its groups"),
                                (("retention", "orders", "60s"), "keeps no settings")):
            process = self.run_program("ktopic", words[0], "--bootstrap", address, *words[1:])
            self.assertEqual(process.status, 1)
            self.assertRegex(process.text("err"), rf"the embedded broker \(kbroker\) {expected}.*'make kafka'")


class Retention(SystemTest):
    def settings(self, topic):
        described, = json.loads(self.run_ok("ktopic", "describe", "--json", topic))
        return {s["name"]: s["value"] for s in described["settings"] if s["from"] == "topic"}

    def test_changes_it_and_keeps_the_other_settings(self):
        topic = self.topic(partitions=1)
        before = {"segment.ms": "90000", "max.message.bytes": "70000"}
        set_topic_settings(self.kafka.bootstrap, topic, before)
        wait_until(lambda: self.settings(topic) == before, what="the settings are there")
        for word, shown, value in (("60s", r"retention 7 days, the broker's default → 60 s", "60000"), ("2h", r"retention 60 s → 2 h", "7200000"),
                                   ("unlimited", r"retention 2 h → unlimited", "-1"), ("default", r"retention unlimited → 7 days, the broker's default", None)):
            self.assertRegex(self.run_ok("ktopic", "retention", topic, word), rf"^{topic}: {shown}$")
            self.assertEqual(self.settings(topic), {**before, **({"retention.ms": value} if value else {})})
        self.assertEqual(self.run_ok("ktopic", "retention", topic), f"{topic}: retention 7 days, the broker's default")

    def test_a_wrong_time_and_an_unknown_topic_are_told(self):
        topic = self.topic(partitions=1)
        for word, expected in (("soon", "soon"), ("60", "60"), ("10us", "milliseconds")):
            process = self.run_program("ktopic", "retention", topic, word)
            self.assertEqual(process.status, 2)
            self.assertIn(expected, process.text("err"))
        process = self.run_program("ktopic", "retention", topic[:-1] + "_", "60s")
        self.assertEqual(process.status, 1)
        self.assertIn(f"is '{topic}' meant?", process.text("err"))

    def test_the_low_watermark_moves_and_kstat_shows_it(self):
        topic = self.topic(partitions=1)
        fleet = self.supervise("--clients", "bravo", "--topic", topic, "--group", self.name("g"), "--rate", "1000", "--count", "300", "--quiet")
        fleet.wait_line("ready:", 30)
        wait_until(lambda: end_offsets(self.kafka.bootstrap, topic) == {0: 300}, 20, "all is produced")
        self.assertEqual(end_offsets(self.kafka.bootstrap, topic, timestamp=-2), {0: 0})
        self.run_ok("ktopic", "retention", topic, "1s")
        wait_until(lambda: end_offsets(self.kafka.bootstrap, topic, timestamp=-2) == {0: 300}, 30, "retention takes the records", every=0.2)

        def low():
            worker = self.worker("bravo")
            return worker and worker["partitions"] and worker["partitions"][0]["low"]

        wait_until(lambda: low() == 300, 20, "kstat shows the new low watermark", every=0.3)
        described, = json.loads(self.run_ok("ktopic", "describe", "--json", topic))
        self.assertEqual((described["partitions"][0]["low"], described["partitions"][0]["high"]), (300, 300))
        fleet.interrupt()


if __name__ == "__main__":
    main()
