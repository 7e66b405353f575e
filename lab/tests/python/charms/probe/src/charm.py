"""A charm that does what a test tells it to do, and keeps a record of what Juju told it."""

import dataclasses
import datetime
import enum
import json
import os
import pathlib
import textwrap

import ops
import yaml
from ops import hookcmds

# Events that the framework makes up at the end of each dispatch.
OF_THE_FRAMEWORK = ('collect_app_status', 'collect_unit_status')

# A charm that keeps its state with Juju has this file.
STATE_WITH_JUJU = pathlib.Path('state-with-juju')


class Probe(ops.CharmBase):
    """Records every event, then runs the code that the option `told` has for it."""

    stored = ops.StoredState()

    def __init__(self, framework):
        super().__init__(framework)
        self.stored.set_default(seen=0, notes={})
        for name, event in self.on.events().items():
            if name == 'evaluate_action':
                framework.observe(event, self._evaluate)
            elif name not in OF_THE_FRAMEWORK:
                framework.observe(event, self._record)

    def _record(self, event):
        self.stored.seen += 1
        with open('events.jsonl', 'a') as record:
            print(json.dumps(described(event)), file=record)
        told = yaml.safe_load(self.config['told']).get(event.handle.kind)
        if told:
            self.run(told, event)

    def _evaluate(self, event):
        try:
            answer = {'value': self.run(event.params['code'], event)}
        except Exception as error:  # The test looks at it.
            cause = error.__cause__ if isinstance(error.__cause__, hookcmds.Error) else error
            answer = {
                'error': type(error).__name__,
                'text': str(error),
                'code': getattr(cause, 'returncode', None),
                'stderr': getattr(cause, 'stderr', None),
            }
        event.set_results({'answer': json.dumps(answer, default=plain)})

    def run(self, code, event):
        """The value that the body of a function returns."""
        names = {'ops': ops, 'hookcmds': hookcmds, 'os': os, 'datetime': datetime, 'json': json}
        exec('def told(charm, model, unit, app, event):\n' + textwrap.indent(code, '    '), names)
        return names['told'](self, self.model, self.unit, self.app, event)


def described(event):
    """An event with everything that it carries."""
    told = {'event': event.handle.kind}
    for name in ('relation', 'app', 'unit', 'departing_unit', 'secret', 'revision', 'storage'):
        if hasattr(event, name):
            told[name] = plain(getattr(event, name))
    return told


def plain(value):
    """Values of ops as what JSON can say."""
    match value:
        case ops.Relation():
            return f'{value.name}:{value.id}'
        case ops.Unit() | ops.Application():
            return value.name
        case ops.Secret():
            return {'id': value.id, 'label': value.label}
        case ops.Storage():
            return {'id': value.full_id, 'location': str(value.location)}
        case enum.Enum():
            return value.value
        case datetime.datetime():
            return value.isoformat()
        case set() | frozenset():
            return sorted(plain(it) for it in value)
        case _ if dataclasses.is_dataclass(value):
            return dataclasses.asdict(value)
        case None | str() | int() | float():
            return value
        case _:
            return str(value)


if __name__ == '__main__':
    ops.main(Probe, use_juju_for_storage=STATE_WITH_JUJU.exists())
