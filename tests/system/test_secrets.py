"""A password is nowhere to be read, wherever it stands: not in a line, an answer, a report, a log file, or an error."""

import itertools
import pathlib
import signal

from harness import SystemTest, main, wait_until

WORDS = ("hunter2", "swordfish", "Tr0ub4dor")  # none of them is part of anything else

# As a pipeline and as librdkafka's properties, with the first word, or with another.
SINKS = {
    "URI": "postgres:postgresql://u:{}@127.0.0.1:1/db?connect_timeout=1",
    "key=value": "postgres:'host=127.0.0.1 port=1 user=u password={} connect_timeout=1'",
    "quoted": "postgres:\"host=127.0.0.1 port=1 user=u password='{} and more' connect_timeout=1\"",
}
# What is not understood, and what it is said about.
WRONG = {
    "a URI": "pipeline = postgres:postgresql://u:{}@[::1/db",
    "a space in it": "pipeline = postgres:'host=h password=my {} user=u'",
    "an option that is none": "pipeline = postgres:'host=h pasword=x password={}'",
    "a stage that is none": "pipeline = postgras:'host=h password={}'",
    "no end of the quote": "pipeline = postgres:'host=h password={}",
    "a property that is none": "librdkafka.sasl.pasword.is.none = x\nlibrdkafka.sasl.password = {}",
    "a property's value": "librdkafka.sasl.mechanism = password={}",
    "two of one name": "librdkafka.sasl.password = {}\nlibrdkafka.sasl.password = {}",
    "a line that is none": "librdkafka.sasl.password {}",
    "a setting that is none": "pasword = {}",
}


class Secrets(SystemTest):
    def setUp(self):
        super().setUp()
        self.topic_name = self.topic(1)
        self.path = self.folder / "fleet.ini"

    def write(self, *lines, more=()):
        self.path.write_text("\n".join(["[ksupervise]", f"bootstrap = {self.kafka.bootstrap}", f"topic = {self.topic_name}", "no-producer = yes",
                                        "restart-delay = 10ms", *more, "[client bravo]", f"group = {self.name('g')}", *lines]) + "\n")

    def kctl(self, *words):
        return self.run_program("kctl", "-i", self.instance, *words)

    def assert_no_word(self, text, where):
        for word in WORDS:
            for line in text.splitlines():
                self.assertNotIn(word, line, where)

    def assert_silent(self):
        """Of everything that any process has printed, and of every file and object that was made."""
        for process in self.processes:
            self.assert_no_word(process.text(), " ".join(process.command))
        for path in itertools.chain((self.folder / "logs").glob("*"), self.shared_memory()):
            self.assert_no_word(path.read_bytes().decode("utf-8", "replace"), str(path))

    def test_check_shows_none(self):
        for sink, place in itertools.product(SINKS.values(), ("ssl.key.password", "ssl.keystore.password")):
            self.write(f"pipeline = {sink.format(WORDS[0])}", f"librdkafka.{place} = {WORDS[1]}")
            done = self.run_program("ksupervise", "--config", self.path, "--check", "-X", f"sasl.password={WORDS[2]}")
            self.assertIn("***", done.text())
            self.assert_silent()

    def test_what_is_wrong_is_said_without_it(self):
        for what, lines in WRONG.items():
            with self.subTest(what):
                self.write(lines.replace("{}", WORDS[0]))
                done = self.run_program("ksupervise", "--config", self.path, "--check")
                self.assert_no_word(done.text(), what)
        for arguments in (["-X", f"sasl.password{WORDS[0]}"], ["-X", f"sasl.pasword={WORDS[0]}"], [f"--pasword={WORDS[0]}"],
                          ["--pipeline", f"postgres:postgresql://u:{WORDS[0]}@[::1/db"], ["--pipeline", f"postgres:'password={WORDS[0]}"]):
            for program in (["ksupervise", "--check"], ["kconsume", "--publish=no", "--topic", self.topic_name, "--group", self.name("h")]):
                with self.subTest(arguments=arguments, program=program):
                    self.assert_no_word(self.run_program(*program, *arguments).text(), f"{program} {arguments}")

    def test_a_fleet_and_its_reload_show_none(self):
        environment = {"PGPASSWORD": WORDS[2], "KSUPERVISE_PIPELINE": SINKS["URI"].format(WORDS[2])}
        self.write(f"pipeline = {SINKS['URI'].format(WORDS[0])}", f"librdkafka.ssl.key.password = {WORDS[0]}")
        fleet = self.supervise("--config", self.path, "--log-dir", self.folder / "logs", "-X", f"ssl.keystore.password={WORDS[2]}", "--verbose", env=environment)
        fleet.wait_line("PostgreSQL", 30)
        for sink in (SINKS["URI"].format(WORDS[1]), SINKS["key=value"].format(WORDS[0]), SINKS["key=value"].format(WORDS[1]), SINKS["quoted"].format(WORDS[0])):
            mark = fleet.mark()
            self.write(f"pipeline = {sink}", f"librdkafka.ssl.key.password = {WORDS[1]}")
            self.kctl("--timeout", "2s", "reload")
            fleet.wait_line("pipeline|rolling|reload", 20, after=mark)
            self.kctl("status")
            self.kctl("--json", "status")
            self.kctl("logs", "bravo", "200")
        for program in ("kstat", "kstat --json", "kstat --postmortem bravo", "kstat bravo"):
            name, *words = program.split()
            self.run_program(name, "-i", self.instance, *words)
        self.assertIn("***", fleet.text())
        self.assert_silent()
        fleet.send(signal.SIGINT)
        fleet.wait(30)
        self.assert_silent()

    def test_a_change_behind_the_63rd_byte_is_a_change(self):
        stages = "validate, " * 8
        self.write(f"pipeline = {stages}filter:amount > 5", more=["quiet = yes"])
        fleet = self.supervise("--config", self.path)
        fleet.wait_line("ready:", 30)
        self.write(f"pipeline = {stages}filter:amount > 6", more=["quiet = yes"])
        self.assertRegex(self.kctl("reload").text(), r"bravo: restarted, .*\(pipeline: ….*amount > 5 → ….*amount > 6\)")
        fleet.interrupt()


if __name__ == "__main__":
    main()
