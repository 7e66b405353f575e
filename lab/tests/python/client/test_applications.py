"""Applications and units: deployed, scaled, configured, refreshed and removed."""

import jubilant
import pytest
from charm_files import CHARMS, pack


@pytest.fixture(scope='module', autouse=True)
def deployed(juju, tiny, settle):
    juju.deploy(tiny)
    settle('tiny')


def test_a_packed_charm_and_a_folder_are_deployed_alike(juju, settle):
    juju.deploy(CHARMS / 'tiny', 'folder')
    status = settle('folder')
    assert status.apps['tiny'].charm == 'local:tiny-0'
    assert status.apps['folder'].charm == 'local:tiny-1'
    assert status.apps['folder'].charm_name == 'tiny'
    assert status.apps['folder'].charm_rev == 1


def test_deploy_takes_every_option(juju, tiny, tmp_path, settle):
    motd = tmp_path / 'motd.txt'
    motd.write_text('good morning')
    juju.deploy(
        tiny,
        'optioned',
        base='ubuntu@22.04',
        bind={'api': 'alpha'},
        config={'word': 'deployed', 'count': 7, 'loud': True},
        constraints={'mem': '8G', 'cores': 2},
        force=True,
        num_units=2,
        resources={'motd': str(motd)},
        storage={'data': '5M', 'extra': '1M,2'},
        trust=True,
    )
    status = settle('optioned', units={'optioned': 2})
    app = status.apps['optioned']
    assert app.base.name == 'ubuntu'
    assert app.base.channel == '22.04'
    assert app.app_status.message == 'deployed'
    assert app.endpoint_bindings['api'] == 'alpha'
    config = juju.config('optioned')
    assert (config['word'], config['count'], config['loud']) == ('deployed', 7, True)
    assert juju.config('optioned', app_config=True)['trust'] is True
    path = juju.exec('resource-get motd', unit='optioned/0').stdout.strip()
    assert juju.exec(f'cat {path}', unit='optioned/0').stdout == 'good morning'
    extra = [name for name in status.storage.storage if name.startswith('extra/')]
    assert len(extra) == 4
    machine = status.machines[app.units['optioned/0'].machine]
    assert 'mem=8192M' in machine.constraints


def test_a_unit_is_placed_on_the_machine_that_is_named(juju, tiny, settle):
    machine = juju.status().apps['tiny'].units['tiny/0'].machine
    juju.deploy(tiny, 'guest', to=machine, config={'port': 0})
    status = settle('guest')
    assert status.apps['guest'].units['guest/0'].machine == machine


def test_an_unknown_charm_is_refused(juju):
    with pytest.raises(jubilant.CLIError) as error:
        juju.deploy('./no-such.charm')
    assert error.value.returncode == 1
    assert 'no-such.charm' in error.value.stderr


def test_an_application_cannot_be_deployed_twice(juju, tiny):
    with pytest.raises(jubilant.CLIError) as error:
        juju.deploy(tiny)
    assert 'application already exists' in error.value.stderr


def test_units_are_added_and_removed_and_their_numbers_not_used_again(juju, settle):
    juju.add_unit('tiny', num_units=2)
    status = settle('tiny', units={'tiny': 3})
    assert set(status.apps['tiny'].units) == {'tiny/0', 'tiny/1', 'tiny/2'}
    assert [name for name, unit in status.apps['tiny'].units.items() if unit.leader] == ['tiny/0']

    juju.remove_unit('tiny/1', 'tiny/2', destroy_storage=True)
    settle('tiny', units={'tiny': 1})
    machine = status.apps['folder'].units['folder/0'].machine
    juju.config('tiny', {'port': 0})
    juju.add_unit('tiny', to=machine)
    status = settle('tiny', units={'tiny': 2})
    assert set(status.apps['tiny'].units) == {'tiny/0', 'tiny/3'}
    assert status.apps['tiny'].units['tiny/3'].machine == machine
    juju.config('tiny', reset='port')
    juju.remove_unit('tiny/3', force=True)
    settle('tiny', units={'tiny': 1})


def test_units_of_a_machine_model_are_removed_by_name_only(juju):
    with pytest.raises(jubilant.CLIError) as error:
        juju.remove_unit('tiny', num_units=1)
    assert 'not valid' in error.value.stderr


def test_config_has_the_types_of_the_options(juju):
    assert juju.config('tiny') == {'word': 'hello', 'count': 3, 'ratio': 0.5, 'loud': False, 'port': 8080}


