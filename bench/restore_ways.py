#!/usr/bin/env python3
"""Measures a restore of three units in place beside the incumbent's way, on the same data and under the same writer.

    restore_ways.py PROGRAMS [RUNS [SCALE]]

PROGRAMS is the folder with juju, juju-lab and the folder `charms`. A lab of its own gets three units, a related application and
an object store, and is filled with pgbench at SCALE (50: 0.75 GiB). Its backup is restored RUNS times (5) each way, in turn:

* in place: the action `restore`;
* the incumbent's way, with the same programs: all units but one are removed, Patroni is stopped, the data directory is emptied,
  the cluster is removed from etcd, Patroni begins anew from pgBackRest, and two units are added. The incumbent's own charm is not
  run; that it gives pgBackRest one process on up to three CPUs is.

Before each restore pgbench changes the data. Somebody writes on whichever unit accepts it all the time.
"""

import statistics
import subprocess
import threading
import time

from model import STANZA, Model, Writer, arguments, run, until
from restore import circumstances

UNITS = 3
PATIENCE = 900
PATRONI = "charmed-patroni.service"


class Replicas(threading.Thread):
    """Notes since when all replicas stream from a machine."""

    STREAM = "select count(*) from pg_stat_replication where state = 'streaming' and application_name like 'postgresql-%'"

    def __init__(self, machine):
        super().__init__(daemon=True)
        self.machine = machine
        self.since, self.over = None, False

    def run(self):
        while not self.over:
            if (self.machine.sql(self.STREAM) or "").strip() != str(UNITS - 1):
                self.since = None
            else:
                self.since = self.since or time.monotonic()
            time.sleep(0.2)


def in_place(model, unit, backup):
    model.action(unit, "restore", f"backup-id={backup['backup-id']}")


def scaled_down_and_up(model, unit, backup):
    machine = model.machine(unit)
    others = [other for other in model.units() if other != unit]
    model.juju("remove-unit", "--no-prompt", *others)
    until("the replicas are not removed", lambda: len(model.units()) == 1, PATIENCE)
    model.settled()

    charm = next(machine.root.glob("var/lib/juju/agents/unit-postgresql-*/charm"))
    # The charm keeps its hands off while the file is there.
    (charm / "disable").touch()
    model.juju("exec", "--unit", unit, "--", f"systemctl stop {PATRONI}")
    begin_from_pgbackrest(machine, backup)
    model.juju("exec", "--unit", unit, "--", f"systemctl start {PATRONI}")
    until("PostgreSQL is not restored", lambda: (machine.sql("select pg_is_in_recovery()") or "").strip() == "f", PATIENCE)
    (charm / "disable").unlink()
    model.juju("add-unit", "postgresql", "-n", str(UNITS - 1))


def begin_from_pgbackrest(machine, backup):
    """Empties the data directory, forgets the cluster, and has Patroni make it anew from the backup."""
    config = machine.root / "etc/postgresql-charm/patroni.yaml"
    text = config.read_text()
    data = next(line.split()[1] for line in text.splitlines() if line.strip().startswith("data_dir:"))
    run("find", data, "-mindepth", "1", "-delete")
    forget = machine.as_workload("patronictl", "-c", str(config), "remove", "postgresql")
    subprocess.run(forget, input="postgresql\nYes I am aware\n", text=True, capture_output=True, check=True)
    pgbackrest = (f"pgbackrest --config={config.parent}/pgbackrest.conf --stanza={STANZA} --set={backup['backup-label']} "
                  "--type=immediate --target-action=promote --process-max=1 restore")
    method = f"""bootstrap:
  method: pgbackrest
  pgbackrest:
    command: {pgbackrest}
    no_params: true
    keep_existing_recovery_conf: true
"""
    config.write_text(text.replace("bootstrap:\n", method, 1))


def timed(model, way, backup):
    """Seconds from the beginning until writes were accepted and all replicas streamed, and for how long nobody could write."""
    unit = model.leading_primary()
    machine = model.machine(unit)
    run("pgbench", "-n", "-c", "4", "-T", "20", "-h", machine.socket, "-U", "operator", "postgres")
    writer, replicas = Writer([model.machine(unit) for unit in model.units()]), Replicas(machine)
    writer.begin()
    begun = time.monotonic()
    way(model, unit, backup)
    replicas.start()
    until("not all replicas stream", lambda: replicas.since, PATIENCE)
    model.settled()
    # What streams may stop once more, while the last of the units is set up.
    until("not all replicas stream", lambda: replicas.since, PATIENCE)
    replicas.over = True
    writer.end()
    paused, written = writer.longest_pause(begun)
    return written - begun, replicas.since - begun, written - paused


def measure(model, runs, scale):
    unit = model.leading_primary()
    machine = model.machine(unit)
    machine.fill(scale)
    machine.sql("create table written (number int)")
    backup = model.action(unit, "create-backup")
    model.settled()
    ways = {"`restore` in place": in_place, "scaled to one, wiped, restored, scaled up": scaled_down_and_up}
    times = {title: [] for title in ways}
    for number in range(1, runs + 1):
        for title, way in ways.items():
            times[title].append(timed(model, way, backup))
            written, stream, pause = times[title][-1]
            print(f"    {number} of {runs}, {title}: written after {written:.1f} s, without writes for {pause:.1f} s, all replicas "
                  f"stream after {stream:.1f} s", flush=True)
            if way is in_place:
                model.action(unit, "accept-restore")
                model.settled()
    print("\n" + circumstances(backup, UNITS))
    print(f"| medians of {runs}, least to most | writes are accepted after | nobody can write for | all replicas stream after |")
    print("|---|---:|---:|---:|")
    for title, ran in times.items():
        written, stream, pause = zip(*ran)
        print(f"| {title} | " + " | ".join(spread(values) for values in (written, pause, stream)) + " |")


def spread(values):
    return f"{statistics.median(values):.1f} ({min(values):.1f}-{max(values):.1f})"


def main():
    programs, runs, scale = arguments(__doc__, 5, 50)
    with Model(programs) as model:
        model.deploy(UNITS)
        model.with_a_client()
        model.with_a_repository()
        model.settled()
        measure(model, runs, scale)


if __name__ == "__main__":
    main()
