#!/usr/bin/env python3
"""Measures backups and restores through the charm beside pgBackRest's own, with the same configuration, in turn.

    bare_pgbackrest.py LAB CHARM [RUNS [SCALE]]

Deploys one unit of CHARM (a .charm file) and an object store with the lab's program LAB in a lab of its own, fills it with
pgbench at SCALE (150: 2.2 GiB), and takes each of the four RUNS times (5). A backup is from the action to its end; a restore
from the action until the backup is fetched, because what comes after it is no part of pgBackRest's.
`juju` lies beside LAB; the folder of LAB's own charms is in JUJU_LAB_CHARMS.
"""

import statistics
import sys
import time

from restore import bare_restore, circumstances, fill, in_a_lab, primary, restore, run


def seconds_of(work):
    begun = time.time()
    result = work()
    return time.time() - begun, result


def row(name, seconds, beside=None):
    median = statistics.median(seconds)
    ratio = f"{median / statistics.median(beside):8.3f}" if beside else ""
    print(f"    {name:<40} {median:8.2f} {min(seconds):8.2f} {max(seconds):8.2f} {ratio}")


def measure(lab, runs, scale):
    unit, machine = primary(lab)
    fill(machine, scale)
    charm, bare = [], []
    for _ in range(runs):
        seconds, backup = seconds_of(lambda: lab.action(unit, "create-backup"))
        charm.append(seconds)
        lab.lab("wait", "--timeout", "10m")
        seconds, _ = seconds_of(lambda: run(*machine.pgbackrest("backup", "--type=full", "--no-expire-auto")))
        bare.append(seconds)

    fetched, bare_fetched, whole = [], [], []
    for _ in range(runs):
        at = restore(lab, unit, machine, backup)
        fetched.append(at["fetched"] - at["begun"])
        whole.append(at["ended"] - at["begun"])
        lab.action(unit, "accept-restore")
        bare_fetched.append(bare_restore(machine, backup))

    print(circumstances(backup, 1))
    print(f"    {f'{runs} runs':<40} {'median':>8} {'least':>8} {'most':>8} {'ratio':>8}")
    row("create-backup", charm, bare)
    row("pgbackrest backup", bare)
    row("restore, until the backup is fetched", fetched, bare_fetched)
    row("pgbackrest restore", bare_fetched)
    row("restore, until clients write again", whole)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    scale = int(sys.argv[4]) if len(sys.argv) > 4 else 150
    in_a_lab(sys.argv[1], sys.argv[2], 1, lambda lab: measure(lab, runs, scale))


if __name__ == "__main__":
    main()
