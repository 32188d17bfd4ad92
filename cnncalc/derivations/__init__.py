"""How the numbers are computed: ``explain`` derives a layer's numbers and ``sums`` the totals;
``equations`` and ``wording`` format them as text or LaTeX; and ``stride`` checks whether windows
fit."""
