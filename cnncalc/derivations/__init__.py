"""Why a number is what it is: ``explain`` derives a layer's numbers, ``equations`` and ``wording``
write derivations as text or LaTeX, ``stride`` checks whether a window fits."""
