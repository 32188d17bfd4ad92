"""The formulas of the field, as plain functions of named integers.

Parameters carry the symbols of most lectures: ``N`` input size, ``F`` filter size, ``P`` padding,
``S`` stride, ``D`` dilation, ``G`` groups, ``C_in`` and ``C_out`` channels. Formulas use only ``+ -
* //``, comparisons and the functions of ``vocabulary``, so that the same function computes exact
integers, records its derivation (``tracing``), or runs on arrays, unless it uses a function that
accepts no arrays.
"""
