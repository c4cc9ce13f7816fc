"""The main job, on a real Kafka: a supervised producer and consumers, killed, stopped, poisoned."""

import os
import re
import signal
import socket

from harness import SystemTest, main, wait_until
from kafka_protocol import committed, end_offsets

RESUMED = r"\b%s resumed at (\d+) \(committed (\d+)\), redelivering at most (\d+)"


class Fleet(SystemTest):
    def client(self, stem):
        return f"{stem}-{self.token}"

    def committed_total(self, client, topic, group=None):
        found = committed(self.kafka.bootstrap, group or f"test_group_{client}") or {}
        return sum(offset for (name, _), offset in found.items() if name == topic)

    def end_total(self, topic):
        return sum(end_offsets(self.kafka.bootstrap, topic).values())

    def assert_all_processed_is_committed(self, client, topic):
        """After an orderly end: what the kept segment calls processed is what the broker holds as committed."""
        positions = {(p["topic"], p["partition"]): p["position"] for p in self.worker(client)["partitions"]}
        held = committed(self.kafka.bootstrap, f"test_group_{client}")
        self.assertEqual({key: offset for key, offset in held.items() if key[0] == topic}, positions)

    def take_place(self, client, topic):
        """Another process under the worker's group.instance.id, as if of a supervisor on a host of the same name."""
        return self.start("kconsume", "--publish=no", "--client", "other", "--group", f"test_group_{client}", "--topic", topic, "--quiet",
                          "--instance-id", f"{self.instance}.{socket.gethostname()}.{client}")

    def counter(self, client, name):
        worker = self.worker(client)
        return worker["counters"][name] if worker else -1


class Groups(Fleet):
    def test_independent_groups_both_get_every_record(self):
        topic, bravo, zulu = self.topic(), self.client("b"), self.client("z")
        fleet = self.supervise("--clients", f"{bravo},{zulu}", "--topic", topic, "--rate", "2000", "--count", "4000", "--quiet", "--keep", "--exit-when-done")
        self.assertEqual(fleet.wait(60), 0, fleet.text())
        self.assertEqual(self.end_total(topic), 4000)
        for client in (bravo, zulu):
            self.assertEqual(self.committed_total(client, topic), 4000)
            self.assertEqual((self.counter(client, "processed"), self.counter(client, "failed")), (4000, 0))

    def test_a_shared_group_splits_the_partitions_with_nothing_twice(self):
        topic, one, two, group = self.topic(), self.client("a"), self.client("b"), self.name("group")
        fleet = self.supervise("--clients", f"{one},{two}", "--group", group, "--topic", topic, "--rate", "2000", "--restart", "on-failure", "--quiet")
        fleet.wait_line("ready:", 30)
        # Records keep coming until both own partitions, so that what is counted below was read by the settled group too.
        owned = lambda: [len([p for p in (self.worker(c) or {"partitions": []})["partitions"] if p["assigned"]]) for c in (one, two)]
        wait_until(lambda: sorted(owned()) == [1, 2], 20, "one partition here and two there")
        wait_until(lambda: min(self.counter(one, "processed"), self.counter(two, "processed")) > 200, 20, "records at both")
        producer = self.worker("producer")
        os.kill(producer["pid"], signal.SIGTERM)
        wait_until(lambda: self.worker("producer")["state"] == "done", 15, "the producer's end")
        produced = self.counter("producer", "acknowledged")
        wait_until(lambda: self.committed_total(None, topic, group) == produced, 20, "everything committed")
        self.assertEqual(self.counter(one, "processed") + self.counter(two, "processed"), produced)
        self.assertEqual(fleet.interrupt(), 0)


