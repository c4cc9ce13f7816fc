"""kweb on a real Kafka: two consumers that acknowledge independently, every verb's route, events as they happen, and a server whose death hurts nobody."""

import os
import signal
import socket

from harness import alive, main, wait_until
from web import Events, WebTest


class Demonstration(WebTest):
    """Clients A and B, each in a group of its own, one partition."""

    def setUp(self):
        super().setUp()
        self.topic_name = self.topic(1)
        self.fleet()

    def counts(self, status):
        return {name: (consumer["received"], consumer["acknowledged"], consumer["pending"]) for name, consumer in status.items()}

    def until_counts(self, **wanted):
        return self.until_status(lambda now: self.counts(now) == wanted, f"the counts {wanted}")

    def test_each_consumer_receives_every_message(self):
        places = self.produce("one", "two", "three")
        self.assertEqual([(p["topic"], p["partition"], p["offset"]) for p in places], [(self.topic_name, 0, offset) for offset in range(3)])
        for client in "A", "B":
            self.assertEqual(self.until_given(client, 3), [(0, 0), (0, 1), (0, 2)])
        self.until_counts(A=(3, 0, 3), B=(3, 0, 3))
        record = self.get(f"/topics/{self.topic_name}/0/1")["lines"]
        self.assertIn("two", record[0])
        self.end()

    def test_acknowledging_by_one_changes_nothing_of_the_other(self):
        self.produce("one")
        self.until_counts(A=(1, 0, 1), B=(1, 0, 1))
        done = self.post("/consumers/A/acknowledge?message_offset=0")
        self.assertEqual(done["partitions"], [{"worker": "A", "partition": 0, "from": 0, "to": 1}])
        self.until_counts(A=(1, 1, 0), B=(1, 0, 1))
        self.assertIn("waiting", self.refused("POST", "/consumers/A/acknowledge?message_offset=0", 409)["detail"])
        self.assertEqual(self.refused("POST", "/consumers/B/acknowledge?message_offset=1", 409)["candidates"], [])
        self.refused("POST", "/consumers/C/acknowledge?message_offset=0", 404)
        self.assertIn("message_offset is missing", self.refused("POST", "/consumers/A/acknowledge", 400)["detail"])

    def test_after_a_kill_only_what_was_not_acknowledged_comes_again(self):
        self.produce("one", "two", "three")
        self.until_counts(A=(3, 0, 3), B=(3, 0, 3))
        for offset in 0, 2:
            self.post(f"/consumers/A/acknowledge?message_offset={offset}")
        self.until_counts(A=(3, 2, 1), B=(3, 0, 3))
        former = self.workers()["A"]
        self.post("/workers/A/kill?signal=KILL")
        self.assertEqual(self.until_given("A", 4), [(0, 0), (0, 1), (0, 2), (0, 1)])
        self.assertGreater(self.workers()["A"]["generation"], former["generation"])
        self.until_status(lambda now: (now["A"]["acknowledged"], now["A"]["pending"]) == (2, 1), "the successor's counts")
        self.produce("four")
        self.assertEqual(self.until_given("A", 5)[4:], [(0, 3)])
        self.assertEqual(self.until_given("B", 4), [(0, offset) for offset in range(4)])

    def test_a_reset_delivers_again_to_whom_it_is_for(self):
        self.produce("one", "two")
        for client in "A", "B":
            self.until_given(client, 2)
            self.post(f"/consumers/{client}/acknowledge?message_offset=0")
        would = self.post("/consumers/A/reset?dry_run=true")
        self.assertEqual(would["partitions"], [{"worker": "A", "partition": 0, "from": 1, "to": 0}])
        self.until_status(lambda now: now["A"]["acknowledged"] == 1, "nothing changed")
        self.post("/consumers/A/reset")
        self.assertEqual(self.until_given("A", 4)[2:], [(0, 0), (0, 1)])
        self.until_status(lambda now: [now[name]["acknowledged"] for name in "AB"] == [0, 1], "A anew, B as it was")
        self.assertEqual(len(self.given("B")), 2)
        both = self.post("/consumers/reset?to=offset:1")["consumers"]
        self.assertEqual({name: outcome["reset"] for name, outcome in both.items()}, {"A": True, "B": True})
        self.assertEqual(self.until_given("A", 5)[4:], [(0, 1)])
        self.assertEqual(self.until_given("B", 3)[2:], [(0, 1)])
        for wrong in "to=nonsense", "to=offset:x", "partition=-1", "dry_run=perhaps", "too=earliest", "to=latest&to=earliest", "to=earliest,dry-run":
            self.refused("POST", f"/consumers/A/reset?{wrong}", 400)


