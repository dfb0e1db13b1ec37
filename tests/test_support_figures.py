from datetime import timedelta

from freezegun import freeze_time
from odoo import fields
from odoo.tests import tagged

from .test_policies import PolicyCommon


@tagged("post_install", "-at_install")
class TestSupportFigures(PolicyCommon):
    """Policies of 10,000 at 500 an hour, and the cases that use them up."""

    def assert_figures(self, partner=None, **expected):
        partner = partner or self.customer
        partner.invalidate_recordset()
        self.assertEqual({name: partner[name] for name in expected}, expected)

    def test_policies_and_cases(self):
        self._create_policy()
        case = self._create_case(hours=2.5)
        self.assert_figures(policy_amount=10000.0, policy_consumed=0.0, policy_available=10000.0, open_case_count=1)
        case.stage_id = self.stage_done
        self.assert_figures(policy_consumed=1250.0, policy_available=8750.0, open_case_count=0)
        case.sudo().duration_hours = 4
        self.assert_figures(policy_consumed=2000.0, policy_available=8000.0)
        case.stage_id = self.stage_new
        self.assert_figures(policy_consumed=0.0, open_case_count=1)
        case.sudo().unlink()
        self.assert_figures(open_case_count=0)

    def test_contacts_and_other_companies(self):
        contact = self.env["res.partner"].create({"name": "Sistemas", "parent_id": self.customer.id})
        self._create_case(contact)
        self.env["customer.policy"].with_company(self.company_2).create(
            {
                "partner_id": self.customer.id,
                "amount": 700.0,
                "hourly_rate": 100.0,
                "date_start": self.today,
                "date_end": self.today,
                "company_id": self.company_2.id,
            }
        )
        self.assert_figures(open_case_count=1, policy_amount=0.0)
        self.assert_figures(contact, open_case_count=1)
        self.assert_figures(self.customer.with_company(self.company_2), policy_amount=700.0)

    def test_a_policy_begins_and_ends(self):
        self._new_day()
        policy = self._create_policy(start=2, end=3)
        self.assert_figures(policy_amount=0.0)
        self._store_figures()
        for days, amount in ((1, 0.0), (2, 10000.0), (3, 10000.0), (4, 0.0)):
            with freeze_time(fields.Datetime.now() + timedelta(days=days)), self.subTest(days=days):
                self._new_day()
                self.assert_figures(policy_amount=amount)
        policy.action_cancel()

    def test_a_cancelled_policy_does_not_count(self):
        self._create_policy().action_cancel()
        self.assert_figures(policy_amount=0.0, policy_available=0.0)
