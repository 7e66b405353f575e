#!/usr/bin/env bash
# The story of `make demo`: PostgreSQL under Juju is deployed, filled, backed up, broken, restored and given another
# password. Each step has a headline, its command as a person would type it, and its real output. After each restore the
# rows are compared with what they must be; the story fails loudly when they differ.
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
}

# The same for a command that draws on the terminal.
watch_run() {
  printf '\n%s$ %s%s\n' "$GREEN" "$1" "$PLAIN"
  eval "$1"
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

ended() {
  local status=$?
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

headline "A model with PostgreSQL and the integrator that knows the object store"
watch_run "juju add-model $MODEL"
watch_run "juju deploy ./build/demo/postgresql_*.charm postgresql --config profile=testing"
watch_run 'juju deploy s3-integrator'
export ENDPOINT CA_CHAIN RUN_PATH KEYS=$work/keys.yaml
watch_run 'juju config s3-integrator endpoint="$ENDPOINT" tls-ca-chain="$CA_CHAIN" s3-uri-style=path \
    region=us-east-1 bucket=backups path="$RUN_PATH"'
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
PGHOST=$(juju status --format oneline | sed -n 's/^- postgresql\/0: \([^ ]*\) .*/\1/p')
export PGHOST PGUSER=operator PGDATABASE=postgres PGPASSWORD=$FIRST_PASSWORD
printf '\n(From here on PGHOST=%s, PGUSER=operator and PGPASSWORD are set.)\n' "$PGHOST"

headline "Data is written, and a full backup taken"
run "psql -c \"CREATE TABLE story (id serial PRIMARY KEY, word text NOT NULL)\" -c \"INSERT INTO story (word) VALUES ('Once')\""
run 'juju run postgresql/leader create-backup'
FULL=$(result backup-id)
[ -n "$FULL" ] || fail "the backup has no id"

headline "More data, and a differential backup: what changed since the full one"
run "psql -c \"INSERT INTO story (word) VALUES ('upon')\""
run 'juju run postgresql/leader create-backup type=differential'

headline "More data, and an incremental backup: what changed since the last one"
run "psql -c \"INSERT INTO story (word) VALUES ('a')\""
run 'juju run postgresql/leader create-backup type=incremental'

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

headline "The first backup is restored: the database as it was then. The one from before is kept"
run "juju run --wait 10m postgresql/leader restore backup-id=$FULL"
run 'psql -c "TABLE story"'
rows_are "Once"

headline "Better: the moment just before the accident. It was on the timeline from before the first restore"
run "juju run --wait 10m postgresql/leader restore restore-to-time=\"$MOMENT\""
run 'psql -c "TABLE story"'
rows_are "Once upon a time"

headline "All is in place again, backups go on"
watch_run 'juju-lab wait --timeout 5m'
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
  juju run postgresql/leader create-backup
  juju run postgresql/leader list-backups
  juju run postgresql/leader restore backup-id=$FULL
  juju run postgresql/leader get-password username=operator
  juju debug-log --replay --no-tail        # each plan, in sentences

${BOLD}Look into the unit:${PLAIN}

  juju ssh postgresql/0                    # then: systemctl status charmed-patroni.service
  juju exec --unit postgresql/0 './dispatch plan'

${BOLD}Stop everything:${PLAIN}  make down$home
END
