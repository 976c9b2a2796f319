"""The live consistency of a sheet as Excel formulas: no macro, no array formula, nothing newer than Excel 2007.

The power method stands in a hidden sheet: A is the matrix in numbers, w_0 = 1, w_{k+1} = A w_k, lambda_max =
sum w_K / sum w_{K-1}. Unscaled it stays finite: lambda_max <= 9 n, and (9 * 15)^60 < 1e128.
"""

from __future__ import annotations

from dataclasses import dataclass

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from icdp.experts.layout import Question
from icdp.scoring.ratio import LARGEST

# The worst 3 x 3 matrix of all, (9, 1/9, 9), has a second root of 0.84 of the first: 0.84^60 = 3e-5.
STEPS = 60
UNREADABLE = "x"


@dataclass(frozen=True, slots=True)
class Live:
    """Formulas and cell references of one question.

    Attributes:
        inverse: (row, column) of the lower triangle -> its formula.
        weights: formulas of the items' priorities, empty text while pairs are open.
        open_pairs: formula of the number of open pairs.
        unreadable: formula of the number of cells that are no judgement.
        lambda_max: formula.
    """

    inverse: dict[tuple[int, int], str]
    weights: list[str]
    open_pairs: str
    unreadable: str
    lambda_max: str


def write_live(calc: Worksheet, sheet: str, question: Question) -> Live:
    """Write the numbers of a question below what the hidden sheet holds already.

    Args:
        calc: the hidden sheet.
        sheet: title of the question's sheet.
        question: what is compared.
    """
    n, top = len(question.items), calc.max_row + 2
    last = get_column_letter(1 + n)
    calc.cell(top, 1, question.parent)

    def number(i: int, j: int) -> str:
        return f"{get_column_letter(2 + j)}{top + i}"

    for i in range(n):
        calc[number(i, i)] = 1
    for i, j in question.pairs:
        calc[number(i, j)] = _parsed(f"'{sheet}'!{question.cell(i, j)}")
        calc[number(j, i)] = f'=IF(ISNUMBER({number(i, j)}),1/{number(i, j)},"")'
    steps = top + n
    for i in range(n):
        calc.cell(steps, 2 + i, 1)
    for step in range(1, STEPS + 1):
        previous = f"$B{steps + step - 1}:${last}{steps + step - 1}"
        for i in range(n):
            calc.cell(steps + step, 2 + i, f"=SUMPRODUCT($B${top + i}:${last}${top + i},{previous})")
    name = f"'{calc.title}'!"
    block = f"{name}$B${top}:${last}${top + n - 1}"
    newest, before = (f"{name}$B${row}:${last}${row}" for row in (steps + STEPS, steps + STEPS - 1))
    # Numbers of the block: the diagonal, and two for each pair that can be read.
    open_pairs = f"{n * (n - 1) // 2}-(COUNT({block})-{n})/2"
    return Live(
        inverse={(j, i): f'=IF({name}{number(j, i)}="","",{name}{number(j, i)})' for i, j in question.pairs},
        weights=[
            f'=IF({open_pairs}>0,"",{name}{get_column_letter(2 + i)}{steps + STEPS}/SUM({newest}))' for i in range(n)
        ],
        open_pairs=f"={open_pairs}",
        unreadable=f'=COUNTIF({block},"{UNREADABLE}")',
        lambda_max=f'=IF({open_pairs}>0,"",SUM({newest})/SUM({before}))',
    )


def _parsed(cell: str) -> str:
    """Return the formula that makes a number of ``3``, ``1/3`` or ``3/2``: typed, as text, or full-width slash."""
    text = f'SUBSTITUTE(SUBSTITUTE({cell}&"","／","/")," ","")'
    # VALUE("1/3") would be a date: with a slash the two parts are read one by one.
    ratio = f'VALUE(LEFT({text},FIND("/",{text})-1))/VALUE(MID({text},FIND("/",{text})+1,20))'
    value = f'IF(ISNUMBER({cell}),{cell},IF(ISNUMBER(FIND("/",{text})),{ratio},VALUE({text})))'
    fits = f"AND({value}>=1/{LARGEST:g}-0.000001,{value}<={LARGEST:g})"
    return f'=IF({text}="","",IFERROR(IF({fits},{value},"{UNREADABLE}"),"{UNREADABLE}"))'
