"""kstat for scripts: JSON by its schema, values by their names, and waiting until something is so."""

import json
import os
import pathlib
import signal
import subprocess

import jsonschema

from harness import ROOT, SystemTest, main, wait_until

SCHEMA = json.loads((pathlib.Path(ROOT) / "tools/kstat/kstat.schema.json").read_text())


class Kstat(SystemTest):
    def setUp(self):
        super().setUp()
        self.bravo = f"b-{self.token}"
        self.topic_name = self.topic()
        self.fleet = self.supervise("--clients", self.bravo, "--topic", self.topic_name, "--rate", "200")

    def look(self, *words):
        return self.run_program("kstat", "-i", self.instance, *words)

    def until(self, *conditions, timeout="30s"):
        return self.look(*(word for condition in conditions for word in ("--until", condition)), "--timeout", timeout)

    def ready(self):
        done = self.until("*.state == ready", f"{self.bravo}.processed > 100")
        self.assertEqual(done.status, 0, done.text())

    def check(self, *words):
        """One JSON object a line, each valid; returns them."""
        lines = self.run_ok("kstat", "-i", self.instance, "--json", *words).splitlines()
        looks = [json.loads(line) for line in lines]
        for look in looks:
            jsonschema.validate(look, SCHEMA)
        return looks

    def test_json_is_what_its_schema_says_alive_dead_and_held(self):
        self.assertEqual(self.until(f"{self.bravo}.generation == 1").status, 0)
        self.check()
        self.ready()
        looks = self.check("100ms", "3")
        self.assertEqual(len(looks), 3)
        self.assertGreater(looks[2]["time_us"], looks[0]["time_us"])
        worker = next(worker for worker in looks[2]["workers"] if worker["name"] == self.bravo)
        self.assertIn("now", worker["rates"]["processed"])
        self.assertIsInstance(worker["latency"]["process_us"]["p99_9"], int)
        self.assertEqual(sum(looks[2]["states"].values()), len(looks[2]["workers"]))
        os.kill(worker["pid"], signal.SIGKILL)
        self.assertEqual(self.until(f"{self.bravo}.generation == 2", f"{self.bravo}.state == ready").status, 0)
        self.check("--postmortem", self.bravo)
        self.fleet.kill()
        wait_until(lambda: not self.check()[0]["supervisor"]["alive"], 30, "a dead supervisor")

    def test_values_by_their_names(self):
        self.ready()
        lines = dict(line.split(" ", 1) for line in self.run_ok("kstat", "-i", self.instance, "-p").splitlines())
        self.assertEqual(lines[f"{self.bravo}.state"], "ready")
        self.assertGreater(int(lines[f"{self.bravo}.processed"]), 100)
        self.assertEqual(lines[f"{self.bravo}.last_death"], "?")
        chosen = self.run_ok("kstat", "-i", self.instance, f"{self.bravo}/{self.topic_name}/*/committed", "*.lag").splitlines()
        self.assertEqual([line.split()[0] for line in chosen], [f"{self.bravo}.lag"] + [f"{self.bravo}/{self.topic_name}/{n}/committed" for n in range(3)])
        self.assertEqual(list(json.loads(self.run_ok("kstat", "-i", self.instance, "--json", "*.pid"))), [f"{self.bravo}.pid", "producer.pid"])
        self.assertEqual(self.look("*.nonsense").status, 3)

    def test_a_condition_is_true_not_in_time_or_never(self):
        self.ready()
        done = self.until(f"{self.bravo}.processed < 0", timeout="300ms")
        self.assertEqual(done.status, 4, done.text())
        self.assertIn(f"{self.bravo}.processed is ", done.text())
        self.assertEqual(self.until(f"{self.bravo}.processed", timeout="1s").status, 2)
        self.run_ok("kctl", "-i", self.instance, "stop", "producer")
        self.assertEqual(self.until(f"{self.bravo}.lag == 0", "producer.state == down").status, 0)
        self.assertEqual(self.fleet.interrupt(), 0)

    def test_what_a_worker_that_is_done_or_gone_leaves_is_never_true(self):
        self.ready()
        waiting = subprocess.Popen([self.program("kstat"), "-i", self.instance, "--until", f"{self.bravo}.processed < 0", "--timeout", "60s"],
                                   env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(self.fleet.interrupt(), 0)
        said, _ = waiting.communicate(timeout=30)
        self.assertEqual(waiting.returncode, 5, said)
        held = f"h-{self.token}"
        fleet = self.supervise("--clients", held, "--topic", self.topic_name, "--no-producer", "--restart", "never")
        self.assertEqual(self.until(f"{held}.state == ready").status, 0)
        os.kill(int(self.run_ok("kstat", "-i", self.instance, "--pid", held)), signal.SIGKILL)
        done = self.until(f"{held}.generation == 2", timeout="20s")
        self.assertEqual(done.status, 5, done.text())
        self.assertIn("is done", done.text())
        fleet.interrupt()

    def test_an_instance_that_is_not_there_yet_is_waited_for(self):
        other = f"o-{self.token}"
        waiting = subprocess.Popen([self.program("kstat"), "-i", other, "--until", "*.state == ready", "--timeout", "60s"],
                                   env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        second = self.start("ksupervise", "--instance", other, "--clients", f"x-{self.token}", "--topic", self.topic_name, "--no-producer")
        said, _ = waiting.communicate(timeout=60)
        self.assertEqual(waiting.returncode, 0, said)
        self.assertEqual(second.interrupt(), 0)


if __name__ == "__main__":
    main()
