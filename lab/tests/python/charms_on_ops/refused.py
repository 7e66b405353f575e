"""Errors in a probe."""


class Refused(Exception):
    """What was told to a probe failed there: the error's class in ops, its text, and how the hook tool ended."""

    def __init__(self, error, text, code, stderr):
        super().__init__(f'{error}: {text}')
        self.error, self.text, self.code, self.stderr = error, text, code, stderr
