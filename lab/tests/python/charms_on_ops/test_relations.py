"""Relations as a charm on ops lives them: events on both sides, databags and who may touch them."""

import pytest
from refused import Refused


@pytest.fixture(scope='module')
def relation(juju, events, until):
    """The number of a relation between server:api and client:backend, in place on both sides."""
    juju.integrate('server:api', 'client:backend')
    until(lambda: len(events('client/0', 'backend_relation_changed')) == 2)
    until(lambda: all(events(f'server/{n}', 'api_relation_changed') for n in (0, 1)))
    return int(events('client/0', 'backend_relation_created')[0]['relation'].split(':')[1])


def test_both_sides_are_told_of_each_remote_unit(events, relation):
    told = [event for event in events('client/0') if event['event'].startswith('backend_')]
    backend = f'backend:{relation}'
    assert told[0] == {'event': 'backend_relation_created', 'relation': backend, 'app': 'server', 'unit': None}
    joined = [event['unit'] for event in told if event['event'] == 'backend_relation_joined']
    assert sorted(joined) == ['server/0', 'server/1']
    for unit in joined:
        index = told.index({'event': 'backend_relation_joined', 'relation': backend, 'app': 'server', 'unit': unit})
        assert told[index + 1] == {'event': 'backend_relation_changed', 'relation': backend, 'app': 'server', 'unit': unit}
    (joined,) = events('server/1', 'api_relation_joined')
    assert joined == {'event': 'api_relation_joined', 'relation': f'api:{relation}', 'app': 'client', 'unit': 'client/0'}


def test_peers_are_told_of_each_other_and_of_nothing_that_broke(events, leader, follower):
    (joined,) = events(leader, 'cluster_relation_joined')
    assert (joined['app'], joined['unit']) == ('server', follower)
    assert events(leader, 'cluster_relation_broken') == []


def test_a_unit_enters_with_its_addresses(tell, juju, relation):
    addresses = {name: unit.public_address for name, unit in juju.status().apps['server'].units.items()}
    bags = tell(
        'client/0',
        '''
relation = model.get_relation("backend")
return {it.name: dict(relation.data[it]) for it in relation.units | {unit}}
''',
    )
    for name, address in addresses.items():
        assert bags[name] == {'private-address': address, 'ingress-address': address, 'egress-subnets': f'{address}/32'}
    assert bags['client/0']['private-address'] == juju.status().apps['client'].units['client/0'].public_address


def test_relations_are_listed(tell, juju, relation):
    listed = tell(
        'client/0',
        '''
one = model.get_relation("backend")
return {
    "ids": hookcmds.relation_ids("backend"),
    "none": hookcmds.relation_ids("api"),
    "unknown": hookcmds.relation_ids("no-such-endpoint"),
    "units": sorted(hookcmds.relation_list(one.id)),
    "app": hookcmds.relation_list(one.id, app=True),
    "model": hookcmds.relation_model_get(one.id).uuid,
    "by ops": [one.name, one.id, one.active, one.app.name, len(model.relations["backend"])],
    "goal": sorted(hookcmds.goal_state().relations["backend"]),
}
''',
    )
    assert listed == {
        'ids': [f'backend:{relation}'],
        'none': [],
        'unknown': [],
        'units': ['server/0', 'server/1'],
        'app': 'server',
        'model': juju.show_model().model_uuid,
        'by ops': ['backend', relation, True, 'server', 1],
        'goal': ['server', 'server/0', 'server/1'],
    }


def test_what_a_unit_writes_is_one_change_for_the_other_side_and_none_for_itself(tell, events, until, relation):
    seen = len(events('client/0', 'backend_relation_changed'))
    own = len(events('server/1', 'api_relation_changed'))
    written = tell(
        'server/1',
        '''
data = model.get_relation("api").data[unit]
data["json"] = json.dumps({"a": [1, "ü"]})
data["gone"] = "soon"
data["gone"] = ""
data["lines"] = "a\\nb: c # d\\n"
return dict(data)
''',
    )
    assert written['json'] == '{"a": [1, "\\u00fc"]}'
    until(lambda: len(events('client/0', 'backend_relation_changed')) > seen)
    changed = events('client/0', 'backend_relation_changed')[seen:]
    assert [it['unit'] for it in changed] == ['server/1']
    read = tell('client/0', 'return dict(model.get_relation("backend").data[model.get_unit("server/1")])')
    assert read == written
    assert 'gone' not in read
    assert read['lines'] == 'a\nb: c # d\n'
    assert len(events('server/1', 'api_relation_changed')) == own


