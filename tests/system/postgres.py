"""postgres.py: a PostgreSQL of a test's own, by Debian's pg_virtualenv: throw-away, on a free port, as root too."""

import shutil
import subprocess

from harness import Timeout


class Postgres:
    """Postgres(test) starts one that ends with the test."""

    def __init__(self, test):
        if shutil.which("pg_virtualenv") is None:
            test.skipTest("pg_virtualenv is not there (Debian: postgresql, postgresql-common)")
        process = test.start("/usr/bin/env", "pg_virtualenv", "-t", "sh", "-c", "env; echo ready; exec cat", stdin=subprocess.PIPE)
        test.addCleanup(self._end, process)
        process.wait_line("^ready$", 60)
        self.environment = dict(line.split("=", 1) for _, _, line in process.lines if line.startswith("PG") and "=" in line)
        test.environment.update(self.environment)
        self.test = test

    @staticmethod
    def _end(process):
        """The end of its input ends the command, and that the server. (Runs before the test's processes are killed.)"""
        process.popen.stdin.close()
        try:
            process.wait(30)
        except Timeout:
            process.kill()

    def run(self, sql):
        return self.test.run_ok("/usr/bin/env", "psql", "-v", "ON_ERROR_STOP=1", "-qAtc", sql)

    def control(self, verb, *options):
        """start, stop: as pg_ctlcluster has it."""
        self.test.run_ok("/usr/bin/env", "pg_ctlcluster", self.environment["PGVERSION"], "regress", verb, *options)
