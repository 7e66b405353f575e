#!/usr/bin/env python3
"""Measures how long an option takes that needs no restart: from `juju config` until each unit's PostgreSQL says so.

    option.py JUJU HOME [TIMES]

JUJU speaks to the lab in HOME, whose current model has PostgreSQL as `postgresql`, at rest.
"""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from model import Machine

OPTION, PARAMETER = "optimizer-default-statistics-target", "default_statistics_target"
PATIENCE = 60


def machines(juju):
    """The numbers of the machines, the primary's first."""
    said = subprocess.run([juju, "status", "--format", "json"], capture_output=True, text=True, check=True).stdout
    units = json.loads(said)["applications"]["postgresql"]["units"].values()
    units = sorted(units, key=lambda unit: unit["workload-status"].get("message") != "Primary")
    return [unit["machine"] for unit in units]


def value(home, number):
    machine = Machine(Path(home) / "m" / number)
    return (machine.sql(f"show {PARAMETER}") or "").strip()


def applied(juju, home, numbers, wanted):
    """Seconds until the primary, and until every unit, has the value."""
    begun, primary = time.monotonic(), None
    subprocess.run([juju, "config", "postgresql", f"{OPTION}={wanted}"], check=True, capture_output=True)
    missing = list(numbers)
    while missing:
        missing = [machine for machine in missing if value(home, machine) != wanted]
        passed = time.monotonic() - begun
        if numbers[0] not in missing:
            primary = primary or passed
        if passed > PATIENCE:
            raise SystemExit(f"error: {OPTION} is not in force on {missing} after {PATIENCE} s")
        time.sleep(0.05)
    return primary, passed


def main():
    juju, home, times = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 7
    numbers = machines(juju)
    runs = []
    for number in range(times):
        runs.append(applied(juju, home, numbers, str(200 + number)))
        time.sleep(3)
    for title, seconds in (("the primary", [run[0] for run in runs]), (f"all {len(numbers)} units", [run[1] for run in runs])):
        print(f"An option that needs no restart, in force on {title}: {statistics.median(seconds):.1f} s "
              f"({min(seconds):.1f}-{max(seconds):.1f}, {times} times)", flush=True)


if __name__ == "__main__":
    main()
