#!/usr/bin/env bash
# The story of `make demo`: three units of PostgreSQL under Juju are deployed, filled, backed up, broken, restored, given TLS,
# robbed of their primary, scaled, taken over by another cluster and given another password. Each step has a headline, its
# command as a person would type it, and its real output. The rows are compared with what they must be; the story fails
# loudly when they differ.
#
# It runs in the lab of this checkout and leaves it running. `make down` stops everything, also when this is interrupted.
#
# shellcheck disable=SC2016  # commands are shown as they are typed, and expanded when they run
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."

MODEL=demo
eval "$(scripts/lab env)"
export JUJU_MODEL=$MODEL PSQLRC=/dev/null PGAPPNAME=demo PGCONNECT_TIMEOUT=10 PAGER=

work=$(mktemp -d)
chmod 700 "$work"

if [ -t 1 ]; then
  BOLD=$'\e[1m' GREEN=$'\e[32m' RED=$'\e[31m' PLAIN=$'\e[0m'
else
  BOLD='' GREEN='' RED='' PLAIN=''
fi

STEP=0
# A sentence that says what comes and why.
headline() {
  STEP=$((STEP + 1))
  printf '\n%s%d. %s%s\n' "$BOLD" "$STEP" "$1" "$PLAIN"
}

# Shows a command and runs it; its output is shown, and kept in OUTPUT.
OUTPUT=
run() {
  printf '\n%s$ %s%s\n' "$GREEN" "$1" "$PLAIN"
  eval "$1" 2>&1 | tee "$work/output"
  OUTPUT=$(<"$work/output")
  if grep -q '^Action id [0-9]* failed: ' "$work/output"; then fail "this was refused"; fi
}

# The same for a command that draws on the terminal.
watch_run() {
  printf '\n%s$ %s%s\n' "$GREEN" "$1" "$PLAIN"
  eval "$1"
}

# Has an integrator name the lab's object store and this demo's path in it.
name_object_store() {
  watch_run "juju config $1"' endpoint="$ENDPOINT" tls-ca-chain="$CA_CHAIN" s3-uri-style=path \
    region=us-east-1 bucket=backups path="$RUN_PATH"'
}

# The same for a command that has to be refused.
refused() {
  printf '\n%s$ %s%s\n' "$GREEN" "$1" "$PLAIN"
  if eval "$1" >"$work/output" 2>&1 && ! grep -q '^Action id [0-9]* failed: ' "$work/output"; then
    fail "this was not refused: $(<"$work/output")"
  fi
  cat "$work/output"
  printf '%s✓ refused, and nothing was changed%s\n' "$GREEN" "$PLAIN"
}

# The value of a result in the output of the last command.
result() { sed -n "s/^$1: *//p" <<<"$OUTPUT" | tr -d '"' | head -n 1; }

fail() {
  printf '\n%sThe story went wrong: %s%s\n' "$RED" "$*" "$PLAIN" >&2
  exit 1
}

# The words in the table must be these, in this order.
rows_are() {
  local found
  found=$(psql -XAtq -c "SELECT string_agg(word, ' ' ORDER BY id) FROM story")
  [ "$found" = "$1" ] || fail "the rows are '$found', and should be '$1'"
  printf '%s✓ exactly the rows there should be: %s%s\n' "$GREEN" "${1:-none}" "$PLAIN"
}

# The unit that accepts writes, the one that does not with the lowest number, and the machine of a unit.
primary() { juju run postgresql/leader get-primary 2>/dev/null | sed -n 's/^primary: *//p'; }
replica() { juju status postgresql --format oneline | sed -n 's/^- \(postgresql\/[0-9]*\): .*/\1/p' | grep -vx "$(primary)" | sort -V | head -n 1; }
machine_of() { juju status postgresql | awk -v unit="$1" '$1 == unit || $1 == unit "*" { print $4 }'; }
address_of() { juju status --format oneline | sed -n "s|^- $1: \([^ ]*\) .*|\1|p"; }
# Where libpq finds whichever unit accepts writes.
addresses() { juju status postgresql --format oneline | sed -n 's/^- postgresql\/[0-9]*: \([^ ]*\) .*/\1/p' | sort -V | paste -sd, -; }

