"""Secrets of applications, units and users, as a charm on ops owns and reads them."""

import pytest
from refused import Refused


@pytest.fixture(scope='module', autouse=True)
def relation(juju, events, until):
    seen = len(events('client/0', 'backend_relation_changed'))
    juju.integrate('server:api', 'client:backend')
    until(lambda: len(events('client/0', 'backend_relation_changed')) == seen + 2)


@pytest.fixture(scope='module')
def secret(tell, leader):
    """A secret of the application, which nobody else may read yet."""
    return tell(
        leader,
        '''
return app.add_secret(
    {"password": "one", "user": "ada", "multi-line": "a\\nb"},
    label="login", description="who may", rotate=ops.SecretRotate.HOURLY,
    expire=datetime.timedelta(days=2),
).id
''',
    )


def test_a_secret_has_an_id_and_what_its_owner_says_of_it(tell, juju, leader, secret):
    assert secret.startswith('secret:')
    info = tell(
        leader,
        f'''
info = model.get_secret(label="login").get_info()
other = model.get_secret(id="{secret}").get_info()
return [info.id, info.label, info.revision, info.rotation, info.description,
        info.expires is not None, info.rotates is not None, other.label]
''',
    )
    assert info[0].rsplit('/', 1)[-1].removeprefix('secret:') == secret.rsplit('/', 1)[-1].removeprefix('secret:')
    assert info[1:] == ['login', 1, 'hourly', 'who may', True, True, 'login']
    listed = {it.label: it for it in juju.secrets(owner='application-server')}
    assert listed['login'].rotation == 'hourly'
    assert tell(leader, 'return hookcmds.secret_ids()') == [listed['login'].uri.unique_identifier]


def test_every_unit_of_the_application_reads_it_and_only_the_leader_manages_it(tell, follower, secret):
    assert tell(follower, f'return model.get_secret(id="{secret}").get_content()') == {
        'password': 'one',
        'user': 'ada',
        'multi-line': 'a\nb',
    }
    for code in (f'hookcmds.secret_set("{secret}", content={{"password": "x"}})', 'hookcmds.secret_add({"abc": "x"})'):
        with pytest.raises(Refused) as refused:
            tell(follower, code)
        assert (refused.value.code, refused.value.stderr) == (1, 'ERROR this unit is not the leader\n')


def test_others_read_it_once_it_is_granted(tell, leader, secret):
    with pytest.raises(Refused) as refused:
        tell('client/0', f'model.get_secret(id="{secret}", label="from-server")')
    assert (refused.value.error, refused.value.stderr) == ('ModelError', 'ERROR permission denied\n')

    tell(leader, 'model.get_secret(label="login").grant(model.get_relation("api"))')
    assert tell('client/0', f'return model.get_secret(id="{secret}", label="from-server").get_content()["password"]') == 'one'
    assert tell('client/0', 'return model.get_secret(label="from-server").get_content()["user"]') == 'ada'
    with pytest.raises(Refused) as refused:
        tell('client/0', f'hookcmds.secret_info_get(id="{secret}")')
    assert refused.value.code == 1
    assert 'not found' in refused.value.stderr


def test_what_is_not_there_is_not_found(tell):
    for code in 'model.get_secret(label="nothing")', 'model.get_secret(id="secret:9m4e2mr0ui3e8a215n4g")':
        with pytest.raises(Refused) as refused:
            tell('client/0', code)
        assert refused.value.error == 'SecretNotFoundError'
        assert refused.value.code == 1


def test_a_new_revision_is_told_peeked_at_and_taken(tell, events, until, leader, secret):
    after = tell(
        leader,
        '''
secret = model.get_secret(label="login")
secret.set_content({"password": "two"})
return [secret.peek_content()["password"], hookcmds.secret_get(label="login")["password"], secret.get_info().revision]
''',
    )
    assert after[:2] == ['two', 'one']
    until(lambda: events('client/0', 'secret_changed'))
    (changed,) = events('client/0', 'secret_changed')
    assert changed['secret']['label'] == 'from-server'
    assert changed['secret']['id'].endswith(secret.rsplit('/', 1)[-1].removeprefix('secret:'))
    read = tell(
        'client/0',
        '''
def read(**how): return hookcmds.secret_get(label="from-server", **how)["password"]
return [read(), read(peek=True), read(), read(refresh=True), read()]
''',
    )
    assert read == ['one', 'two', 'one', 'two', 'two']


def test_the_owner_removes_a_revision_that_nobody_tracks(tell, events, until, juju, leader, follower):
    for unit in leader, follower:
        tell(unit, 'return [it for it in hookcmds.secret_get(id=hookcmds.secret_ids()[0], refresh=True)] if hookcmds.secret_ids() else None')
    tell(follower, 'return model.get_secret(id="%s").get_content(refresh=True)' % juju.secrets(owner='application-server')[0].uri)
    until(lambda: events(leader, 'secret_remove'))
    remove = events(leader, 'secret_remove')[0]
    assert (remove['secret']['label'], remove['revision']) == ('login', 1)
    tell(leader, 'model.get_secret(label="login").remove_revision(1)')
    revisions = juju.show_secret(remove['secret']['id'].rsplit('/', 1)[-1], revisions=True).revisions
    assert [it.revision for it in revisions] == [2]


