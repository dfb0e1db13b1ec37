"""Rules of the SAT's matrix of errors that can be checked without asking anybody, as data.

Each module holds a tuple `RULES`; a rule is a row: code, kind of node, attribute, Spanish message, and the
condition that must hold. Adding one is adding a row, and the two cases of its test.
"""

from .base import Rule, check_rules

__all__ = ["Rule", "check_rules"]
