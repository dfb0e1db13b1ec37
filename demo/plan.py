"""What happens in the year of the demo company: who buys what, when it is invoiced and how it is paid.

Pure Python: it knows customers and prices, and answers sales; ``documents`` makes Odoo's documents of them. Days count
back from today, so that what is overdue stays overdue; everything else is drawn from a generator seeded with the
customer's name. The same day gives the same year, and a customer added later changes nothing for the others.
"""

import random
from dataclasses import dataclass, field

SEED = "cenzontle"
YEAR = 360

QUOTATION, CANCELLED, CONFIRMED = "quotation", "cancelled", "confirmed"
RETURN, DISCOUNT, REVERSAL = "return", "discount", "reversal"


@dataclass(frozen=True)
class Customer:
    name: str
    credit_days: int
    credit_limit: float
    prices: dict[str, float]
    """Of what it may buy: tax-included unit price in pesos by product."""
    archived: bool = False


@dataclass
class Payment:
    days_ago: int
    share: float | None = None
    """Of the invoice's total; None is whatever is left of it."""


@dataclass
class CreditNote:
    days_ago: int
    kind: str
    """RETURN of goods, DISCOUNT afterwards, or REVERSAL of the whole sale."""
    applied: bool = True
    """To its invoice; otherwise it stays in the customer's favour."""
    paid_back: bool = False


@dataclass
class Sale:
    customer: str
    days_ago: int
    minute: int
    """Of the working day, from 9:00."""
    lines: tuple[tuple[str, int], ...]
    """Products and quantities."""
    state: str = CONFIRMED
    by_contact: bool = False
    invoiced: float = 0.0
    """Part of the quantities that is invoiced: 0, 0.5 or 1."""
    invoice_days_ago: int = 0
    drafted: bool = False
    """The invoice is still a draft."""
    payments: list[Payment] = field(default_factory=list)
    credit_note: CreditNote | None = None


@dataclass(frozen=True)
class Habit:
    """How a customer buys and pays."""

    orders: int = 3
    size: tuple[float, float] = (0.05, 0.13)
    """Of an order: part of the credit limit; pesos for who has none."""
    lag: tuple[int, int] = (-6, 0)
    """Days from the due date to the payment."""
    last_order: int = 2
    """Days since the latest order that may be."""
    unpaid_since: int = 0
    """Invoices of these last days are not paid."""
    open_orders: tuple[float, ...] = ()
    """Sizes of more orders, the latest ones, invoiced and not paid."""
    open_late: int | None = None
    """Days that the open orders are past due; None: they are not due yet."""
    in_parts: float = 0.3
    """How often a part is paid first."""


CASH = Habit(orders=3, size=(700, 9500), lag=(0, 1), last_order=4)
COUNTER = Habit(orders=9, size=(150, 2600), lag=(0, 0), last_order=2)
PUNCTUAL = Habit(last_order=16, open_orders=(0.11,))
LATE = Habit(orders=4, size=(0.06, 0.12), lag=(12, 45), open_orders=(0.09,), open_late=18)
DEFAULTER = Habit(orders=4, size=(0.10, 0.18), lag=(0, 8), last_order=95, unpaid_since=200)
NEAR_LIMIT = Habit(orders=3, size=(0.03, 0.05), lag=(-8, -2), last_order=70, open_orders=(0.32, 0.31, 0.30), in_parts=0)
OVER_LIMIT = Habit(orders=3, size=(0.04, 0.08), lag=(-8, -2), last_order=70, open_orders=(0.40, 0.43, 0.42), in_parts=0)
DORMANT = Habit(orders=3, last_order=230)
DORMANT_CASH = Habit(orders=3, size=CASH.size, lag=CASH.lag, last_order=230)

HABITS = {
    "publico": COUNTER,
    **dict.fromkeys(("colibri_risueno", "jacaranda_roja", "jade_viajero", "luna_ecatl", "altamar"), LATE),
    **dict.fromkeys(("piston_dorado", "marimba_celeste", "cuamatzi", "huitron"), DEFAULTER),
    **dict.fromkeys(("valle_sonado", "mapache_cobrizo", "chimal", "tepox"), NEAR_LIMIT),
    **dict.fromkeys(("valle_oculto", "piloncillo_errante", "mixcoatl"), OVER_LIMIT),
    # Archived and still owing
    "salitre": Habit(orders=3, size=(0.1, 0.2), last_order=230, unpaid_since=300),
}

# Receipts that no invoice claims yet: customer, days ago, amount in pesos
ADVANCES = (
    ("tuerca_feliz", 6, 12000.0),
    ("quetzal_aurora", 11, 25000.0),
    ("becerro_volador", 3, 8500.0),
    ("nanez", 2, 1500.0),
)


