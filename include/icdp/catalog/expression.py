"""Binding expressions: arithmetic over series, parsed from text and evaluated on aligned columns.

The grammar is a small part of Python's: series names, numbers, ``+ - * /``, parentheses
and ``absent_as_zero(series)``. Nothing is ever handed to ``eval``.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd


def _divide(left: pd.Series | float, right: pd.Series | float) -> pd.Series | float:
    return left / (right.where(right != 0) if isinstance(right, pd.Series) else right or np.nan)


_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: _divide,
}
ABSENT_AS_ZERO = "absent_as_zero"


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed binding expression.

    Attributes:
        text: the expression as written in the catalogue.
        series: the series it names, in the order of their first appearance.
        is_linear: whether it only adds and subtracts, so that units carry over.
    """

    text: str
    series: tuple[str, ...]
    is_linear: bool
    _tree: ast.expr

    @classmethod
    def parse(cls, text: str) -> Expression:
        """Parse ``text``.

        Raises:
            ValueError: the text is no expression of the grammar, or no series in it must be present,
                so that a province no table mentions would get a figure.
        """
        try:
            tree = ast.parse(text, mode="eval").body
        except SyntaxError as exc:
            raise ValueError(f"{text!r} cannot be read as an expression: {exc.msg}") from exc
        names: dict[str, bool] = {}
        linear = _walk(tree, names, text)
        if not any(names.values()):
            raise ValueError(f"{text!r} names no series outside {ABSENT_AS_ZERO}; add one")
        return cls(text=text, series=tuple(names), is_linear=linear, _tree=tree)

    def evaluate(self, columns: Mapping[str, pd.Series]) -> pd.Series:
        """Evaluate for one year.

        Args:
            columns: per series a float column over all provinces, NaN where unknown.

        Returns:
            A float column; NaN where any operand is missing or a divisor is 0. ``absent_as_zero(s)``
            reads a province absent from a table as 0, but only where the table has figures at all.
        """
        result = _evaluate(self._tree, columns)
        if not isinstance(result, pd.Series):  # pragma: no cover - parse() demands a series
            raise TypeError(f"{self.text!r} does not depend on a series")
        return result.where(np.isfinite(result))

    def __str__(self) -> str:
        return self.text


def _walk(node: ast.expr, names: dict[str, bool], text: str) -> bool:
    """Collect series names and whether each must be present; return whether only + and - (and absent_as_zero) occur."""
    match node:
        case ast.Name(id=name):
            names[name] = True
            return True
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            return False
        case ast.Call(func=ast.Name(id="absent_as_zero"), args=[ast.Name(id=name)], keywords=[]):
            names.setdefault(name, False)
            return True
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            both = [_walk(left, names, text), _walk(right, names, text)]
            return all(both) and isinstance(op, ast.Add | ast.Sub)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _walk(operand, names, text)
    raise ValueError(
        f"{ast.unparse(node)!r} in {text!r} is not allowed; "
        f"use series names, numbers, + - * / and {ABSENT_AS_ZERO}(series)"
    )


def _evaluate(node: ast.expr, columns: Mapping[str, pd.Series]) -> pd.Series | float:
    match node:
        case ast.Name(id=name):
            return columns[name]
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Call(args=[ast.Name(id=name)]):
            column = columns[name]
            return column.fillna(0.0) if column.notna().any() else column
        case ast.UnaryOp(operand=operand):
            return -_evaluate(operand, columns)
        case ast.BinOp(left=left, op=op, right=right):
            result: pd.Series | float = _OPERATORS[type(op)](_evaluate(left, columns), _evaluate(right, columns))
            return result
    raise TypeError(f"unreachable node {ast.dump(node)}")  # pragma: no cover
