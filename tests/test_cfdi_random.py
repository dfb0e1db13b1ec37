import os

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from odoo.tests import tagged

from .cfdi_moves import MovesCommon

# More of it, and other invoices each time: L10N_MX_CUSTOMER_RANDOM=1000 ./dev test test_cfdi_random
EXAMPLES = int(os.environ.get("L10N_MX_CUSTOMER_RANDOM", "0"))
# What lines are taxed with; a discount has the same one, without its quota.
TAXES = ("iva_16", "iva_8", "iva_0", "exempt", "none", "included", "ieps_iva", "withheld", "quota", "local")
lines = st.tuples(
    st.sampled_from(TAXES),
    st.one_of(st.integers(1, 50), st.decimals("0.3", "999", places=2)).map(float),
    st.one_of(st.decimals("0.01", "2000", places=2), st.decimals("0.02", "99", places=4)).map(float),
    st.sampled_from([0.0, 0.0, 0.0, 5.0, 12.5, 33.33, 99.99, 100.0]),
)
invoices = st.fixed_dictionaries(
    {
        "lines": st.lists(lines, min_size=1, max_size=6),
        "discount": st.sampled_from([0, 0, 1, 10, 33.33]),
        "currency": st.sampled_from(["MXN", "MXN", "MXN", "USD", "JPY", "KWD"]),
        "method": st.sampled_from(["round_globally", "round_per_line"]),
        "refund": st.booleans(),
        "coins": st.sampled_from([False, False, "add_invoice_line", "biggest_tax"]),
    }
)


@tagged("post_install", "-at_install")
class TestCfdiRandom(MovesCommon):
    """Whatever the lines, discounts, taxes, currency and rounding: nothing is wrong, and the total is Odoo's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        none = cls.env["account.tax"]
        included = cls.iva_16.copy({"name": "IVA incluido", "price_include_override": "tax_included"})
        cls.taxes = {
            **{name: getattr(cls, name) for name in ("iva_16", "iva_8", "iva_0", "exempt")},
            "none": none,
            "included": included,
            "ieps_iva": cls.ieps_8 + cls.iva_16,
            "withheld": cls.iva_16 + cls.isr + cls.iva_withheld,
            "quota": cls.quota + cls.iva_16,
            "local": cls.iva_16 + cls.local_added + cls.local_withheld,
        }
        cls.company.cfdi_line_product_code = "84111506"
        account = cls.env["account.account"].search(
            [("account_type", "=", "expense"), ("company_ids", "=", cls.company.id)], limit=1
        )
        cls.coins = {
            strategy: cls.env["account.cash.rounding"].create(
                {
                    "name": strategy,
                    "rounding": 0.5,
                    "strategy": strategy,
                    "rounding_method": "HALF-UP",
                    "profit_account_id": account.id,
                    "loss_account_id": account.id,
                }
            )
            for strategy in ("add_invoice_line", "biggest_tax")
        }
        cls.currencies = {"MXN": cls.company.currency_id}
        for name, rate in (("USD", 17.512345), ("JPY", 0.1234), ("KWD", 57.1)):
            currency = cls.env["res.currency"].with_context(active_test=False).search([("name", "=", name)])
            currency.sudo().active = True
            cls.env["res.currency.rate"].create(
                {
                    "currency_id": currency.id,
                    "company_id": cls.company.id,
                    "name": cls.today,
                    "inverse_company_rate": rate,
                }
            )
            cls.currencies[name] = currency

    def _discount_lines(self, given, percentage):
        """A global discount as Odoo's own wizard makes it: a negative line for each combination of taxes."""
        amounts = {}
        for name, quantity, price, discount in given:
            amounts[name] = amounts.get(name, 0.0) + quantity * price * (1 - discount / 100)
        return [
            (name, -1.0, round(amount * percentage / 100, 2), 0.0)
            for name, amount in amounts.items()
            if round(amount * percentage / 100, 2)
        ]

    def _check(self, case):
        self.company.tax_calculation_rounding_method = case["method"]
        # The complement of local taxes has two decimals, whatever the currency has.
        local = "iva_16" if case["currency"] == "KWD" else "local"
        case["lines"] = [(local if name == "local" else name, *rest) for name, *rest in case["lines"]]
        discounts = self._discount_lines(case["lines"], case["discount"])
        move = self._move(
            *[(quantity, price, discount, self.taxes[name]) for name, quantity, price, discount in case["lines"]],
            *[
                (quantity, price, discount, self.taxes[name] - self.quota)
                for name, quantity, price, discount in discounts
            ],
            currency_id=self.currencies[case["currency"]].id,
            invoice_cash_rounding_id=case["coins"] and case["currency"] == "MXN" and self.coins[case["coins"]].id,
            move_type="out_refund" if case["refund"] else "out_invoice",
            cfdi_payment_form="23",
        )
        self._xml(move)

    @settings(
        max_examples=EXAMPLES or 12,
        deadline=None,
        database=None,
        derandomize=not EXAMPLES,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate) if not EXAMPLES else tuple(Phase),
    )
    @given(invoices)
    # Taxes of whole yen, rounded line by line, and a discount's share of them: no longer base by rate (CFDI40180).
    @example(
        {
            "lines": [("quota", 154.32, 28.14, 5.0), ("ieps_iva", 14.0, 4.18, 5.0), ("iva_16", 42.81, 71.2804, 0.0)],
            "discount": 33.33,
            "currency": "JPY",
            "method": "round_per_line",
            "refund": False,
            "coins": False,
        }
    )
    def test_any_invoice(self, case):
        with self.env.cr.savepoint(flush=True) as savepoint:
            self._check(case)
            savepoint.rollback()
        self.env.invalidate_all(flush=False)