def plan(customers):
    """The sales of the year (list of Sale) to the customers (iterable of Customer), oldest first."""
    sales = [sale for customer in customers for sale in _sales_of(customer)]
    return sorted(sales, key=lambda sale: (-sale.days_ago, sale.minute, sale.customer))


def _habit_of(customer):
    default = CASH if not customer.credit_days else PUNCTUAL
    if customer.archived:
        default = DORMANT_CASH if not customer.credit_days else DORMANT
    return HABITS.get(customer.name, default)


def _sales_of(customer):
    rng = random.Random(f"{SEED} {customer.name}")
    habit = _habit_of(customer)
    favourites = rng.sample(sorted(customer.prices), min(8, len(customer.prices)))
    scale = customer.credit_limit or 1.0

    def draw(days_ago, size, **values):
        lines = _draw_lines(rng, favourites, customer.prices, size * scale)
        minute = rng.randrange(8 * 60)
        return Sale(customer.name, days_ago, minute, lines, by_contact=rng.random() < 0.5, **values)

    # One order in each stretch of the year, so that twelve months are covered.
    step = (YEAR - habit.last_order) / habit.orders
    for index in range(habit.orders):
        days_ago = habit.last_order + int(step * (habit.orders - index) - rng.random() * step)
        sale = draw(days_ago, rng.uniform(*habit.size))
        sale.invoice_days_ago = max(1, sale.days_ago - rng.randint(0, 2))
        sale.invoiced = _share_invoiced(rng, customer, sale)
        if not sale.invoiced and rng.random() < 0.5:
            sale.invoiced, sale.drafted = 1.0, True
        elif sale.invoiced:
            _pay(rng, habit, customer, sale)
            if sale.invoiced == 1.0 and customer.credit_days and sale.invoice_days_ago > 15:
                _credit(rng, sale)
        yield sale
    for index, size in enumerate(habit.open_orders):
        first = 14 if habit.open_late is None else 14 + customer.credit_days + habit.open_late
        sale = draw(first - 4 * index - rng.randrange(4), size, invoiced=1.0)
        sale.invoice_days_ago = sale.days_ago - 1
        if rng.random() < habit.in_parts:
            sale.payments = [_first_part(rng, sale)]
        yield sale
    if not customer.archived and rng.random() < 0.6:
        yield draw(rng.randint(1, 12), rng.uniform(*habit.size), state=QUOTATION)
    if rng.random() < 0.35:
        yield draw(rng.randint(habit.last_order, YEAR), rng.uniform(*habit.size), state=CANCELLED)


def _draw_lines(rng, favourites, prices, budget):
    """A few products whose total is about the budget, taxes included."""
    affordable = [product for product in favourites if prices[product] <= budget / 2]
    affordable = affordable or [min(favourites, key=prices.get)]
    products = rng.sample(affordable, min(rng.randint(1, 3), len(affordable)))
    each = budget / len(products)
    return tuple((product, max(1, round(each / prices[product]))) for product in products)


def _share_invoiced(rng, customer, sale):
    """Cash sales are invoiced at once; of those on credit, some are not yet, most of them recent."""
    chance = rng.random()
    if not customer.credit_days or customer.archived or 0.3 < chance < 0.94:
        return 1.0
    if chance >= 0.94:
        return 0.5
    return 0.0 if sale.days_ago < 60 or chance < 0.04 else 1.0


def _pay(rng, habit, customer, sale):
    due = sale.invoice_days_ago - customer.credit_days
    paid = due - rng.randint(*habit.lag)
    first = _first_part(rng, sale) if customer.credit_days and rng.random() < habit.in_parts else None
    if sale.invoice_days_ago < habit.unpaid_since or paid < 1:
        sale.payments = [first] if first else []
        return
    sale.payments = [Payment(min(paid, sale.invoice_days_ago))]
    if first and first.days_ago > paid:
        sale.payments.insert(0, first)


def _first_part(rng, sale):
    return Payment(max(1, sale.invoice_days_ago - rng.randint(3, 8)), round(rng.uniform(0.3, 0.6), 2))


def _credit(rng, sale):
    days_ago = sale.invoice_days_ago - rng.randint(1, 2)
    chance = rng.random()
    if chance < 0.05:
        sale.credit_note = CreditNote(days_ago, RETURN)
    elif chance < 0.09:
        sale.credit_note = CreditNote(days_ago, DISCOUNT)
    elif chance < 0.12:
        sale.credit_note = CreditNote(days_ago, DISCOUNT, applied=False, paid_back=chance < 0.1)
    elif chance < 0.14:
        sale.credit_note = CreditNote(days_ago, REVERSAL)
        sale.payments = []
