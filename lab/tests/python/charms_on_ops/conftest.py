"""One model for all tests of charms on ops: a provider with two units, a requirer with one, both the same charm."""

import importlib.metadata
import json
import os
import shutil
import subprocess

import jubilant
import pytest
from charm_files import CHARMS, pack
from refused import Refused


@pytest.fixture(scope='session')
def juju(lab, probe, tmp_path_factory):
    client = jubilant.Juju(cli_binary=lab / 'bin/juju')
    client.add_model('ops')
    blob = tmp_path_factory.mktemp('resource') / 'anything'
    blob.write_text('a resource')
    told = 'start: unit.status = ops.ActiveStatus("up")'
    client.deploy(probe, 'server', num_units=2, resources={'blob': str(blob)}, config={'told': told})
    client.deploy(probe, 'client', config={'told': told})
    yield client
    client.destroy_model(client.model, destroy_storage=True, force=True)


@pytest.fixture(scope='session')
def leader(juju, up):
    return next(name for name, unit in juju.status().apps['server'].units.items() if unit.leader)


@pytest.fixture(scope='session')
def follower(juju, up):
    return next(name for name, unit in juju.status().apps['server'].units.items() if not unit.leader)


@pytest.fixture(scope='session', autouse=True)
def up(juju):
    def is_up(status):
        return jubilant.all_active(status) and jubilant.all_agents_idle(status)

    juju.wait(is_up, error=jubilant.any_error, delay=0.1)


@pytest.fixture(scope='session')
def probe(lab):
    """The charm on ops, with ops in its `venv`, as charmcraft packs it."""
    source = lab / 'probe'
    shutil.copytree(CHARMS / 'probe', source)
    for package in 'ops', 'opentelemetry-api', 'PyYAML', 'typing_extensions', 'websocket-client':
        for file in importlib.metadata.files(package):
            if '..' not in file.parts and '__pycache__' not in file.parts:
                target = source / 'venv' / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file.locate(), target)
    return pack(source, lab / 'probe.charm')


@pytest.fixture(scope='module')
def tell(juju):
    """Runs the body of a Python function in a probe, in an action, and returns its value."""

    def run(unit, code):
        answer = json.loads(juju.run(unit, 'evaluate', {'code': code}).results['answer'])
        if 'value' in answer:
            return answer['value']
        raise Refused(**answer)

    return run


@pytest.fixture(scope='module')
def fault(juju):
    """Does to the model what Juju does sooner or later."""

    def inject(*words):
        subprocess.run([os.environ['JUJU_LAB'], 'fault', '--model', juju.model, *words], check=True)

    return inject


@pytest.fixture(scope='module')
def events(juju):
    """The events that a probe recorded, all or those of one kind."""

    def read(unit, kind=None):
        recorded = juju.exec('cat events.jsonl', unit=unit).stdout.splitlines()
        return [event for event in map(json.loads, recorded) if kind in (None, event['event'])]

    return read


@pytest.fixture(scope='module')
def until(juju):
    """Waits for something that must come."""

    def wait(condition):
        juju.wait(lambda status: condition(), delay=0.1, successes=1)

    return wait
