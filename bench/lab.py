#!/usr/bin/env python3
"""Measures what the lab itself costs: units at rest, and hooks of a charm that does nothing.

    lab.py JUJU-LAB [UNITS [SECONDS]]

JUJU-LAB is the program to measure; it gets a home of its own, which is removed at the end. CPU time is that of the
daemon, of the machines' inits and of the charm's processes, as the kernel counts it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
RAN = b'ran \\"update-status\\" hook'
CHARM = {
    "metadata.yaml": "name: idle\nsummary: Does nothing\ndescription: It does nothing, in as little time as it takes.\n",
    "manifest.yaml": "bases: [{name: ubuntu, channel: '22.04', architectures: [amd64, arm64]}]\n",
}


class Lab:
    """A lab with one model, in a home of its own."""

    def __init__(self, program):
        self.home = Path(tempfile.mkdtemp(prefix="lab-bench-", dir="/var/tmp"))
        self.program = program
        self.environment = os.environ | {"JUJU_LAB_HOME": str(self.home / "h"), "JUJU_MODEL": "bench"}

    def run(self, *words):
        command = [self.program, *words]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"error: {' '.join(command)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def juju(self, *words):
        return self.run("juju", *words)

    def charm(self):
        """A charm whose dispatch is the smallest program there is."""
        folder = self.home / "idle"
        folder.mkdir()
        for name, text in CHARM.items():
            (folder / name).write_text(text)
        (folder / "dispatch").symlink_to(shutil.which("true"))
        return str(folder)

    def close(self):
        self.run("destroy")
        shutil.rmtree(self.home, ignore_errors=True)

    def cpu(self):
        """CPU seconds of everything that runs, or ran, in this lab."""
        total = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                command = (stat.parent / "cmdline").read_bytes()
                fields = stat.read_text().rpartition(") ")[2].split()
            except OSError:
                continue
            if os.fsencode(self.home) in command:
                # Own time, and that of children it waited for.
                total += sum(int(field) for field in fields[11:15])
        return total / TICKS

    def hooks(self):
        """How many update-status hooks ran."""
        logs = (self.home / "h/state").glob("debug-*.log")
        return sum(log.read_bytes().count(RAN) for log in logs)

    def measure(self, seconds):
        """Seconds, CPU seconds and hooks of a while."""
        begun, cpu, hooks = time.perf_counter(), self.cpu(), self.hooks()
        time.sleep(seconds)
        return time.perf_counter() - begun, self.cpu() - cpu, self.hooks() - hooks

    def hooks_every(self, interval):
        self.juju("model-config", f"update-status-hook-interval={interval}")
        time.sleep(0.5)


def main(program, units=20, seconds=10):
    lab = Lab(os.path.realpath(program))
    try:
        lab.run("up")
        lab.juju("add-model", "bench")
        charm = lab.charm()
        rows = []
        lab.juju("deploy", charm, "one")
        lab.run("wait", "one", "--quiet", "--timeout", "5m")
        lab.hooks_every("1ms")
        wall, cpu, hooks = lab.measure(seconds)
        rows.append((f"one unit, one hook after the other: {hooks / wall:.0f} hooks/s", wall / hooks * 1e3, cpu / hooks * 1e3))
        lab.hooks_every("1h")
        lab.juju("remove-application", "one", "--no-prompt", "--force")
        lab.juju("deploy", charm, "many", "-n", str(units))
        lab.run("wait", "many", "--quiet", "--timeout", "5m")
        time.sleep(3)
        wall, cpu, _ = lab.measure(seconds)
        print(f"{units} units at rest: {cpu / wall * 100:.1f} % of one core")
        lab.hooks_every("1ms")
        wall, cpu, hooks = lab.measure(seconds)
        rows.append((f"{units} units at once: {hooks / wall:.0f} hooks/s", wall / hooks * 1e3, cpu / hooks * 1e3))
        for what, each, cpu in rows:
            print(f"{what}, {each:.1f} ms and {cpu:.1f} ms CPU for each")
    finally:
        lab.close()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], *map(int, sys.argv[2:]))
