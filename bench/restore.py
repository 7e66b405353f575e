#!/usr/bin/env python3
"""Measures a restore of a cluster by its phases, and pgBackRest's own restore of the same backup.

    restore.py PROGRAMS [UNITS [SCALE]]

PROGRAMS is the folder with juju, juju-lab and the folder `charms`. A lab of its own gets UNITS units (3) and an object store, is
filled with pgbench at SCALE (150: 2.2 GiB), makes a backup, and restores it. The phases are read from the record that the unit
keeps of its restore.
"""

import json
import os
import shutil
import threading
import time
from datetime import datetime

from model import Model, arguments, run, seconds_of


class Phases(threading.Thread):
    """Notes when the record of the restore changes."""

    def __init__(self, machine):
        super().__init__(daemon=True)
        self.record = machine.state / "restore.json"
        self.seen = {}
        self.over = threading.Event()

    def phase(self):
        try:
            return json.loads(self.record.read_text())["phase"]
        except (FileNotFoundError, ValueError):
            return None

    def run(self):
        while not self.over.wait(0.05):
            phase = self.phase()
            # There is none before it begins, and none after it has ended.
            if phase or self.seen:
                self.seen.setdefault(phase, time.time())


def row(name, seconds):
    print(f"    {name:<58} {seconds:7.1f}")


def restore(model, unit, backup):
    """Restores through the charm; when each phase began, and when the fetch and the action had ended."""
    machine = model.machine(unit)
    phases = Phases(machine)
    begun = time.time()
    phases.start()
    result = model.action(unit, "restore", f"backup-id={backup['backup-id']}")
    ended = time.time()
    phases.over.set()
    phases.join()
    end = json.loads((machine.state / f"jobs/restore-{result['restore-id']}/end.json").read_text())
    fetched = datetime.fromisoformat(end["at"][:26].rstrip("Z") + "+00:00").timestamp()
    model.settled()
    return phases.seen | {"begun": begun, "fetched": fetched, "ended": ended}


def bare_restore(machine, backup, *more):
    """Seconds that pgBackRest takes by itself for the same backup, into an empty directory of the same disk."""
    copy = machine.root / "var/lib/postgresql/bare"
    run(*machine.as_workload("mkdir", "-m", "700", str(copy)))
    command = machine.pgbackrest("restore", f"--set={backup['backup-label']}", f"--pg1-path={copy}", "--type=immediate", *more)
    seconds, _ = seconds_of(lambda: run(*command))
    shutil.rmtree(copy)
    return seconds


def circumstances(backup, units):
    return (f"{backup['backup-size']} on {units} unit{'s' if units > 1 else ''}, {os.cpu_count()} CPUs, "
            f"load {os.getloadavg()[0]:.1f}, {run('pgbackrest', 'version').strip()}; seconds:\n")


def measure(model, units, scale):
    unit = model.leading_primary()
    machine = model.machine(unit)
    machine.fill(scale)
    backup = model.action(unit, "create-backup")
    model.settled()
    at = restore(model, unit, backup)
    bare = bare_restore(machine, backup)

    print(circumstances(backup, units))
    row("look, decide, write down", at["beside"] - at["begun"])
    row("fetch the backup beside the data", at["fetched"] - at["beside"])
    row("recover it, prove it, hold the members", at["exchanging"] - at["fetched"])
    row("exchange (clients are cut off)", at["rebuilding"] - at["exchanging"])
    row("replicas, made anew until they stream", at[None] - at["rebuilding"])
    row("look again, publish", at["ended"] - at[None])
    row("in all", at["ended"] - at["begun"])
    row("pgbackrest restore of the same backup, by itself", bare)


def main():
    programs, units, scale = arguments(__doc__, 3, 150)
    with Model(programs) as model:
        model.deploy(units)
        model.with_a_repository()
        model.settled()
        measure(model, units, scale)


if __name__ == "__main__":
    main()
