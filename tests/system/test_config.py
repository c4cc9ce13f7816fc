"""The configuration file, restart policies, and what ksupervise says of itself."""

import os
import signal
import socket

from harness import ROOT, SystemTest, main, wait_until


class Configuration(SystemTest):
    def write(self, text):
        path = self.folder / "fleet.ini"
        path.write_text(text)
        return path

    def test_the_example_is_right_and_says_what_would_run(self):
        out = self.run_ok("ksupervise", "--config", ROOT / "tools" / "ksupervise.example.ini", "--instance", self.instance, "--check")
        self.assertRegex(out, r"(?m)^bravo +kconsume  topic payments  group test_group_bravo  restart always")
        self.assertRegex(out, r"(?m)^zulu .* group payments-archive .* batch-size=5000  batch-wait=1s .* -X fetch\.min\.bytes=…$")
        self.assertRegex(out, r"(?m)^tracker .* restart on-failure .* print=yes")
        self.assertRegex(out, r"(?m)^stock .* topic orders ")
        self.assertRegex(out, r"(?m)^producer +kproduce  topic payments .* rate=10 ")
        self.assert_nothing_left()

    def test_a_bad_file_starts_nothing_and_names_its_line(self):
        for text, line in ((f"[client bravo]\nbatch-sise = 5\n", "2: unknown name 'batch-sise' in [client bravo]; did you mean 'batch-size'?"),
                           ("[client bravo]\nbatch-size = lots\n", "2: batch-size: 'lots' is not a whole number"),
                           ("[client bravo]\n[other]\n[client Bravo]\n", "3: section [client bravo] is already in line 1")):
            for more in ([], ["--check"]):
                path = self.write(text)
                process = self.run_program("ksupervise", "--config", path, "--instance", self.instance, *more)
                self.assertEqual(process.status, 2)
                self.assertIn(f"{path}:{line}", process.text("err"))
        self.assert_nothing_left()

    def check(self, text, *more):
        self.path = self.write(text)
        return self.run_program("ksupervise", "--config", self.path, "--instance", self.instance, "--check", *more)

    def test_a_mistake_that_only_a_worker_understands_is_shown_with_its_line(self):
        bravo = "[ksupervise]\nworkload = orders\n[client alpha]\n[client bravo]\n"
        for text, expected, status in (
                ("pipeline = validate, fliter:price > 5\n", "{path}:5: pipeline: column 11: there is no stage 'fliter'; did you mean 'filter'?", 2),
                ("pipeline = validate,\n  filter:amount > 5 and item_ ~ 'x'\n",
                 "{path}:5: pipeline: filter: column 16: there is no field 'item_' in orders; did you mean item?\n"
                 "  amount > 5 and item_ ~ 'x'\n                 ^", 2),
                ("commit = batch\npipeline = sqlite:orders.db\n", "{path}:5: commit: sqlite commits offsets with what it writes", 2),
                ("librdkafka.no.such.thing = 1\n", "{path}:5: librdkafka.no.such.thing: No such configuration property", 2),
                ("session-timeout = 20m\n", "bravo: librdkafka refuses the configuration", 78),
                ("[producer]\nlibrdkafka.acks = 1\n", "producer: librdkafka refuses the configuration", 78)):
            process = self.check(bravo + text)
            self.assertEqual(process.status, status, process.text())
            self.assertIn("ksupervise: " + expected.format(path=self.path), process.text("err"))
            self.assertEqual(process.text("out"), "")
        process = self.check(bravo, "--pipeline", "stats:often")
        self.assertIn("ksupervise: --pipeline: stats: 'often' is not a whole number", process.text("err"))
        self.assertEqual([path.name for path in self.folder.iterdir()], ["fleet.ini"])
        self.assert_nothing_left()

    def test_a_check_opens_nothing(self):
        with socket.create_server(("127.0.0.1", 0)) as server:  # a broker and a PostgreSQL, were anybody to ask for them
            server.settimeout(0)
            port = server.getsockname()[1]
            process = self.check(f"[ksupervise]\nbootstrap = 127.0.0.1:{port}\nledger = sent\n"
                                 "[client alpha]\npipeline = validate, exec:touch started, ndjson:out, sqlite:rows.db\n"
                                 f"[client bravo]\npipeline = postgres:host=127.0.0.1 port={port}\n")
            self.assertEqual(process.status, 0, process.text())
            self.assertRegex(process.text("out"), r"(?m)^alpha .* pipeline=validate, exec:touch started, ndjson:out, sqlite:rows\.db$")
            self.assertRegex(process.text("out"), r"(?m)^producer .* ledger=sent$")
            self.assertRaises(BlockingIOError, server.accept)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["fleet.ini"])
        self.assert_nothing_left()

    def test_a_property_that_breaks_a_promise_is_refused_by_a_check_and_at_the_start(self):
        for bad, reason in (("acks=1", "idempotent producer"), ("queuing.strategy=lifo", "idempotent producer"), ("transactional.id=x", "no transaction is begun here"),
                            ("delivery.report.only.error=true", "nobody says what was acknowledged"), ("group.id=x", "--group names the group"),
                            ("auto.offset.reset=latest", "--from says where to begin"), ("bootstrap.servers=h:1", "--bootstrap")):
            process = self.check("[client bravo]\n", "-X", bad)
            self.assertIn(f"the property {bad} is not allowed: ", process.text("err"))
            self.assertIn(reason, process.text("err"))
            self.assertEqual(process.status, 78, bad)
            process = self.run_program("kconsume", "--client", "b", "--group", "g", "--topic", "t", "--workload", "payments", "--publish=no", "-X", bad)
            self.assertIn(reason, process.text("err"))
            self.assertEqual(process.status, 78, bad)
        (self.folder / "cluster.properties").write_text("acks = 1\n")
        self.assertIn("the property acks=1 is not allowed", self.check("[client bravo]\n", "--kafka-config", "cluster.properties").text("err"))
        self.assertEqual(self.check("[ksupervise]\nkafka-config = cluster.properties\n[client bravo]\n").status, 78)
        self.assertEqual(self.check("[client bravo]\ndead-letters = off\n", "-X", "acks=1", "-X", "enable.idempotence=false").status, 0)

    def test_a_name_that_would_be_cut_or_that_kafka_refuses_is_refused_where_it_is_given(self):
        consumer = "kconsume", "--client", "c", "--workload", "payments", "--publish=no"
        for words, reason in ((("ksupervise", "--clients", "b", "--check", "--topic", "x" * 250), "--topic: topic name 'x{40}…' has 250 characters; Kafka allows at most 249"),
                              (("ksupervise", "--clients", "b", "--check", "--group", "x" * 256), "--group: group name 'x{40}…' has 256 characters; shared memory holds at most 255"),
                              ((*consumer, "--topic", "a b", "--group", "g"), "--topic: topic name 'a b': Kafka allows letters"),
                              ((*consumer, "--topic", "t", "--group", "x" * 40000), "--group: .* has 40000 characters"),
                              ((*consumer, "--topic", "t", "--group", "g", "--instance-id", "x" * 250), "--instance-id: .* Kafka allows at most 249"),
                              (("kproduce", "--topic", "x" * 250), "--topic: topic name"), (("ktopic", "provision", "good", "a/b"), "topic name 'a/b'"),
                              (("kaudit", "x" * 250), "topic name"), (("kaudit", "t", "-g", "x" * 300), "--group: group name"),
                              (("ktopic", "dlq", "list", "x" * 250), "topic name")):
            process = self.run_program(*words)
            self.assertRegex(process.text("err"), reason)
            self.assertEqual(process.status, 2, words[0])

    def test_a_topic_that_would_be_its_own_dead_letter_topic_is_refused_by_a_check_and_at_the_start(self):
        consumer = "kconsume", "--publish=no", "-b", "127.0.0.1:1", "-t", "refunds", "--dead-letters", "refunds"
        for process in (self.check("[client bravo]\ntopic = refunds\ndead-letters = refunds\n"), self.run_program(*consumer), self.run_program(*consumer, "--check")):
            self.assertIn("dead-letters: 'refunds' is the topic that is read", process.text("err"))
            self.assertEqual(process.status, 78, process.text())
        self.assertEqual(self.check("[client bravo]\ntopic = refunds.dlq\n").status, 0)

    def test_a_check_needs_no_broker(self):
        del self.environment["KAFKA_BOOTSTRAP"]
        process = self.check("[client bravo]\npipeline = validate, stats\n")
        self.assertEqual(process.status, 0, process.text())
        self.assertIn("embedded broker", process.text("out"))
        self.assertEqual(self.check("[client bravo]\npipeline = validate, stat\n").status, 2)

    def test_clients_of_different_workloads_run_side_by_side_each_with_its_own(self):
        payments, orders = self.name("payments"), self.name("orders")
        bravo, stock = f"b-{self.token}", f"s-{self.token}"
        path = self.write(f"""
            [ksupervise]
            instance = {self.instance}
            workload = orders
            topic = {orders}
            quiet = yes
            exit-when-done = yes
            keep = yes
            [producer]
            rate = 500
            count = 1000
            [client {stock}]
            group = {self.name("group")}
            batch-size = 17
            batch-wait = 10s
            [client {bravo}]
            workload = payments
            topic = {payments}
            """.replace("            ", ""))
        fleet = self.start("ksupervise", "--config", path)
        fleet.wait_line(f"instance {self.instance}, .* topic {orders}, {payments}, ", 10)
        ready = fleet.wait_line("ready: (.*)", 30).group(1)
        self.assertEqual(ready, f"{stock} (3 partitions), {bravo} (3 partitions)", "both topics were made")
        self.assertEqual(fleet.wait(60), 0)
        self.assertEqual(self.worker(stock)["group"], self.name("group"))
        counters = self.worker(stock)["counters"]
        self.assertEqual(counters["processed"], 1000)
        self.assertGreater(counters["batches_by_size"], 40, "batches of 17")
        self.assertEqual(self.worker(bravo)["counters"]["processed"], 0, "another topic")

    def test_flags_win_over_the_file(self):
        path = self.write(f"[ksupervise]\ninstance = nobody\nbatch-size = 5\n[client bravo]\nbatch-size = 6\n[client zulu]\n")
        out = self.run_ok("ksupervise", "--config", path, "--instance", self.instance, "--batch-size", "7", "--clients", "bravo", "--check")
        self.assertIn(f"instance {self.instance},", out)
        self.assertIn("batch-size=7", out)
        self.assertNotIn("zulu", out)


