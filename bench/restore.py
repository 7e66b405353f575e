#!/usr/bin/env python3
"""Measures a restore of a cluster by its phases, and pgBackRest's own restore of the same backup.

    restore.py LAB CHARM [UNITS [SCALE]]

Deploys CHARM (a .charm file) with the lab's program LAB and an object store in a lab of its own, fills it with pgbench at
SCALE (150: 2.2 GiB), makes a backup, and restores it on UNITS units (3). The phases are read from the record that the unit
keeps of its restore. `juju` lies beside LAB; the folder of LAB's own charms is in JUJU_LAB_CHARMS.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

HOME = Path(f"/var/tmp/pg-restore-{os.getpid()}")
STANZA = "bench.postgresql"


def run(*command, **more):
    done = subprocess.run(command, text=True, stdin=subprocess.DEVNULL, capture_output=True, **more)
    if done.returncode:
        sys.exit(f"error: {command[0]} failed: {done.stdout}{done.stderr}")
    return done.stdout


class Lab:
    def __init__(self, program):
        self.program = program
        self.juju_program = str(Path(program).parent / "juju")

    def lab(self, *arguments):
        return run(self.program, *arguments)

    def juju(self, *arguments):
        return run(self.juju_program, *arguments)

    def action(self, unit, *arguments):
        said = self.juju("run", "--format", "json", "--wait", "1h", unit, *arguments)
        task = next(iter(json.loads(said).values()))
        if task["status"] != "completed":
            sys.exit(f"error: {arguments} on {unit}: {json.dumps(task, indent=1)}")
        return task["results"]

    def deploy(self, charm, units):
        self.lab("up")
        self.juju("add-model", "bench")
        self.juju("deploy", charm, "postgresql")
        if units > 1:
            self.juju("add-unit", "postgresql", "-n", str(units - 1))
        self.lab("object-store", "start")
        store = json.loads(self.lab("object-store", "info", "--format", "json"))
        self.juju("deploy", "s3-integrator")
        self.lab("wait", "postgresql", "--timeout", "10m")
        self.juju("config", "s3-integrator", f"endpoint={store['endpoint']}", f"tls-ca-chain={store['tls-ca-chain']}",
                  "s3-uri-style=path", "region=us-east-1", "bucket=backups", "path=/bench")
        self.action("s3-integrator/0", "sync-s3-credentials", f"access-key={store['access-key']}",
                    f"secret-key={store['secret-key']}")
        self.juju("integrate", "postgresql", "s3-integrator")
        self.lab("wait", "--timeout", "10m")

    def leader(self):
        units = json.loads(self.juju("status", "--format", "json"))["applications"]["postgresql"]["units"]
        return next(unit for unit, facts in units.items() if facts.get("leader"))


class Machine:
    """The machine of the unit that restores."""

    def __init__(self, unit):
        self.root = HOME / "m" / unit.rsplit("/", 1)[1]
        self.state = self.root / "var/lib/postgresql-charm"

    def as_workload(self, *command):
        return (["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []) + list(command)

    def pgbackrest(self, *arguments):
        config = self.root / "etc/postgresql-charm/pgbackrest.conf"
        return self.as_workload("pgbackrest", f"--config={config}", f"--stanza={STANZA}", *arguments)

    def phase(self):
        try:
            return json.loads((self.state / "restore.json").read_text())["phase"]
        except (FileNotFoundError, ValueError):
            return None


class Phases(threading.Thread):
    """Notes when the record of the restore changes."""

    def __init__(self, machine):
        super().__init__(daemon=True)
        self.machine = machine
        self.seen = {}
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(0.05):
            phase = self.machine.phase()
            # There is none before it begins, and none after it has ended.
            if phase or self.seen:
                self.seen.setdefault(phase, time.time())


def row(name, seconds):
    print(f"    {name:<58} {seconds:7.1f}")


def primary(lab):
    """The leader, made the primary, and its machine."""
    unit = lab.leader()
    if lab.action(unit, "get-primary")["primary"] != unit:
        lab.action(unit, "promote-to-primary", "scope=unit")
        lab.lab("wait", "--timeout", "10m")
    return unit, Machine(unit)


def fill(machine, scale):
    socket = str(machine.root / "run/postgresql")
    run("pgbench", "-i", "-q", "-s", str(scale), "-h", socket, "-U", "operator", "postgres")


def restore(lab, unit, machine, backup):
    """Restores through the charm; when each phase began, and when the fetch and the action had ended."""
    phases = Phases(machine)
    begun = time.time()
    phases.start()
    result = lab.action(unit, "restore", f"backup-id={backup['backup-id']}")
    ended = time.time()
    phases.over.set()
    phases.join()
    end = json.loads((machine.state / f"jobs/restore-{result['restore-id']}/end.json").read_text())
    fetched = datetime.fromisoformat(end["at"][:26].rstrip("Z") + "+00:00").timestamp()
    lab.lab("wait", "--timeout", "10m")
    return phases.seen | {"begun": begun, "fetched": fetched, "ended": ended}


def bare_restore(machine, backup):
    """Seconds that pgBackRest takes by itself for the same backup, into an empty directory of the same disk."""
    copy = machine.root / "var/lib/postgresql/bare"
    run(*machine.as_workload("mkdir", "-m", "700", str(copy)))
    begun = time.time()
    run(*machine.pgbackrest("restore", f"--set={backup['backup-label']}", f"--pg1-path={copy}", "--type=immediate"))
    seconds = time.time() - begun
    shutil.rmtree(copy)
    return seconds


def circumstances(backup, units):
    return (f"{backup['backup-size']} on {units} unit{'s' if units > 1 else ''}, {os.cpu_count()} CPUs, "
            f"load {os.getloadavg()[0]:.1f}, {run('pgbackrest', 'version').strip()}; seconds:\n")


def measure(lab, units, scale):
    unit, machine = primary(lab)
    fill(machine, scale)
    backup = lab.action(unit, "create-backup")
    lab.lab("wait", "--timeout", "10m")
    at = restore(lab, unit, machine, backup)
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


def in_a_lab(program, charm, units, work):
    lab = Lab(str(Path(program).absolute()))
    os.environ["JUJU_LAB_HOME"] = str(HOME)
    try:
        lab.deploy(str(Path(charm).absolute()), units)
        work(lab)
    finally:
        subprocess.run([lab.program, "destroy"], stdout=subprocess.DEVNULL)
        shutil.rmtree(HOME, ignore_errors=True)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    units = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    scale = int(sys.argv[4]) if len(sys.argv) > 4 else 150
    in_a_lab(sys.argv[1], sys.argv[2], units, lambda lab: measure(lab, units, scale))


if __name__ == "__main__":
    main()