def test_config_is_set_seen_by_the_charm_and_reset(juju, settle):
    juju.config('tiny', {'word': 'a b=c', 'count': -1, 'ratio': 1.25, 'loud': True, 'unset': 'set'})
    assert juju.config('tiny') == {'word': 'a b=c', 'count': -1, 'ratio': 1.25, 'loud': True, 'unset': 'set', 'port': 8080}
    assert settle('tiny').apps['tiny'].app_status.message == 'a b=c'
    seen = juju.exec('config-get --format json', unit='tiny/0').stdout
    assert seen == '{"count":-1,"loud":true,"port":8080,"ratio":1.25,"unset":"set","word":"a b=c"}\n'

    juju.config('tiny', {'word': 'again'}, reset=['count', 'ratio', 'loud', 'unset'])
    assert juju.config('tiny') == {'word': 'again', 'count': 3, 'ratio': 0.5, 'loud': False, 'port': 8080}
    juju.config('tiny', reset='word')
    assert settle('tiny').apps['tiny'].app_status.message == 'hello'


@pytest.mark.parametrize(
    'values, message',
    [
        ({'count': 'many'}, 'option "count" expected int, got "many"'),
        ({'nothing': 1}, 'unknown option "nothing"'),
        ({'loud': 'yes'}, 'option "loud" expected boolean, got "yes"'),
    ],
)
def test_wrong_values_of_options_are_refused_and_nothing_changes(juju, values, message):
    before = juju.config('tiny')
    with pytest.raises(jubilant.CLIError) as error:
        juju.config('tiny', {'word': 'changed', **values})
    assert message in error.value.stderr
    assert juju.config('tiny') == before


def test_trust_is_given_and_taken(juju):
    assert juju.config('tiny', app_config=True)['trust'] is False
    juju.trust('tiny')
    assert juju.config('tiny', app_config=True)['trust'] is True
    juju.trust('tiny', remove=True)
    assert juju.config('tiny', app_config=True)['trust'] is False


def test_refresh_brings_a_new_charm_and_new_settings(juju, tiny, tmp_path, settle):
    changed = tmp_path / 'changed'
    changed.mkdir()
    for file in (CHARMS / 'tiny').iterdir():
        (changed / file.name).write_bytes(file.read_bytes())
        (changed / file.name).chmod(file.stat().st_mode)
    config = (changed / 'config.yaml').read_text()
    (changed / 'config.yaml').write_text(config + '  added: {type: int, default: 9, description: New}\n')
    motd = tmp_path / 'motd.txt'
    motd.write_text('good evening')

    before = juju.status().apps['tiny'].charm_rev
    juju.refresh(
        'tiny',
        path=pack(changed, tmp_path / 'changed.charm'),
        config={'added': 10},
        resources={'motd': str(motd)},
        storage={'extra': '0'},
        trust=True,
    )
    status = settle('tiny')
    assert status.apps['tiny'].charm_rev > before
    assert juju.config('tiny')['added'] == 10
    assert juju.config('tiny', app_config=True)['trust'] is True
    path = juju.exec('resource-get motd', unit='tiny/0').stdout.strip()
    assert juju.exec(f'cat {path}', unit='tiny/0').stdout == 'good evening'

    # Back, over all checks.
    juju.refresh('tiny', path=tiny, force=True)
    settle('tiny')
    assert 'added' not in juju.config('tiny')


def test_a_hook_that_fails_is_an_error_to_wait_for_and_is_resolved(juju, settle):
    juju.config('tiny', {'word': 'crash'})
    with pytest.raises(jubilant.WaitError) as error:
        juju.wait(lambda status: False, error=jubilant.any_error, delay=0.1)
    assert 'any_error' in str(error.value)
    status = juju.status()
    unit = status.apps['tiny'].units['tiny/0']
    assert jubilant.all_error(status, 'tiny')
    assert unit.workload_status.message == 'hook failed: "config-changed"'
    assert unit.juju_status.current == 'idle'

    juju.config('tiny', {'word': 'hello'})
    juju.cli('resolved', 'tiny/0')
    juju.wait(jubilant.all_active, delay=0.1)


def test_a_removed_application_is_gone_with_its_machines(juju, tiny, settle):
    juju.deploy(tiny, 'brief')
    machine = settle('brief').apps['brief'].units['brief/0'].machine
    juju.remove_application('brief', destroy_storage=True)
    status = juju.wait(lambda status: 'brief' not in status.apps, delay=0.1)
    assert machine not in status.machines


def test_an_application_in_error_is_removed_by_force(juju, tiny):
    juju.deploy(tiny, 'broken', config={'word': 'crash'})
    juju.wait(lambda status: jubilant.all_error(status, 'broken'), delay=0.1)
    juju.remove_application('broken', force=True, destroy_storage=True)
    juju.wait(lambda status: 'broken' not in status.apps, delay=0.1)
