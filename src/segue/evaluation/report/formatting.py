"""Numbers and enumerations as text.

Shares are in percent, differences of shares in percentage points. Undefined numbers are "unknown".
"""

import math
from collections.abc import Iterable, Sequence


def percent(value: float) -> str:
    """Return a share in percent.

    Examples
    --------
    >>> percent(0.625), percent(float("nan"))
    ('62%', 'unknown')
    """
    return f"{100 * value:.0f}%" if math.isfinite(value) else "unknown"


def percent_down(value: float) -> str:
    """Return a share in percent with one digit, never rounded up to all.

    Examples
    --------
    >>> percent_down(0.9996), percent_down(1.0)
    ('99.9%', '100%')
    """
    return f"{math.floor(1000 * value) / 10:g}%"


def signed(value: float, digits: int = 4) -> str:
    r"""Return a number with its sign, with a typographic minus.

    Examples
    --------
    >>> signed(0.5, 2), signed(-0.5, 2) == "\u22120.50", signed(float("nan"))
    ('+0.50', True, 'unknown')
    """
    if not math.isfinite(value):
        return "unknown"
    return f"{round(value, digits) + 0.0:+.{digits}f}".replace("-", "\u2212")


def p_value(p: float) -> str:
    """Return a p-value as papers write it.

    Examples
    --------
    >>> p_value(0.0001), p_value(0.034), p_value(0.5)
    ('p < 0.001', 'p = 0.034', 'p = 0.50')
    """
    if not math.isfinite(p):
        return "p unknown"
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def magnitudes(interval: Sequence[float]) -> str:
    """Return the bounds of a difference of shares in percentage points, without their sign.

    Examples
    --------
    >>> magnitudes((-0.3, -0.04))
    '4 to 30'
    """
    low, high = sorted(abs(100 * bound) for bound in interval)
    return f"{low:.0f} to {high:.0f}"


def joined(names: Iterable[str], limit: int = 6) -> str:
    """Return an enumeration; names beyond a limit are counted.

    Examples
    --------
    >>> joined(["folk"]), joined(["folk", "jazz", "rock"]), joined("abcd", limit=2)
    ('folk', 'folk, jazz and rock', 'a, b and 2 more')
    """
    found = list(names)
    if len(found) > limit:
        found = [*found[:limit], f"{len(found) - limit} more"]
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"
