"""Models, and what is true without one."""

import jubilant
import pytest


def test_version_says_which_juju_the_lab_behaves_like(lab):
    version = jubilant.Juju(cli_binary=lab / 'bin/juju').version()
    assert version.tuple >= (3, 6, 0)
    assert version.release == 'genericlinux'
    assert version.arch in ('amd64', 'arm64')
    assert version.tag is None
    assert version.build is None


def test_show_model_describes_the_model(juju):
    info = juju.show_model()
    assert info.short_name == juju.model
    assert info.name == f'admin/{juju.model}'
    assert info.model_type == 'iaas'
    assert info.is_controller is False
    assert info.life == 'alive'
    assert info.status.current == 'available'
    assert info.agent_version == str(juju.version()).split('-')[0]
    assert info.users['admin'].access == 'admin'
    assert len(info.model_uuid) == len(info.controller_uuid) == 36
    assert juju.show_model(juju.model) == info


def test_a_model_that_is_not_there_is_an_error_with_its_name(juju):
    with pytest.raises(jubilant.CLIError) as error:
        juju.show_model('nowhere')
    assert error.value.returncode == 1
    assert error.value.stdout == ''
    assert 'nowhere' in error.value.stderr
    assert error.value.stderr.startswith('ERROR ')


def test_model_config_has_typed_values_is_set_and_reset(juju):
    assert juju.model_config()['update-status-hook-interval'] == '5m'
    assert juju.model_config()['automatically-retry-hooks'] is True

    juju.model_config({'update-status-hook-interval': '42s', 'automatically-retry-hooks': False})
    assert juju.model_config()['update-status-hook-interval'] == '42s'
    assert juju.model_config()['automatically-retry-hooks'] is False

    juju.model_config(reset=['update-status-hook-interval', 'automatically-retry-hooks'])
    assert juju.model_config()['update-status-hook-interval'] == '5m'
    assert juju.model_config()['automatically-retry-hooks'] is True


def test_constraints_of_a_model_are_kept(juju):
    assert juju.model_constraints() == {}
    juju.model_constraints({'mem': '8G', 'cores': 4})
    assert juju.model_constraints() == {'mem': 8192, 'cores': 4}


def test_add_model_leaves_the_current_model_of_the_command_line_alone(lab):
    first = jubilant.Juju(cli_binary=lab / 'bin/juju')
    first.cli('add-model', 'chosen', include_model=False)
    second = jubilant.Juju(cli_binary=lab / 'bin/juju')
    second.add_model('other', config={'update-status-hook-interval': '1m'})
    assert second.model == 'other'
    assert second.model_config()['update-status-hook-interval'] == '1m'
    assert first.model is None
    assert first.status().model.name == 'chosen'
    for model in 'chosen', 'other':
        first.destroy_model(model, no_wait=True, force=True, timeout=5)


def test_a_model_can_be_named_with_its_controller_and_its_owner(juju):
    controller = juju.show_model().controller_name
    for name in f'admin/{juju.model}', f'{controller}:{juju.model}', f'{controller}:admin/{juju.model}':
        named = jubilant.Juju(cli_binary=juju.cli_binary, model=name)
        assert named.status().model.name == juju.model


def test_temp_model_comes_and_goes(lab):
    with jubilant.temp_model(config={'update-status-hook-interval': '1m'}) as juju:
        name = juju.model
        assert name.startswith('jubilant-')
        assert juju.status().model.name == name
        assert juju.status().apps == {}
    assert juju.model is None
    assert name not in jubilant.Juju().cli('models', '--format', 'json', include_model=False)


def test_destroy_model_forgets_the_model_of_the_client(lab):
    juju = jubilant.Juju(cli_binary=lab / 'bin/juju')
    juju.add_model('brief')
    juju.destroy_model('brief')
    assert juju.model is None
    with pytest.raises(jubilant.CLIError):
        juju.show_model('brief')
