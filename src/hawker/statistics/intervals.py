"""How sure a number is: every estimate carries its interval, or the reason why there is none."""

from __future__ import annotations

from math import isfinite, sqrt
from statistics import NormalDist

from msgspec import Struct

from hawker.statistics.moments import Covariances, Moments

LEAST = 5
_NORMAL = NormalDist()


class Estimate(Struct, frozen=True):
    """A value between `low` and `high` at `level`, from `n` units, by `method`.

    All three numbers are None where there can be no answer; `reason` then says why. A format
    applies to each number: `f"{estimate:.1%}"`.

    >>> print(f"{proportion(30, 1000):.1%}")
    3.0% [2.1%, 4.3%]
    >>> print(proportion(0, 0))
    none: no trials
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    method: str = ""
    n: int = 0
    reason: str = ""

    def __format__(self, spec: str) -> str:
        if self.value is None or self.low is None or self.high is None:
            return f"none: {self.reason}"
        spec = spec or ".4g"
        return f"{self.value:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"

    def __str__(self) -> str:
        return format(self, "")

    def __bool__(self) -> bool:
        """Whether there is an answer at all (not whether it is different from zero)."""
        return self.value is not None


def unknown(reason: str, *, n: int = 0, method: str = "", level: float = 0.95) -> Estimate:
    """No answer, and why."""
    return Estimate(reason=reason, n=n, method=method, level=level)


def proportion(successes: float, trials: float, *, level: float = 0.95) -> Estimate:
    """A share of independent trials with Wilson's interval, which stays inside 0 and 1.

    Trials that share a shopper are not independent: use `statistics.bootstrap` there.
    """
    method = "wilson"
    if trials <= 0:
        return unknown("no trials", method=method, level=level)
    if not 0 <= successes <= trials:
        return unknown(
            f"{successes} successes in {trials} trials is not a share",
            n=int(trials),
            method=method,
            level=level,
        )
    z = normal(level)
    p = successes / trials
    bend = z * z / trials
    centre = (p + bend / 2) / (1 + bend)
    half = z * sqrt(p * (1 - p) / trials + bend / (4 * trials)) / (1 + bend)
    low = min(max(0.0, centre - half), p)
    high = max(min(1.0, centre + half), p)
    return Estimate(p, low, high, level, method, int(trials))


def mean(moments: Moments, *, level: float = 0.95) -> Estimate:
    """A mean of independent values with Student's interval; refuses below five values."""
    method = "student"
    if moments.n < LEAST or moments.variance is None:
        return _few(moments.n, method=method, level=level)
    return _around(moments.mean, moments.variance / moments.n, n=moments.n, method=method, level=level)


def ratio(pair: Covariances, *, level: float = 0.95) -> Estimate:
    """The ratio of two sums, Σx / Σy over independent units, by the delta method.

    >>> print(ratio(Covariances.of([1, 0, 2, 1, 1, 1], [10, 9, 21, 12, 8, 10])))
    0.08571 [0.05029, 0.1211]
    """
    method = "delta"
    if pair.n < LEAST:
        return _few(pair.n, method=method, level=level)
    if pair.mean_y == 0:
        return unknown("the denominator is zero", n=pair.n, method=method, level=level)
    value = pair.mean_x / pair.mean_y
    spread = pair.squares_x - 2 * value * pair.products + value * value * pair.squares_y
    variance = max(spread, 0.0) / (pair.n - 1) / pair.n / pair.mean_y**2
    return _around(value, variance, n=pair.n, method=method, level=level)


def normal(level: float) -> float:
    """The two-sided quantile of the normal distribution: 1.96 at .95."""
    return _NORMAL.inv_cdf(0.5 + level / 2)


def student(level: float, *, freedom: float) -> float:
    """The two-sided quantile of Student's t by the Cornish-Fisher expansion.

    Within .0012 of the exact value at .95 from four degrees of freedom on.
    """
    z = normal(level)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    fourth = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + first / freedom + second / freedom**2 + third / freedom**3 + fourth / freedom**4


def _around(value: float, variance: float, *, n: int, method: str, level: float) -> Estimate:
    half = student(level, freedom=n - 1) * sqrt(variance)
    if not (isfinite(value) and isfinite(half)):
        return unknown("the values are not finite", n=n, method=method, level=level)
    return Estimate(value, value - half, value + half, level, method, n)


def _few(n: int, *, method: str, level: float) -> Estimate:
    return unknown(f"{n} units; an interval needs at least {LEAST}", n=n, method=method, level=level)
