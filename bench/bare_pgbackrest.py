#!/usr/bin/env python3
"""Measures backups and restores through the charm beside pgBackRest's own, with the same configuration, in turn.

    bare_pgbackrest.py PROGRAMS [RUNS [SCALE]]

PROGRAMS is the folder with juju, juju-lab and the folder `charms`. A lab of its own gets one unit and an object store, is filled
with pgbench at SCALE (150: 2.2 GiB), and takes each of the four RUNS times (5). A backup is from the action to its end; a restore
from the action until the backup is fetched, because what comes after it is no part of pgBackRest's.
"""

import statistics

from model import Model, arguments, run, seconds_of
from restore import bare_restore, circumstances, restore


def row(name, seconds, beside=None):
    median = statistics.median(seconds)
    # Of the two that ran one after the other, since what else the machine has to do changes meanwhile.
    ratio = f"{statistics.median(one / other for one, other in zip(seconds, beside)):8.3f}" if beside else ""
    print(f"    {name:<40} {median:8.2f} {min(seconds):8.2f} {max(seconds):8.2f} {ratio}")


def measure(model, runs, scale):
    unit = model.leader()
    machine = model.machine(unit)
    machine.fill(scale)
    charm, bare = [], []
    for number in range(1, runs + 1):
        seconds, backup = seconds_of(lambda: model.action(unit, "create-backup"))
        charm.append(seconds)
        model.settled()
        seconds, _ = seconds_of(lambda: run(*machine.pgbackrest("backup", "--type=full", "--no-expire-auto")))
        bare.append(seconds)
        print(f"    backup {number} of {runs}: {charm[-1]:.2f} s, pgBackRest alone {seconds:.2f} s", flush=True)

    fetched, bare_fetched, whole = [], [], []
    for number in range(1, runs + 1):
        at = restore(model, unit, backup)
        fetched.append(at["fetched"] - at["begun"])
        whole.append(at["ended"] - at["begun"])
        model.action(unit, "accept-restore")
        model.settled()
        bare_fetched.append(bare_restore(machine, backup))
        print(f"    restore {number} of {runs}: {fetched[-1]:.2f} s, pgBackRest alone {bare_fetched[-1]:.2f} s", flush=True)

    print(circumstances(backup, 1))
    print(f"    {f'{runs} runs':<40} {'median':>8} {'least':>8} {'most':>8} {'ratio':>8}")
    row("create-backup", charm, bare)
    row("pgbackrest backup", bare)
    row("restore, until the backup is fetched", fetched, bare_fetched)
    row("pgbackrest restore", bare_fetched)
    row("restore, until clients write again", whole)


def main():
    programs, runs, scale = arguments(__doc__, 5, 150)
    with Model(programs) as model:
        model.deploy(1)
        model.with_a_repository()
        model.settled()
        measure(model, runs, scale)


if __name__ == "__main__":
    main()
