"""Zip files that are the same bytes every time."""

from collections.abc import Mapping
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

EXECUTABLE = 0o755 << 16
"""The permissions of every file, as a zip file keeps them."""


def zipped(files: Mapping[str, str]) -> bytes:
    """An archive of these texts, by name; each is executable, with a fixed date."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, text in files.items():
            info = ZipInfo(name)
            info.external_attr = EXECUTABLE
            archive.writestr(info, text, ZIP_DEFLATED)
    return buffer.getvalue()
