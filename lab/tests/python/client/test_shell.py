"""ssh and scp."""

import jubilant
import pytest


@pytest.fixture(scope='module', autouse=True)
def deployed(juju, tiny, settle):
    juju.deploy(tiny)
    settle()


def test_ssh_runs_a_command_on_a_unit_a_leader_and_a_machine(juju):
    machine = juju.status().apps['tiny'].units['tiny/0'].machine
    for target in 'tiny/0', 'tiny/leader', machine, int(machine):
        assert juju.ssh(target, 'echo here').strip() == 'here'


def test_ssh_passes_arguments_and_options(juju):
    output = juju.ssh('tiny/0', 'echo', 'a', '--flag', user='ubuntu', host_key_checks=False, ssh_options=['-o', 'LogLevel=ERROR'])
    assert output.strip() == 'a --flag'


def test_ssh_has_no_hook_context(juju):
    assert juju.ssh('tiny/0', 'echo "[$JUJU_CONTEXT_ID]"').strip() == '[]'


def test_a_command_that_fails_fails_with_its_status(juju):
    with pytest.raises(jubilant.CLIError) as error:
        juju.ssh('tiny/0', 'echo why >&2; exit 5')
    assert error.value.returncode == 5
    assert 'why' in error.value.stderr


def test_scp_copies_files_and_folders_both_ways(juju, tmp_path):
    folder = tmp_path / 'folder'
    folder.mkdir()
    (folder / 'a file').write_text('content')
    there = juju.ssh('tiny/0', 'mktemp -d').strip()

    juju.scp(folder / 'a file', f'tiny/0:{there}/copy')
    assert juju.ssh('tiny/0', f'cat {there}/copy') == 'content'
    juju.scp(folder, f'tiny/leader:{there}/', host_key_checks=False, scp_options=['-r', '-C'])
    juju.scp(f'ubuntu@tiny/0:{there}/folder', tmp_path / 'back', scp_options=['-r'])
    assert (tmp_path / 'back/a file').read_text() == 'content'
    juju.ssh('tiny/0', f'rm -r {there}')


def test_scp_of_what_is_not_there_fails(juju, tmp_path):
    with pytest.raises(jubilant.CLIError):
        juju.scp('tiny/0:/no/such/file', tmp_path / 'x')