def test_the_owner_is_told_of_an_expired_secret_and_removes_it(tell, juju, events, until, leader):
    juju.config('server', {'told': 'secret_expired: event.secret.remove_revision(event.revision)'})
    tell(leader, 'hookcmds.secret_add({"abc": "def"}, label="brief", expire="2020-01-01T00:00:00Z")')
    until(lambda: events(leader, 'secret_expired'))
    (expired,) = events(leader, 'secret_expired')
    assert (expired['secret']['label'], expired['revision']) == ('brief', 1)
    until(lambda: 'brief' not in {it.label for it in juju.secrets()})
    juju.config('server', reset='told')


def test_the_owner_is_told_that_a_rotation_is_due_and_rotates(tell, juju, fault, events, until, leader, follower):
    juju.config('server', {'told': 'secret_rotate: event.secret.set_content(dict(abc="new"))'})
    tell(leader, 'app.add_secret({"abc": "old"}, label="turning", rotate=ops.SecretRotate.HOURLY)')
    fault('rotate-secret', 'turning')
    until(lambda: events(leader, 'secret_rotate'))
    after = tell(
        leader,
        '''
secret = model.get_secret(label="turning")
info = secret.get_info()
left = info.rotates - datetime.datetime.now(datetime.timezone.utc)
return [info.revision, secret.peek_content()["abc"], round(left / datetime.timedelta(hours=1))]
''',
    )
    assert after == [2, 'new', 1]
    (rotate,) = events(leader, 'secret_rotate')
    assert rotate['secret']['label'] == 'turning'
    assert 'revision' not in rotate
    assert events(follower, 'secret_rotate') == []
    juju.config('server', reset='told')
    tell(leader, 'model.get_secret(label="turning").remove_all_revisions()')


def test_a_secret_of_a_unit_is_its_own(tell, juju, leader, follower):
    made = tell(follower, 'return unit.add_secret({"abc": "def"}, label="mine").id')
    (listed,) = juju.secrets(owner=f'unit-{follower.replace("/", "-")}')
    assert (listed.owner, listed.label) == (follower, 'mine')
    assert tell(follower, 'return model.get_secret(label="mine").get_content()') == {'abc': 'def'}
    with pytest.raises(Refused) as refused:
        tell(leader, f'model.get_secret(id="{made}")')
    assert refused.value.stderr == 'ERROR permission denied\n'
    tell(follower, 'model.get_secret(label="mine").remove_all_revisions()')
    assert juju.secrets(owner=f'unit-{follower.replace("/", "-")}') == []


def test_rights_are_taken_back_and_end_with_the_secret(tell, leader, secret):
    tell(leader, 'model.get_secret(label="login").revoke(model.get_relation("api"))')
    with pytest.raises(Refused) as refused:
        tell('client/0', 'model.get_secret(label="from-server").get_content(refresh=True)')
    assert refused.value.stderr == 'ERROR permission denied\n'
    tell(leader, 'model.get_secret(label="login").remove_all_revisions()')
    with pytest.raises(Refused) as refused:
        tell(leader, 'model.get_secret(label="login")')
    assert refused.value.error == 'SecretNotFoundError'


def test_a_user_secret_reaches_the_charm_through_an_option(tell, juju, events, until):
    uri = juju.add_secret('shared', {'token': 'one'})
    juju.config('client', {'token': uri})
    with pytest.raises(Refused) as refused:
        tell('client/0', 'model.get_secret(id=charm.config["token"])')
    assert refused.value.stderr == 'ERROR permission denied\n'
    juju.grant_secret('shared', 'client')
    assert tell('client/0', 'return model.get_secret(id=charm.config["token"]).get_content()') == {'token': 'one'}
    seen = len(events('client/0', 'secret_changed'))
    juju.update_secret('shared', {'token': 'two'})
    until(lambda: len(events('client/0', 'secret_changed')) > seen)
    assert tell('client/0', 'return model.get_secret(id=charm.config["token"]).get_content(refresh=True)') == {'token': 'two'}
    juju.config('client', reset='token')
    juju.remove_secret('shared')


@pytest.mark.parametrize(
    'words, code, message',
    [
        ('"secret-add", "ab=x"', 2, 'ERROR key "ab" not valid\n'),
        ('"secret-add", "under_score=x"', 2, 'ERROR key "under_score" not valid\n'),
        ('"secret-add"', 2, 'ERROR missing secret value or filename\n'),
        ('"secret-add", "--rotate", "sometimes", "abc=x"', 2, None),
        ('"secret-add", "--expire", "2d", "abc=x"', 2, None),
        ('"secret-get"', 2, 'ERROR require either a secret URI or label\n'),
        ('"secret-get", "--label", "x", "--peek", "--refresh"', 2, None),
        ('"secret-revoke", "--app", "a", "--unit", "a/0", "9m4e2mr0ui3e8a215n4g"', 2, 'ERROR specify only one of application or unit\n'),
        ('"secret-revoke", "9m4e2mr0ui3e8a215n4g"', 2, 'ERROR missing relation or application or unit\n'),
        ('"secret-set", "9m4e2mr0ui3e8a215n4g", "abc=x"', None, None),
    ],
)
def test_wrong_words_are_refused(tell, leader, words, code, message):
    if code is None:
        # Of a secret of others the tool knows nothing: the commit fails, and with it the action.
        with pytest.raises(Exception, match='committing requested changes failed'):
            tell(leader, f'hookcmds._utils.run({words})')
        return
    with pytest.raises(Refused) as refused:
        tell(leader, f'hookcmds._utils.run({words})')
    assert refused.value.code == code
    assert message is None or refused.value.stderr == message


def test_content_has_a_largest_size(tell, leader):
    with pytest.raises(Refused) as refused:
        tell(leader, 'hookcmds.secret_add({"abc": "x" * 1_000_001})')
    assert refused.value.stderr.startswith('ERROR ')
