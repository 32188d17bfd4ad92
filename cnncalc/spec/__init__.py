"""From text to a validated spec: YAML with line numbers, the one-line notation, blocks,
expressions.

Start with ``load``. It returns a ``Spec`` whose layers are not expanded yet.
"""

from cnncalc.spec.document import Block, Branches, Entry, Spec
from cnncalc.spec.source import load

__all__ = ["Block", "Branches", "Entry", "Spec", "load"]
