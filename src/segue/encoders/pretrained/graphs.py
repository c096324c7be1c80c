"""The two networks of musicnn as ONNX graphs, each built from its checkpoint's variables.

Both map ``frames`` ``[batch, 187, 96]`` (see `segue.audio.patches`) to the outputs `OUTPUTS`:

- ``embedding``: the layer that the published extractor calls `penultimate` (200 units after their
  normalization) or `pool5` (2 x 1 x 128, flattened);
- ``probabilities`` of the tags (sigmoid: tags are independent);
- ``max_pool`` and ``mean_pool``: the maximum and the mean over time of each feature before the
  dense layers (753), or of each channel of the last convolution over time and bands (128).

Variables are named as in the checkpoint: layers of a kind are numbered in order of creation. ONNX
counts channels before time and bands, and pads "same" explicitly. Where the published graph
transposes to convolve over all features, a convolution over time is equivalent.

Source: Pons et al., End-to-end learning for music audio tagging at scale, 2018 (the front end);
Pons and Serra, musicnn, 2019 (the rest, and the vgg).
"""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.encoders.pretrained.registry import OUTPUTS

Variables = Mapping[str, NDArray[np.float32]]

PATCH_SHAPE: Final = (187, 96)
TIMBRE_FRAMES: Final = 7
N_TIMBRE, N_TEMPO = 2, 3  # filters of bands (38 and 67) and of time (2.0, 1.0 and 0.5 s)
_EPSILON: Final = 1e-3  # of normalizations
_OPSET, _IR_VERSION = 17, 8  # what ONNX Runtime 1.20 reads


