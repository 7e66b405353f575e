#!/usr/bin/env python3
"""Measures failovers: how long nobody can write after the primary's machine dies.

    failovers.py PROGRAMS [RUNS]

PROGRAMS is the folder with juju-lab, juju and the folder `charms`. A lab of its own gets three units and somebody who
writes without a pause, and an application related over `database`. Each run takes the power from the primary's machine and waits
for the first insert that is acknowledged after it, for the charm to say who the primary is now, and for the unit of the
application to read another endpoint in its relation; the machine then comes back, and the next run begins when all three are at
rest again. At the end every acknowledged row is looked for.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

UNITS = 3
# Patroni's own, as the charm sets them: seconds.
TTL, LOOP_WAIT = 30, 10
PATIENCE = 300


class Cluster:
    """Three units in a lab of their own."""

    def __init__(self, programs):
        self.programs = Path(programs).resolve()
        around = Path(tempfile.mkdtemp(prefix="pg-failovers-", dir="/var/tmp"))
        # PostgreSQL does not run as root, and has to get there.
        around.chmod(0o755)
        self.home = around / "h"
        self.environment = os.environ | {
            "JUJU_LAB_HOME": str(self.home),
            "JUJU_LAB_CHARMS": str(self.programs / "charms"),
            "JUJU_MODEL": "failovers",
        }

    def run(self, program, *words, check=True):
        command = [str(self.programs / program), *words]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            raise SystemExit(f"error: {' '.join(command)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def start(self):
        self.run("juju-lab", "up")
        self.run("juju", "add-model", "failovers")
        charm = str(self.programs / "charms/postgresql.charm")
        self.run("juju", "deploy", charm, "postgresql", "-n", str(UNITS), "--config", "profile=testing")
        client = str(Path(__file__).resolve().parent.parent / "lab/charms/database-client")
        self.run("juju", "deploy", client, "shop")
        self.run("juju", "integrate", "postgresql:database", "shop")
        self.settled()

    def settled(self):
        self.run("juju-lab", "wait", "--quiet", "--stable", "10s", "--timeout", "10m")

    def close(self):
        self.run("juju-lab", "destroy", check=False)
        shutil.rmtree(self.home.parent, ignore_errors=True)

    def statuses(self, application="postgresql"):
        """The machine of each unit, and the message of its workload status."""
        units = json.loads(self.run("juju", "status", "--format", "json"))["applications"][application]["units"]
        return {name: (unit["machine"], unit["workload-status"].get("message", "")) for name, unit in units.items()}

    def leads(self, unit):
        """Whether Juju made this unit its application's leader."""
        units = json.loads(self.run("juju", "status", "--format", "json"))["applications"]["postgresql"]["units"]
        return units[unit].get("leader", False)

    def primary(self, other_than=None):
        """The unit that says it is the primary, and its machine. A dead one goes on saying so."""
        said = ((name, machine) for name, (machine, said) in self.statuses().items() if said == "Primary")
        return next((unit for unit in said if unit[0] != other_than), None)

    def endpoint(self):
        """Where the related unit writes. It says so in its status in each hook, as it has then read it in its relation."""
        _, said = self.statuses("shop")["shop/0"]
        return said.removeprefix("writes to ").partition(",")[0]

    def sql(self, machine, statement):
        """Rows, or nothing when it did not work."""
        socket = self.home / "m" / str(machine) / "run/postgresql"
        command = ["timeout", "--signal=KILL", "5", "psql", "-XAtq", "-h", str(socket), "-U", "operator", "-d", "postgres"]
        done = subprocess.run([*command, "-c", statement], capture_output=True, text=True, cwd="/", check=False)
        return done.stdout if done.returncode == 0 else None


class Writer(threading.Thread):
    """Inserts numbers on whichever machine accepts them, and notes when each was acknowledged."""

    def __init__(self, cluster, machines):
        super().__init__(daemon=True)
        self.cluster, self.machines = cluster, machines
        self.acknowledged, self.last, self.over = [], 0.0, False

    def run(self):
        number, at = 0, 0
        while not self.over:
            number += 1
            if self.cluster.sql(self.machines[at], f"insert into written values ({number})") is None:
                at = (at + 1) % len(self.machines)
            else:
                self.acknowledged.append(number)
                self.last = time.monotonic()
            time.sleep(0.05)

    def after(self, moment):
        """Seconds from a moment until the next insert is acknowledged. One under way may be the dead primary's last."""
        while self.last <= moment + 0.5:
            if time.monotonic() - moment > PATIENCE:
                raise SystemExit("error: nobody could write any more")
            time.sleep(0.01)
        return self.last - moment


def failover(cluster, writer):
    """One run: seconds until the next write, until the charm names the new primary, and until the application knows; and
    whether Juju's leader died, too: nobody else may tell applications anything."""
    name, machine = cluster.primary() or sys.exit("error: no unit says that it is the primary")
    endpoint, led = cluster.endpoint(), cluster.leads(name)
    moment = time.monotonic()

    def until(what, is_so):
        while not is_so():
            if time.monotonic() - moment > PATIENCE:
                raise SystemExit(f"error: {what}")
            time.sleep(0.1)
        return time.monotonic() - moment

    cluster.run("juju-lab", "fault", "power-off", str(machine))
    with ThreadPoolExecutor() as looking:
        written = looking.submit(writer.after, moment)
        named = looking.submit(until, "no unit says that it is the primary now", lambda: cluster.primary(other_than=name))
        told = looking.submit(until, "the application is told of no other endpoint", lambda: cluster.endpoint() != endpoint)
        times = written.result(), named.result(), told.result(), led
    cluster.run("juju-lab", "fault", "power-on", str(machine))
    cluster.settled()
    return times


def row(title, values):
    return f"| {title} | {min(values):.1f} | {statistics.median(values):.1f} | {max(values):.1f} |"


def main():
    programs, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20
    cluster = Cluster(programs)
    try:
        cluster.start()
        primary = cluster.primary() or sys.exit("error: no unit says that it is the primary")
        cluster.sql(primary[1], "create table written (number int)")
        writer = Writer(cluster, [machine for machine, _ in cluster.statuses().values()])
        writer.start()
        times = []
        for number in range(1, runs + 1):
            times.append(failover(cluster, writer))
            written, named, told, led = times[-1]
            print(f"{number:3} of {runs}: written after {written:.1f} s, named after {named:.1f} s, the application told after "
                  f"{told:.1f} s{', by another leader of Juju' if led else ''}", flush=True)
        writer.over = True
        writer.join()
        found = cluster.sql(cluster.primary()[1], "select number from written") or ""
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
    finally:
        cluster.close()


if __name__ == "__main__":
    main()