# Reads from a unit until told to stop, and says how often it was answered.
reader() {
  local reads=0 failed=0
  until [ -e "$work/stop-reading" ]; do
    if PGHOST=$1 PGTARGETSESSIONATTRS=any psql -XAtqc 'SELECT count(*) FROM story' >/dev/null 2>&1; then reads=$((reads + 1)); else failed=$((failed + 1)); fi
    sleep 0.2
  done
  printf '%s %s\n' "$reads" "$failed" >"$work/reads"
}

ended() {
  local status=$?
  touch "$work/stop-reading" 2>/dev/null || true
  rm -rf "$work"
  if [ "$status" -ne 0 ]; then
    printf '\nThe demo did not come to its end. `make down` stops what runs; what happened is in:\n' >&2
    printf '  eval "$(make -s env%s)"; juju debug-log -m %s --replay --no-tail\n' "${LAB_HOME:+ LAB_HOME=$LAB_HOME}" "$MODEL" >&2
  fi
}
trap ended EXIT
trap 'exit 130' INT TERM HUP

# --- The lab -------------------------------------------------------------------------------------------------------

# A lab that still runs an earlier build makes room for this one.
if juju-lab status >/dev/null 2>&1 && ! cmp -s build/bin/juju-lab "$JUJU_LAB_HOME/bin/juju-lab"; then juju-lab down; fi

headline "A controller on this machine, and an S3 server over TLS with its own certificate authority"
watch_run 'juju-lab up' || {
  tail -n 5 "$JUJU_LAB_HOME/daemon.log" >&2
  fail "the lab does not start; 'build/bin/juju-lab destroy' removes what an earlier build has left"
}
if juju show-model "$MODEL" >/dev/null 2>&1; then
  printf 'The model of an earlier demo goes first.\n'
  watch_run "juju destroy-model $MODEL --no-prompt --destroy-storage --force"
fi
watch_run 'juju-lab object-store start | grep -E "^(endpoint|region|access-key)"'
juju-lab object-store info >"$work/store.yaml"
store() { sed -n "s/^$1: *//p" "$work/store.yaml"; }
ENDPOINT=$(store endpoint) CA_CHAIN=$(store tls-ca-chain)
printf 'access-key: %s\nsecret-key: %s\n' "$(store access-key)" "$(store secret-key)" >"$work/keys.yaml"
# A cluster of its own writes to a path of its own.
RUN_PATH=/$MODEL/$(date -u +%Y%m%dT%H%M%SZ)

# Has an integrator name the lab's object store and this demo's path in it.
name_object_store() {
  watch_run "juju config $1"' endpoint="$ENDPOINT" tls-ca-chain="$CA_CHAIN" s3-uri-style=path \
    region=us-east-1 bucket=backups path="$RUN_PATH"'
}

headline "Three units of PostgreSQL, and the integrator that knows the object store"
watch_run "juju add-model $MODEL"
watch_run "juju deploy ./build/demo/postgresql_*.charm postgresql -n 3 --config profile=testing"
watch_run 'juju deploy s3-integrator'
export ENDPOINT CA_CHAIN RUN_PATH KEYS=$work/keys.yaml
name_object_store s3-integrator
watch_run 'juju-lab wait postgresql --timeout 10m'
watch_run 'juju run s3-integrator/leader sync-s3-credentials --params "$KEYS"'
watch_run 'juju integrate postgresql s3-integrator'
watch_run 'juju-lab wait --timeout 10m'
run 'juju status'

# --- Passwords and data ----------------------------------------------------------------------------------------------

headline "Every system user has a generated password, kept in a Juju secret"
run 'juju run postgresql/leader get-password username=replication'
run 'juju run postgresql/leader get-password username=rewind'
run 'juju run postgresql/leader get-password username=operator'
FIRST_PASSWORD=$(result password)
PGHOST=$(addresses)
export PGHOST PGTARGETSESSIONATTRS=read-write PGUSER=operator PGDATABASE=postgres PGPASSWORD=$FIRST_PASSWORD
printf '\n(From here on PGHOST=%s, PGTARGETSESSIONATTRS=read-write, PGUSER=operator and PGPASSWORD are set.)\n' "$PGHOST"

