"""A unit on ops: its options, status, network, ports, storage, resources, state and log."""

import re

import pytest

from refused import Refused


def test_first_events_come_in_the_order_of_juju(events, leader):
    kinds = [event['event'] for event in events(leader)]
    first = [kind for kind in kinds if kind != 'cluster_relation_joined' and kind != 'cluster_relation_changed']
    assert first[:6] == [
        'data_storage_attached',
        'install',
        'cluster_relation_created',
        'leader_elected',
        'config_changed',
        'start',
    ]


def test_options_have_their_types_and_unset_ones_are_absent(tell, leader):
    config = tell(leader, 'return dict(charm.config)')
    del config['told']
    assert config == {'text': 'hello', 'number': 3, 'ratio': 1.5, 'flag': False}
    assert [type(config[name]) for name in ('text', 'number', 'ratio', 'flag')] == [str, int, float, bool]
    assert tell(leader, 'return hookcmds.config_get("number")') == 3
    assert tell(leader, 'return hookcmds.config_get("unset")') is None
    assert tell(leader, 'return hookcmds.config_get("no-such-option")') is None


def test_names_and_versions(tell, juju, leader):
    assert tell(leader, 'return [model.name, model.uuid, unit.name, app.name]') == [
        juju.model,
        juju.show_model().model_uuid,
        leader,
        'server',
    ]
    assert tell(leader, 'return str(ops.JujuVersion.from_environ())') == juju.show_model().agent_version
    assert tell(leader, 'return charm.meta.name') == 'probe'


def test_one_unit_leads(tell, leader, follower):
    assert tell(leader, 'return unit.is_leader()') is True
    assert tell(follower, 'return unit.is_leader()') is False
    assert tell(follower, 'return hookcmds.is_leader()') is False


def test_a_unit_sets_and_reads_its_status(tell, juju, follower):
    tell(follower, 'unit.status = ops.BlockedStatus("no way -- out")')
    status = juju.status().apps['server'].units[follower].workload_status
    assert (status.current, status.message) == ('blocked', 'no way -- out')
    assert tell(follower, 'return [unit.status.name, unit.status.message]') == ['blocked', 'no way -- out']
    got = tell(follower, 'return hookcmds.status_get()')
    assert got == {'status': 'blocked', 'message': 'no way -- out', 'status_data': {}}
    for status in 'waiting', 'maintenance', 'active':
        tell(follower, f'hookcmds.status_set("{status}", "x")')
        assert juju.status().apps['server'].units[follower].workload_status.current == status
    tell(follower, 'unit.status = ops.ActiveStatus()')
    assert juju.status().apps['server'].units[follower].workload_status.message == ''


def test_a_status_that_only_juju_sets_is_refused(tell, follower):
    with pytest.raises(Refused) as refused:
        tell(follower, 'hookcmds.status_set("error")')
    assert refused.value.code == 2
    assert refused.value.stderr == 'ERROR invalid status "error", expected one of [maintenance blocked waiting active]\n'


def test_the_leader_speaks_for_the_application(tell, juju, leader, follower):
    tell(leader, 'app.status = ops.WaitingStatus("for all")')
    status = juju.status().apps['server'].app_status
    assert (status.current, status.message) == ('waiting', 'for all')
    assert tell(leader, 'return [app.status.name, app.status.message]') == ['waiting', 'for all']
    got = tell(leader, 'return json.loads(hookcmds._utils.run("status-get", "--application", "--include-data", "--format=json"))')
    assert got['application-status']['status'] == 'waiting'
    assert got['application-status']['message'] == 'for all'
    assert set(got['application-status']['units']) == {leader, follower}
    tell(leader, 'app.status = ops.ActiveStatus()')

    with pytest.raises(Refused) as refused:
        tell(follower, 'hookcmds.status_set("active", app=True)')
    assert refused.value.code == 1
    assert refused.value.stderr == 'ERROR this unit is not the leader\n'
    with pytest.raises(Refused) as refused:
        tell(follower, 'hookcmds.status_get(app=True)')
    assert refused.value.code == 1


def test_the_version_of_the_workload(tell, juju, follower):
    tell(follower, 'unit.set_workload_version("16.4 beta")')
    assert juju.status().apps['server'].version == '16.4 beta'