class GraphBuilder:
    """Append nodes with the next variables of their kind, numbered as TensorFlow 1 did."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self._numbers = {kind: count() for kind in ("conv2d", "dense", "batch_normalization")}
        self._node_names = count()
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def node(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Append a node; return the name of its output."""
        from onnx import helper

        name = output or f"{kind.lower()}_{next(self._node_names)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(self, values: NDArray[Any]) -> str:
        """Add a constant; return its name."""
        from onnx import numpy_helper

        name = f"constant_{next(self._node_names)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def normalised(self, x: str, output: str | None = None) -> str:
        """Normalize channels with the learned statistics."""
        name = self._next("batch_normalization")
        parts = ("gamma", "beta", "moving_mean", "moving_variance")
        constants = [self.constant(self._variables[f"{name}/{part}"]) for part in parts]
        return self.node("BatchNormalization", x, *constants, output=output, epsilon=_EPSILON)

    def convolved(self, x: str, pads: Sequence[int] | None = None, name: str | None = None) -> str:
        """Convolve over time and bands, by default padded over time to its length, then rectify.

        Parameters
        ----------
        pads
            Before time and bands, after time and bands.
        """
        kernel, bias = self._pair(name or self._next("conv2d"))
        if pads is None:
            total = kernel.shape[0] - 1
            pads = (total // 2, 0, total - total // 2, 0)
        weights = self.constant(kernel.transpose(3, 2, 0, 1))
        return self.node("Relu", self.node("Conv", x, weights, self.constant(bias), pads=pads))

    def convolved_over_time(self, x: str) -> str:
        """Convolve all features ``[batch, features, time]`` over time, then rectify."""
        kernel, bias = self._pair(self._next("conv2d"))
        side = len(kernel) // 2
        weights = self.constant(kernel[:, :, 0].transpose(2, 1, 0))
        return self.node(
            "Relu", self.node("Conv", x, weights, self.constant(bias), pads=(side, side))
        )

    def dense(self, x: str, activation: str, output: str | None = None) -> str:
        """Apply a dense layer to ``[batch, features]``."""
        kernel, bias = self._pair(self._next("dense"))
        y = self.node("Gemm", x, self.constant(kernel), self.constant(bias))
        return self.node(activation, y, output=output)

    def reshaped(self, x: str, *shape: int, output: str | None = None) -> str:
        """Reshape; 0 keeps a size, one -1 follows from the others."""
        return self.node("Reshape", x, self.constant(np.array(shape, np.int64)), output=output)

    def model(self, name: str, sizes: Mapping[str, int]) -> bytes:
        """Return the serialized graph with the outputs `OUTPUTS`, of the given sizes.

        Raises
        ------
        ValueError
            If the shapes of two variables do not fit.
        """
        from onnx import TensorProto, checker, helper

        def value(key: str, *shape: int | str) -> Any:
            return helper.make_tensor_value_info(key, TensorProto.FLOAT, ("batch", *shape))

        graph = helper.make_graph(
            self._nodes,
            name,
            [value("frames", *PATCH_SHAPE)],
            [value(key, sizes[key]) for key in OUTPUTS],
            self._constants,
        )
        opset = helper.make_opsetid("", _OPSET)
        made = helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION)
        try:
            checker.check_model(made, full_check=True)
        except Exception as error:  # the checker's errors have no base class of their own
            raise ValueError(str(error).splitlines()[0]) from error
        return bytes(made.SerializeToString())

    def _next(self, kind: str) -> str:
        number = next(self._numbers[kind])
        return f"{kind}_{number}" if number else kind

    def _pair(self, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return self._variables[f"{name}/kernel"], self._variables[f"{name}/bias"]


def musicnn_graph(variables: Variables) -> bytes:
    """Return the network with timbral and temporal filters.

    Raises
    ------
    KeyError, ValueError
        If a variable is missing or has another shape.
    """
    build = GraphBuilder(variables)
    x = build.normalised(build.reshaped("frames", 0, 1, *PATCH_SHAPE))
    side = TIMBRE_FRAMES // 2
    front = build.node(
        "Concat",
        *(_loudest_band(build, x, (side, 0, side, 0)) for _ in range(N_TIMBRE)),
        *(_loudest_band(build, x, None) for _ in range(N_TEMPO)),
        axis=1,
    )  # [batch, 561, 187]
    first = build.normalised(build.convolved_over_time(front))
    second = build.node("Add", build.normalised(build.convolved_over_time(first)), first)
    third = build.node("Add", build.normalised(build.convolved_over_time(second)), second)
    features = build.node("Concat", front, first, second, third, axis=1)  # [batch, 753, 187]
    loudest = build.node("ReduceMax", features, axes=[2], keepdims=0, output="max_pool")
    mean = build.node("ReduceMean", features, axes=[2], keepdims=0, output="mean_pool")
    # the checkpoint interleaves the maximum and the mean of each feature
    n = variables["batch_normalization_9/gamma"].shape[0] // 2
    pair = [build.node("Unsqueeze", y, build.constant(np.array([2]))) for y in (loudest, mean)]
    pooled = build.reshaped(build.node("Concat", *pair, axis=2), 0, 2 * n)
    hidden = build.dense(build.normalised(pooled), "Relu")
    embedding = build.normalised(hidden, output="embedding")
    build.dense(embedding, "Sigmoid", output="probabilities")
    return build.model("musicnn", {**_sizes(variables, "dense_1"), "max_pool": n, "mean_pool": n})


def _loudest_band(build: GraphBuilder, x: str, pads: Sequence[int] | None) -> str:
    """Convolve, then take the maximum of each filter over the bands: ``[batch, n, 187]``."""
    y = build.normalised(build.convolved(x, pads))
    return build.node("ReduceMax", y, axes=[3], keepdims=0)


def vgg_graph(variables: Variables) -> bytes:
    """Return the network of five plain convolutions; see `musicnn_graph`."""
    build = GraphBuilder(variables)
    x = build.normalised(build.reshaped("frames", 0, 1, *PATCH_SHAPE))
    y = x
    pools = (((4, 1), 2), ((2, 2), 2), ((2, 2), 2), ((2, 2), 2), ((4, 4), 4))
    for number, (size, step) in enumerate(pools, start=1):
        y = build.normalised(build.convolved(x, (1, 1, 1, 1), name=f"{number}CNN"))
        x = build.node("MaxPool", y, kernel_shape=size, strides=(step, step))
    build.node("ReduceMax", y, axes=[2, 3], keepdims=0, output="max_pool")
    build.node("ReduceMean", y, axes=[2, 3], keepdims=0, output="mean_pool")
    sizes = _sizes(variables, "dense")
    # the checkpoint counts channels last
    last = build.node("Transpose", x, perm=(0, 2, 3, 1))
    embedding = build.reshaped(last, 0, sizes["embedding"], output="embedding")
    build.dense(embedding, "Sigmoid", output="probabilities")
    n = variables["5CNN/bias"].shape[0]
    return build.model("vgg", {**sizes, "max_pool": n, "mean_pool": n})


def _sizes(variables: Variables, last: str) -> dict[str, int]:
    kernel = variables[f"{last}/kernel"]
    return {"embedding": kernel.shape[0], "probabilities": kernel.shape[1]}
