"""Homework: answers read as people write them, and for a wrong one the rule that gave it.

A mistake is the right answer to another question: the same code runs once more with a wrong rule in
place of a formula, or with another layer, and what it gives is compared with what was written.
"""
