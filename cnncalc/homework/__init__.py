"""Homework: read answers as people write them, and find the mistake behind a wrong one.

A wrong answer is the right answer to a different question. To find that question, the same code
runs again with a wrong rule in place of a formula, or with a different layer, and its result is
compared with the answer.
"""
