"""The table of a sweep as a Parquet file, for data frames and databases."""

from io import BytesIO

from cnncalc.analysis.explore.outcome import Sweep
from cnncalc.core.errors import UsageError

SUFFIX = ".parquet"


def render(found: Sweep) -> bytes:
    """A row for each configuration to show, with its values and quantities.

    Raises UsageError if pyarrow is not installed, and for values that have no common type or are
    too large.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        help = "install it with pip install 'cnncalc[parquet]'"
        raise UsageError("Parquet needs pyarrow", help) from None
    rows = found.to_dict()
    columns = {}
    for name in found.columns:
        values = [row[name] for row in rows]
        try:
            columns[name] = pyarrow.array(values)
        except (pyarrow.ArrowException, OverflowError):
            raise UsageError(
                f"the values of {name!r} do not fit into a column of a Parquet file",
                "write a CSV file",
            ) from None
    file = BytesIO()
    parquet.write_table(pyarrow.table(columns), file)
    return file.getvalue()
