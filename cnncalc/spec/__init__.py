"""From text to a spec, and from a spec to a graph: YAML with line numbers, the one-line notation,
blocks, expressions.

Start with ``load``. It returns a ``Spec`` whose layers are not expanded yet.
"""

from cnncalc.spec import composites  # adds its words to the spec language  # noqa: F401
from cnncalc.spec.entry import Block, Entry, Spec
from cnncalc.spec.source import load

__all__ = ["Block", "Entry", "Spec", "load"]