def test_what_the_leader_writes_for_the_application_comes_without_a_unit(tell, events, until, leader, relation):
    seen = len(events('client/0', 'backend_relation_changed'))
    tell(leader, 'model.get_relation("api").data[app].update({"url": "probe://", "big": "x" * 300_000})')
    until(lambda: len(events('client/0', 'backend_relation_changed')) > seen)
    assert events('client/0', 'backend_relation_changed')[seen:] == [
        {'event': 'backend_relation_changed', 'relation': f'backend:{relation}', 'app': 'server', 'unit': None}
    ]
    read = tell('client/0', 'data = model.get_relation("backend").data; data = data[model.get_app("server")]; return [data["url"], len(data["big"])]')
    assert read == ['probe://', 300_000]
    assert tell(leader, 'return model.get_relation("api").data[app]["url"]') == 'probe://'


@pytest.mark.parametrize(
    'code, status, message',
    [
        ('hookcmds.relation_set({"a": "b"}, {id}, app=True)', 1, 'ERROR cannot write relation settings\n'),
        ('hookcmds.relation_get({id}, unit="server", app=True)', 1, 'ERROR permission denied\n'),
        ('hookcmds.relation_get({id}, unit="server")', 2, 'ERROR expected unit name, got application name "server"\n'),
        ('hookcmds.relation_get({id}, unit="no unit")', 2, 'ERROR invalid unit name "no unit"\n'),
        ('hookcmds.relation_get({id}, unit="other/0")', 1, 'ERROR permission denied\n'),
        ('hookcmds.relation_get(99, unit="client/0")', 2, 'ERROR invalid value "99" for option -r: relation not found\n'),
        ('hookcmds._utils.run("relation-get", "-r", "x", "-", "client/0")', 2, 'ERROR invalid value "x" for option -r: invalid relation id\n'),
        ('hookcmds._utils.run("relation-get")', 2, 'ERROR no relation id specified\n'),
        ('hookcmds._utils.run("relation-ids")', 2, 'ERROR no endpoint name specified\n'),
        ('hookcmds._utils.run("relation-list")', 2, 'ERROR no relation id specified\n'),
        ('hookcmds._utils.run("relation-set", "-r", "{id}", "word")', 2, None),
    ],
)
def test_what_a_follower_may_not_do_is_refused(tell, relation, follower, code, status, message):
    with pytest.raises(Refused) as refused:
        tell(follower, code.replace('{id}', str(relation)))
    assert refused.value.code == status
    assert message is None or refused.value.stderr == message


def test_what_is_not_there_is_nothing(tell, relation):
    assert tell('client/0', f'return hookcmds.relation_get({relation}, key="nothing", unit="server/0")') is None


def test_peers_all_read_what_the_leader_writes_for_them(tell, events, until, leader, follower):
    seen = len(events(follower, 'cluster_relation_changed'))
    own = len(events(leader, 'cluster_relation_changed'))
    tell(leader, 'model.get_relation("cluster").data[app]["shared"] = "value"')
    until(lambda: len(events(follower, 'cluster_relation_changed')) > seen)
    assert events(follower, 'cluster_relation_changed')[-1]['unit'] is None
    assert tell(follower, 'return model.get_relation("cluster").data[app]["shared"]') == 'value'
    assert len(events(leader, 'cluster_relation_changed')) == own


def test_an_action_that_fails_keeps_what_it_wrote_unless_it_crashes(tell, juju, leader):
    read = 'return dict(model.get_relation("cluster").data[unit])'
    with pytest.raises(Exception, match='on purpose'):
        tell(leader, 'model.get_relation("cluster").data[unit]["failed"] = "kept"; event.fail("on purpose")')
    with pytest.raises(Exception, match='exit status 3'):
        tell(leader, 'model.get_relation("cluster").data[unit]["crashed"] = "lost"; raise SystemExit(3)')
    bag = tell(leader, read)
    assert bag.get('failed') == 'kept'
    assert 'crashed' not in bag


def test_the_departed_are_named_and_a_broken_relation_is_gone(tell, juju, events, until, relation):
    juju.remove_relation('server', 'client')
    until(lambda: events('client/0', 'backend_relation_broken') and events('server/0', 'api_relation_broken'))
    departed = events('client/0', 'backend_relation_departed')
    assert sorted(it['unit'] for it in departed) == ['server/0', 'server/1']
    assert all(it['departing_unit'] == it['unit'] for it in departed)
    (broken,) = events('client/0', 'backend_relation_broken')
    assert (broken['app'], broken['unit']) == ('server', None)
    assert tell('client/0', 'return [hookcmds.relation_ids("backend"), model.get_relation("backend")]') == [[], None]
    with pytest.raises(Refused) as refused:
        tell('client/0', f'hookcmds.relation_list({relation})')
    assert refused.value.stderr == f'ERROR invalid value "{relation}" for option -r: relation not found\n'
