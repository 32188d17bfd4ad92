"""How the numbers are computed: ``explain`` derives a layer's numbers and ``sums`` the totals;
``equations``, ``wording`` and ``mathml`` format them as text, LaTeX or MathML; ``symbols`` explains
the symbols; and ``stride`` checks whether windows fit."""
