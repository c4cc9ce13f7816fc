"""postgres.py: a PostgreSQL of a test's own, by Debian's pg_virtualenv: throw-away, on a free port, as root too."""

import random
import shutil
import socket
import subprocess

from harness import Timeout


def free_port():
    """Left to itself pg_virtualenv takes the first port from 5432 on that is free, and so does that of a test run beside this one. Below the ports
    that connections are given, so that it is still free when a test stops the server and starts it again."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


class Postgres:
    """Postgres(test) starts one that ends with the test."""

    def __init__(self, test):
        if shutil.which("pg_virtualenv") is None:
            test.skipTest("pg_virtualenv is not there (Debian: postgresql, postgresql-common)")
        process = test.start("/usr/bin/env", "pg_virtualenv", "-t", "-c", f"--port={free_port()}", "sh", "-c", "env; echo ready; exec cat", stdin=subprocess.PIPE)
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