class SeveralTopics(WebTest):
    def setUp(self):
        super().setUp()
        self.topic_name = self.topic(3)
        self.other = self.topic(1, "u")
        self.fleet({"A": self.topic_name, "B": self.other})

    def test_without_a_partition_it_says_which_can_be_meant(self):
        sent = []
        while len({place["partition"] for place in sent}) < 3:
            sent += self.produce(f"message {len(sent)}")
        self.until_given("A", len(sent))
        self.until_status(lambda now: now["A"]["pending"] == len(sent), "all of them wait")
        self.assertEqual(sorted(self.refused("POST", "/consumers/A/acknowledge?message_offset=0", 409)["candidates"]), [0, 1, 2])
        for partition in 2, 0:
            self.post(f"/consumers/A/acknowledge?message_offset=0&partition={partition}")
        self.assertEqual(self.post("/consumers/A/acknowledge?message_offset=0")["partitions"][0]["partition"], 1)

    def test_a_reset_of_all_tells_of_each_what_became_of_it(self):
        problem = self.refused("POST", "/consumers/reset?partition=2", 409)
        self.assertEqual({name: outcome["reset"] for name, outcome in problem["consumers"].items()}, {"A": True, "B": False})
        self.assertIn("partition", problem["consumers"]["B"]["detail"])


class Verbs(WebTest):
    def setUp(self):
        super().setUp()
        self.topic_name = self.topic(2)

    def until_state(self, name, state):
        wait_until(lambda: self.workers()[name]["state"] == state, 20, f"{name} {state}")

    def given_at(self, client, place):
        return (place["partition"], place["offset"]) in self.given(client)

    def test_each_route_does_what_its_verb_does(self):
        self.produces = True
        logs = self.folder / "logs"
        self.fleet(("A", "B"), "--log-dir", logs)
        self.post("/workers/A/stop")
        self.assertEqual(self.workers()["A"]["state"], "down")
        self.post("/workers/A/start")
        self.assertEqual(self.workers()["A"]["state"], "ready")
        before = self.workers()
        self.post("/workers/A/restart")
        self.post("/workers/B/rolling-restart?max_lag=5")
        after = self.workers()
        for name in "A", "B":
            self.assertNotEqual(after[name]["pid"], before[name]["pid"])
        self.post("/workers/A/kill?signal=9")
        self.until_state("A", "ready")
        self.post("/workers/A/pause")
        place = self.produce("while A is paused")[0]
        wait_until(lambda: self.given_at("B", place), 20, "it at B")
        self.assertFalse(self.given_at("A", place))
        self.post("/workers/A/resume")
        wait_until(lambda: self.given_at("A", place), 20, "it at A")
        self.assertIn("paused", "\n".join(self.get("/workers/A/logs?lines=50")["lines"]))
        self.post("/workers/A/scale?workers=2")
        self.assertIn("A.2", self.workers())
        self.post("/workers/A/scale?workers=1")
        self.assertNotIn("A.2", self.workers())
        self.post("/workers/producer/rate?records=200")
        wait_until(lambda: len(self.given("B")) > 50, 20, "what the producer sends")
        (logs / "A.log").rename(logs / "A.log.old")
        self.post("/reopen-logs")
        self.post("/workers/A/pause")
        wait_until((logs / "A.log").exists, 10, "what is logged from now on")
        self.end()

    def test_a_client_is_added_and_removed(self):
        self.fleet()
        self.produce("before")
        added = self.post(f"/clients/C?group={self.name('C')}&like=A")
        self.assertEqual([(row["worker"], row["change"]) for row in added["changes"]], [("C", "added")])
        self.assertEqual(self.consumers()["C"]["group"], self.name("C"))
        self.until_status(lambda now: now["C"]["received"] == 1, "it gets what was there")
        self.refused("POST", "/clients/C", 409)
        self.refused("POST", "/clients/all", 409)
        self.refused("POST", "/clients/x%20y", 409)
        self.refused("DELETE", "/clients/A", 409)
        self.refused("DELETE", "/clients/nobody", 404)
        self.write_config(("A", "B", "D"))
        self.post("/reload")
        self.assertIn("C", self.workers(), "a reload leaves it")
        removed = self.ask("DELETE", "/clients/C")
        self.assertEqual((removed.status, [row["change"] for row in removed.json()["changes"]]), (200, ["removed"]), removed)
        self.assertNotIn("C", self.workers())
        self.end()

    def test_a_worker_that_is_held_is_released(self):
        self.fleet(("A", "B"), more="max-deaths = 1")
        self.post("/workers/A/kill?signal=KILL")
        self.until_state("A", "held")
        self.post("/workers/A/release")
        self.until_state("A", "ready")
        self.end()

    def test_a_reload_takes_what_the_file_says_now(self):
        self.fleet()
        self.write_config(("A", "B", "C"))
        changes = self.post("/reload")
        self.assertIn("C", str(changes))
        self.until_state("C", "ready")
        self.end()

    def test_a_shutdown_is_answered_and_then_nothing_is_left(self):
        self.fleet()
        self.assertEqual(self.ask("POST", "/shutdown").status, 200)
        self.assertEqual(self.process.wait(30), 0)
        self.assert_nothing_left()
        self.assert_no_token()

    def test_who_is_not_there_is_not_found(self):
        self.fleet()
        for route in "start", "stop", "restart", "rolling-restart", "kill", "pause", "resume", "scale?workers=2", "release", "rate?records=1":
            self.refused("POST", f"/workers/nobody/{route}", 404)
        self.refused("GET", "/workers/nobody/logs", 404)
        self.refused("POST", "/consumers/nobody/reset", 404)
        self.refused("GET", "/status?worker=nobody", 404)
        self.refused("POST", "/workers/A/scale?workers=0", 400)
        self.refused("POST", "/workers/A/scale", 400)
        self.refused("POST", "/workers/A/kill?signal=NONSENSE", 409)
        self.refused("POST", "/produce", 415)
        self.refused("POST", "/produce", 400, "{", {"Content-Type": "application/json"})
        self.refused("POST", "/produce", 400, "[]", {"Content-Type": "application/json"})
        self.refused("POST", "/produce", 409, {"nothing": "of it"})
        self.assertEqual(self.get("/status")["instance"], self.instance)


