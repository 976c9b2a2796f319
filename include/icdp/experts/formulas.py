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

    def at(block: int, i: int, j: int) -> str:
        """Return a cell of one of the blocks side by side: 0 the matrix, 1 texts, 2 what they say."""
        return f"{get_column_letter(2 + block * (n + 1) + j)}{top + i}"

    for i in range(n):
        calc[at(0, i, i)] = 1
    for i, j in question.pairs:
        number, text, said = (at(block, i, j) for block in range(3))
        calc[text] = f'=SUBSTITUTE(SUBSTITUTE(\'{sheet}\'!{question.cell(i, j)}&"","／","/")," ","")'
        # VALUE("1/3") would be a date: with a slash the two parts are read one by one.
        ratio = f'VALUE(LEFT({text},FIND("/",{text})-1))/VALUE(MID({text},FIND("/",{text})+1,20))'
        calc[said] = f'=IF({text}="","",IFERROR(IF(ISERROR(FIND("/",{text})),VALUE({text}),{ratio}),"{UNREADABLE}"))'
        fits = f"AND({said}>=1/{LARGEST:g}-0.000001,{said}<={LARGEST:g})"
        calc[number] = f'=IF(ISNUMBER({said}),IF({fits},{said},"{UNREADABLE}"),{said})'
        calc[at(0, j, i)] = f'=IF(ISNUMBER({number}),1/{number},"")'
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
        inverse={(j, i): f"={name}{at(0, j, i)}" for i, j in question.pairs},
        weights=[
            f'=IF({open_pairs}>0,"",{name}{get_column_letter(2 + i)}{steps + STEPS}/SUM({newest}))' for i in range(n)
        ],
        open_pairs=f"={open_pairs}",
        unreadable=f'=COUNTIF({block},"{UNREADABLE}")',
        lambda_max=f'=IF({open_pairs}>0,"",SUM({newest})/SUM({before}))',
    )
