"""Status with its types, waiting for it, and the log."""

import datetime
import ipaddress
import pathlib
import re
import subprocess
import sys

import jubilant
import pytest


@pytest.fixture(scope='module', autouse=True)
def deployed(juju, tiny, settle):
    juju.deploy(tiny, num_units=2)
    settle(units={'tiny': 2})


def test_wait_with_its_defaults_sees_all_active(juju):
    status = juju.wait(jubilant.all_active)
    assert jubilant.all_active(status, 'tiny')
    assert jubilant.all_agents_idle(status, 'tiny')
    assert jubilant.any_active(status)
    assert not jubilant.any_error(status)
    assert not jubilant.all_active(status, 'tiny', 'missing')


def test_wait_gives_up_with_the_last_status(juju):
    with pytest.raises(TimeoutError, match='wait timed out after 0.5s'):
        juju.wait(jubilant.all_blocked, delay=0.1, timeout=0.5)


def test_the_command_line_of_jubilant_waits_too(juju):
    program = pathlib.Path(sys.executable).with_name('jubilant')
    command = [program, 'wait', 'jubilant.all_active(status, "tiny")']
    options = ['--model', juju.model, '--delay', '0.1', '--timeout', '30', '--juju-cli-bin', juju.cli_binary]
    subprocess.run(command + options, check=True, capture_output=True)


def test_two_looks_at_a_model_at_rest_are_equal(juju):
    assert juju.status() == juju.status()


def test_the_model(juju):
    model = juju.status().model
    assert model.name == juju.model
    assert model.type == 'iaas'
    assert model.cloud == juju.show_model().cloud
    assert model.controller == juju.show_model().controller_name
    assert model.region == juju.show_model().region
    assert model.version == str(juju.version()).split('-')[0]
    assert model.model_status.current == 'available'


def test_the_application(juju):
    app = juju.status().apps['tiny']
    assert app.charm == 'local:tiny-0'
    assert app.charm_origin == 'local'
    assert app.charm_name == 'tiny'
    assert app.charm_rev == 0
    assert app.exposed is False
    assert (app.base.name, app.base.channel) == ('ubuntu', '22.04')
    assert app.version == '1.2.3'
    assert app.life == ''
    assert app.is_active
    assert app.app_status.message == 'hello'
    assert_is_a_time(app.app_status.since)
    assert app.subordinate_to == []
    assert set(app.endpoint_bindings) == {'', 'api', 'backend', 'cluster'}
    assert app.relations['cluster'][0].related_app == 'tiny'


def test_the_units(juju):
    status = juju.status()
    units = status.get_units('tiny')
    assert set(units) == {'tiny/0', 'tiny/1'}
    assert sorted(unit.leader for unit in units.values()) == [False, True]
    for unit in units.values():
        assert unit.is_active
        assert unit.workload_status.message == 'hello'
        assert unit.juju_status.current == 'idle'
        assert unit.juju_status.version == status.model.version
        assert_is_a_time(unit.juju_status.since)
        assert unit.open_ports == ['8080/tcp']
        assert unit.public_address == status.machines[unit.machine].dns_name
        assert unit.subordinates == {}


def test_the_machines(juju):
    status = juju.status()
    assert set(status.machines) == {unit.machine for unit in status.apps['tiny'].units.values()}
    for number, machine in status.machines.items():
        assert machine.juju_status.current == 'started'
        assert machine.machine_status.current == 'running'
        assert machine.modification_status.current == 'applied'
        assert machine.ip_addresses == [machine.dns_name]
        assert ipaddress.ip_address(machine.dns_name).is_loopback
        assert machine.instance_id
        assert machine.hostname
        assert machine.base.channel == '22.04'
        (interface,) = machine.network_interfaces.values()
        assert interface.ip_addresses == machine.ip_addresses
        assert interface.is_up is True
        assert interface.space == 'alpha'
        assert re.fullmatch(r'([0-9a-f]{2}:){5}[0-9a-f]{2}', interface.mac_address)
        assert 'arch=' in machine.hardware


def test_the_storage(juju):
    storage = juju.status().storage
    assert len(storage.storage) == 2
    for name, instance in storage.storage.items():
        assert name.startswith('data/')
        assert instance.kind == 'filesystem'
        assert instance.status.current == 'attached'
        assert isinstance(instance.persistent, bool)
        ((unit, attachment),) = instance.attachments.units.items()
        assert unit.startswith('tiny/')
        assert attachment.machine == juju.status().apps['tiny'].units[unit].machine
        assert attachment.location.startswith('/')
        assert attachment.life == 'alive'
    assert len(storage.filesystems) == 2
    for filesystem in storage.filesystems.values():
        assert filesystem.size == 1
        assert filesystem.status.current == 'attached'
        assert filesystem.storage in storage.storage
        (mounted,) = filesystem.attachments.machines.values()
        assert mounted.read_only is False
        assert mounted.mount_point.startswith('/')
    assert storage.volumes == {}


def test_the_time_of_the_controller(juju):
    assert re.fullmatch(r'\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)', juju.status().controller.timestamp)


def test_debug_log_has_everything_or_the_last_lines(juju):
    juju.exec('juju-log --log-level WARNING something odd', unit='tiny/0')
    everything = juju.debug_log()
    assert re.search(
        r'^unit-tiny-0: \d\d:\d\d:\d\d INFO juju\.worker\.uniter\.operation '
        r'ran "install" hook \(via hook dispatching script: dispatch\)$',
        everything,
        re.MULTILINE,
    )
    assert re.search(r'^unit-tiny-0: \d\d:\d\d:\d\d WARNING unit\.tiny/0\.juju-log something odd$', everything, re.MULTILINE)
    assert len(juju.debug_log(limit=2).splitlines()) == 2


def assert_is_a_time(text):
    assert datetime.datetime.strptime(text, '%d %b %Y %H:%M:%S%z'), text