headline "Data is written, and a full backup taken: without TLS on the primary, and nowhere else"
run "psql -c \"CREATE TABLE story (id serial PRIMARY KEY, word text NOT NULL)\" -c \"INSERT INTO story (word) VALUES ('Once')\""
refused "juju run $(replica) create-backup"
run "juju run $(primary) create-backup"
FULL=$(result backup-id)
[ -n "$FULL" ] || fail "the backup has no id"

headline "More data, and a differential backup: what changed since the full one"
run "psql -c \"INSERT INTO story (word) VALUES ('upon')\""
run "juju run $(primary) create-backup type=differential"

headline "More data, and an incremental backup: what changed since the last one"
run "psql -c \"INSERT INTO story (word) VALUES ('a')\""
run "juju run $(primary) create-backup type=incremental"

headline "The list of backups"
run "juju run postgresql/leader list-backups | sed '/^backups-json:/,\$d'"

headline "One more row, and then an accident"
run "psql -c \"INSERT INTO story (word) VALUES ('time')\""
sleep 1
MOMENT=$(psql -XAtqc "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')")
export MOMENT
printf '\nIt is now %s UTC.\n' "$MOMENT"
sleep 2
run 'psql -c "DELETE FROM story"'
rows_are ""

# --- Restores --------------------------------------------------------------------------------------------------------

headline "What a restore of the first backup would do, before anything is done"
run "juju run postgresql/leader plan-restore backup-id=$FULL"

headline "It is restored in place, with all three units. The database from before is kept"
run "juju run --wait 15m postgresql/leader restore backup-id=$FULL"
run 'psql -c "TABLE story"'
rows_are "Once"

headline "That was too far back: undo brings the kept database again, with its last commit"
run "juju run --wait 15m postgresql/leader undo-restore"
rows_are ""

headline "Better: the moment just before the accident"
run "juju run --wait 15m postgresql/leader restore restore-to-time=\"$MOMENT\""
run 'psql -c "TABLE story"'
rows_are "Once upon a time"
watch_run 'juju-lab wait --timeout 10m'
run 'juju status'

# --- TLS -------------------------------------------------------------------------------------------------------------

