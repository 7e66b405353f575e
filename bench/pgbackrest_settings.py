#!/usr/bin/env python3
"""Measures what pgBackRest's settings cost and save: a full backup and a restore with each, on the same data.

    pgbackrest_settings.py PROGRAMS [SCALE]

PROGRAMS is the folder with juju, juju-lab and the folder `charms`. A lab of its own gets one unit and an object store, and is filled
with pgbench at SCALE (150: 2.2 GiB). The first row is as the charm configures it; each other changes what its name says.
"""

import json

from model import Model, arguments, run, seconds_of
from restore import bare_restore, circumstances

ROWS = [
    [],
    ["--compress-type=none"],
    ["--compress-type=gz"],
    ["--compress-type=lz4"],
    ["--no-repo1-bundle"],
    ["--process-max=1"],
    ["--process-max=4"],
]


def newest(machine):
    """The label of the newest backup, and what it takes in the repository."""
    info = json.loads(run(*machine.pgbackrest("info", "--output=json")))
    backup = info[0]["backup"][-1]
    return backup["label"], backup["info"]["repository"]["delta"]


def measure(model, scale):
    machine = model.machine(model.leader())
    machine.fill(scale)
    backup = model.action(model.leader(), "create-backup")
    model.settled()
    print(circumstances(backup, 1))
    print("| settings | backup | restore | MiB in the repository |")
    print("|---|---:|---:|---:|")
    for changed in ROWS:
        took, _ = seconds_of(lambda: run(*machine.pgbackrest("backup", "--type=full", "--no-expire-auto", *changed)))
        label, size = newest(machine)
        restored = bare_restore(machine, {"backup-label": label}, *(word for word in changed if "process" in word))
        title = " ".join(word.removeprefix("--") for word in changed) or "as configured"
        print(f"| {title} | {took:.1f} | {restored:.1f} | {size / 2**20:.0f} |", flush=True)


def main():
    programs, scale = arguments(__doc__, 150)
    with Model(programs) as model:
        model.deploy(1)
        model.with_a_repository()
        model.settled()
        measure(model, scale)


if __name__ == "__main__":
    main()
