"""Train the network that decides the tempo: ``src/segue/audio/tempo_model.npz``.

Run: ``python benchmarks/rhythm_model.py --work DIRECTORY``. It renders music of known tempo
(`rhythm_renderings.py`, the patterns and scores of training), describes every tempo from 40 to 240
bpm of every recording as the analysis does, and trains networks of one hidden layer to give the
true tempo the largest share in a softmax over all. The mean of `N_NETWORKS` networks, which differ
by their initial weights, is again one network: it is stored in half precision, about 7 kB.

Bands, whose patterns are nearest to recorded music, weigh most. Noise on the features keeps the
networks from relying on details that only the renderer produces. `rhythm.py` measures the result on
other renderings and on recorded music; the latter took no part in training.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import rhythm_renderings as renderings
from numpy.typing import NDArray

from segue.audio import DEFAULT_SETTINGS, decode, describe, level_rises, onset_curves
from segue.audio.rhythm import MODEL, TempoModel, periodicity, tempi, tempo_features

N_BAND, N_SCORE, N_DRUMS, SEED = 1_392, 300, 200, 1
WEIGHTS = {"band": 1.0, "score": 0.4, "drums": 0.5}
N_NETWORKS, N_HIDDEN, N_EPOCHS, BATCH = 3, 8, 20, 32
RATE, DECAY, NOISE = 4e-3, 3e-4, 0.3
WIDTH = 0.02  # of the target about the true tempo, in natural logarithms

Floats = NDArray[np.float64]


def features_of(path: str) -> Floats | None:
    """Return the features of every tempo of a recording ``[n_tempi, n_features]``."""
    log_mel = describe(decode(Path(path)))["log_mel"]
    found = periodicity([onset_curves(level_rises(log_mel))], DEFAULT_SETTINGS)
    return None if found is None else tempo_features(found, DEFAULT_SETTINGS)


class Network:
    """A network of one hidden layer with a linear path, trained by Adam."""

    def __init__(self, n_features: int, rng: np.random.Generator) -> None:
        self.parameters = [
            rng.normal(0, n_features**-0.5, (n_features, N_HIDDEN)),
            np.zeros(N_HIDDEN),
            rng.normal(0, 0.3 * N_HIDDEN**-0.5, N_HIDDEN),
            rng.normal(0, 0.01, n_features),
        ]
        self._means = [np.zeros_like(one) for one in self.parameters]
        self._squares = [np.zeros_like(one) for one in self.parameters]
        self._n_steps = 0

    def gradients(self, rows: Floats, target: Floats, weight: Floats) -> list[Floats]:
        """Return the gradients of the weighted cross-entropy of a batch."""
        hidden_weights, bias, output, linear = self.parameters
        hidden = np.tanh(rows @ hidden_weights + bias)
        scores = hidden @ output + rows @ linear
        share = np.exp(scores - scores.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        error = (share - target) * weight[:, None] / len(rows)
        back = error[..., None] * output * (1.0 - hidden * hidden)
        return [
            np.einsum("btf,bth->fh", rows, back, optimize=True) + DECAY * hidden_weights,
            back.sum(axis=(0, 1)),
            np.einsum("bth,bt->h", hidden, error) + DECAY * output,
            np.einsum("btf,bt->f", rows, error) + DECAY * linear,
        ]

    def step(self, gradients: list[Floats], rate: float) -> None:
        """Move the parameters."""
        self._n_steps += 1
        for place, gradient in enumerate(gradients):
            mean, square = self._means[place], self._squares[place]
            mean += 0.1 * (gradient - mean)
            square += 0.001 * (gradient**2 - square)
            scale = np.sqrt(square / (1 - 0.999**self._n_steps)) + 1e-8
            self.parameters[place] -= rate * mean / (1 - 0.9**self._n_steps) / scale


def train(rows: Floats, true: Floats, weight: Floats, seed: int) -> Network:
    """Train one network on standardized features ``[n, n_tempi, n_features]``."""
    rng = np.random.default_rng(seed)
    network = Network(rows.shape[2], rng)
    target = np.exp(-0.5 * (np.log(tempi() / true[:, None]) / WIDTH) ** 2)
    target /= target.sum(axis=1, keepdims=True)
    for epoch in range(N_EPOCHS):
        rate = RATE * 0.5 * (1 + np.cos(np.pi * epoch / N_EPOCHS))
        order = rng.permutation(len(rows))
        for start in range(0, len(rows), BATCH):
            batch = order[start : start + BATCH]
            noisy = rows[batch] + rng.normal(0, NOISE, (len(batch), 1, rows.shape[2]))
            network.step(network.gradients(noisy, target[batch], weight[batch]), rate)
    return network


def joined(networks: list[Network], mean: Floats, spread: Floats) -> TempoModel:
    """Return the mean of networks as one network of features that are not standardized."""
    hidden, bias, output, linear = (
        [network.parameters[place] for network in networks] for place in range(4)
    )
    scaled = np.concatenate(hidden, axis=1) / spread[:, None]
    return TempoModel(
        hidden=scaled.astype(np.float16),
        hidden_bias=(np.concatenate(bias) - mean @ scaled).astype(np.float16),
        output=(np.concatenate(output) / len(networks)).astype(np.float16),
        linear=(np.mean(linear, axis=0) / spread).astype(np.float16),
    )


def main() -> None:
    """Render, train, and store the network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="Directory of the renderings.")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    directory = arguments.work / "training"
    made = renderings.make_renderings(
        directory,
        n_band=N_BAND,
        n_score=N_SCORE,
        n_drums=N_DRUMS,
        seed=SEED,
        variant="train",
        workers=arguments.workers,
    )
    paths = [str(renderings.audio_path(directory, one)) for one in made]
    with ProcessPoolExecutor(max_workers=arguments.workers) as pool:
        described = list(pool.map(features_of, paths, chunksize=8))
    used = [place for place, found in enumerate(described) if found is not None]
    rows = np.stack([found for found in described if found is not None])
    true = np.array([made[place].tempo for place in used])
    weight = np.array([WEIGHTS[made[place].kind] for place in used])
    mean, spread = rows.mean(axis=(0, 1)), rows.std(axis=(0, 1)) + 1e-3
    rows -= mean
    rows /= spread
    networks = [train(rows, true, weight, seed) for seed in range(N_NETWORKS)]
    model = joined(networks, mean, spread)
    path = Path(__file__).parents[1] / "src/segue/audio" / MODEL
    np.savez(path, **{name: getattr(model, name) for name in TempoModel.__slots__})
    print(f"{len(rows)} recordings, {rows.shape[2]} features: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