class Deaths(Fleet):
    def test_a_killed_consumer_resumes_at_the_committed_offset_while_the_other_never_stops(self):
        topic, bravo, zulu = self.topic(), self.client("b"), self.client("z")
        fleet = self.supervise("--clients", f"{bravo},{zulu}", "--topic", topic, "--rate", "1000", "--quiet", "--keep")
        fleet.wait_line("ready:", 30)
        wait_until(lambda: self.counter(bravo, "commits") > 3, 20, "commits")
        before = self.worker(bravo)
        other = self.worker(zulu)
        os.kill(before["pid"], signal.SIGKILL)
        fleet.wait_line(rf"{bravo} \(pid {before['pid']}, generation 1\) was killed by SIGKILL")
        resumed, was_committed, redelivered = map(int, fleet.wait_line(RESUMED % bravo).groups())
        self.assertEqual(resumed, was_committed)
        after = wait_until(lambda: (w := self.worker(bravo)) and w["generation"] == 2 and w["counters"]["processed"] > before["counters"]["processed"] and w, 15,
                           "the next generation at work")
        # The offsets agree with what the segment of the dead generation says, and the totals go on.
        dead = self.kstat("--generation", "1", bravo)["workers"][0]
        committed_then = sum(p["committed"] for p in dead["partitions"])
        self.assertGreaterEqual(resumed, committed_then)
        self.assertLessEqual(redelivered, sum(max(p["position"], p["inflight_end"] or 0) for p in dead["partitions"]) - committed_then)
        self.assertEqual(after["restarts"], 1)
        now = wait_until(lambda: (w := self.worker(zulu)) and w["counters"]["processed"] > other["counters"]["processed"] and w, 10, "zulu at work")
        self.assertEqual((now["pid"], now["generation"]), (other["pid"], 1))
        self.assertEqual(now["counters"]["rebalances"], other["counters"]["rebalances"], "a static member's crash costs the others nothing")
        self.assertEqual(fleet.interrupt(), 0)
        self.assert_all_processed_is_committed(bravo, topic)

    def test_kills_under_load_lose_nothing_and_redeliver_what_the_resume_lines_say(self):
        topic, bravo = self.topic(), self.client("b")
        fleet = self.supervise("--clients", bravo, "--topic", topic, "--rate", "3000", "--count", "15000", "--quiet", "--keep", "--exit-when-done")
        fleet.wait_line("ready:", 30)
        for kill in range(4):
            mark = fleet.mark()
            worker = wait_until(lambda: (w := self.worker(bravo)) and w["alive"] and w["counters"]["processed"] > 1000 * kill and w, 20, "progress")
            os.kill(worker["pid"], signal.SIGKILL)
            fleet.wait_line(RESUMED % bravo, 20, after=mark)
        self.assertEqual(fleet.wait(60), 0)
        self.assertEqual(self.committed_total(bravo, topic), 15000)
        processed = self.counter(bravo, "processed")
        allowed = sum(int(found) for found in re.findall(RESUMED.replace("(\\d+)", "\\d+", 2) % bravo, fleet.text()))
        self.assertGreaterEqual(processed, 15000, "nothing is lost")
        self.assertLessEqual(processed, 15000 + allowed, "no more is redelivered than the resume lines say")

    def test_sigkill_of_the_supervisor_leaves_no_orphan_and_the_next_one_goes_on(self):
        topic, bravo = self.topic(), self.client("b")
        first = self.supervise("--clients", bravo, "--topic", topic, "--rate", "500", "--quiet")
        first.wait_line("ready:", 30)
        wait_until(lambda: self.counter(bravo, "commits") > 2, 20, "commits")
        workers = [self.worker(name)["pid"] for name in (bravo, "producer")]
        processed = self.counter(bravo, "processed")
        first.send(signal.SIGKILL)
        first.wait()
        wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in workers), 5, "the workers' end")
        second = self.supervise("--clients", bravo, "--topic", topic, "--rate", "500", "--quiet")
        second.wait_line("taking over from pid")
        second.wait_line(RESUMED % bravo, 30)
        worker = wait_until(lambda: self.worker(bravo), 10, "the worker")
        self.assertEqual(worker["generation"], 2)
        self.assertGreaterEqual(worker["counters"]["processed"], processed)
        self.assertEqual(second.interrupt(), 0)
        self.assert_nothing_left()

    def test_a_worker_that_cannot_work_is_held_with_the_reason_and_the_rest_run_on(self):
        topic, good = self.topic(), self.client("g")
        fleet = self.supervise("--clients", good, "--topic", topic, "--rate", "200", "--quiet", "--max-deaths", "2")
        fleet.wait_line("ready:", 30)
        for _ in range(2):
            mark = fleet.mark()
            os.kill(wait_until(lambda: (w := self.worker("producer")) and w["alive"] and w["pid"], 10, "the producer"), signal.SIGKILL)
            fleet.wait_line("producer .*was killed by SIGKILL", 10, after=mark)
        fleet.wait_line("producer is held: 2 deaths within 60 s")
        wait_until(lambda: self.worker("producer")["state"] == "held", 5, "what kstat sees")
        self.assertEqual(self.worker(good)["state"], "ready")
        self.assertEqual(fleet.interrupt(), 0)

    def test_a_fenced_worker_is_held_and_not_respawned_into_a_fight(self):
        topic, bravo = self.topic(), self.client("b")
        fleet = self.supervise("--clients", bravo, "--topic", topic, "--rate", "200", "--quiet")
        fleet.wait_line("ready:", 30)
        other = self.take_place(bravo, topic)
        fleet.wait_line(f"{bravo} is held: exit code 81: fenced", 20)
        self.assertEqual(fleet.interrupt(), 0)
        self.assertEqual(other.interrupt(), 0)


