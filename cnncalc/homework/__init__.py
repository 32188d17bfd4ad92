"""Homework: exercises worked out, set, checked and graded."""