headline "TLS: every unit gets a certificate, and then nothing is spoken in the clear any more"
watch_run 'juju deploy self-signed-certificates'
watch_run 'juju integrate postgresql:certificates self-signed-certificates'
printf '\nTurning it on, unit by unit, while the database answers …\n'
for host in ${PGHOST//,/ }; do
  until ! PGHOST=$host PGSSLMODE=disable PGTARGETSESSIONATTRS=any psql -XAtqc 'SELECT 1' >/dev/null 2>&1; do
    [ $SECONDS -lt 3600 ] || fail "TLS was not turned on"
    sleep 1
  done
done
watch_run 'juju-lab wait --timeout 10m'
refused "PGSSLMODE=disable psql -c 'SELECT 1'"
run "PGSSLMODE=require psql -c 'SELECT ssl, version, cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()'"

headline "With TLS, backups are taken on a replica, which is read from meanwhile"
refused "juju run $(primary) create-backup"
REPLICA=$(replica)
rm -f "$work/stop-reading" "$work/reads"
reader "$(address_of "$REPLICA")" &
run "juju run $REPLICA create-backup"
run "juju run $REPLICA create-backup type=differential"
run "juju run $REPLICA create-backup type=incremental"
NEWEST=$(result backup-id)
touch "$work/stop-reading"
wait
read -r reads failed <"$work/reads"
if [ "$failed" -gt 0 ] || [ "$reads" -eq 0 ]; then fail "the replica answered $reads reads, and did not answer $failed"; fi
printf '%s✓ %s answered all %s reads during its backups%s\n' "$GREEN" "$REPLICA" "$reads" "$PLAIN"

# --- Another primary -------------------------------------------------------------------------------------------------

LOST=$(primary)
LOST_MACHINE=$(machine_of "$LOST")
headline "The machine of the primary, $LOST, loses its power. Another unit takes over by itself"
watch_run "juju-lab fault power-off $LOST_MACHINE"
begun=$SECONDS
until psql -XAtqc "INSERT INTO story (word) VALUES ('there')" >/dev/null 2>&1; do
  [ $((SECONDS - begun)) -lt 180 ] || fail "no other unit accepts writes"
  sleep 0.5
done
printf '%s✓ the next row was accepted after %s s%s\n' "$GREEN" "$((SECONDS - begun))" "$PLAIN"
rows_are "Once upon a time there"
watch_run "juju-lab fault power-on $LOST_MACHINE"
watch_run 'juju-lab wait --timeout 10m'
run 'juju status postgresql'

headline "Two more units, and three again"
watch_run 'juju add-unit postgresql -n 2'
watch_run 'juju-lab wait --timeout 10m'
run 'juju status postgresql'
watch_run 'juju remove-unit --no-prompt postgresql/3 postgresql/4'
watch_run 'juju-lab wait --timeout 10m'
rows_are "Once upon a time there"

# --- Another cluster -------------------------------------------------------------------------------------------------

headline "Another cluster takes the data over from this one's repository. It knows none of its passwords, and writes nothing there"
run "juju run $(primary) create-restore-point name=moving"
watch_run 'juju deploy ./build/demo/postgresql_*.charm newcomer --config profile=testing'
watch_run 'juju deploy s3-integrator newcomer-s3'
name_object_store newcomer-s3
watch_run 'juju-lab wait newcomer --timeout 10m'
watch_run 'juju run newcomer-s3/leader sync-s3-credentials --params "$KEYS"'
watch_run 'juju integrate newcomer newcomer-s3'
watch_run "juju wait-for application newcomer --query='status==\"blocked\"' --timeout 5m"
run 'juju status newcomer'
run "juju run newcomer/leader list-backups limit=3 | sed '/^backups-json:/,\$d'"
refused 'juju run newcomer/leader create-backup'
run "juju run --wait 15m newcomer/leader restore backup-id=$NEWEST restore-to-name=moving"
NEW_HOME=$(result archives-to)
run "juju run newcomer/leader get-password"
in_newcomer() { PGHOST=$(address_of newcomer/0) PGPASSWORD=$(result password) rows_are "$1"; }
in_newcomer "Once upon a time there"
watch_run 'juju-lab wait --timeout 10m'
printf '%s✓ it has a repository of its own: %s%s\n' "$GREEN" "$NEW_HOME" "$PLAIN"
run 'juju status'

# --- Another password ------------------------------------------------------------------------------------------------

headline "The operator gets another password; it opens the door, the old one does not"
run 'juju run postgresql/leader set-password username=operator'
PGPASSWORD=$(result password)
run 'psql -c "SELECT current_user, count(*) AS rows FROM story"'
PGPASSWORD=$FIRST_PASSWORD
export OLD_PASSWORD=$FIRST_PASSWORD
printf '\n%s$ PGPASSWORD="$OLD_PASSWORD" psql -c "SELECT 1"%s\n' "$GREEN" "$PLAIN"
if psql -c 'SELECT 1'; then fail "the old password still opens the door"; fi
printf '%s✓ the old password is refused%s\n' "$GREEN" "$PLAIN"

# --- How to go on ----------------------------------------------------------------------------------------------------

home=${LAB_HOME:+ LAB_HOME=$LAB_HOME}
cat <<END

${BOLD}That is the story, told in $((SECONDS / 60)) min $((SECONDS % 60)) s. The model goes on running. Go on by hand:${PLAIN}

  eval "\$(make -s env$home)"
  juju status
  juju run postgresql/1 create-backup      # on a replica: juju status says which units are
  juju run postgresql/leader list-backups
  juju run postgresql/leader restore backup-id=$FULL
  juju run postgresql/leader get-password username=operator
  juju debug-log --replay --no-tail        # each plan, in sentences

${BOLD}Look into the unit:${PLAIN}

  juju ssh postgresql/0                    # then: systemctl status charmed-patroni.service
  juju exec --unit postgresql/0 './dispatch plan'

${BOLD}Stop everything:${PLAIN}  make down$home
END
