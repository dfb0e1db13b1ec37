from typing import NamedTuple


class Source(NamedTuple):
    """One query of ``customer_figures`` and what it needs.

    ``reads``: the fields that the query reads, by model: what is pending on them is written before it runs. Flushing
    everything instead would be slower and could not be nested in a computation. Models that are not installed are
    passed over.
    ``dated``: query of the customers some figure of which changes only because the day of a company (``dated``) went
    from ``since`` to ``today``, if time alone changes any.
    """

    query: str
    reads: dict[str, tuple[str, ...]]
    by_company: bool = True
    dated: str | None = None


def money(expression):
    """SQL: an amount (0 if there is none) rounded as the company's currency is, halves away from zero."""
    return f"ROUND(COALESCE(({expression})::numeric, 0) / company.rounding) * company.rounding"
