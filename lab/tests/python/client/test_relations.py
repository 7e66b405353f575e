"""Relations, as status and show-unit tell of them."""

import jubilant
import pytest


@pytest.fixture(scope='module', autouse=True)
def deployed(juju, tiny, settle):
    juju.deploy(tiny, 'server', num_units=2)
    juju.deploy(tiny, 'client')
    settle(units={'server': 2, 'client': 1})


def is_related(status):
    return 'api' in status.apps['server'].relations and jubilant.all_agents_idle(status)


def test_a_relation_is_made_seen_on_both_sides_and_removed(juju):
    juju.integrate('server:api', 'client:backend')
    status = juju.wait(is_related, delay=0.1)
    (api,) = status.apps['server'].relations['api']
    assert (api.related_app, api.interface, api.scope) == ('client', 'tiny', 'global')
    (backend,) = status.apps['client'].relations['backend']
    assert (backend.related_app, backend.interface, backend.scope) == ('server', 'tiny', 'global')
    (peer,) = status.apps['server'].relations['cluster']
    assert (peer.related_app, peer.interface, peer.scope) == ('server', 'tiny_peers', 'global')

    unit = juju.show_unit('client/0')
    assert unit.machine == status.apps['client'].units['client/0'].machine
    assert unit.opened_ports == ['8080/tcp']
    assert unit.charm.startswith('local:tiny-')
    assert unit.leader is True
    assert unit.life == 'alive'
    assert unit.workload_version == '1.2.3'
    (relation,) = [it for it in unit.relation_info if it.endpoint == 'backend']
    assert relation.related_endpoint == 'api'
    assert relation.app_data == {'url': 'tiny://'}
    assert relation.local_unit.in_scope is True
    assert set(relation.local_unit.data) == {'private-address', 'ingress-address', 'egress-subnets'}
    assert set(relation.related_units) == {'server/0', 'server/1'}
    assert relation.related_units['server/1'].in_scope is True
    assert relation.related_units['server/1'].data['greeting'] == 'from server/1'
    address = status.apps['server'].units['server/1'].public_address
    assert relation.related_units['server/1'].data['private-address'] == address

    juju.remove_relation('client', 'server')
    status = juju.wait(lambda it: 'api' not in it.apps['server'].relations, delay=0.1)
    assert 'backend' not in status.apps['client'].relations


def test_a_relation_is_found_without_its_endpoints_and_removed_by_force(juju):
    juju.integrate('client:backend', 'server', via='192.0.2.0/24')
    juju.wait(is_related, delay=0.1)
    juju.remove_relation('server:api', 'client:backend', force=True)
    juju.wait(lambda it: 'api' not in it.apps['server'].relations, delay=0.1)


def test_an_ambiguous_relation_is_refused(juju):
    with pytest.raises(jubilant.CLIError) as error:
        juju.integrate('client', 'server')
    assert 'ambiguous relation' in error.value.stderr
    assert 'client:backend server:api' in error.value.stderr


def test_a_relation_that_is_there_is_not_made_again(juju):
    juju.integrate('server:api', 'client:backend')
    juju.wait(is_related, delay=0.1)
    with pytest.raises(jubilant.CLIError) as error:
        juju.integrate('server:api', 'client:backend')
    assert 'already exists' in error.value.stderr
    juju.remove_relation('server', 'client')
    juju.wait(lambda it: 'api' not in it.apps['server'].relations, delay=0.1)


def test_a_relation_that_is_not_there_cannot_be_removed(juju):
    with pytest.raises(jubilant.CLIError) as error:
        juju.remove_relation('server:api', 'client:backend')
    assert 'not found' in error.value.stderr


def test_the_limit_of_an_endpoint_is_kept(juju, tiny, settle):
    juju.deploy(tiny, 'third')
    settle('third')
    juju.integrate('server:api', 'client:backend')
    with pytest.raises(jubilant.CLIError) as error:
        juju.integrate('third:api', 'client:backend')
    assert 'establishing a new relation for client:backend would exceed its maximum relation limit of 1' in error.value.stderr


def test_an_offer_is_consumed_in_another_model_and_related_there(juju, tiny):
    juju.offer('server', endpoint='api', name='served')
    offer = juju.status().offers['served']
    assert offer.app == 'server'
    assert (offer.endpoints['api'].interface, offer.endpoints['api'].role) == ('tiny', 'provider')

    with jubilant.temp_model() as other:
        other.deploy(tiny, 'client')
        other.consume(f'{juju.model}.served', 'remote')
        other.integrate('client:backend', 'remote')
        status = other.wait(
            lambda it: 'backend' in it.apps['client'].relations and jubilant.all_active(it, 'client'), delay=0.1
        )
        remote = status.app_endpoints['remote']
        assert remote.url.endswith(f'admin/{juju.model}.served')
        assert remote.endpoints['api'].interface == 'tiny'
        other.wait(
            lambda it: any(unit.startswith('remote/') for info in other.show_unit('client/0').relation_info for unit in info.related_units),
            delay=0.1,
        )
        assert juju.status().offers['served'].total_connected_count == 1
        other.remove_relation('client', 'remote')
        other.wait(lambda it: 'backend' not in it.apps['client'].relations, delay=0.1)
