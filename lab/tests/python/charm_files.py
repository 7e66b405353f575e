"""The charms of the tests, and how they are packed."""

import pathlib
import zipfile

CHARMS = pathlib.Path(__file__).parent / 'charms'


def pack(source, target):
    """Zips a folder with the modes of its files."""
    with zipfile.ZipFile(target, 'w', zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(source.rglob('*')):
            if path.is_file() and '__pycache__' not in path.parts:
                archive.write(path, path.relative_to(source))
    return target
