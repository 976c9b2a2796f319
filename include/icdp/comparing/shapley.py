"""Sharing a change among its causes so that no order of them is preferred."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def shapley(players: Sequence[str], worth: Callable[[frozenset[str]], Array]) -> dict[str, Array]:
    """Return each player's Shapley value: its effect averaged over all orders in which the players could enter.

    phi_p = sum over S without p of |S|! (n - |S| - 1)! / n! (v(S + p) - v(S)) (Shapley 1953; for decompositions
    Shorrocks 2013, J. Economic Inequality 11). The values of all players add up to v(all) - v(none); a player
    that never changes anything gets 0; players that always change the same get the same.

    Args:
        players: distinct names; 2^n states are asked for, each once.
        worth: state (the players that have entered) -> numbers of any shape, the same for every state.
    """
    n = len(players)
    known = {
        frozenset(entered): np.asarray(worth(frozenset(entered)), dtype=np.float64)
        for size in range(n + 1)
        for entered in combinations(players, size)
    }
    shares = {}
    for player in players:
        total: Array = np.zeros_like(known[frozenset()])
        for entered, value in known.items():
            if player not in entered:
                orders = factorial(len(entered)) * factorial(n - len(entered) - 1)
                total = total + orders * (known[entered | {player}] - value)
        # Divided once, at the end: rank changes are whole numbers, and n! shares of them stay exact until here.
        shares[player] = total / factorial(n)
    return shares
