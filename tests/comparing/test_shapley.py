"""Shares of a change: the axioms, and the definition by all orders."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from icdp.comparing.shapley import Array, shapley

PLAYERS = ("a", "b", "c", "d")
STATES = [frozenset(s) for n in range(5) for s in itertools.combinations(PLAYERS, n)]
games = arrays(float, (16, 3), elements=st.floats(-100, 100))


def worth_of(game: Array) -> Callable[[frozenset[str]], Array]:
    return lambda entered: game[STATES.index(entered)]


@given(games)
def test_the_shares_are_the_mean_of_the_effects_over_all_orders_and_add_up(game: Array) -> None:
    worth = worth_of(game)
    shares = shapley(PLAYERS, worth)
    orders = list(itertools.permutations(PLAYERS))
    for player in PLAYERS:
        effects = []
        for order in orders:
            entered = frozenset(order[: order.index(player)])
            effects.append(worth(entered | {player}) - worth(entered))
        np.testing.assert_allclose(shares[player], np.mean(effects, axis=0), atol=1e-9)
    whole = worth(frozenset(PLAYERS)) - worth(frozenset())
    np.testing.assert_allclose(sum(shares.values()), whole, atol=1e-9)


@given(games)
def test_a_player_that_changes_nothing_gets_nothing(game: Array) -> None:
    worth = worth_of(game)
    assert not shapley(PLAYERS, lambda entered: worth(entered - {"b"}))["b"].any()


@given(games)
def test_players_that_always_change_the_same_get_the_same(game: Array) -> None:
    worth = worth_of(game)

    def symmetric(entered: frozenset[str]) -> Array:
        swapped = frozenset({"a": "b", "b": "a"}.get(p, p) for p in entered)
        return worth(entered) + worth(swapped)

    shares = shapley(PLAYERS, symmetric)
    np.testing.assert_allclose(shares["a"], shares["b"], atol=1e-9)


def test_a_worked_example() -> None:
    # Shapley's gloves: a has a left glove, b and c a right one; a pair is worth 1. The shares are 2/3, 1/6, 1/6.
    pair = shapley("abc", lambda entered: np.array([float("a" in entered and len(entered) > 1)]))
    assert {player: float(share[0]) for player, share in pair.items()} == pytest.approx(
        {"a": 2 / 3, "b": 1 / 6, "c": 1 / 6}
    )


def test_nobody_shares_nothing() -> None:
    assert shapley((), lambda entered: np.zeros(2)) == {}
