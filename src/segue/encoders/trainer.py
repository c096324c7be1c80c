"""Training loop of every encoder: epochs over batches, validation, and the epochs to choose from.

Training is repeatable to the bit: weights, dropout and crops follow from the seed alone, and
`state` holds everything that an epoch changes, so that a restored trainer continues exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.encoders.backend import load_keras, seed_epoch
from segue.encoders.checkpoint import Checkpoint, Variables
from segue.encoders.crops import Frames, even_crops
from segue.encoders.objectives import Objective, measure
from segue.encoders.recipe import class_weights, epoch_batches, fit_scale
from segue.encoders.settings import EncoderSettings
from segue.encoders.trained import TrainingCurve, predict
from segue.errors import ModelError
from segue.types import Advance

VALID_CROPS = 3  # fewer than in inference: validation would cost as much time as training

N_CANDIDATES = 12
"""Epochs, evenly spread over the budget, of which one is kept: up to twice as many, or all."""


@dataclass(frozen=True, slots=True)
class TrainingPart:
    """Tracks of one part of the split: frames, and targets ``[n, n_classes]`` of ones and zeros."""

    frames: list[Frames]
    targets: NDArray[np.float32]


class Trainer:
    """A network in training.

    Parameters
    ----------
    train, valid : TrainingPart
        `valid` may be empty: then the last epoch is kept.
    settings : EncoderSettings
    seed : int
    objective : Objective
    spectra : bool
        Whether the frames are spectra, which may change in level and tone.
    n_tracks : int, optional
        Number of tracks that the budget is for, equal in all folds; by default those of `train`.
    name : str
        Name of the network.
    """

    def __init__(
        self,
        train: TrainingPart,
        valid: TrainingPart,
        settings: EncoderSettings,
        seed: int,
        objective: Objective = "classes",
        *,
        spectra: bool = True,
        n_tracks: int | None = None,
        name: str = "network",
    ) -> None:
        self.train, self.valid = train, valid
        self.settings, self.seed, self.objective = settings, seed, objective
        self.spectra = spectra
        self.scale = fit_scale(train.frames)
        self.window = settings.window_for(float(np.median([len(t) for t in train.frames])))
        # only exclusive classes can be balanced
        balanced = settings.balanced and objective == "classes"
        self.weights = class_weights(train.targets) if balanced else None
        self.epoch = 0
        self.epochs = settings.epochs(n_tracks or len(train.frames))
        self.epoch_steps = settings.epoch_steps(n_tracks or len(train.frames))
        self.history = TrainingCurve()
        keras = load_keras()
        from segue.encoders.networks import build_network

        keras.utils.set_random_seed(seed)
        n_outputs = train.targets.shape[1]
        built = build_network(
            self.window, n_outputs, self.scale, settings, objective, spectra=spectra, name=name
        )
        self.network: Any = built.encoder
        self._learner: Any = built.learner
        self._n_branches: int = built.learner.output_shape[1]
        self._outputs = built.outputs
        self._compile(keras)
        self._kept: dict[int, Variables] = {}

    @property
    def steps(self) -> int:
        """Optimizer steps of the whole budget."""
        return self.epochs * self.epoch_steps

    @property
    def candidates(self) -> list[int]:
        """Epochs of which one is kept, counted from 1; the last one is among them."""
        return list(range(self.epochs, 0, -max(self.epochs // N_CANDIDATES, 1)))[::-1]

    @property
    def finished(self) -> bool:
        """Whether the budget is spent."""
        return self.epoch >= self.epochs

    def train_epoch(self, advance: Advance) -> None:
        """Train one epoch and validate; call `advance` after every step."""
        seed = (self.seed, self.epoch)
        seed_epoch(*seed)
        sums, n_steps = np.zeros(2), 0
        for crops, targets in epoch_batches(
            self.train.frames,
            self.train.targets,
            self.window,
            self.scale,
            self.settings,
            seed=seed,
            n_steps=self.epoch_steps,
            objective=self.objective,
            spectra=self.spectra,
        ):
            self._learner.reset_metrics()  # they would be averages since the epoch began
            weights = None if self.weights is None else targets @ self.weights
            sums += self._step(crops, targets, weights)
            n_steps += 1
            advance(1)
        loss, accuracy = (float(value) for value in sums / n_steps)
        if not np.isfinite(loss):
            raise ModelError(
                f"Training diverged in epoch {self.epoch + 1} (its loss is {loss}): "
                f"lower learning_rate, which is {self.settings.learning_rate}."
            )
        self.epoch += 1
        self.history.loss.append(loss)
        self.history.accuracy.append(accuracy)
        self._validate()

    def _step(
        self,
        crops: NDArray[np.float32],
        targets: NDArray[np.float32],
        weights: NDArray[np.float32] | None,
    ) -> NDArray[np.float64]:
        """Train on one batch; return its loss and accuracy, NaN if there is none."""
        each = np.repeat(targets[:, None], self._n_branches, axis=1)
        if weights is not None:
            weights = np.repeat(weights[:, None], self._n_branches, axis=1)
        result = np.atleast_1d(self._learner.train_on_batch(crops, each, weights))
        return np.array([result[0], result[1] if len(result) > 1 else np.nan], np.float64)

    def _validate(self) -> None:
        """Measure the validation part, and keep the weights of a candidate."""
        learned = self._learner.trainable_variables
        latest = _values(learned)
        self._learner.optimizer.finalize_variable_values(learned)  # averages, if there are any
        if self.valid.frames:
            _, outputs = predict(self.network, self.valid.frames, self.window, VALID_CROPS)
            loss, accuracy = measure(self.objective, outputs, self.valid.targets)
            self.history.val_loss.append(loss)
            self.history.val_accuracy.append(accuracy)
        if self.epoch in self.candidates:
            self._kept[self.epoch] = _values(self.network.variables)
        _assign(learned, latest)

    def use(self, epoch: int) -> None:
        """Restore the weights of a candidate, and forget the others."""
        _assign(self.network.variables, self._kept[epoch])
        self._kept = {}

    def branch_outputs(self, frames: Sequence[Frames]) -> NDArray[np.float32]:
        """Return the outputs of each branch, averaged over crops ``[n, n_branches, n_outputs]``."""
        outputs = []
        for track in frames:
            crops = even_crops(track, self.window, self.settings.crops)
            outputs.append(np.asarray(self._learner.predict_on_batch(crops)).mean(axis=0))
        return np.stack(outputs)

    def weigh_branches(self, weights: Sequence[float]) -> None:
        """Multiply the outputs of each branch before softmax by its share of the mean."""
        for layer, weight in zip(self._outputs, weights, strict=True):
            for variable in layer.trainable_variables:
                variable.assign(variable * (weight * len(weights)))

    def state(self) -> Checkpoint:
        """Return the state after the finished epochs."""
        return Checkpoint(
            epoch=self.epoch,
            network=_values(self._learner.variables),
            optimizer=_values(self._learner.optimizer.variables),
            kept=self._kept,
            history=self.history.to_dict(),
        )

    def restore(self, state: Checkpoint) -> None:
        """Continue from `state`."""
        _assign(self._learner.variables, state.network)
        _assign(self._learner.optimizer.variables, state.optimizer)
        self._kept = state.kept
        self.epoch = state.epoch
        self.history = TrainingCurve(**state.history)

    def _compile(self, keras: Any) -> None:
        """Compile with AdamW, warm-up and cosine decay; biases and normalization do not decay."""
        from segue.encoders.losses import loss_of

        settings = self.settings
        warm_up = max(int(settings.warm_up * self.steps), 1)
        rate = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0,
            decay_steps=max(self.steps - warm_up, 1),
            warmup_target=settings.learning_rate,
            warmup_steps=warm_up,
        )
        optimizer = keras.optimizers.AdamW(
            rate,
            weight_decay=settings.weight_decay,
            use_ema=settings.averaging > 0,
            ema_momentum=settings.averaging,
        )
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        optimizer.build(self._learner.trainable_variables)
        self._learner.compile(
            optimizer,
            loss=loss_of(self.objective, settings.label_smoothing),
            metrics=["categorical_accuracy"] if self.objective == "classes" else [],
            # XLA takes longer to compile these networks than it saves; JAX needs it
            jit_compile=keras.backend.backend() == "jax",
        )


def _values(variables: list[Any]) -> Variables:
    return [np.array(variable.numpy()) for variable in variables]


def _assign(variables: list[Any], values: Variables) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
