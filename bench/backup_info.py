#!/usr/bin/env python3
"""Makes a backup.info with many backups out of one with a full backup in it.

    backup_info.py COUNT < backup.info > backup.info

The backups are a year's worth of what operators schedule: a full one, then incremental ones every 15 minutes, a full one
again after each hundredth. The result has a checksum that pgBackRest accepts.
"""

import hashlib
import json
import re
import sys
from datetime import datetime, timedelta, timezone

FULL_EVERY = 100
INTERVAL = timedelta(minutes=15)


def sections(text):
    """The sections in order, each a dictionary of keys to JSON text; the checksum is left out."""
    found = {}
    current = None
    for line in text.splitlines():
        if heading := re.fullmatch(r"\[(.*)\]", line):
            current = found.setdefault(heading[1], {})
        elif line:
            key, value = line.split("=", 1)
            if key != "backrest-checksum":
                current[key] = value
    return found


def checksum(found):
    """pgBackRest's own: the SHA-1 of the file as if it were JSON."""
    body = ",".join(
        '"%s":{%s}' % (name, ",".join(f'"{key}":{value}' for key, value in entries.items()))
        for name, entries in found.items()
    )
    return hashlib.sha1(f"{{{body}}}".encode()).hexdigest()


def stamp(moment, kind):
    return moment.strftime("%Y%m%d-%H%M%S") + kind


def backups(sample, count):
    """`count` backups like the sample, oldest first, the last of them an hour ago."""
    moment = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=1) - INTERVAL * count
    made = {}
    full = prior = None
    for number in range(count):
        moment += INTERVAL
        entry = dict(sample)
        if number % FULL_EVERY == 0:
            full = prior = label = stamp(moment, "F")
        else:
            label = f"{full}_{stamp(moment, 'I')}"
            entry |= {"backup-type": "incr", "backup-prior": prior, "backup-reference": [full]}
            prior = label
        start = int(moment.timestamp())
        entry |= {"backup-timestamp-start": start, "backup-timestamp-stop": start + 20}
        made[label] = json.dumps(entry, separators=(",", ":"), sort_keys=True)
    return made


def main():
    found = sections(sys.stdin.read())
    current = found["backup:current"]
    sample = next(json.loads(entry) for label, entry in current.items() if label.endswith("F"))
    found["backup:current"] = backups(sample, int(sys.argv[1]))
    for name, entries in found.items():
        print(f"[{name}]", *(f"{key}={value}" for key, value in entries.items()), sep="\n", end="\n\n")
    print("[backrest]", f'backrest-checksum="{checksum(found)}"', sep="\n")


main()
