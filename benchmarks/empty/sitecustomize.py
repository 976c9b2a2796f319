"""For processes of an Airflow whose tasks do nothing: ``icdp.road`` and ``icdp.gate`` without their work. See README.md."""

import sys
from types import ModuleType


def _module(name, **functions):
    module = ModuleType(name)
    vars(module).update(functions)
    sys.modules[name] = module


def _nothing(*arguments, **named):
    return "nothing"


_module(
    "icdp.road",
    plan=lambda settings, year, **named: ["facts"],
    acquire=_nothing,
    stage=_nothing,
    load=_nothing,
    check=_nothing,
    score=_nothing,
    publish=lambda settings, year, **named: f"{year}-r1 published",
)
_module("icdp.gate", to_decide=lambda settings, year: None)
