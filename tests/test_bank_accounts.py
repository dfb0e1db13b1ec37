from odoo.exceptions import UserError, ValidationError
from odoo.tests import TransactionCase, tagged

from ..models import clabe
from .common import CustomerCommon

CLABE = "012180001234567899"
OTHER_CLABE = "646180157000000004"


@tagged("post_install", "-at_install")
class TestClabe(TransactionCase):
    def test_check_digit(self):
        for number in (CLABE, OTHER_CLABE, "002010077777777771", "646180110400000007"):
            with self.subTest(number):
                self.assertTrue(clabe.is_valid(number))
                # one digit wrong, in any place, never passes: each weight is prime to ten
                for place in range(18):
                    wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
                    self.assertFalse(clabe.is_valid(wrong), wrong)
        for wrong in (None, "", CLABE[:17], CLABE + "0", "٠١٢١٨٠٠٠١٢٣٤٥٦٧٨٩٩", "01218000123456789X"):
            with self.subTest(wrong):
                self.assertFalse(clabe.is_valid(wrong))


@tagged("post_install", "-at_install")
class TestBankAccounts(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accounts = cls.env["res.partner.bank"]
        cls.banks = cls.env["res.bank"]
        cls.iban_bank = cls.banks.create({"name": "Deutsche Bank", "country": cls.env.ref("base.de").id})

    def _account(self, **values):
        return self.accounts.create({"partner_id": self.customer.id, **values})

    def test_an_account_from_its_clabe_alone(self):
        account = self._account(l10n_mx_edi_clabe=" 0121-8000 1234 567899 ")
        self.assertEqual((account.acc_number, account.l10n_mx_edi_clabe), (CLABE, CLABE))
        self.assertEqual(account.bank_id.l10n_mx_edi_code, "012")

    def test_a_clabe_as_account_number(self):
        account = self._account(acc_number="646 180 15700000000 4")
        self.assertEqual(account.l10n_mx_edi_clabe, OTHER_CLABE)
        self.assertEqual(account.bank_id.name, "STP")

    def test_a_given_bank_stays(self):
        bank = self.banks.create({"name": "Banco Propio", "country": self.env.ref("base.mx").id})
        self.assertEqual(self._account(acc_number="123", l10n_mx_edi_clabe=CLABE, bank_id=bank.id).bank_id, bank)

    def test_wrong_clabes(self):
        cases = {
            "check digit": {"l10n_mx_edi_clabe": "012180001234567898"},
            "17 digits": {"l10n_mx_edi_clabe": CLABE[:17]},
            "letters": {"l10n_mx_edi_clabe": "01218000123456789A"},
            "as account number": {"acc_number": "012180001234567898"},
            "two of them": {"acc_number": CLABE, "l10n_mx_edi_clabe": OTHER_CLABE},
        }
        for reason, values in cases.items():
            with self.subTest(reason), self.assertRaises(ValidationError) as caught:
                self._account(**{"acc_number": "1", **values})
            self.assertIn("CLABE", str(caught.exception))
            self.assertIn(values.get("l10n_mx_edi_clabe") or values["acc_number"], str(caught.exception))
            self.assertIn(self.customer.name, str(caught.exception))
        account = self._account(l10n_mx_edi_clabe=CLABE)
        with self.assertRaises(ValidationError):
            account.l10n_mx_edi_clabe = "012180001234567898"

    def test_accounts_that_are_not_checked(self):
        """Foreign accounts, shorter numbers, and the accounts of those who are not customers."""
        number = "012180001234567898"
        american = self._create_customer(
            name="Acme",
            country_id=self.env.ref("base.us").id,
            cfdi_tax_regime="616",
            cfdi_use="S01",
            vat="XEXX010101000",
        )
        supplier = self.env["res.partner"].create({"name": "Proveedor", "supplier_rank": 1})
        cases = [
            {"partner_id": american.id, "acc_number": number},
            {"acc_number": number, "bank_id": self.iban_bank.id},
            {"acc_number": "DE89370400440532013000"},
            {"acc_number": "0118359719"},
            {"partner_id": supplier.id, "acc_number": number},
            {"partner_id": supplier.id, "acc_number": "1", "l10n_mx_edi_clabe": number},
        ]
        for values in cases:
            with self.subTest(values):
                account = self._account(**values)
                self.assertEqual(account.acc_number, values["acc_number"])
                self.assertFalse(account.bank_id - self.iban_bank)
        self.assertFalse(self._account(partner_id=american.id, acc_number=CLABE).l10n_mx_edi_clabe)

    def test_the_form_proposes_the_bank(self):
        account = self.accounts.new({"partner_id": self.customer.id, "l10n_mx_edi_clabe": CLABE})
        account._onchange_clabe()
        self.assertEqual((account.acc_number, account.bank_id.l10n_mx_edi_code), (CLABE, "012"))

    def test_bank_rfc(self):
        bank = self.env.ref("l10n_mx.acc_bank_012_BBVA_BANCOMER")
        bank.bank_rfc = " bba-830831 lj2 "
        account = self._account(acc_number="0118359719", bank_id=bank.id)
        self.assertEqual(account.bank_rfc, "BBA830831LJ2")
        for wrong in ("BBA830831LJ3", "BBA8308", "X"):
            with self.subTest(wrong), self.assertRaises(ValidationError) as caught:
                bank.bank_rfc = wrong
            self.assertIn(wrong, str(caught.exception))

    def test_ten_thousand_accounts_cost_few_queries(self):
        numbers = [f"0121800001{index:07d}" for index in range(200)]
        numbers = [number + clabe.check_digit(number) for number in numbers]
        self.env.flush_all()
        accounts = self.accounts.with_context(tracking_disable=True)
        values = [{"partner_id": self.customer.id, "acc_number": number} for number in numbers]
        one = self._queries(lambda: accounts.create(values[:20]))
        many = self._queries(lambda: accounts.create(values[20:]))
        # what Odoo asks for each of them (archived twins, a note in the chatter) is Odoo's
        self.assertLess(many / 180, one / 20 + 0.5)
        self.assertEqual(len(self.customer.bank_ids.filtered("bank_id")), 200)

    def _queries(self, function):
        before = self.env.cr.sql_log_count
        function()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before


@tagged("post_install", "-at_install")
class TestStpAccount(CustomerCommon):
    def _account(self, partner=None, **values):
        return self.env["res.partner.bank"].create({"partner_id": (partner or self.customer).id, **values})

    def test_a_valid_account(self):
        account = self._account(l10n_mx_edi_clabe=OTHER_CLABE)
        self.customer.stp_account_id = account
        self.assertEqual(self.customer.copy({"vat": False, "name": "Copia"}).stp_account_id.id, False)
        # an account of a contact is the customer's too
        contact = self.env["res.partner"].create({"name": "Pagos", "parent_id": self.customer.id})
        self.customer.stp_account_id = self._account(contact, l10n_mx_edi_clabe=CLABE)

    def test_wrong_accounts(self):
        other = self._create_customer(name="Otro cliente")
        cases = {
            "of another customer": (self._account(other, l10n_mx_edi_clabe=OTHER_CLABE), "not an account of"),
            "without CLABE": (self._account(acc_number="0118359719"), "CLABE of 18 digits"),
            "archived": (self._account(l10n_mx_edi_clabe=CLABE, active=False), "archived"),
        }
        for reason, (account, expected) in cases.items():
            with self.subTest(reason), self.assertRaises(ValidationError) as caught:
                self.customer.stp_account_id = account
            message = str(caught.exception)
            self.assertIn("STP Account", message)
            self.assertIn(expected, message)
            self.assertIn(account.acc_number, message)
            self.assertIn(self.customer.name, message)

    def test_it_stays_what_it_must_be(self):
        other = self._create_customer(name="Otro cliente")
        account = self._account(acc_number="0118359719", l10n_mx_edi_clabe=OTHER_CLABE)
        self.customer.stp_account_id = account
        for reason, change in {
            "no CLABE": lambda: account.write({"l10n_mx_edi_clabe": False}),
            "another holder": lambda: account.write({"partner_id": other.id}),
            "deleted, which archives": account.unlink,
        }.items():
            with self.subTest(reason), self.assertRaisesRegex(ValidationError, "STP Account"), self.cr.savepoint():
                change()
            account.invalidate_recordset()
            self.assertTrue(account.active)
        self.customer.stp_account_id = False
        account.unlink()
        self.assertFalse(account.active)

    def test_who_writes_accounts(self):
        seller = self._create_user("seller", "sales_team.group_sale_salesman")
        account = self._account(l10n_mx_edi_clabe=OTHER_CLABE)
        with self.assertRaises(UserError):
            account.with_user(seller).cfdi_payment_form = "03"
        self.customer.with_user(seller).stp_account_id = account
        self.assertEqual(self.customer.stp_account_id, account)
