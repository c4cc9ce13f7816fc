"""ktour: each scenario proves what it says on a real Kafka, leaves nothing, and fails when what it wants to prove is not so."""

import pathlib
import re
import shutil

from harness import BUILD, ROOT, SystemTest, main


class Tour(SystemTest):
    def setUp(self):
        super().setUp()
        self.environment["TMPDIR"] = self.runtime  # short: the control socket is in the scenario's folder
        self.assertEqual(self.left(), [])

    def left(self, text=""):
        """Files, and shared memory of the instances that the text speaks of."""
        instances = set(re.findall(r"tour-[0-9a-f]{8}", text))
        shared = [path for name in instances for path in pathlib.Path("/dev/shm").glob(f"*{name}*")]
        return shared + list(pathlib.Path(self.runtime).iterdir())

    def assert_clean(self, tour):
        self.assert_nothing_left()
        self.assertEqual(self.left(tour.text()), [])

    def copy(self, **instead):
        """A folder of programs of its own, from which no development Kafka is found; some are replaced by shell scripts."""
        folder = self.folder / "copy" / "build" / "bin"
        folder.mkdir(parents=True)
        for program in (BUILD / "bin").iterdir():
            shutil.copy(program, folder)
        for name, script in instead.items():
            (folder / name).write_text(f"#!/bin/bash\n{script}\n")
        return folder / "ktour"


class Scenarios(Tour):
    def proves(self, name):
        tour = self.run_program("ktour", name, seconds=60)
        self.assertEqual(tour.status, 0, tour.text())
        self.assertRegex(tour.text("out"), r"\nWatch: ")
        self.assertGreater(tour.text("out").count("✔"), 0)
        self.assertRegex(tour.text("out"), rf"Proved in [\d.]+ s\. The topic tour-[0-9a-f]+ stays in Kafka")
        self.assertNotIn("\x1b", tour.text(), "colours are for terminals")
        self.assert_clean(tour)


def add_scenarios():
    for path in sorted((ROOT / "tools" / "ktour" / "scenarios").glob("*.sh")):
        name = path.stem.partition("-")[2]
        setattr(Scenarios, f"test_{name.replace('-', '_')}_holds_and_leaves_nothing", lambda self, name=name: self.proves(name))


class Failures(Tour):
    def test_a_figure_that_is_not_so_ends_it_with_1_and_says_which(self):
        real = BUILD / "bin" / "kstat"
        tour = self.run_program(self.copy(kstat=f"""{real} "$@" | sed 's/"processed": 2000/"processed": 1999/'"""), "two-groups", seconds=60)
        self.assertEqual(tour.status, 1, tour.text())
        self.assertIn("✘ not so: bravo got all 2000 (it is '1999'; wanted: -eq 2000)", tour.text())
        self.assertNotIn("Proved", tour.text())
        self.assert_clean(tour)

    def test_check_takes_nothing_for_no_figure(self):
        for value, operator, wanted, status in (("3", "-eq", "3", 0), ("3", "-eq", "4", 1), ("", "-eq", "0", 1), ("0", "-gt", "0", 1), ("x", "-le", "9", 1),
                                                ("2 2", "=", "2 2", 0), ("2 3", "=", "2 2", 1)):
            tried = self.run_program("/bin/bash", "-c", '. "$0"; check "it is so" "$1" "$2" "$3"', ROOT / "tools/ktour/lib.sh", value, operator, wanted)
            self.assertEqual(tried.status, status, (value, operator, wanted, tried.text()))

    def test_all_goes_on_after_one_that_fails_and_says_which(self):
        tour = self.run_program(self.copy(kproduce="exit 1"), "two-groups", "order-per-key", seconds=60)
        self.assertEqual(tour.status, 1)
        self.assertRegex(tour.text("out"), r"0 of 2 hold; not: two-groups order-per-key")
        self.assert_clean(tour)

    def test_ctrl_c_in_the_middle_cleans_up(self):
        tour = self.start("ktour", "restart-resumes")
        tour.wait_line("ready: bravo", 30)
        self.assertEqual(tour.interrupt(), 130)
        self.assert_clean(tour)

    def test_what_is_wrong_with_the_command_line_is_told(self):
        for words, expected in (((), "which scenario"), (("two-grups",), "there is no scenario 'two-grups'"), (("--lisst",), "unknown option '--lisst'")):
            tour = self.run_program("ktour", *words)
            self.assertEqual(tour.status, 2)
            self.assertIn(expected, tour.text("err"))
        self.assertIn("make kafka", self.run_ok("ktour", "--help"))


class WithoutKafka(Tour):
    def setUp(self):
        super().setUp()
        self.environment.pop("KAFKA_BOOTSTRAP")

    def test_it_brings_an_embedded_broker(self):
        tour = self.run_program(self.copy(), "two-groups", seconds=60)
        self.assertEqual(tour.status, 0, tour.text())
        self.assertIn("runs on the embedded broker", tour.text("out"))
        self.assertRegex(tour.text("out"), r"Proved in [\d.]+ s\.$")
        self.assert_clean(tour)

    def test_what_needs_a_real_one_says_so(self):
        tour = self.run_program(self.copy(), "retention")
        self.assertEqual(tour.status, 3)
        self.assertIn("This one needs a real Kafka: make kafka", tour.text("out"))
        self.assert_clean(tour)

    def test_among_several_those_that_need_a_real_one_are_passed_over_and_named(self):
        tour = self.run_program(self.copy(), "retention", "two-groups", "dead-letters", seconds=60)
        self.assertEqual(tour.status, 0, tour.text())
        self.assertRegex(tour.text("out"), r"1 of 3 hold; need a real Kafka \(make kafka\): retention dead-letters$")
        self.assert_clean(tour)


add_scenarios()

if __name__ == "__main__":
    main()
