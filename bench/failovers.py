#!/usr/bin/env python3
"""Measures failovers: how long nobody can write after the primary's machine dies.

    failovers.py PROGRAMS [RUNS]

PROGRAMS is the folder with juju-lab, juju and the folder `charms`. A lab of its own gets three units and somebody who
writes without a pause, and an application related over `database`. Each run takes the power from the primary's machine and waits
for the first insert that is acknowledged after it, for the charm to say who the primary is now, and for the unit of the
application to read another endpoint in its relation; the machine then comes back, and the next run begins when all three are at
rest again. At the end every acknowledged row is looked for.
"""

import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from model import Model, Writer, arguments, until

UNITS = 3
# Patroni's own, as the charm sets them: seconds.
TTL, LOOP_WAIT = 30, 10
PATIENCE = 300


def primary(model, other_than=None):
    """The unit that says it is the primary. A dead one goes on saying so."""
    said = (unit for unit, message in model.messages().items() if message == "Primary")
    return next((unit for unit in said if unit != other_than), None)


def endpoint(model):
    """Where the related unit writes. It says so in its status in each hook, as it has then read it in its relation."""
    return model.messages("shop")["shop/0"].removeprefix("writes to ").partition(",")[0]


def failover(model, writer):
    """One run: seconds until the next write, until the charm names the new primary, and until the application knows; and
    whether Juju's leader died, too: nobody else may tell applications anything."""
    unit = primary(model) or sys.exit("error: no unit says that it is the primary")
    written_to, led, machine = endpoint(model), model.leader() == unit, model.machine(unit)
    moment = time.monotonic()

    def after(what, is_so):
        until(what, is_so, PATIENCE)
        return time.monotonic() - moment

    def written():
        # An insert under way may be the dead primary's last.
        after("nobody could write any more", lambda: writer.times[-1] > moment + 0.5)
        return writer.times[-1] - moment

    model.lab("fault", "power-off", machine.number)
    with ThreadPoolExecutor() as looking:
        written = looking.submit(written)
        named = looking.submit(after, "no unit says that it is the primary now", lambda: primary(model, other_than=unit))
        told = looking.submit(after, "the application is told of no other endpoint", lambda: endpoint(model) != written_to)
        times = written.result(), named.result(), told.result(), led
    model.lab("fault", "power-on", machine.number)
    model.settled("--stable", "10s")
    return times


def row(title, values):
    return f"| {title} | {min(values):.1f} | {statistics.median(values):.1f} | {max(values):.1f} |"


def main():
    programs, runs = arguments(__doc__, 20)
    with Model(programs) as model:
        model.deploy(UNITS, "--config", "profile=testing")
        model.with_a_client()
        model.settled("--stable", "10s")
        measure(model, runs)


def measure(model, runs):
    machines = {unit: model.machine(unit) for unit in model.units()}
    machines[primary(model)].sql("create table written (number int)")
    writer = Writer(list(machines.values()))
    writer.begin()
    times = []
    for number in range(1, runs + 1):
        times.append(failover(model, writer))
        written, named, told, led = times[-1]
        print(f"{number:3} of {runs}: written after {written:.1f} s, named after {named:.1f} s, the application told after "
              f"{told:.1f} s{', by another leader of Juju' if led else ''}", flush=True)
    writer.end()
    found = machines[primary(model)].sql("select number from written") or ""
    lost = set(writer.acknowledged) - {int(line) for line in found.split()}
    print(f"\n{runs} failovers of {UNITS} units; Patroni's ttl {TTL} s, loop_wait {LOOP_WAIT} s; "
          f"{len(writer.acknowledged)} rows acknowledged, {len(lost)} of them lost\n")
    print("| seconds after the primary's machine died | least | median | most |")
    print("|---|---:|---:|---:|")
    written, named, _, _ = zip(*times)
    print(row("the next write is acknowledged", written))
    print(row("the charm names the new primary, at the latest", named))
    for what, leader_died in [("of its Juju leader, too", True), ("of another unit than its Juju leader", False)]:
        told = [told for _, _, told, led in times if led == leader_died]
        if told:
            print(row(f"a related unit reads the new endpoint; {len(told)} deaths {what}", told))
    if lost:
        raise SystemExit(f"error: lost: {sorted(lost)[:10]}")


if __name__ == "__main__":
    main()
