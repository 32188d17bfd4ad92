"""From the recorded run of a model to a spec as plain data. No framework is imported here."""
