"""Zip files with the same bytes every time."""

from collections.abc import Mapping
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

EXECUTABLE = 0o755 << 16
"""The permissions of every file, as a zip file keeps them."""
UNIX = 3
"""The system whose permissions these are; without it, a file made on Windows has none."""


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """An archive of these files, by name; each file is executable and has the same date."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = ZipInfo(name)
            info.external_attr = EXECUTABLE
            info.create_system = UNIX
            archive.writestr(info, data, ZIP_DEFLATED)
    return buffer.getvalue()
