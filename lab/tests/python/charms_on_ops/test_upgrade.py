"""What changes a unit's life: the lead goes to another unit, and the charm is replaced. Comes last, for both last."""

import os
import shutil
import subprocess

import pytest
from charm_files import pack
from refused import Refused


def test_the_lead_passes_on_and_the_former_leader_hears_nothing(tell, juju, events, until, leader, follower):
    before = [event['event'] for event in events(leader)]
    fault = [os.environ['JUJU_LAB'], 'fault', '--model', juju.model, 'expire-leadership', 'server']
    subprocess.run(fault, check=True, capture_output=True)
    until(lambda: events(follower, 'leader_elected'))
    assert tell(follower, 'return unit.is_leader()') is True
    assert tell(leader, 'return unit.is_leader()') is False
    assert [event['event'] for event in events(leader)] == before
    with pytest.raises(Refused) as refused:
        tell(leader, 'hookcmds.relation_set({"a": "b"}, model.get_relation("cluster").id, app=True)')
    assert refused.value.stderr == 'ERROR cannot write relation settings\n'
    with pytest.raises(Refused) as refused:
        tell(leader, 'hookcmds.status_set("active", app=True)')
    assert refused.value.stderr == 'ERROR this unit is not the leader\n'


def test_an_upgrade_is_told_and_keeps_what_the_charm_wrote(lab, tell, juju, events, until, follower):
    tell(follower, 'charm.stored.notes["before"] = "the upgrade"')
    changed = lab / 'changed'
    shutil.copytree(lab / 'probe', changed)
    (changed / 'added').write_text('new')
    seen = len(events(follower))
    juju.refresh('server', path=pack(changed, lab / 'changed.charm'))
    until(lambda: len(events(follower)) >= seen + 2)
    told = [event['event'] for event in events(follower)][seen:]
    assert told[:2] == ['upgrade_charm', 'config_changed']
    assert tell(follower, 'return [open("added").read(), charm.stored.notes["before"]]') == ['new', 'the upgrade']


def test_a_charm_that_keeps_its_state_with_juju_finds_it_there(lab, tell, juju, events, until, follower):
    stateful = lab / 'stateful'
    shutil.copytree(lab / 'probe', stateful)
    (stateful / 'state-with-juju').touch()
    juju.config('server', {'told': 'config_changed: |\n  if charm.config["text"] == "defer": event.defer()'})
    juju.refresh('server', path=pack(stateful, lab / 'stateful.charm'))
    until(lambda: events(follower)[-1]['event'] == 'config_changed' and tell(follower, 'return os.path.exists("state-with-juju")'))
    tell(follower, 'charm.stored.notes["kept"] = "with Juju"')
    assert tell(follower, 'return charm.stored.notes["kept"]') == 'with Juju'
    state = tell(follower, 'return sorted(hookcmds.state_get(None))')
    assert 'Probe/StoredStateData[stored]' in state
    assert '#notices#' in state

    seen = len(events(follower, 'config_changed'))
    juju.config('server', {'text': 'defer'})
    until(lambda: len(events(follower, 'config_changed')) > seen)
    again = len(events(follower, 'config_changed'))
    tell(follower, 'return None')
    assert len(events(follower, 'config_changed')) == again + 1
    juju.config('server', reset=['text', 'told'])
