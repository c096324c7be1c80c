"""Ranking metrics agree with ranx, an independent implementation, to 1e-9.

ranx compiles itself with numba, which takes minutes on two cores and would be felt by every other
user of numba in this process. So it runs in a process of its own, its code uncompiled.
"""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from segue.evaluation import ranking_metrics

N_USERS, N_ITEMS, K_MAX, KS = 60, 50, 20, (5, 10, 20)
NAMES = [f"{name}@{k}" for name in ("precision", "recall", "ndcg", "map", "hit_rate") for k in KS]

ORACLE = """
import json, sys
from ranx import Qrels, Run, evaluate
given = json.load(sys.stdin)
scores = evaluate(
    Qrels(given["held_out"]), Run(given["lists"]), given["names"], return_mean=False
)
print(json.dumps({name: list(values) for name, values in scores.items()}))
"""


@pytest.mark.slow
def test_hit_metrics_agree_with_ranx(rng):
    lists = np.array([rng.permutation(N_ITEMS)[:K_MAX] for _ in range(N_USERS)])
    lists[:20, 7:] = -1  # shorter than two of the cuts
    held_out = [set(rng.permutation(N_ITEMS)[: rng.integers(1, 30)].tolist()) for _ in lists]
    given = {
        "names": NAMES,
        "held_out": {f"{u:02}": {f"t{i}": 1 for i in found} for u, found in enumerate(held_out)},
        "lists": {
            f"{u:02}": {f"t{i}": float(K_MAX - place) for place, i in enumerate(row) if i >= 0}
            for u, row in enumerate(lists.tolist())
        },
    }
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ORACLE],
        input=json.dumps(given),
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    oracle = json.loads(answer.stdout.splitlines()[-1])

    result = ranking_metrics(
        lists, held_out, ks=KS, n_items=N_ITEMS, popularity=np.ones(N_ITEMS), n_listeners=N_USERS
    )
    for name in NAMES:
        np.testing.assert_allclose(result.per_user[name], oracle[name], rtol=0, atol=1e-9)
