"""Homework: read answers as people write them, and find the mistake behind a wrong one.

A wrong answer is often the right answer to a different question. To find that question, the same
code runs again with a known mistake, such as a wrong formula or a different layer, and the result
is compared with the answer.
"""
