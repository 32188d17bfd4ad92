"""Checkpointing: parts of a network save only their input and run again in the backward pass.

A network is cut wherever a single tensor passes from one part to the next, into blocks that nothing
bypasses: the building blocks of a residual network, the layers of a plain one. Segments of N blocks
are checkpointed as in ``torch.utils.checkpoint``, except for the last one, which would be
recomputed immediately.
"""

from itertools import pairwise

from cnncalc.analysis.report import Report
from cnncalc.core.errors import UsageError
from cnncalc.core.fields import is_whole
from cnncalc.footprint.recording import Recording


def blocks(report: Report) -> list[range]:
    """The rows of each block, from the first layer on."""
    last = {source: index for index, row in enumerate(report.rows) for source in row.sources}
    returned = {row.name for row in report.outputs}
    last |= {
        index: len(report.rows) for index, row in enumerate(report.rows) if row.name in returned
    }
    found = []
    begin, reach = len(report.input_shapes), 0  # the last row that reads any row so far
    for index in range(len(report.rows)):
        if reach <= index >= begin:
            found.append(range(begin, index + 1))
            begin = index + 1
        reach = max(reach, last.get(index, len(report.rows)))  # an output stays alive to the end
    return found


def groups(report: Report, every: int) -> list[range]:
    """The rows of each checkpointed segment of ``every`` blocks.

    Raises UsageError unless ``every`` is a whole number of at least 1.
    """
    if not is_whole(every, 1):
        raise UsageError(f"'checkpoint' must be a whole number of at least 1, not {every!r:.60}")
    parts = blocks(report)
    starts = [part.start for part in parts[::every]]
    return [range(start, stop) for start, stop in pairwise(starts)]


def segments(recording: Recording, rows: list[range]) -> list[range]:
    """The operations of each segment, given its rows; segments without any are left out."""
    ends = recording.ends
    found = [range(ends[part.start - 1] + 1, ends[part.stop - 1] + 1) for part in rows]
    return [segment for segment in found if segment]


def repeated_macs(report: Report, recording: Recording, parts: list[range]) -> int:
    """The recomputed multiply-accumulates for the report's batch. A layer counts in full if any of
    its products runs again."""
    rows = set()
    views = recording.tape.views
    for segment in parts:
        operations = [recording.tape.operations[place] for place in segment]
        keeping = [place for place, operation in enumerate(operations) if operation.keeps]
        if keeping:
            # An operation that saves only what it reads need not run again.
            end = keeping[-1] + operations[keeping[-1]].keeps_what_it_makes
            again = [one for one in operations[:end] if not views.issuperset(one.outputs)]
            # Of a layer with weights, only the operations that read them are products.
            rows |= {
                one.row
                for one in again
                if not report.rows[one.row].cost.weights
                or any(x.storage is None for x in one.reads)
            }
    return sum(report.rows[row].cost.macs for row in rows)
