"""Every command of the README, run as it stands there. A command that this file has no way to run fails the test, so that none can be
added without one."""


import re
import shutil
import signal

import subprocess

from harness import BUILD, ROOT, SystemTest, main, wait_until

DEMONSTRATION = """[ksupervise]
workload = messages
topic = {topic}
partitions = 1
commit = manual
no-producer = yes
quiet = yes
http = 0
[client A]
group = {topic}-A
[client B]
group = {topic}-B
"""

COMMAND = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)

# These are what runs this very test, or take long; that they exist as targets is checked instead.
TARGETS_ONLY = {"make test", "make unit", "make system", "make SANITIZE=address unit", "make lint", "make fuzz", "make bench", "make demo-all",
                "make CHAOS_SECONDS=600 chaos", "make sim", "make FILES=consumer/commit.c mutants"}


def commands():
    text = re.sub(r"^   (?=\S|$)", "", (ROOT / "README.md").read_text(), flags=re.M)  # steps of a list are indented
    for block in COMMAND.findall(text):
        for line in block.splitlines():
            command = re.sub(r"\s{2,}#.*", "", line).strip()
            if command:
                yield command


class Readme(SystemTest):
    """The commands run in a copy of the tree's shape: build/bin as it is, .env absent, an instance name of this test's own."""

    def setUp(self):
        super().setUp()
        self.own_kafka()
        (self.folder / "build").mkdir()
        (self.folder / "build" / "bin").symlink_to(BUILD / "bin")
        (self.folder / "tools").symlink_to(ROOT / "tools")
        self.environment["KSUPERVISE_INSTANCE"] = self.instance

    def shell(self, command, **more):
        return self.start("/bin/bash", "-c", command, **more)

    # --- ways to run one

    def ends_well(self, command):
        process = self.shell(command)
        self.assertEqual(process.wait(60), 0, f"{command}: {process.text()}")

    def runs_until_interrupted(self, command, line):
        process = self.shell(f"exec {command}")
        try:
            process.wait_line(line, 60)
        finally:
            status = process.interrupt()
        self.assertIn(status, (0, 130, -signal.SIGINT), process.text())

    def dumps(self, command):
        """It says nothing while it writes."""
        capture = self.folder / command.split()[2]
        process = self.shell("exec " + command)
        wait_until(lambda: capture.exists() and capture.stat().st_size > 2000, 30, "a capture")
        self.assertEqual(process.interrupt(), 0)

    def after_a_kill(self, command):
        self.ends_well("kill -9 $(build/bin/kstat --pid bravo)")
        wait_until(lambda: (worker := self.worker("bravo")) and worker["generation"] > 1, 30, "its successor")
        self.ends_well(command)

    def is_a_target(self, command):
        target = command.split()[-1]
        done = subprocess.run(["make", "-n", target], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)

    def way(self, command):
        """(pattern of the command, how it is run)"""
        ways = [
            (r"make (kafka|kafka-stop|provision)$", self.is_a_target),
            (r"make (play|demo-ack)$", self.is_a_target),
            (r"curl ", self.asks_the_demonstration),
            (r"build/bin/ksupervise .*(--exit-when-done|--check|--explain-\w+)$", self.ends_well),
            (r"build/bin/ksupervise ", lambda c: self.runs_until_interrupted(c, r"ready:")),
            (r"build/bin/kconsume --stages$", self.ends_well),
            (r"build/bin/kconsume ", lambda c: self.runs_until_interrupted(c, r"assigned \d+ partition")),
            (r"GROUP_ID=\S+ build/bin/kconsume ", lambda c: self.runs_until_interrupted("env " + c, r"assigned \d+ partition")),
            (r"build/bin/ktour ", self.ends_well),
            (r"build/bin/kstat 1$", lambda c: self.with_fleet(lambda: self.runs_until_interrupted(c, r"bravo"))),
            (r"build/bin/kctl events -f$", lambda c: self.with_fleet(lambda: self.runs_until_interrupted(c, r"bravo +ready"))),
            (r"build/bin/kstat --dump ", lambda c: self.with_fleet(lambda: self.dumps(c))),
            (r"build/bin/kctl ", lambda c: self.with_fleet(lambda: self.ends_well(c))),
            (r"build/bin/kstat --list$", self.ends_well),
            (r"build/bin/kstat --postmortem bravo$", lambda c: self.with_fleet(lambda: self.after_a_kill(c))),
            (r"build/bin/kstat", lambda c: self.with_fleet(lambda: self.ends_well(c))),
            (r"kill -9 \$\(build/bin/kstat --pid bravo\)$", lambda c: self.with_fleet(lambda: self.ends_well(c), r"bravo resumed at \d+")),
            (r"(echo .* \| )?build/bin/k(produce|topic|audit) ", self.ends_well),
        ]
        return next((run for pattern, run in ways if re.match(pattern, command)), None)

    def with_fleet(self, act, expected=None):
        fleet = self.shell("exec build/bin/ksupervise --clients bravo,zulu --rate 20 --quiet")
        fleet.wait_line("ready:", 60)
        try:
            act()
            if expected:
                fleet.wait_line(expected, 30)
        finally:
            status = fleet.interrupt()
        self.assertEqual(status, 0)

    def asks_the_demonstration(self, command):
        """What make demo-ack starts, at a port of this test's own, with a message that both have."""
        self.demonstrations = getattr(self, "demonstrations", 0) + 1
        topic = self.name(f"ack{self.demonstrations}")
        (self.folder / "ack.ini").write_text(DEMONSTRATION.format(topic=topic))
        fleet = self.shell("exec build/bin/ksupervise --config ack.ini")
        try:
            port = fleet.wait_line(r"open http://127\.0\.0\.1:(\d+)/", 30)[1]
            fleet.wait_line("ready:", 60)
            self.ends_well("build/bin/kctl produce content=first key=user-1 && build/bin/kstat --until '[AB].received == 1' --timeout 60s")
            process = self.shell(command.replace("curl ", "curl --fail-with-body -sS ").replace(":8000", f":{port}"))
            self.assertEqual(process.wait(60), 0, process.text())
        finally:
            status = fleet.interrupt()
        self.assertEqual(status, 0)

    def test_every_command_works(self):
        self.run_ok("ktopic", "provision")
        found = list(commands())
        self.assertGreater(len(found), 20, "the README's commands are found")
        for command in found:
            with self.subTest(command=command):
                if command in TARGETS_ONLY:
                    self.is_a_target(command)
                    continue
                run = self.way(command)
                self.assertIsNotNone(run, "this test has no way to run it")
                run(command)

    def test_play_is_one_command_and_one_ctrl_c(self):
        """`make play` on the embedded broker: no Kafka is configured, and the development one is not looked at from this copy."""
        copy = self.folder / "copy"
        (copy / "build").mkdir(parents=True)
        shutil.copytree(BUILD / "bin", copy / "build" / "bin")
        self.environment.pop("KAFKA_BOOTSTRAP")
        play = self.start(ROOT / "tools" / "play", copy / "build" / "bin", env={"PLAY": "--clients bravo,zulu --interval 200ms --batch-size 3 --batch-wait 10s"})
        for pattern in (r"embedded broker at 127\.0\.0\.1:\d+", r"\[producer\] ✅ Sent payment: [0-9a-f-]{36}", r"\[client 🟣 BRAVO\] Received batch of 3 payments",
                        r"\[client 🔵 ZULU\] Received batch of 3 payments"):
            play.wait_line(pattern, 30)
        self.assertEqual(play.interrupt(), 0)
        counts = [int(play.wait_line(rf"{client} +\d+ +\d+ +(\d+)")[1]) for client in ("bravo", "zulu")]
        self.assertEqual(counts[0], counts[1], "both got every record")
        self.assert_nothing_left()


if __name__ == "__main__":
    main()
