"""What Excel shows: the few functions of the experts' workbook, evaluated as Excel documents them, lazily and with errors.

The same workbooks were computed with PyPI's `formulas` 1.3.4 and gave the same to 1e-14; that package is too heavy for
the tests.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token
from openpyxl.workbook.workbook import Workbook

Value = float | str | bool | None
BINARY: dict[str, tuple[int, Callable[[Any, Any], Any]]] = {
    "=": (1, operator.eq), ">": (1, operator.gt), ">=": (1, operator.ge), "<=": (1, operator.le),
    "&": (2, lambda a, b: _text(a) + _text(b)), "+": (3, lambda a, b: _number(a) + _number(b)),
    "-": (3, lambda a, b: _number(a) - _number(b)), "*": (4, lambda a, b: _number(a) * _number(b)),
    "/": (4, lambda a, b: _number(a) / _number(b)),
}  # fmt: skip


class ExcelError(Exception):
    """A cell that shows #VALUE! or the like."""


def _text(value: Value) -> str:
    if value is None:
        return ""
    return f"{value:.15g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _number(value: Value) -> float:
    if isinstance(value, str):
        return _value(value)
    return float(value or 0.0)


def _value(text: Value) -> float:
    try:
        return float(_text(text))  # no dates: the workbook never lets VALUE see a slash
    except ValueError:
        raise ExcelError("#VALUE!") from None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class Sheets:
    """Shows the cells of a workbook with formulas."""

    def __init__(self, book: Workbook) -> None:
        """Take a workbook as openpyxl loads it."""
        self.book = book
        self.known: dict[tuple[str, str], Value] = {}

    def show(self, sheet: str, cell: str) -> Value:
        """Return what a cell shows.

        Raises:
            ExcelError: the cell shows an error.
        """
        key = sheet, cell.replace("$", "")
        if key not in self.known:
            held = self.book[sheet][key[1]].value
            formula = isinstance(held, str) and held.startswith("=")
            self.known[key] = _Formula(self, sheet, held).value() if formula else held  # type: ignore[assignment, arg-type]
        return self.known[key]


class _Formula:
    def __init__(self, sheets: Sheets, sheet: str, text: str) -> None:
        self.sheets, self.sheet = sheets, sheet
        self.tokens: list[Token] = [t for t in Tokenizer(text).items if t.type != Token.WSPACE]
        self.at = 0

    def value(self) -> Value:
        found = self._expression(0)()
        assert self.at == len(self.tokens)
        return found

    def _expression(self, least: int) -> Callable[[], Any]:
        left = self._operand()
        while self.at < len(self.tokens) and self.tokens[self.at].type == Token.OP_IN:
            power, act = BINARY[self.tokens[self.at].value]
            if power < least:
                break
            self.at += 1
            right = self._expression(power + 1)
            left = (lambda a, b, f: lambda: f(a(), b()))(left, right, act)
        return left

    def _operand(self) -> Callable[[], Any]:
        token = self.tokens[self.at]
        self.at += 1
        if token.type == Token.FUNC:
            return self._call(token.value.rstrip("("))
        if token.type == Token.PAREN:
            inner = self._expression(0)
            self.at += 1
            return inner
        if token.subtype == Token.NUMBER:
            return lambda: float(token.value)
        if token.subtype == Token.TEXT:
            return lambda: token.value[1:-1].replace('""', '"')
        assert token.subtype == Token.RANGE, token
        return lambda: self._range(token.value)

    def _range(self, address: str) -> Any:
        sheet, _, cells = address.rpartition("!")
        title = sheet.strip("'") or self.sheet
        if ":" not in cells:
            return self.sheets.show(title, cells)
        return [
            self.sheets.show(title, c.coordinate)
            for row in self.sheets.book[title][cells.replace("$", "")]
            for c in row
        ]

    def _call(self, name: str) -> Callable[[], Any]:
        arguments: list[Callable[[], Any]] = []
        while self.tokens[self.at].subtype != Token.CLOSE:
            if self.tokens[self.at].type == Token.SEP:
                self.at += 1
            arguments.append(self._expression(0))
        self.at += 1
        return lambda: getattr(self, f"_{name.lower()}")(*arguments)

    def _if(self, test: Any, then: Any, otherwise: Any) -> Any:
        return then() if test() else otherwise()

    def _iserror(self, argument: Any) -> bool:
        try:
            argument()
        except (ExcelError, ZeroDivisionError):
            return True
        return False

    def _iferror(self, argument: Any, otherwise: Any) -> Any:
        return otherwise() if self._iserror(argument) else argument()

    def _and(self, *arguments: Any) -> bool:
        return all(argument() for argument in arguments)

    def _isnumber(self, argument: Any) -> bool:
        return not self._iserror(argument) and _is_number(argument())

    def _find(self, part: Any, text: Any) -> float:
        if (place := _text(text()).find(part())) < 0:
            raise ExcelError("#VALUE!")
        return place + 1

    def _substitute(self, text: Any, old: Any, new: Any) -> str:
        return _text(text()).replace(old(), new())

    def _left(self, text: Any, count: Any) -> str:
        return _text(text())[: int(count())]

    def _mid(self, text: Any, start: Any, count: Any) -> str:
        first = int(start()) - 1
        return _text(text())[first : first + int(count())]

    def _value(self, text: Any) -> float:
        return _value(text())

    def _sum(self, cells: Any) -> float:
        return float(sum(v for v in cells() if _is_number(v)))

    def _max(self, *arguments: Any) -> float:
        return max(_number(argument()) for argument in arguments)

    def _count(self, cells: Any) -> float:
        return float(sum(_is_number(v) for v in cells()))

    def _countif(self, cells: Any, wanted: Any) -> float:
        return float(sum(v == wanted() for v in cells()))

    def _sumproduct(self, one: Any, other: Any) -> float:
        pairs = zip(one(), other(), strict=True)
        return float(sum((a if _is_number(a) else 0.0) * (b if _is_number(b) else 0.0) for a, b in pairs))
