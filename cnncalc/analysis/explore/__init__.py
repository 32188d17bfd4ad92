"""From numbers to a choice: networks side by side, sweeps over their parameters, and the largest
that fits a budget."""
