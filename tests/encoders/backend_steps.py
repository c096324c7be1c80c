"""Outputs of each network from fixed weights, on the backend that KERAS_BACKEND names.

`python backend_steps.py GIVEN.npz OUT.npz` writes the outputs of a forward pass, and the weights
after two steps of training, by network and objective; the first of the steps only warms up. The
weights to begin with are those in GIVEN, and drawn and written there if it does not exist.

`python backend_steps.py --save DIRECTORY` trains a small encoder of each kind there, and checks
that what is saved gives the same through ONNX Runtime, and that training can be resumed.
"""

import itertools
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from segue.encoders import SETTINGS, Encoder, train_encoder
from segue.encoders.backend import quietly
from segue.encoders.objectives import targets_of
from segue.encoders.trained import predict
from segue.encoders.trainer import Trainer, TrainingPart

TINY = {
    "window": 32,
    "passes": 1,
    "least_steps": 8,
    "least_epoch_steps": 4,
    "batch": 8,
    "embedding": 12,
    "crops": 3,
    "bands": 9,
    "statistic_bands": 6,
    "statistic_dropout": 0.0,
    "width": 12,
    "dropout": 0.0,
    "warm_up": 0.0,
    "learning_rate": 2e-3,
}
OF_KIND = {
    "cnn": {},
    "rnn": {"units": 12},
    "transformer": {"heads": 2, "depth": 1, "block_dropout": 0.0},
}
LABELS = np.arange(16) % 4


def values_of(variables):
    from keras import ops

    return [np.array(ops.convert_to_numpy(variable.value)) for variable in variables]


def tracks():
    rng = np.random.default_rng(5)
    return [rng.normal(3 * label, 4, (40, 18)).astype(np.float32) for label in LABELS]


def steps(given_file: Path, out_file: Path) -> None:
    given = dict(np.load(given_file)) if given_file.exists() else {}
    drawn, out, frames = {}, {}, tracks()
    for kind, objective, spectra in itertools.product(
        SETTINGS, ("classes", "tags", "contrast"), (True, False)
    ):
        if objective == "tags" and not spectra:
            continue  # its loss is seen with spectra
        name = f"{kind} {objective} {'spectra' if spectra else 'descriptors'}"
        labels = np.eye(4)[LABELS] if objective == "tags" else LABELS
        part = TrainingPart(frames, targets_of(objective, labels, 4))
        settings = SETTINGS[kind](**TINY, **OF_KIND[kind])
        trainer = Trainer(part, part, settings, 0, objective, spectra=spectra)
        variables = trainer.network.weights
        for place, variable in enumerate(variables):
            key = f"{name}: initial {place}"
            if given:
                variable.assign(given[key])
            else:
                drawn[key] = values_of([variable])[0]
        crops = np.stack([track[:32] for track in frames])
        for which, output in zip(
            ("embedding", "output"), predict(trainer.network, frames, 32, 1), strict=True
        ):
            out[f"{name}: {which}"] = output
        weights = np.ones(16, np.float32) + part.targets[:, 0] if objective == "classes" else None
        losses = [trainer._step(crops, part.targets, weights)[0] for _ in range(2)]
        out[f"{name}: losses"] = np.array(losses)
        for variable, values in zip(variables, values_of(variables), strict=True):
            out[f"{name}: trained {variable.path}"] = values
    if drawn:
        np.savez(given_file, **drawn)
    np.savez(out_file, **out)


def save(directory: Path) -> None:
    frames = tracks()
    splits = ["train"] * 12 + ["valid"] * 4
    for kind in SETTINGS:
        settings = SETTINGS[kind](**{**TINY, **OF_KIND[kind], "dropout": 0.2})

        def train(settings=settings, kind=kind, **changes):
            return train_encoder(kind, frames, LABELS, splits, "abcd", settings=settings, **changes)

        encoder = train()
        encoder.save(directory / kind)
        for ours, theirs in zip(
            encoder.predict(frames), Encoder.load(directory / kind).encode_many(frames), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, atol=1e-4)
        try:
            train(checkpoint=directory / "checkpoint", progress=interrupted)
        except KeyboardInterrupt:
            resumed = train(checkpoint=directory / "checkpoint")
            for ours, theirs in zip(encoder.predict(frames), resumed.predict(frames), strict=True):
                np.testing.assert_allclose(ours, theirs, atol=1e-4)


@contextmanager
def interrupted(description, total):
    """Stop in the second epoch."""
    done = []

    def advance(n):
        done.append(n)
        if sum(done) > 6:
            raise KeyboardInterrupt

    yield advance


if __name__ == "__main__":
    with quietly():
        if sys.argv[1] == "--save":
            save(Path(sys.argv[2]))
        else:
            steps(Path(sys.argv[1]), Path(sys.argv[2]))
