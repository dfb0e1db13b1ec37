import csv
from pathlib import Path

from lxml import etree
from odoo.tests import tagged

from .card_contract import CARD, LATER
from .common import CustomerCommon

SHARED = Path(__file__).resolve().parents[2] / "shared/design/fields.csv"


@tagged("post_install", "-at_install")
class TestCardFields(CustomerCommon):
    """The card holds what was agreed: every label, type and definition, as a user of es_MX has it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("es_MX")
        cls.partners = cls.env["res.partner"].with_context(lang="es_MX")
        names = [name for _label, name, kind, _made in CARD if name not in LATER and kind != "action"]
        cls.described = cls.partners.fields_get(names)
        view = cls.env.ref("l10n_mx_customer.view_customer_form")
        cls.arch = etree.fromstring(cls.partners.get_view(view.id, "form")["arch"])

    def _label_on_the_card(self, name):
        """The label in the form: that of the view, or the field's own."""
        nodes = self.arch.xpath(f"//sheet//field[@name='{name}'][not(ancestor::field)]")
        labels = [label.get("string") for label in self.arch.xpath(f"//label[@for='{name}']")]
        strings = {*labels, *(node.get("string") for node in nodes)} - {None}
        return strings or ({self.described[name]["string"]} if nodes or labels else set())

    def test_the_agreement_is_whole(self):
        self.assertEqual(len(CARD), 95)
        self.assertEqual(len({name for _label, name, _kind, _made in CARD}), 95)
        unknown = LATER - {name for _label, name, _kind, made in CARD if made == "stored"}
        self.assertFalse(unknown)

    def test_labels(self):
        for label, name, kind, made in CARD:
            if name in LATER or kind == "action":
                continue
            with self.subTest(name):
                if made in ("core", "rule"):
                    self.assertIn(label, self._label_on_the_card(name))
                else:
                    self.assertEqual(self.described[name]["string"], label)

    def test_every_field_is_on_the_card(self):
        for _label, name, kind, _made in CARD:
            if name in LATER:
                continue
            with self.subTest(name):
                tag = "button" if kind == "action" else "field"
                self.assertTrue(self.arch.xpath(f"//{tag}[@name='{name}']"))

    def test_types(self):
        for _label, name, kind, _made in CARD:
            if name in LATER or kind == "action":
                continue
            with self.subTest(name):
                self.assertEqual(self.described[name]["type"], kind)

    def test_definitions(self):
        for _label, name, kind, made in CARD:
            if name in LATER:
                self.assertNotIn(name, self.partners._fields, "not later any more: take it from LATER")
                continue
            if kind == "action":
                self.assertTrue(callable(getattr(self.partners, name)))
                continue
            field = self.partners._fields[name]
            with self.subTest(name):
                if made == "stored":
                    self.assertTrue(field.store)
                if made != "core":
                    ours = "l10n_mx_customer" in field._modules
                    self.assertTrue(ours or made == "rule")
                if made in ("own", "related"):
                    self.assertTrue(self.described[name].get("help"), "the help says what it is for")

    def test_as_agreed(self):
        """Where the agreement itself is at hand, it is the same."""
        if not SHARED.exists():
            return
        with open(SHARED, newline="") as file:
            agreed = [
                (row["label_es"], row["field"], row["kind"].replace("core+rule", "rule"))
                for row in csv.DictReader(file)
            ]
        self.assertEqual([(label, name, made) for label, name, _kind, made in CARD], agreed)