class Poison(Fleet):
    def test_a_poison_record_does_not_stop_a_consumer(self):
        topic, bravo = self.topic(), self.client("b")
        fleet = self.supervise("--clients", bravo, "--topic", topic, "--rate", "200", "--quiet", "--keep")
        fleet.wait_line("ready:", 30)
        path = self.folder / "poison"
        for poison in (b"\xc1", b"\xdf\x0a\xdf\xdf\xdf\xdf", b"\x81\xa4user" + b"\xd9\xff", os.urandom(64)):
            path.write_bytes(poison)
            self.run_ok("/usr/bin/env", "kcat", "-P", "-b", self.kafka.bootstrap, "-t", topic, "-p", "1", path)
        wait_until(lambda: self.counter(bravo, "failed") == 4, 15, "four failed records")
        fleet.wait_line(r"decode: byte \d+: .*; it goes to ")
        processed = self.counter(bravo, "processed")
        wait_until(lambda: self.counter(bravo, "processed") > processed + 100, 15, "good records after the bad ones")
        self.assertEqual(self.worker(bravo)["generation"], 1)
        self.assertEqual(fleet.interrupt(), 0)
        self.assert_all_processed_is_committed(bravo, topic)

    def test_a_major_version_that_is_not_known_stops_the_consumer_before_the_record(self):
        topic, bravo = self.topic(1), self.client("b")
        self.run_ok("kproduce", "--topic", topic, "--count", "3", "--rate", "0", "--quiet")
        path = self.folder / "new"
        path.write_bytes(b"\x80")
        self.run_ok("/usr/bin/env", "kcat", "-P", "-b", self.kafka.bootstrap, "-t", topic, "-H", "schema=payment/2", path)
        fleet = self.supervise("--clients", bravo, "--topic", topic, "--no-producer", "--quiet")
        fleet.wait_line("major version that this build does not know", 30)
        fleet.wait_line(f"{bravo} is held: exit code 78")
        self.assertEqual(self.committed_total(bravo, topic), 3)
        self.assertEqual(fleet.interrupt(), 0)


