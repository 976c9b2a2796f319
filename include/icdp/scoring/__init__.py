"""Scoring engine: a plain numpy and pandas library for any index tree and any units."""

from __future__ import annotations

from icdp.scoring.aggregate import Note
from icdp.scoring.engine import Result, Settings, score
from icdp.scoring.judgements import Judgements, read_judgements
from icdp.scoring.tree import Node, Tree

__all__ = ["Judgements", "Node", "Note", "Result", "Settings", "Tree", "read_judgements", "score"]
