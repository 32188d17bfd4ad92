"""Tools for choosing a network: comparisons, sweeps over parameters, formulas of the cost, and the
largest network within a budget."""