class Ends(Fleet):
    def test_ctrl_c_leaves_no_process_and_no_shared_memory(self):
        topic, bravo, zulu = self.topic(), self.client("b"), self.client("z")
        fleet = self.supervise("--clients", f"{bravo},{zulu}", "--topic", topic, "--rate", "500", "--quiet")
        fleet.wait_line("ready:", 30)
        wait_until(lambda: self.counter(bravo, "processed") > 100, 20, "progress")
        self.assertEqual(fleet.interrupt(), 0)
        fleet.wait_line("worker +restarts +received")
        self.assert_nothing_left()
        for client in (bravo, zulu):
            processed = int(fleet.wait_line(rf"{client} +\d+ +\d+ +(\d+) +0")[1])
            self.assertEqual(self.committed_total(client, topic), processed)

    def test_a_second_ctrl_c_forces(self):
        topic, bravo = self.topic(), self.client("b")
        fleet = self.supervise("--clients", bravo, "--topic", topic, "--no-producer")
        fleet.wait_line("ready:", 30)
        os.kill(self.worker(bravo)["pid"], signal.SIGSTOP)  # it cannot drain
        fleet.send(signal.SIGINT)
        fleet.wait_line("stopping in order")
        # Within a moment of the first it is the first: again and again, as a user would.
        wait_until(lambda: fleet.popen.poll() is not None or fleet.send(signal.SIGINT), 10, "the forced end", every=0.1)
        self.assertEqual(fleet.wait(10), 130)
        self.assert_nothing_left()

    def test_two_signals_within_a_moment_are_one(self):
        """As `timeout` sends them: to the process, and to its group. Two numbers, because the kernel makes one of two pending signals of a number."""
        topic, bravo = self.topic(), self.client("b")
        fleet = self.supervise("--clients", bravo, "--topic", topic, "--rate", "100", "--quiet")
        fleet.wait_line("ready:", 30)
        fleet.send(signal.SIGTERM)
        fleet.send(signal.SIGINT)
        self.assertEqual(fleet.wait(30), 0)
        self.assertNotIn("killing what is left", fleet.text())
        self.run_ok("kproduce", "--topic", topic, "--rate", "0", "--count", "10", "--quiet")  # the fleet may have ended before its first
        alone = self.start("kconsume", "--topic", topic, "--group", self.name("alone"), "--print")
        alone.wait_line("Payment", 30)
        alone.send(signal.SIGTERM)
        alone.send(signal.SIGINT)
        self.assertEqual(alone.wait(30), 0, alone.text())

    def test_a_worker_that_does_not_end_in_time_is_killed(self):
        topic, bravo = self.topic(), self.client("b")
        fleet = self.supervise("--clients", bravo, "--topic", topic, "--no-producer", "--stop-timeout", "500ms")
        fleet.wait_line("ready:", 30)
        os.kill(self.worker(bravo)["pid"], signal.SIGSTOP)
        self.assertEqual(fleet.interrupt(), 0)
        fleet.wait_line(f"{bravo} has not ended in 0.5 s: killed")
        self.assert_nothing_left()


