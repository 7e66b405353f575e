"""An application with a database: it counts its visits there, and says in its status how many there were.

Whatever happens, it does the same: it looks at what it was told, writes a row and reads it back.
"""

import json
import ssl

import ops
import pg8000.exceptions
import pg8000.native

# Seconds for the server to answer.
PATIENCE = 10

TABLE = 'create table if not exists visits (unit text primary key, count int not null, tls text not null)'
VISIT = """
insert into visits as before values (:unit, 1, :tls)
on conflict (unit) do update set count = before.count + 1, tls = excluded.tls
"""
READ = 'select count, tls from visits where unit = :unit'

# Which version of TLS the server sees this connection in. The user acts as the owner of its database, and may look at its own
# connections only as itself.
TO_ITSELF, TO_THE_OWNER = 'set role none', 'reset role'
TLS = "select coalesce(version, '') from pg_stat_ssl where pid = pg_backend_pid()"


class Waiting(Exception):
    """What the application is waiting for. It comes with an event, or is looked for again at `update-status`."""


class PythonClient(ops.CharmBase):
    """The charm."""

    def __init__(self, framework):
        super().__init__(framework)
        for event in (
            self.on.start,
            self.on.upgrade_charm,
            self.on.config_changed,
            self.on.leader_elected,
            self.on.update_status,
            self.on.secret_changed,
            self.on.database_relation_created,
            self.on.database_relation_changed,
            self.on.database_relation_broken,
        ):
            framework.observe(event, self._look)

    def _look(self, event):
        # While a relation breaks it is still there, but no longer active.
        relation = next((it for it in self.model.relations['database'] if it.active), None)
        if relation is None:
            self.unit.status = ops.BlockedStatus('it has no database: integrate it with one')
            return
        self._ask(relation)
        try:
            self.unit.status = ops.ActiveStatus(self._visit(self._told(relation)))
        except Waiting as what:
            self.unit.status = ops.WaitingStatus(str(what))

    def _ask(self, relation):
        if self.unit.is_leader():
            relation.data[self.app].update({
                'database': self.config['database'],
                'requested-secrets': json.dumps(['username', 'password', 'tls', 'tls-ca']),
            })

    def _told(self, relation):
        """Where the database is, who to be there, and how to trust it."""
        said = relation.data[relation.app]
        if not (said.get('endpoints') and said.get('secret-user') and said.get('secret-tls')):
            raise Waiting('for a database')
        # Of several endpoints any will do.
        host, _, port = said['endpoints'].split(',')[0].rpartition(':')
        user, tls = self._secret(said['secret-user']), self._secret(said['secret-tls'])
        return {
            'host': host.strip('[]'),
            'port': int(port),
            'database': said['database'],
            'user': user['username'],
            'password': user['password'],
            # With the provider's authorities and no others; the name or address of the server has to be right, too.
            'ssl_context': ssl.create_default_context(cadata=tls['tls-ca']) if tls['tls'] == 'True' else False,
        }

    def _secret(self, name):
        try:
            return self.model.get_secret(id=name).get_content(refresh=True)
        except (ops.SecretNotFoundError, ops.ModelError) as error:
            # Its name can be there before it may be read.
            raise Waiting('for a secret that it may read') from error

    def _visit(self, told):
        """Writes a row and reads it."""
        try:
            database = pg8000.native.Connection(timeout=PATIENCE, **told)
            try:
                database.run(TO_ITSELF)
                ((tls,),) = database.run(TLS)
                database.run(TO_THE_OWNER)
                database.run(TABLE)
                database.run(VISIT, unit=self.unit.name, tls=tls)
                ((count, tls),) = database.run(READ, unit=self.unit.name)
            finally:
                database.close()
        except (pg8000.exceptions.Error, OSError) as error:
            raise Waiting(f'for the database at {told["host"]}: {error}') from error
        return f'visit {count}, over {tls or "plaintext"}'


if __name__ == '__main__':
    ops.main(PythonClient)