def test_the_network_of_a_binding(tell, juju, leader):
    address = juju.status().apps['server'].units[leader].public_address
    for binding in 'cluster', 'api', 'admin', 'juju-info':
        network = tell(
            leader,
            f'''
network = model.get_binding("{binding}").network
return {{
    'bind': str(network.bind_address),
    'ingress': [str(it) for it in network.ingress_addresses],
    'egress': [str(it) for it in network.egress_subnets],
    'interfaces': [[it.name, str(it.address), str(it.subnet)] for it in network.interfaces],
}}''',
        )
        assert network['bind'] == address
        assert network['ingress'] == [address]
        assert network['egress'] == [f'{address}/32']
        ((name, interface, subnet),) = network['interfaces']
        assert interface == address
        assert name
        assert subnet.endswith('/8') or '/' in subnet
    raw = tell(leader, 'return hookcmds.network_get("api")')
    assert raw['bind_addresses'][0]['mac_address']
    assert tell(leader, 'return hookcmds._utils.run("unit-get", "private-address")').strip() == address

    with pytest.raises(Refused) as refused:
        tell(leader, 'hookcmds.network_get("nothing")')
    assert refused.value.code == 1
    assert refused.value.stderr == 'ERROR no network config found for binding "nothing"\n'
    with pytest.raises(Refused) as refused:
        tell(leader, 'hookcmds.network_get("cluster", relation_id=999)')
    assert refused.value.code == 2
    assert refused.value.stderr == 'ERROR invalid value "999" for option -r: relation not found\n'


def test_ports_are_opened_at_the_end_and_closed(tell, juju, leader):
    assert tell(leader, 'unit.open_port("tcp", 5432); return len(unit.opened_ports())') == 0
    assert tell(leader, 'return [[it.protocol, it.port] for it in unit.opened_ports()]') == [['tcp', 5432]]
    tell(leader, 'unit.set_ports(80, ops.Port("udp", 53), ops.Port("icmp", None))')
    assert juju.status().apps['server'].units[leader].open_ports == ['icmp', '80/tcp', '53/udp']
    tell(leader, 'hookcmds.open_port(port=8000, to_port=8010, endpoints="api")')
    got = tell(leader, 'return json.loads(hookcmds._utils.run("opened-ports", "--endpoints", "--format=json"))')
    assert got == ['icmp (*)', '80/tcp (*)', '8000-8010/tcp (api)', '53/udp (*)']
    tell(leader, 'unit.close_port("tcp", 80); unit.close_port("udp", 53); hookcmds.close_port(port=8000, to_port=8010, endpoints="api")')
    assert tell(leader, 'return [it.protocol for it in unit.opened_ports()]') == ['icmp']


@pytest.mark.parametrize(
    'words, message',
    [
        ('"x"', 'invalid port "x"'),
        ('"0"', 'port range bounds must be between 1 and 65535, got 0-0'),
        ('"80/sctp"', 'invalid protocol "sctp", expected "tcp", "udp", or "icmp"'),
        ('"1/icmp"', 'protocol "icmp" doesn\'t support any ports; got "1"'),
        ('"80/tcp", "--endpoints", "nothing"', 'nothing'),
    ],
)
def test_wrong_ports_are_refused(tell, leader, words, message):
    with pytest.raises(Refused) as refused:
        tell(leader, f'hookcmds._utils.run("open-port", {words})')
    assert refused.value.stderr.startswith('ERROR ')
    assert message in refused.value.stderr


def test_storage_is_where_it_is_said_to_be(tell, juju, events, leader):
    (attached,) = events(leader, 'data_storage_attached')
    assert attached['storage']['location'].endswith('/srv/data')
    got = tell(leader, 'return [[it.full_id, str(it.location), os.path.isdir(it.location)] for it in model.storages["data"]]')
    assert got == [[attached['storage']['id'], attached['storage']['location'], True]]
    assert tell(leader, 'return len(model.storages["extra"])') == 0
    assert tell(leader, 'return hookcmds.storage_list()') == [attached['storage']['id']]
    assert tell(leader, f'return hookcmds.storage_get("{attached["storage"]["id"]}").kind') == 'filesystem'


def test_storage_is_added_by_the_charm_and_its_event_comes(tell, events, until, leader):
    tell(leader, 'model.storages.request("extra", 2)')
    until(lambda: len(events(leader, 'extra_storage_attached')) == 2)
    locations = {event['storage']['location'] for event in events(leader, 'extra_storage_attached')}
    assert len(locations) == 2
    assert set(tell(leader, 'return [str(it.location) for it in model.storages["extra"]]')) == locations
    with pytest.raises(Refused):
        tell(leader, 'hookcmds.storage_add({"nothing": 1})')