class BadInput(Fleet):
    def refused(self, status, pattern, *arguments, env=None):
        process = self.run_program("ksupervise", *arguments, env=env)
        self.assertEqual(process.status, status, process.text())
        self.assertRegex(process.text(), pattern)

    def test_flags_and_values_are_refused_in_one_line(self):
        self.refused(2, "--clients is missing")
        self.refused(2, "unknown option '--clints'; did you mean '--clients'", "--clints", "a")
        self.refused(2, "--clients: 'A' is given twice", "--clients", "a,A")
        self.refused(2, "only letters, digits", "--clients", "a,b c")
        self.refused(2, "a client name is empty", "--clients", "a,,b")
        self.refused(2, "--batch-size: 0 is out of range", "--clients", "a", "--batch-size", "0")
        self.refused(2, "--batch-wait: '5' is not a duration", "--clients", "a", "--batch-wait", "5")
        self.refused(2, "--workload: 'payment' is not payments, orders, transactions or messages", "--clients", "a", "--workload", "payment")
        self.refused(2, "is reserved for the producer", "--clients", "Producer")
        self.refused(2, "KAFKA_BOOTSTRAP is set but empty", "--clients", "a", env={"KAFKA_BOOTSTRAP": ""})

    def test_a_topic_with_another_number_of_partitions_is_a_configuration_fault(self):
        topic = self.topic(2)
        self.refused(78, f"topic {topic} has 2 partitions, not 5", "--instance", self.instance, "--clients", "a", "--topic", topic, "--partitions", "5")
        self.assert_nothing_left()

    def test_a_second_supervisor_of_the_instance_is_refused_with_the_pid_of_the_first(self):
        topic = self.topic()
        fleet = self.supervise("--clients", self.client("b"), "--topic", topic, "--no-producer")
        fleet.wait_line("ready:", 30)
        self.refused(1, rf"instance '{self.instance}' is already running \(pid {fleet.pid}\)", "--instance", self.instance, "--clients", "x")
        self.assertEqual(fleet.interrupt(), 0)

    def test_an_unknown_librdkafka_property_holds_the_workers_with_the_name(self):
        fleet = self.supervise("--clients", self.client("b"), "--topic", self.topic(), "--no-producer", "-X", "no.such.thing=1")
        fleet.wait_line("-X no.such.thing: No such configuration property")
        self.assertNotEqual(fleet.wait(20), 0)


class Outage(Fleet):
    def test_an_unreachable_broker_is_told_within_ten_seconds_and_found_when_it_comes(self):
        kafka = self.own_kafka()
        topic, bravo = self.topic(), self.client("b")
        kafka.broker("stop", 1)
        fleet = self.supervise("--clients", bravo, "--topic", topic, "--rate", "100", "--quiet")
        fleet.wait_line(f"no broker answers at {kafka.bootstrap}", 10)
        kafka.broker("start", 1)
        fleet.wait_line("ready:", 60)
        wait_until(lambda: self.counter(bravo, "processed") > 100, 30, "records")
        self.assertEqual(fleet.interrupt(), 0)

    def test_one_that_is_fenced_as_the_broker_comes_back_is_restarted(self):
        """A broker that was killed can remember an older process of the same id."""
        kafka = self.own_kafka()
        topic, bravo = self.topic(), self.client("b")
        fleet = self.supervise("--clients", bravo, "--topic", topic, "--rate", "200", "--quiet", "-X", "heartbeat.interval.ms=500")
        fleet.wait_line("ready:", 30)
        kafka.broker("kill", 1)
        fleet.wait_line(rf"{bravo.upper()}\] warning: no broker answers", 20)
        kafka.broker("start", 1)
        fleet.wait_line(rf"{bravo.upper()}\] a broker answers again", 30)
        other = self.take_place(bravo, topic)
        fleet.wait_line(f"{bravo} .* exited with 88 .*; restarting at once", 20)
        self.assertEqual(other.wait(20), 81, "its place is taken back")
        processed = self.counter(bravo, "processed")
        wait_until(lambda: self.counter(bravo, "processed") > processed, 20, "records")
        self.assertEqual(fleet.interrupt(), 0)

    def test_a_broker_that_restarts_costs_nothing_and_no_process(self):
        kafka = self.own_kafka()
        topic, bravo = self.topic(), self.client("b")
        fleet = self.supervise("--clients", bravo, "--topic", topic, "--rate", "300", "--count", "3000", "--quiet", "--keep", "--exit-when-done")
        fleet.wait_line("ready:", 30)
        wait_until(lambda: self.counter(bravo, "processed") > 300, 20, "records")
        kafka.broker("kill", 1)
        kafka.broker("start", 1)
        self.assertEqual(fleet.wait(90), 0)
        self.assertEqual(self.committed_total(bravo, topic), self.end_total(topic))
        self.assertEqual(self.worker(bravo)["generation"], 1)
        self.assertGreaterEqual(self.counter(bravo, "processed"), 3000)


if __name__ == "__main__":
    main()
