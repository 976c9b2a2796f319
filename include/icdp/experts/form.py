"""The empty workbook of an expert: a matrix a sheet, the lower triangle and the consistency by formulas."""

from __future__ import annotations

import io
import re

from openpyxl import Workbook
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from icdp.errors import DataError
from icdp.experts.formulas import write_live
from icdp.experts.layout import (
    ABOUT,
    CALC,
    FIRST_COLUMN,
    FIRST_ROW,
    FORMAT,
    ID_COLUMN,
    ID_ROW,
    NAME,
    NAME_COLUMN,
    NAME_ROW,
    PARENT_CELL,
    Question,
)
from icdp.scoring.ahp import random_index
from icdp.scoring.engine import Settings
from icdp.scoring.group import threshold_for

GREY = Font(color="808080", italic=True)
BOLD = Font(bold=True)
TO_FILL = PatternFill("solid", fgColor="FFF9E5")
COMPUTED = PatternFill("solid", fgColor="F0F0F0")
RED = Font(color="C00000", bold=True)
THIN = Border(*(Side(style="thin", color="C0C0C0"),) * 4)
WRAP = Alignment(wrap_text=True, vertical="top")
# What fits on Saaty's scale; anything else like 3/2 is let through after a question.
SCALE = [*(str(k) for k in range(9, 0, -1)), *(f"1/{k}" for k in range(2, 10))]
LONGEST_TITLE = 31
NOT_IN_TITLE = re.compile(r"[\[\]:*?/\\']")
GUIDE = (
    "每张表是一个问题：就表头所述目标而言，行项比列项重要多少？只填黄色格（右上三角），灰色格与一致性由公式计算。",
    "Each sheet is one question: for the goal named on top, how much more important is the row item than the column item? "
    "Fill in the yellow cells (upper triangle) only; grey cells and the consistency are computed.",
    "1 同等重要 equal · 3 稍微重要 moderately · 5 明显重要 strongly · 7 强烈重要 very strongly · 9 极端重要 extremely more "
    "important；2、4、6、8 介于其间 between。",
    "列项更重要时填倒数：1/3 表示列项比行项稍微重要；介于两级之间可写 3/2。 When the column item is more important write the "
    "inverse: 1/3 says the column is moderately more important; 3/2 is between two steps.",
    "拿不准的格可以留空：只要各项由所填判断直接或间接相连，其余会按最小特征值补全，并注明是补全的。整张表也可以不填。",
    "Leave a cell empty when in doubt: as long as what you fill in connects all items, directly or through others, the rest "
    "is completed (smallest eigenvalue) and marked as such. A whole sheet may stay empty.",
    "CR 高于阈值时，请复核您的判断；没有人会替您改动。 When the CR is above the limit please reconsider; nobody changes a "
    "judgement for you.",
    "理由可写在每张表下方，会与判断一起保存。专家名称会随判断公布，可用代号。 Reasons may stand below each matrix and are kept with "
    "it. The expert's name is published with the judgements; a code will do.",
    "请存为 .xlsx（无宏、无密码），不要改表名、代码与行列次序。 Save as .xlsx without macros or password; do not change ids or the "
    "order of rows and columns.",
)


def empty_form(asked: list[Question], panel: str, expert: str, rules: Settings) -> bytes:
    """Return an expert's workbook.

    Args:
        asked: what the panel judges.
        panel: its name.
        expert: who fills it in; a code where names are not to be published.
        rules: the RI table and the thresholds shown.

    Raises:
        DataError: the panel or the expert has no name that can be a file's, or nothing is weighted by judgements.
        JudgementError: more items under a node than the RI table covers.
    """
    for what, name in (("panel", panel), ("expert", expert)):
        if not NAME.fullmatch(name):
            raise DataError(f"{name!r} is no name of {what}; use letters, digits, - and _, 41 at most")
    if not asked:
        raise DataError("no node of the catalogue is weighted by judgements; there is nothing to ask experts")
    book = Workbook()
    about = book.worksheets[0]
    about.title = ABOUT
    _describe(about, panel, expert, asked)
    calc = book.create_sheet(CALC)
    for question in asked:
        sheet = book.create_sheet(_title(question, book.sheetnames))
        _matrix(sheet, calc, question, rules)
        _reasons(sheet, question)
        _arrange(sheet, question)
    book.move_sheet(calc, len(asked))
    calc.sheet_state = "hidden"
    calc.protection.sheet = True
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _title(question: Question, taken: list[str]) -> str:
    title = NOT_IN_TITLE.sub(" ", question.title[0] or question.parent)[:LONGEST_TITLE]
    return title if title not in taken else f"{title[: LONGEST_TITLE - 4]} {len(taken)}"


def _describe(about: Worksheet, panel: str, expert: str, asked: list[Question]) -> None:
    told = [
        ("格式 Format", FORMAT), ("专家 Expert", expert), ("专家组 Panel", panel), ("", ""),
        *(("", line) for line in GUIDE), ("", ""),
        *(("问题 Question" if k == 0 else "", " ".join(q.title)) for k, q in enumerate(asked)),
    ]  # fmt: skip
    for row in told:
        about.append(list(row))
    for row_cells in about.iter_rows(min_col=2, max_col=2):
        row_cells[0].alignment = WRAP
    about.column_dimensions["A"].width, about.column_dimensions["B"].width = 16, 110


