"""The foundation: shapes, costs, errors, units, and the interface of a layer kind.

``layer`` is the interface that every file of ``layers/`` implements, ``fields`` describes and
validates a kind's fields, ``tape`` records what PyTorch does with memory, and ``discovery`` finds
modules that are kept one per file.
"""
