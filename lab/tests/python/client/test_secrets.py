"""Secrets of the operator, from their making to their removal."""

import datetime

import jubilant
import pytest


@pytest.fixture(scope='module', autouse=True)
def deployed(juju, tiny, settle):
    juju.deploy(tiny)
    juju.deploy(tiny, 'other')
    settle()


@pytest.fixture(scope='module')
def secret(juju):
    return juju.add_secret('pg-admin', {'token': 'first', 'user': 'ada'}, info='who may')


def test_a_secret_is_made_and_listed(juju, secret):
    assert secret.startswith('secret:')
    assert len(secret.unique_identifier) == 20
    (listed,) = juju.secrets()
    assert listed.uri == secret
    assert listed.revision == 1
    assert listed.owner == '<model>'
    assert listed.name == 'pg-admin'
    assert listed.description == 'who may'
    assert listed.label is None
    assert listed.rotation is None
    assert listed.expires is None
    assert listed.created.tzinfo == datetime.timezone.utc
    assert listed.updated >= listed.created


def test_a_name_belongs_to_one_secret(juju, secret):
    with pytest.raises(jubilant.CLIError) as error:
        juju.add_secret('pg-admin', {'token': 'x'})
    assert 'already exists' in error.value.stderr


def test_content_is_shown_only_when_asked_for(juju, secret):
    assert not hasattr(juju.show_secret('pg-admin'), 'content')
    revealed = juju.show_secret(secret, reveal=True)
    assert revealed.content == {'token': 'first', 'user': 'ada'}
    assert len(revealed.checksum) == 64
    assert revealed.uri == secret


def test_a_charm_reads_it_once_it_is_granted(juju, secret, settle):
    juju.config('tiny', {'token': secret})
    settle('tiny')
    assert juju.config('tiny')['token'] == secret
    assert isinstance(juju.config('tiny')['token'], jubilant.SecretURI)
    with pytest.raises(jubilant.TaskError) as error:
        juju.run('tiny/0', 'token')
    assert 'permission denied' in error.value.task.stderr

    juju.grant_secret('pg-admin', ['tiny', 'other'])
    assert juju.run('tiny/0', 'token').results == {'token': 'first'}
    access = juju.show_secret('pg-admin').access
    assert {it.target for it in access} == {'application-tiny', 'application-other'}
    assert {it.role for it in access} == {'view'}
    assert {it.scope for it in access} == {f'model-{juju.show_model().model_uuid}'}


def test_an_update_is_a_revision_and_reaches_the_charm(juju, secret):
    juju.update_secret(secret, {'token': 'second'}, info='who may now', name='pg-admins')
    juju.wait(lambda status: juju.run('tiny/0', 'token').results == {'token': 'second'}, delay=0.1, successes=1)
    shown = juju.show_secret('pg-admins', revisions=True)
    assert shown.revision == 2
    assert shown.description == 'who may now'
    assert [it.revision for it in shown.revisions] == [1, 2]
    assert all(it.created.tzinfo for it in shown.revisions)
    assert juju.show_secret(secret, reveal=True, revision=1).content == {'token': 'first', 'user': 'ada'}
    assert juju.show_secret(secret, reveal=True, revision=2).content == {'token': 'second'}


def test_one_revision_and_then_all_are_removed(juju, secret):
    juju.remove_secret('pg-admins', revision=1)
    assert [it.revision for it in juju.show_secret(secret, revisions=True).revisions] == [2]
    juju.remove_secret(secret)
    assert juju.secrets() == []
    with pytest.raises(jubilant.CLIError) as error:
        juju.show_secret(secret)
    assert 'not found' in error.value.stderr


def test_revisions_that_nobody_tracks_go_by_themselves_when_pruned(juju):
    pruned = juju.add_secret('pruned', {'token': 'one'})
    juju.update_secret('pruned', {'token': 'two'}, auto_prune=True)
    juju.update_secret('pruned', {'token': 'three'}, auto_prune=True)
    assert [it.revision for it in juju.show_secret(pruned, revisions=True).revisions] == [3]
    juju.remove_secret('pruned')


def test_secrets_of_charms_are_listed_by_their_owner(juju):
    made = juju.exec('secret-add --label mine --description d --rotate daily --owner unit abc=def', unit='other/0').stdout.strip()
    shared = juju.exec('secret-add --label ours abc=ghi', unit='other/0').stdout.strip()
    (unit,) = juju.secrets(owner='unit-other-0')
    (app,) = juju.secrets(owner='application-other')
    assert (unit.uri, unit.owner, unit.label, unit.rotation) == (made, 'other/0', 'mine', 'daily')
    assert unit.rotates > unit.created
    assert unit.name is None
    assert (app.uri, app.owner, app.label, app.rotation) == (shared, 'other', 'ours', None)
    assert juju.show_secret(shared, reveal=True).content == {'abc': 'ghi'}


@pytest.mark.parametrize('key', ['ab', 'Upper', 'under_score'])
def test_keys_follow_the_rules(juju, key):
    with pytest.raises(jubilant.CLIError) as error:
        juju.add_secret('wrong', {key: 'x'})
    assert f'key "{key}" not valid' in error.value.stderr
