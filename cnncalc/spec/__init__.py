"""From text to a validated spec: YAML with places, the one-line notation, blocks, expressions.

``load`` is the way in; what comes out is a ``Spec`` whose layers are still as they were written.
"""

from cnncalc.spec.document import Block, Branches, Entry, Spec
from cnncalc.spec.source import load

__all__ = ["Block", "Branches", "Entry", "Spec", "load"]
