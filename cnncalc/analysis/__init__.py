"""From a graph to a report.

``walk`` runs the layers, ``report`` holds the result, ``receptive`` computes receptive fields,
``warnings`` and ``conflicts`` find mistakes, and ``smallest`` finds the smallest input.
"""