class Ends(WebTest):
    def setUp(self):
        super().setUp()
        self.topic_name = self.topic(1)

    def test_a_server_that_was_killed_at_the_end_leaves_no_token(self):
        self.fleet()
        web = self.web_pid()
        os.kill(web, signal.SIGSTOP)  # it is killed when its time is up
        self.end()

    def test_a_port_that_is_somebody_elses_keeps_nobody_from_work(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen(1)
            self.port = other.getsockname()[1]
            self.process = self.supervise("--config", self.write_config(("A", "B")))
            self.process.wait_line(f"cannot listen at http://127.0.0.1:{self.port}/: Address already in use", 30)
            self.process.wait_line("ready:", 30)
        self.end()


class Happenings(WebTest):
    def setUp(self):
        super().setUp()
        self.topic_name = self.topic(1)
        self.fleet()

    def test_a_reader_sees_a_kill_and_what_follows(self):
        reader = Events(self.port)
        self.addCleanup(reader.close)
        first = reader.until(lambda event, _: event == "snapshot")
        self.assertEqual({w["name"] for w in first[-1][2]["workers"]} & {"A", "B"}, {"A", "B"})
        pid = self.workers()["A"]["pid"]
        os.kill(pid, signal.SIGKILL)
        seen = reader.until(lambda event, data: event == "event" and data["kind"] == "ready" and data["worker"] == "A")
        kinds = [data["kind"] for event, _, data in seen if event == "event" and data["worker"] == "A"]
        self.assertIn("died", kinds)
        self.assertLess(kinds.index("died"), kinds.index("started"))

    def test_with_its_last_number_a_reader_misses_nothing_of_a_server_that_was_killed(self):
        reader = Events(self.port)
        self.addCleanup(reader.close)
        seen = [number for _, number, _ in reader.until(lambda event, _: event == "snapshot") if number]
        token = self.token_of()
        workers = {name: worker["pid"] for name, worker in self.workers().items()}
        web = self.web_pid()
        os.kill(web, signal.SIGKILL)
        with self.assertRaises((EOFError, ConnectionError)):
            while True:
                seen += [number for _, number, _ in reader.until(lambda event, _: event == "event", 10) if number]
        wait_until(lambda: not alive(web), 10, "its end")
        self.run_ok("kctl", "-i", self.instance, "restart", "B")
        again = self.web_pid()
        self.assertNotEqual(again, web)
        self.assertEqual({name: pid for name, pid in workers.items() if name not in ("B", "kweb")},
                         {name: worker["pid"] for name, worker in self.workers().items() if name not in ("B", "kweb")})
        self.assertEqual(self.token_of(), token)
        other = Events(self.port, header=seen[-1])
        self.addCleanup(other.close)
        seen += [number for _, number, _ in other.until(lambda event, _: event == "snapshot") if number]
        self.assertEqual(seen, list(range(1, len(seen) + 1)))
        self.end()

    def test_with_a_number_of_another_life_a_reader_gets_all_of_this_one(self):
        reader = Events(self.port, since=10**12)
        self.addCleanup(reader.close)
        seen = reader.until(lambda event, _: event == "snapshot")
        numbers = [number for _, number, _ in seen if number]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        self.assertIn("ready", [data.get("kind") for _, _, data in seen])

    def token_of(self):
        path = self.token_path()
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        text = path.read_text()
        self.assertEqual(self.run_ok("kweb", "-i", self.instance, "--print-token").strip(), text)
        return text


if __name__ == "__main__":
    main()
