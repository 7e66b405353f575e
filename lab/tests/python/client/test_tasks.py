"""Actions and commands."""

import json
import re

import jubilant
import pytest


@pytest.fixture(scope='module', autouse=True)
def deployed(juju, tiny, settle):
    juju.deploy(tiny, num_units=2)
    settle(units={'tiny': 2})


def test_an_action_has_results_output_and_a_log(juju):
    task = juju.run('tiny/0', 'greet', {'name': 'Ada Lovelace'})
    assert task.success
    assert task.status == 'completed'
    assert task.return_code == 0
    assert task.results == {'greeting': {'text': 'hello Ada Lovelace', 'times': '1'}, 'size': '10'}
    assert task.stdout == 'printed\n'
    assert task.stderr == 'grumbled\n'
    assert task.message == ''
    (line,) = task.log
    assert re.fullmatch(r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} \w+ greeting Ada Lovelace', line)
    assert task.id.isdigit()


def test_a_default_of_the_schema_is_inserted(juju):
    assert juju.run('tiny/0', 'greet').results['greeting']['text'] == 'hello you'


def test_parameters_arrive_with_their_types(juju):
    params = {
        'text': 'x',
        'number-like': '3',
        'int': 3,
        'float': 0.5,
        'yes': True,
        'list': ['a', 1, None],
        'map': {'some_key': {'b': []}},
        'some_id': 7,
        'lines': 'a\nb\n',
        'umlaut': 'Grüße',
    }
    task = juju.run('tiny/0', 'params', params)
    assert json.loads(task.results['all']) == params


def test_the_leader_runs_what_is_asked_of_the_leader(juju):
    (leader,) = (name for name, unit in juju.status().apps['tiny'].units.items() if unit.leader)
    assert juju.exec('echo $JUJU_UNIT_NAME', unit='tiny/leader').stdout == f'{leader}\n'
    assert juju.run('tiny/leader', 'greet').success


def test_an_action_that_fails_says_why_and_keeps_its_results(juju):
    with pytest.raises(jubilant.TaskError) as error:
        juju.run('tiny/0', 'refuse')
    task = error.value.task
    assert task.status == 'failed'
    assert task.message == 'not today'
    assert task.results == {'hint': 'run greet'}
    assert task.return_code == 0


def test_an_action_that_crashes_keeps_its_results(juju):
    with pytest.raises(jubilant.TaskError) as error:
        juju.run('tiny/0', 'crash')
    task = error.value.task
    assert task.status == 'failed'
    assert task.return_code == 3
    assert task.message == 'exit status 3'
    assert task.results == {'reached': 'here'}
    assert task.stderr == 'oops\n'


def test_an_unknown_action_and_an_unknown_unit_are_value_errors(juju):
    with pytest.raises(ValueError, match='no-such-action'):
        juju.run('tiny/0', 'no-such-action')
    with pytest.raises(ValueError, match='tiny/7'):
        juju.run('tiny/7', 'greet')


def test_parameters_that_the_schema_does_not_allow_are_refused(juju):
    with pytest.raises((ValueError, jubilant.CLIError), match='validation failed: '):
        juju.run('tiny/0', 'greet', {'name': 3})
    with pytest.raises((ValueError, jubilant.CLIError), match='validation failed: '):
        juju.run('tiny/0', 'greet', {'other': 'x'})


def test_the_client_stops_waiting_and_the_task_goes_on_until_it_is_cancelled(juju):
    with pytest.raises(TimeoutError, match='timed out waiting for results from: unit tiny/1'):
        juju.run('tiny/1', 'slow', wait=0.5)
    operations = juju.cli('operations', '--format', 'json', '--actions', 'slow')
    ((operation, details),) = json.loads(operations).items()
    assert details['status'] == 'running'
    (task,) = details['tasks']
    juju.cli('cancel-task', task)
    shown = json.loads(juju.cli('show-task', task, '--format', 'json', '--wait', '30s'))
    assert shown['status'] == 'aborted'
    assert juju.run('tiny/1', 'greet').success


def test_a_command_runs_in_a_hook_context(juju):
    task = juju.exec('config-get word; pwd >&2', unit='tiny/1')
    assert task.stdout == 'hello\n'
    assert task.stderr == juju.exec('echo $CHARM_DIR', unit='tiny/1').stdout
    assert task.success


def test_words_of_a_command_stay_words(juju):
    assert juju.exec('printf', '%s|', 'a b', '--flag', '$HOME', unit='tiny/0').stdout == 'a b|--flag|$HOME|'


def test_a_command_runs_on_a_machine_without_hook_tools(juju):
    machine = juju.status().apps['tiny'].units['tiny/0'].machine
    assert juju.exec('echo from $(id -un)', machine=machine).stdout.startswith('from ')
    assert juju.exec('echo "[$JUJU_UNIT_NAME]"', machine=int(machine)).stdout == '[]\n'


def test_a_command_that_fails_has_its_return_code(juju):
    with pytest.raises(jubilant.TaskError) as error:
        juju.exec('echo out; echo err >&2; exit 7', unit='tiny/0')
    task = error.value.task
    assert task.status == 'completed'
    assert task.return_code == 7
    assert (task.stdout, task.stderr) == ('out\n', 'err\n')


def test_a_command_that_takes_too_long_is_a_timeout(juju):
    with pytest.raises(TimeoutError):
        juju.exec('sleep 3', unit='tiny/1', wait=0.3)


def test_a_command_on_an_unknown_target_is_an_error(juju):
    with pytest.raises((ValueError, jubilant.CLIError), match='tiny/7'):
        juju.exec('true', unit='tiny/7')
    with pytest.raises((ValueError, jubilant.CLIError), match='99'):
        juju.exec('true', machine=99)
