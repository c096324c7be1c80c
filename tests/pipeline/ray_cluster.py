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


def fit() -> dict[str, object]:
    """Fit models on two nodes, one of which is lost, and in this process; compare the arrays."""
    import numpy as np
    from ray.cluster_utils import Cluster
    from scipy import sparse

    from segue.encoders import SETTINGS, train_encoder
    from segue.listening import Als, AlsSettings, CollaborativeSettings, search
    from segue.listening.hidden_likes import hide
    from segue.pipeline.analysis.ray_tasks import RayTasks
    from segue.task_runner import IN_PROCESS

    rng = np.random.default_rng(0)
    likes = sparse.csr_array((rng.random((900, 400)) < 0.06).astype(np.float32))
    frames = [rng.integers(0, 255, (60, 18)).astype(np.uint8) for _ in range(24)]
    tiny = {"window": 32, "passes": 1, "least_steps": 16, "least_epoch_steps": 8, "batch": 8}
    tiny |= {"embedding": 12, "crops": 2, "width": 12, "bands": 18, "statistic_bands": 6}
    nodes = []

    class LosingRunner(RayTasks):
        """Loses a node after the tasks of a call have started."""

        n_calls, lost_at, wait = 0, -1, 0.0

        def map(self, function, tasks, shared=(), *, threads=False):  # type: ignore[no-untyped-def]
            self.n_calls += 1
            found = super().map(function, tasks, shared, threads=threads)
            if self.n_calls == self.lost_at:
                time.sleep(self.wait)
                cluster.remove_node(nodes.pop(), allow_graceful=False)
            return found

    def fitted(runner):  # type: ignore[no-untyped-def]
        return Als(AlsSettings(dimensions=24, iterations=3)).fit(likes, runner=runner)

    def searched(runner):  # type: ignore[no-untyped-def]
        start = CollaborativeSettings(als=AlsSettings(dimensions=8, iterations=3))
        return search(*hide(likes), start=start, evaluations=6, runner=runner)

    def trained(runner):  # type: ignore[no-untyped-def]
        return train_encoder(
            "cnn",
            frames,
            np.arange(24) % 2,
            ["train"] * 24,
            ("one", "other"),
            folds=np.arange(24) // 2 % 3,
            settings=SETTINGS["cnn"](**tiny),
            runner=runner,
        )

    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
    )
    os.environ["RAY_ADDRESS"] = cluster.address
    with LosingRunner() as runner:

        def with_a_loss(work, call, wait=0.0):  # type: ignore[no-untyped-def]
            if not nodes:
                nodes.append(cluster.add_node(num_cpus=1))
                cluster.wait_for_nodes()
            runner.n_calls, runner.lost_at, runner.wait = 0, call, wait
            result = work(runner)
            return result, not nodes

        als, als_lost = with_a_loss(fitted, 3)
        found, search_lost = with_a_loss(searched, 1, 3.0)
        network, network_lost = with_a_loss(trained, 1, 10.0)
    cluster.shutdown()
    alone, here, plain = fitted(IN_PROCESS), searched(IN_PROCESS), trained(IN_PROCESS)
    pairs = zip(network.network.variables, plain.network.variables, strict=True)
    return {
        "lost": [als_lost, search_lost, network_lost],
        "factors": als.item_factors_.tobytes() == alone.item_factors_.tobytes(),
        "search": found.settings == here.settings and found.trials == here.trials,
        "network": all(a.numpy().tobytes() == b.numpy().tobytes() for a, b in pairs),
        "held_out": float(np.abs(network.out_of_fold - plain.out_of_fold).max()),
        "curve": network.history == plain.history,
    }


def refuse() -> dict[str, object]:
    """Return the sentences of failed tasks."""
    from tests.test_task_runner import fail, power

    from segue.errors import SegueError
    from segue.pipeline.analysis.runners import task_runner

    sentences = []
    with task_runner("ray") as runner:
        offset = runner.share(100)
        results = list(runner.map(power, [(3, 2), (1, 5), (2, 3)], (offset,)))
        for function, tasks in ((fail, [(1,), (2,), (3,)]), (power, [("text",)])):
            try:
                list(runner.map(function, tasks, (2, 1) if function is power else ()))
            except SegueError as error:
                sentences.append(str(error))
    return {"results": results, "sentences": sentences}


PROGRAMS = {"lose": lose_a_node, "analyze": analyze, "fit": fit, "refuse": refuse}

if __name__ == "__main__":
    places = [Path(text) for text in sys.argv[2:]]
    print(json.dumps(PROGRAMS[sys.argv[1]](*places)))  # noqa: T201
