"""The verb dead-letters on a real Kafka: kctl and HTTP list, show and replay what a fleet could not process."""

import json

import kafka_protocol
from harness import main, wait_until
from web import WebTest

POISON = b"no MessagePack"


class DeadLettersVerb(WebTest):
    def setUp(self):
        super().setUp()
        self.topic_name = self.topic(2)

    def poison(self, partition):
        """A record that cannot be decoded, by kcat."""
        path = self.folder / "poison"
        path.write_bytes(POISON)
        self.run_ok("/usr/bin/env", "kcat", "-P", "-b", self.kafka.bootstrap, "-t", self.topic_name, "-p", partition, "-k", "marek", path)

    def end_of(self, topic):
        return sum(kafka_protocol.end_offsets(self.kafka.bootstrap, topic).values())

    def kctl(self, *words, status=0):
        done = self.run_program("kctl", "-i", self.instance, "dead-letters", self.topic_name, *words)
        self.assertEqual(done.status, status, done.text())
        return done.text() if status else [json.loads(line) for line in done.text().splitlines() if line.startswith("{")]

    def http(self, method, rest=""):
        answer = self.ask(method, f"/topics/{self.topic_name}/dead-letters{rest}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def until_letters(self, count):
        wait_until(lambda: self.kctl("list")[-1]["letters"] == count, 30, f"{count} dead letters")

    def commits_of_replay(self):
        return kafka_protocol.committed(self.kafka.bootstrap, f"{self.topic_name}.dlq.replay")

    def test_listed_shown_and_sent_back_once_by_kctl_and_by_http(self):
        for partition in 0, 1, 1:
            self.poison(partition)
        self.fleet(("bravo",), commit="auto")
        self.until_letters(3)

        [listed] = self.kctl("list")
        over_http = self.http("GET")
        self.assertEqual(over_http.pop("notes"), [])
        self.assertEqual(over_http, listed)
        [reason] = listed["reasons"]
        self.assertEqual((reason["group"], reason["stage"], reason["count"], reason["replayed"]), (self.name("bravo"), "decode", 3, 0))
        shown = self.kctl("show")
        self.assertEqual({(letter["partition"], letter["offset"]) for letter in shown}, {(0, 0), (1, 0), (1, 1)})
        self.assertEqual({letter["reason"] for letter in shown}, {reason["reason"]})
        self.assertIn("no MessagePack", json.dumps(shown[0]["record"]))
        self.assertEqual(self.http("GET", "/records")["records"], shown)
        self.assertEqual(self.kctl("show", 1), shown[-1:])
        self.assertEqual(self.http("GET", "/records?limit=2")["records"], shown[-2:])

        for would in *self.kctl("replay", "--dry-run"), self.http("POST", "/replay?dry_run=true"):
            self.assertEqual((would["dry_run"], would["sent"], would["sent_before"]), (True, 3, 0))
        self.assertEqual(self.end_of(self.topic_name), 3, "a dry run sends nothing")
        self.assertEqual(self.commits_of_replay(), {}, "and keeps no note")

        sent = self.http("POST", "/replay")
        self.assertEqual((sent["dry_run"], sent["sent"], sent["sent_before"]), (False, 3, 0))
        self.assertEqual(self.end_of(self.topic_name), 6)
        [event] = [e for e in map(json.loads, self.run_ok("kctl", "-i", self.instance, "events", "--json").splitlines()) if e["kind"] == "replayed"]
        self.assertEqual(event["count"], 3)
        self.assertIn(f"{self.topic_name}; an operator's dead-letters (HTTP", event["text"])
        self.until_letters(6)  # they are as they were: each is given up again
        [again] = self.kctl("replay")
        self.assertEqual((again["sent"], again["sent_before"]), (3, 3), "the three of the second round alone")
        self.until_letters(9)
        self.assertEqual(self.kctl("list")[0]["replayed"], 6)
        self.end()

    def test_what_was_sent_back_is_not_sent_a_second_time(self):
        self.poison(0)
        self.fleet(("bravo",), commit="auto")
        self.until_letters(1)
        self.run_ok("kctl", "-i", self.instance, "stop", "bravo")  # so that it is not given up again
        self.assertEqual(self.kctl("replay")[0]["sent"], 1)
        self.assertEqual(self.kctl("replay")[0]["sent"], 0)
        self.assertEqual(self.http("POST", "/replay")["sent"], 0)
        self.assertEqual(self.end_of(self.topic_name), 2)
        self.end()

    def test_where_there_is_none_and_what_cannot_be_is_told(self):
        self.fleet(("bravo",), commit="auto")
        nothing = self.http("GET")
        self.assertEqual((nothing["letters"], nothing["reasons"]), (0, []))
        self.assertIn("no record of", " ".join(nothing["notes"]))
        self.assertEqual(self.http("GET", "/records")["records"], [])
        self.assertEqual(self.http("POST", "/replay")["sent"], 0)
        self.assertIn("list | show [N] | replay", self.kctl("burn", status=1))
        self.assertIn("N is 1 to 500", self.kctl("show", 501, status=1))
        self.assertIn("usage: kctl dead-letters", self.run_program("kctl", "-i", self.instance, "dead-letters", self.topic_name).text())
        self.assertIn("there is no topic", self.refused("GET", f"/topics/{self.topic_name}x/dead-letters", 409)["detail"])
        self.refused("GET", f"/topics/{self.topic_name}/dead-letters/records?limit=0", 400)
        self.refused("GET", f"/topics/{self.topic_name}/dead-letters/replay", 405)
        self.end()

    def test_they_are_found_where_the_client_sends_them_and_read_only_lets_nobody_send_them_back(self):
        graveyard = self.name("graveyard")
        self.poison(0)
        self.fleet(("bravo",), "--http-read-only", commit="auto", dead_letters=graveyard)
        self.until_letters(1)
        self.assertEqual(self.http("GET")["dlq_topic"], graveyard)
        self.refused("POST", f"/topics/{self.topic_name}/dead-letters/replay?dry_run=true", 403)
        self.end()


if __name__ == "__main__":
    main()
