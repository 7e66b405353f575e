#!/usr/bin/env python3
"""Measures recorded dispatches of the charm, and programs beside them.

    measure.py dispatch FOLDER PROGRAM NAME    one recorded dispatch: a row for the table
    measure.py command NAME PROGRAM ARGUMENT…  another program: a row for the table
    measure.py table                           rows from standard input, as a table

FOLDER/NAME holds `environment` (as `env -0` prints it) and the recorded answers of the hook tools; FOLDER/tools holds the
hook tools that give them. What is measured is repeated; medians are reported.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

WARM_UPS = 3
RUNS = 15
QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class Command:
    """A program with its arguments."""

    def __init__(self, name, *command):
        self.name = name
        self.command = command
        self.environment = dict(os.environ)
        self.folder = None

    def start(self, *before):
        return subprocess.Popen([*before, *self.command], env=self.environment, cwd=self.folder, **QUIET)

    def run(self):
        """Seconds, CPU seconds of everything, CPU seconds of the charm alone, exit status."""
        begun = time.perf_counter()
        process = self.start()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        wall = time.perf_counter() - begun
        # Of the process that has ended and is not reaped yet: nanoseconds on a CPU.
        own = int(Path(f"/proc/{process.pid}/schedstat").read_text().split()[0]) / 1e9
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return wall, usage.ru_utime + usage.ru_stime, own, process.returncode

    def peak(self):
        """The charm's own peak of resident memory, in bytes."""
        process = self.start()
        peak = 0
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            for line in status.read_text().splitlines():
                if line.startswith("VmHWM:"):
                    peak = max(peak, int(line.split()[1]) * 1024)
        return peak


class Dispatch(Command):
    """One recorded dispatch, ready to be repeated."""

    def __init__(self, folder, program, name):
        super().__init__(name, program)
        self.calls = folder / name / "calls"
        text = (folder / name / "environment").read_bytes()
        pairs = (entry.partition(b"=") for entry in text.split(b"\0") if entry)
        self.environment = {os.fsdecode(key): os.fsdecode(value) for key, _, value in pairs}
        self.environment |= {
            "PATH": f"{folder / 'tools'}:{self.environment['PATH']}",
            "BENCH_RECORDINGS": str(folder / name),
            "BENCH_CALLS": str(self.calls),
        }
        self.folder = self.environment["JUJU_CHARM_DIR"]

    def hook_tools(self):
        self.calls.unlink(missing_ok=True)
        self.start().wait()
        return len(self.calls.read_text().splitlines()) if self.calls.exists() else 0

    def programs(self):
        """How many programs it starts, hook tools among them; none without strace."""
        if not shutil.which("strace"):
            return None
        trace = self.calls.with_name("trace")
        self.start("strace", "-f", "-qq", "-e", "trace=execve", "-o", str(trace)).wait()
        # Of two that start at once, the line of one may be cut in two: the end of each counts.
        started = [line for line in trace.read_text().splitlines() if "execve" in line and line.endswith("= 0")]
        trace.unlink()
        return len(started) - 1


def row(dispatch):
    for _ in range(WARM_UPS):
        dispatch.run()
    runs = [dispatch.run() for _ in range(RUNS)]
    walls, cpus, owns, exits = zip(*runs)
    hook_tools = programs = None
    if isinstance(dispatch, Dispatch):
        hook_tools, programs = dispatch.hook_tools(), dispatch.programs()
    return [
        dispatch.name,
        "/".join(str(code) for code in sorted(set(exits))),
        f"{statistics.median(walls) * 1e3:.1f}",
        f"{min(walls) * 1e3:.1f}-{max(walls) * 1e3:.1f}",
        f"{statistics.median(owns) * 1e3:.1f}",
        f"{statistics.median(cpus) * 1e3:.1f}",
        f"{max(dispatch.peak() for _ in range(3)) / 2**20:.1f}",
        "" if hook_tools is None else str(hook_tools),
        "" if programs is None else str(programs - hook_tools),
    ]


HEADING = ["", "exit", "wall ms", "min-max", "own CPU ms", "all CPU ms", "own MiB", "hook tools", "programs"]


def table(rows):
    widths = [max(map(len, column)) for column in zip(*rows)]
    for first, *rest in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:]))]
        print("  ".join(cells).rstrip())


def main():
    match sys.argv[1:]:
        case ["dispatch", folder, program, name]:
            print(*row(Dispatch(Path(folder), program, name)), sep="\t")
        case ["command", name, *command]:
            print(*row(Command(name, *command)), sep="\t")
        case ["table"]:
            table([HEADING] + [line.rstrip("\n").split("\t") for line in sys.stdin])
        case _:
            sys.exit(__doc__)


main()
