"""Project embeddings to two dimensions for plotting.

Conventions
-----------
- Rows of ``embeddings [n, d]`` are tracks; the result ``[n, 2]`` keeps their order.
- Near neighbors stay near; axes and distances between separate clusters have no meaning.

Source: principal components, then t-SNE (van der Maaten and Hinton, 2008), both scikit-learn's.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

MAXIMUM_FOR_TSNE = 3000
"""Above this many tracks only principal components are used: sample before."""

_MINIMUM_FOR_TSNE = 10
_COMPONENTS = 50


def embedding_map(embeddings: ArrayLike, seed: int) -> NDArray[np.float64]:
    """Project embeddings to two dimensions.

    Principal components first (at most 50), then t-SNE with a perplexity of at most 30 and at
    most a third of the tracks. Under 10 tracks, and over `MAXIMUM_FOR_TSNE`, the first two
    principal components are the map.

    Parameters
    ----------
    embeddings : float [n, d]
        Finite numbers.
    seed : int
        The same seed gives the same map.

    Returns
    -------
    float64 [n, 2]
        Centred; zeros where all embeddings are equal.

    Raises
    ------
    ValueError
        If `embeddings` is not a finite table.

    Examples
    --------
    >>> embedding_map([[0.0, 0.0], [3.0, 4.0]], seed=0).round(1).tolist()
    [[-2.5, 0.0], [2.5, 0.0]]
    """
    table = np.asarray(embeddings, dtype=np.float64)
    if table.ndim != 2 or not np.isfinite(table).all():
        raise ValueError(
            f"embeddings of shape {table.shape} are no finite table: "
            "give one row of numbers for each track."
        )
    if len(table) == 0:
        return np.zeros((0, 2))
    components = _principal_components(table, _COMPONENTS)
    flat = np.zeros((len(table), 2))
    width = min(2, components.shape[1])
    flat[:, :width] = components[:, :width]
    spread = float(flat[:, 0].std())
    if not _MINIMUM_FOR_TSNE <= len(table) <= MAXIMUM_FOR_TSNE or spread == 0:
        return flat

    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    model = TSNE(
        perplexity=min(30.0, (len(table) - 1) / 3),
        init=flat / spread * 1e-4,  # the scale that t-SNE's own PCA start has
        random_state=seed,
    )
    # several threads would add up in varying order, so that the map would differ between runs
    with threadpool_limits(1):
        placed: NDArray[np.float64] = model.fit_transform(components).astype(np.float64)
    placed -= placed.mean(axis=0)
    return placed


def _principal_components(table: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Return at most `n` principal components, the sign of each fixed by its largest loading."""
    centred = table - table.mean(axis=0)
    left, scale, right = np.linalg.svd(centred, full_matrices=False)
    kept = (scale > scale.max(initial=0) * 1e-10).nonzero()[0][:n]
    largest = np.abs(right[kept]).argmax(axis=1)
    signs = np.sign(right[kept, largest])
    components: NDArray[np.float64] = left[:, kept] * (scale[kept] * signs)
    return components
