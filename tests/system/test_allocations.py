"""No record path allocates per record: a run with twice as many records allocates hardly more often, whatever the pipeline."""

import os
import shlex
import subprocess

from harness import ROOT, SystemTest, main
from postgres import Postgres

RECORDS = 20_000
BATCH = 500
A_BATCH = 4  # allocations of our own that a batch may take: a commit's list of offsets, and the like

PYTHON_OK = "python3 -uc 'import sys\nfor line in sys.stdin: print(\"ok\")'"
PYTHON_PACKED_OK = ("python3 -Buc 'import sys; sys.path.insert(0, \"%s\"); from message_pack import pack, values\n"
                    "for record in values(sys.stdin.buffer.raw): sys.stdout.buffer.write(pack(\"ok\"))'" % (ROOT / "tests" / "system"))


class Allocations(SystemTest):
    def setUp(self):
        super().setUp()
        self.library = self.folder / "allocations.so"
        source = ROOT / "tests" / "system" / "allocations.c"
        flags = ("-std=c11", "-D_GNU_SOURCE", "-O1", "-fno-builtin", "-fPIC", "-shared")
        subprocess.run([*shlex.split(os.environ.get("CC", "cc")), *flags, "-o", self.library, source], check=True)
        self.source = self.topic()
        self.run_ok("kproduce", "--publish=no", "--topic", self.source, "--rate", "0", "--count", 2 * RECORDS, "--quiet", seconds=60)

    def counted(self, program, *words):
        """How often the program allocated in such a run."""
        told = self.folder / "count"
        told.unlink(missing_ok=True)
        self.run_ok(program, "--publish=no", *words, env={"LD_PRELOAD": str(self.library), "ALLOCATIONS": str(told)}, seconds=60)
        return int(told.read_text())

    def assert_not_per_record(self, program, *words):
        """words may hold {number}: of the run."""
        once, twice = (self.counted(program, *(str(word).format(number=number) for word in words), "--count", number * RECORDS) for number in (1, 2))
        self.assertGreater(once, 0, "they are counted at all")
        self.assertLess(twice - once, A_BATCH * RECORDS // BATCH)

    def consume(self, pipeline, *more):
        self.assert_not_per_record("kconsume", "--topic", self.source, "--group", self.name("g") + "{number}", "--batch-size", BATCH, "--quiet", "--pipeline", pipeline, *more)

    def test_producing(self):
        self.assert_not_per_record("kproduce", "--topic", self.topic(), "--rate", "0", "--quiet")

    def test_checks_conditions_and_totals(self):
        self.consume("validate, filter:amount > 10 and currency != 'USD', flag:amount > 1000000, stats:100000")

    def test_lines_of_records(self):
        self.consume("print, ndjson:%s/{number}.ndjson" % self.folder)

    def test_a_program_of_the_users(self):
        self.consume(f"exec:{PYTHON_OK}")

    def test_a_program_of_the_users_in_message_pack(self):
        self.consume(f"exec-msgpack:{PYTHON_PACKED_OK}")

    def test_sqlite(self):
        self.consume("sqlite:%s/{number}.db" % self.folder)

    def test_acknowledgement_one_by_one(self):
        self.consume("validate", "--commit", "manual", "--max-unacknowledged", 3 * RECORDS)

    def test_postgresql(self):
        postgres = Postgres(self)
        for name in ("run1", "run2"):
            postgres.run(f"CREATE DATABASE {name}")
        self.consume("postgres:dbname=run{number}")


if __name__ == "__main__":
    main()
