"""A lab for the whole run, a model for each module, and a charm to deploy in it.

`JUJU_LAB` is the path of the program `juju-lab`. Everything else is found from here.
"""

import os
import pathlib
import subprocess
import tempfile

import jubilant
import pytest
from charm_files import CHARMS, pack


@pytest.fixture(scope='session')
def lab():
    """The lab: `juju` is on the PATH, as jubilant expects it."""
    program = pathlib.Path(os.environ['JUJU_LAB']).resolve(strict=True)
    with tempfile.TemporaryDirectory(prefix='jl-', dir='/var/tmp') as directory, pytest.MonkeyPatch.context() as patch:
        root = pathlib.Path(directory)
        (root / 'bin').mkdir()
        (root / 'bin/juju').symlink_to(program)
        patch.setenv('JUJU_LAB_HOME', str(root / 'home'))
        patch.setenv('PATH', f'{root}/bin:{os.environ["PATH"]}')
        patch.delenv('JUJU_MODEL', raising=False)
        subprocess.run([program, 'up'], check=True, capture_output=True)
        try:
            yield root
        finally:
            subprocess.run([program, 'destroy'], check=True, capture_output=True)


@pytest.fixture(scope='module')
def juju(lab, request):
    """A client of a model of this module's own."""
    client = jubilant.Juju(cli_binary=lab / 'bin/juju')
    client.add_model(request.module.__name__.removeprefix('test_').replace('_', '-'))
    yield client
    client.destroy_model(client.model, destroy_storage=True, force=True)


@pytest.fixture(scope='module')
def settle(juju):
    """Waits until all applications are active and their agents idle, and returns the status."""

    def wait(*apps, units=None):
        def ready(status):
            if units is not None and any(len(status.get_units(app)) != n for app, n in units.items()):
                return False
            return jubilant.all_active(status, *apps) and jubilant.all_agents_idle(status, *apps)

        return juju.wait(ready, error=jubilant.any_error, delay=0.1)

    return wait


@pytest.fixture(scope='session')
def tiny(lab):
    """The charm that is a shell script, packed as charms are."""
    return pack(CHARMS / 'tiny', lab / 'tiny.charm')