class RestartPolicy(SystemTest):
    def fleet(self, restart, *more):
        self.bravo = f"b-{self.token}"
        fleet = self.supervise("--clients", self.bravo, "--topic", self.topic(), "--no-producer", "--restart", restart, *more)
        fleet.wait_line("ready:", 30)
        return fleet

    def end(self, signum):
        os.kill(self.worker(self.bravo)["pid"], signum)

    def test_always_restarts_also_an_end_that_nobody_asked_for(self):
        fleet = self.fleet("always")
        self.end(signal.SIGTERM)
        fleet.wait_line(rf"{self.bravo} \(pid \d+, generation 1\) ended; restarting at once")
        wait_until(lambda: (w := self.worker(self.bravo)) and w["generation"] == 2 and w["state"] == "ready", 15, "the next generation")
        self.assertEqual(fleet.interrupt(), 0)

    def test_on_failure_takes_exit_code_0_for_done_and_a_signal_for_a_failure(self):
        fleet = self.fleet("on-failure")
        self.end(signal.SIGKILL)
        wait_until(lambda: (w := self.worker(self.bravo)) and w["generation"] == 2 and w["state"] == "ready", 15, "the next generation")
        self.end(signal.SIGTERM)
        wait_until(lambda: self.worker(self.bravo)["state"] == "done", 15, "its end")
        self.assertEqual(fleet.interrupt(), 0)

    def test_never_leaves_a_killed_worker_where_it_is(self):
        fleet = self.fleet("never")
        self.end(signal.SIGKILL)
        fleet.wait_line(f"{self.bravo} is not restarted: --restart is never")
        wait_until(lambda: self.worker(self.bravo)["state"] == "done", 15, "its end")
        self.assertEqual(self.worker(self.bravo)["generation"], 1)
        self.assertEqual(fleet.interrupt(), 0)

    def test_the_delays_are_those_that_were_told(self):
        fleet = self.fleet("always", "--restart-delay", "2s", "--restart-delay-max", "2s")
        self.end(signal.SIGKILL)
        wait_until(lambda: (w := self.worker(self.bravo)) and w["generation"] == 2 and w["state"] == "ready", 15, "the next generation")
        self.end(signal.SIGKILL)
        delay = float(fleet.wait_line(r"generation 2\) was killed .*; restarting in ([0-9.]+) s").group(1))
        self.assertTrue(1.5 <= delay <= 2.5, f"{delay} s: 2 s, and a quarter of jitter")
        self.assertEqual(fleet.interrupt(), 0)


class Explanations(SystemTest):
    def test_exit_codes_and_states_are_explained_without_a_fleet(self):
        exits = self.run_ok("ksupervise", "--explain-exits")
        self.assertRegex(exits, r"(?m)^ *82  the group has not released")
        states = self.run_ok("ksupervise", "--explain-states")
        self.assertRegex(states, r"(?m)^  exited +→ down +reap it")
        self.assertNotIn("?", states)


if __name__ == "__main__":
    main()