def _matrix(sheet: Worksheet, calc: Worksheet, question: Question, rules: Settings) -> None:
    zh, en = question.title
    sheet["A1"], sheet["A1"].font = f"{zh} {en}", BOLD
    sheet["A2"] = (
        f"对「{zh}」而言，行项比列项重要多少？ For {en}: how much more important is the row item than the column item?"
    )
    sheet["A3"], sheet[PARENT_CELL] = "节点（勿改）Node (keep)", question.parent
    live = write_live(calc, sheet.title, question)
    n = len(question.items)
    for k, (item, names) in enumerate(zip(question.items, question.names, strict=True)):
        for row, column in ((ID_ROW, FIRST_COLUMN + k), (FIRST_ROW + k, ID_COLUMN)):
            sheet.cell(row, column, item).font = GREY
        for row, column in ((NAME_ROW, FIRST_COLUMN + k), (FIRST_ROW + k, NAME_COLUMN)):
            heading = sheet.cell(row, column, "\n".join(names))
            heading.font, heading.alignment = BOLD, WRAP
        for j in range(n):
            cell = sheet[question.cell(k, j)]
            cell.border, cell.alignment = THIN, Alignment(horizontal="center", vertical="center")
            if j > k:
                # As text: in a cell of numbers Excel makes a date of 1/3.
                cell.number_format, cell.fill, cell.protection = "@", TO_FILL, Protection(locked=False)
            else:
                cell.value = 1 if j == k else live.inverse[k, j]
                cell.number_format, cell.fill = "# ?/?", COMPUTED
        weight = sheet.cell(FIRST_ROW + k, FIRST_COLUMN + n, live.weights[k])
        weight.number_format, weight.fill = "0.0%", COMPUTED
    sheet.cell(NAME_ROW, FIRST_COLUMN + n, "权重 Weight").font = BOLD
    _status(sheet, question, live.open_pairs, live.unreadable, live.lambda_max, rules)


def _status(sheet: Worksheet, question: Question, opened: str, bad: str, root: str, rules: Settings) -> None:
    n, top = len(question.items), question.status_row
    ri, limit = random_index(n, rules.ri_table), threshold_for(n, rules.cr_thresholds)
    at = {name: f"$C${top + k}" for k, name in enumerate(("open", "bad", "root", "ci", "cr", "limit", "verdict"))}
    ci = f'=IF({at["root"]}="","",MAX(0,({at["root"]}-{n})/{n - 1}))' if ri else f'=IF({at["root"]}="","",0)'
    verdict = (
        f'=IF({at["bad"]}>0,"有无法读取的格：写成 3、1/3 或 3/2 · cells that are no judgement: write 3, 1/3 or 3/2",'
        f'IF({at["open"]}>0,"还有未填的格 · pairs are open",IF({at["cr"]}<={at["limit"]},'
        '"一致，可以提交 · consistent","不够一致，请复核 · please reconsider")))'
    )
    lines: tuple[tuple[str, str | float, str], ...] = (
        ("未填的对数 Open pairs", opened, "0"), ("无法读取 Unreadable", bad, "0"), ("λmax", root, "0.0000"),
        ("CI = (λmax − n) / (n − 1)", ci, "0.0000"),
        (f"CR = CI / RI，RI = {ri:g}（{rules.ri_table}，n = {n}）",
         f'=IF({at["ci"]}="","",{at["ci"]}/{ri!r})' if ri else f'=IF({at["ci"]}="","",0)', "0.0000"),
        ("CR 阈值 Limit", limit, "0.00"), ("结论 Verdict", verdict, "General"),
    )  # fmt: skip
    for row, (label, value, form) in enumerate(lines, start=top):
        sheet.cell(row, ID_COLUMN, label)
        cell = sheet.cell(row, FIRST_COLUMN, value)
        cell.number_format, cell.font, cell.alignment = form, BOLD, Alignment(horizontal="left")
    wrong = f"OR({at['bad']}>0,AND(ISNUMBER({at['cr']}),{at['cr']}>{at['limit']}))"
    warn = Rule(type="expression", dxf=DifferentialStyle(font=RED), formula=[wrong])
    sheet.conditional_formatting.add(f"C{top}:C{top + len(lines) - 1}", warn)


def _reasons(sheet: Worksheet, question: Question) -> None:
    top = question.reason_row
    sheet.cell(top - 1, ID_COLUMN, "理由（可不填）Reasons (optional)").font = BOLD
    for row, (i, j) in enumerate(question.pairs, start=top):
        sheet.cell(row, ID_COLUMN, question.names[i][0] or question.items[i])
        sheet.cell(row, NAME_COLUMN, question.names[j][0] or question.items[j])
        cell = sheet.cell(row, FIRST_COLUMN)
        cell.fill, cell.number_format, cell.protection = TO_FILL, "@", Protection(locked=False)


def _arrange(sheet: Worksheet, question: Question) -> None:
    n = len(question.items)
    rule = DataValidation(
        type="list", formula1=f'"{",".join(SCALE)}"', allow_blank=True, errorStyle="warning", showErrorMessage=True,
        error="不在 1–9 及其倒数之中；如确为 3/2 之类，请选「是」。 Not one of 1-9 and their inverses; choose Yes for e.g. 3/2.",
        showInputMessage=True, promptTitle="行项比列项 Row over column",
        prompt="行项更重要填 1–9，列项更重要填 1/2–1/9；可留空。 1-9: the row; 1/2-1/9: the column is more important; may stay empty.",
    )  # fmt: skip
    for i in range(n - 1):
        rule.add(f"{question.cell(i, i + 1)}:{question.cell(i, n - 1)}")
    sheet.add_data_validation(rule)
    sheet.protection.sheet = True  # against slips, without a password
    sheet.protection.formatColumns = sheet.protection.formatRows = False
    for column in range(1, FIRST_COLUMN + n + 1):
        sheet.column_dimensions[get_column_letter(column)].width = 18
    sheet.freeze_panes = f"{get_column_letter(FIRST_COLUMN)}{FIRST_ROW}"
