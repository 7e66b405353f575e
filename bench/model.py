"""A model of Juju in a lab of its own, for measurements with the real programs."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

MODEL = "bench"
STANZA = f"{MODEL}.postgresql"


def run(*command, **more):
    """What a program prints; its failure ends the measurement."""
    done = subprocess.run(command, text=True, stdin=subprocess.DEVNULL, capture_output=True, check=False, **more)
    if done.returncode:
        raise SystemExit(f"error: {' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def arguments(usage, *defaults):
    """The folder of programs, and the numbers after it, of which those that are not given are as usual."""
    if len(sys.argv) < 2:
        sys.exit(usage)
    given = [int(word) for word in sys.argv[2:]]
    return sys.argv[1], *given, *defaults[len(given):]


def seconds_of(work):
    """How long it takes, and what comes of it."""
    begun = time.time()
    result = work()
    return time.time() - begun, result


def until(what, is_so, patience):
    """Waits until something is so; in vain for so many seconds, it ends the measurement and says what is not."""
    end = time.monotonic() + patience
    while not is_so():
        if time.monotonic() > end:
            raise SystemExit(f"error: {what}")
        time.sleep(0.1)


class Model:
    """PROGRAMS is the folder with juju, juju-lab and the folder `charms`. Leaving the model destroys its lab."""

    def __init__(self, programs):
        self.programs = Path(programs).resolve()
        self.charm = str(self.programs / "charms/postgresql.charm")
        self.around = Path(tempfile.mkdtemp(prefix="pg-bench-", dir="/var/tmp"))
        # PostgreSQL does not run as root, and has to get there.
        self.around.chmod(0o755)
        self.home = self.around / "h"
        self.environment = os.environ | {
            "JUJU_LAB_HOME": str(self.home),
            "JUJU_LAB_CHARMS": str(self.programs / "charms"),
            "JUJU_MODEL": MODEL,
        }

    def __enter__(self):
        self.lab("up")
        self.juju("add-model", MODEL)
        return self

    def __exit__(self, *_):
        subprocess.run([str(self.programs / "juju-lab"), "destroy"], env=self.environment, capture_output=True, check=False)
        shutil.rmtree(self.around, ignore_errors=True)

    def lab(self, *words):
        return run(str(self.programs / "juju-lab"), *words, env=self.environment)

    def juju(self, *words):
        return run(str(self.programs / "juju"), *words, env=self.environment)

    def action(self, unit, *words):
        """The results of an action; one that fails ends the measurement."""
        said = self.juju("run", "--format", "json", "--wait", "1h", unit, *words)
        task = next(iter(json.loads(said).values()))
        if task["status"] != "completed":
            raise SystemExit(f"error: {words} on {unit}: {json.dumps(task, indent=1)}")
        return task["results"]

    def settled(self, *words):
        self.lab("wait", *words, "--quiet", "--timeout", "10m")

    def deploy(self, units, *words):
        self.juju("deploy", self.charm, "postgresql", "-n", str(units), *words)

    def with_a_client(self):
        """An application related over `database`; its unit says in its status where it writes."""
        self.juju("deploy", str(Path(__file__).resolve().parent.parent / "lab/charms/database-client"), "shop")
        self.juju("integrate", "postgresql:database", "shop")

    def with_a_repository(self):
        self.lab("object-store", "start")
        store = json.loads(self.lab("object-store", "info", "--format", "json"))
        self.juju("deploy", "s3-integrator")
        self.settled("postgresql")
        self.juju("config", "s3-integrator", f"endpoint={store['endpoint']}", f"tls-ca-chain={store['tls-ca-chain']}",
                  "s3-uri-style=path", "region=us-east-1", "bucket=backups", "path=/bench")
        self.action("s3-integrator/0", "sync-s3-credentials", f"access-key={store['access-key']}",
                    f"secret-key={store['secret-key']}")
        self.juju("integrate", "postgresql", "s3-integrator")

    def units(self, application="postgresql"):
        """What `juju status` says of each unit."""
        return json.loads(self.juju("status", "--format", "json"))["applications"][application]["units"]

    def messages(self, application="postgresql"):
        units = self.units(application)
        return {name: unit["workload-status"].get("message", "") for name, unit in units.items()}

    def leader(self):
        return next(name for name, unit in self.units().items() if unit.get("leader"))

    def machine(self, unit):
        return Machine(self.home / "m" / self.units()[unit]["machine"])

    def leading_primary(self):
        """Juju's leader, made the primary if it is not."""
        unit = self.leader()
        if self.action(unit, "get-primary")["primary"] != unit:
            self.action(unit, "promote-to-primary", "scope=unit")
            self.settled()
        return unit


class Machine:
    """The machine of a unit."""

    def __init__(self, root):
        self.root = root
        self.number = root.name
        self.state = root / "var/lib/postgresql-charm"
        self.socket = str(root / "run/postgresql")

    def sql(self, statement, database="postgres"):
        """Rows, or nothing when it did not work."""
        command = ["timeout", "--signal=KILL", "5", "psql", "-XAtq", "-h", self.socket, "-U", "operator", "-d", database]
        done = subprocess.run([*command, "-c", statement], capture_output=True, text=True, cwd="/", check=False)
        return done.stdout if done.returncode == 0 else None

    def as_workload(self, *command):
        return (["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []) + list(command)

    def pgbackrest(self, *arguments):
        config = self.root / "etc/postgresql-charm/pgbackrest.conf"
        return self.as_workload("pgbackrest", f"--config={config}", f"--stanza={STANZA}", *arguments)

    def fill(self, scale):
        """pgbench's tables: 15 MiB for each unit of scale."""
        run("pgbench", "-i", "-q", "-s", str(scale), "-h", self.socket, "-U", "operator", "postgres")


class Writer(threading.Thread):
    """Inserts numbers on whichever machine accepts them, and notes when each was acknowledged."""

    def __init__(self, machines):
        super().__init__(daemon=True)
        self.machines = machines
        self.acknowledged, self.times, self.over = [], [], False

    def run(self):
        number, at = 0, 0
        while not self.over:
            number += 1
            if self.machines[at].sql(f"insert into written values ({number})") is None:
                at = (at + 1) % len(self.machines)
            else:
                self.acknowledged.append(number)
                self.times.append(time.monotonic())
            time.sleep(0.05)

    def begin(self):
        self.start()
        while not self.times:
            time.sleep(0.01)

    def end(self):
        self.over = True
        self.join()

    def longest_pause(self, since):
        """When the longest pause between two acknowledged inserts began and ended, of those that ended after a moment."""
        times = list(self.times)
        pauses = [(later - earlier, earlier, later) for earlier, later in zip(times, times[1:]) if later > since]
        _, earlier, later = max(pauses)
        return earlier, later
