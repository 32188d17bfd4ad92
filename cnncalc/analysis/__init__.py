"""From a graph to a report.

``walk`` is the only code that calls layers, ``report`` holds the result, ``receptive`` computes
receptive fields, and ``smallest`` finds the smallest input.
"""
