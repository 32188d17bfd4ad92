"""The formulas of the field, as plain functions of named integers.

Their parameter names are the lectures' symbols: ``N`` input size, ``F`` filter size, ``P`` padding,
``S`` stride, ``D`` dilation, ``G`` groups, ``C_in`` and ``C_out`` channels. They use only
``+ - * //``, comparisons and the words of ``vocabulary``, so that the same function counts with
exact integers, remembers how it counted (``tracing``), or runs over arrays of integers.
"""
