"""What everything is made of: shapes, costs, errors, units, and what a layer kind is.

``layer`` is the interface that every file of ``layers/`` implements, ``fields`` describes and
validates a kind's fields, ``tape`` records what PyTorch does with memory, and ``discovery`` finds
the kinds, formats, commands and mistakes that are kept one to a file.
"""
