"""Lose a node of a Ray cluster while it runs tasks: a program of its own, run by test_ray.py."""

import json
import os
import sys
import time
from pathlib import Path

N_TASKS = 24


def square(number: int) -> tuple[int, int]:
    """Return a number and its square, after a moment."""
    time.sleep(0.1)
    return number, number**2


def lose_a_node() -> dict[str, object]:
    """Run tasks on two nodes, end one when half of the tasks have results."""
    from ray.cluster_utils import Cluster
    from tests.pipeline.ray_cluster import square as task  # processes find it by its module

    from segue.pipeline.analysis.runners import task_runner

    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
    )
    node = cluster.add_node(num_cpus=1)
    os.environ["RAY_ADDRESS"] = cluster.address
    work = [(number, (number,)) for number in range(N_TASKS)]
    found = []
    with task_runner("ray") as runner:
        for key, result in runner.answers(task, work):
            found.append((key, result))
            if len(found) == N_TASKS // 2:
                cluster.remove_node(node, allow_graceful=False)
    cluster.shutdown()
    return {"results": found}


def analyze(dataset: Path, directory: Path) -> dict[str, object]:
    """Analyze a dataset on two nodes and on this machine; return whether the arrays are equal."""
    import numpy as np
    from ray.cluster_utils import Cluster

    from segue import Library, preprocess

    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
    )
    node = cluster.add_node(num_cpus=1)
    os.environ["RAY_ADDRESS"] = cluster.address
    lost = []

    def lose_node(steps: int) -> None:
        if not lost:
            lost.append(cluster.remove_node(node, allow_graceful=False))

    from contextlib import contextmanager

    @contextmanager
    def progress(description: str, total: int):
        yield lose_node if description.startswith("Analyz") else lambda steps: None

    done = preprocess(directory / "ray.segue", dataset, runner="ray", progress=progress)
    cluster.shutdown()
    preprocess(directory / "local.segue", dataset)
    one, other = Library(directory / "ray.segue"), Library(directory / "local.segue")
    stores = {store.directory.name: store for store in other.stores(lambda _: True)}
    n_equal = 0
    for store in one.stores(lambda _: True):
        same = stores.pop(store.directory.name)
        for name in store.dtypes:
            for row in store.rows().tolist():
                if name == "file":
                    continue
                np.testing.assert_array_equal(store.read(name, row), same.read(name, row))
                n_equal += 1
    return {"analyzed": done.analyzed, "lost": len(lost), "equal": n_equal, "left": len(stores)}


if __name__ == "__main__":
    places = [Path(text) for text in sys.argv[2:]]
    result = lose_a_node() if sys.argv[1] == "lose" else analyze(*places)
    print(json.dumps(result))  # noqa: T201