@pytest.mark.parametrize(
    'words, code, message',
    [
        ('"-s", "data/999"', 2, 'ERROR invalid value "data/999" for option -s: storage not found\n'),
        ('', 2, 'ERROR no storage instance specified\n'),
    ],
)
def test_wrong_storage_is_refused(tell, leader, words, code, message):
    with pytest.raises(Refused) as refused:
        tell(leader, f'hookcmds._utils.run("storage-get", {words})')
    assert (refused.value.code, refused.value.stderr) == (code, message)


def test_a_resource_is_a_file(tell, leader):
    path = tell(leader, 'return str(model.resources.fetch("blob"))')
    assert path.endswith('/resources/blob/blob.bin')
    assert tell(leader, 'return open(model.resources.fetch("blob")).read()') == 'a resource'
    with pytest.raises(Refused) as refused:
        tell(leader, 'hookcmds.resource_get("nothing")')
    assert refused.value.code == 1
    assert refused.value.stderr.startswith('ERROR could not download resource: ')


def test_goal_state_counts_the_units(tell, leader, follower):
    assert tell(leader, 'return app.planned_units()') == 2
    goal = tell(leader, 'return hookcmds.goal_state()')
    assert set(goal['units']) == {leader, follower}
    assert {it['status'] for it in goal['units'].values()} <= {'active', 'blocked', 'unknown', 'waiting'}
    assert set(goal['relations'].get('api', {})) <= {'client', 'client/0'}


def test_state_is_kept_for_the_unit(tell, leader):
    tell(leader, 'hookcmds.state_set({"key": "value", "multi": "a\\nb: c", "empty": ""})')
    assert tell(leader, 'return hookcmds.state_get("key")') == 'value'
    state = tell(leader, 'return hookcmds.state_get(None)')
    assert (state['key'], state['multi']) == ('value', 'a\nb: c')
    assert tell(leader, 'hookcmds.state_set({"key": "new"}); return hookcmds.state_get("key")') == 'new'
    assert tell(leader, 'hookcmds.state_delete("key"); return hookcmds.state_get("key")') in (None, '')
    tell(leader, 'hookcmds.state_delete("was never there")')
    with pytest.raises(Refused) as refused:
        tell(leader, 'hookcmds._utils.run("state-get", "--strict", "key")')
    assert refused.value.code == 1
    assert 'not found' in refused.value.stderr


def test_what_python_logs_is_in_the_debug_log_with_its_level(tell, juju, follower):
    tell(
        follower,
        '''
import logging
for level in logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR:
    logging.getLogger("own.name").log(level, "said -- aloud")
hookcmds.juju_log("traced", level="TRACE")
''',
    )
    log = juju.cli('debug-log', '--replay', '--no-tail', '--level', 'DEBUG')
    said = re.findall(rf'unit-{follower.replace("/", "-")}: \S+ (\w+) unit.{follower}.juju-log said -- aloud', log)
    assert said == ['DEBUG', 'INFO', 'WARNING', 'ERROR']


def test_a_long_message_is_logged_in_pieces(tell, juju, leader):
    tell(leader, 'import logging; logging.getLogger().warning("x" * 200_000)')
    assert 'Splitting into multiple chunks' in juju.debug_log()


def test_credentials_of_the_cloud_need_trust(tell, juju, leader):
    with pytest.raises(Refused) as refused:
        tell(leader, 'model.get_cloud_spec()')
    assert refused.value.error == 'ModelError'
    assert 'cannot access cloud credentials' in refused.value.text
    juju.trust('server')
    spec = tell(leader, 'spec = model.get_cloud_spec(); return [spec.type, spec.name, spec.region]')
    assert spec == ['lxd', 'localhost', 'localhost']
    juju.trust('server', remove=True)


def test_state_and_defer_survive_between_events(tell, events, juju, until, leader):
    juju.config(
        'server',
        {
            'told': '''
config_changed: |
  if charm.config["text"] == "defer": event.defer()
'''
        },
    )
    before = len(events(leader, 'config_changed'))
    tell(leader, 'charm.stored.notes["kept"] = [1, {"a": "b"}]')
    juju.config('server', {'text': 'defer'})
    until(lambda: len(events(leader, 'config_changed')) > before)
    # Each event first brings the deferred one again; an action does, too.
    seen = len(events(leader, 'config_changed'))
    tell(leader, 'return None')
    tell(leader, 'return None')
    assert len(events(leader, 'config_changed')) == seen + 2
    assert tell(leader, 'return [charm.stored.notes["kept"][0], dict(charm.stored.notes["kept"][1])]') == [1, {'a': 'b'}]
    juju.config('server', reset=['text', 'told'])
