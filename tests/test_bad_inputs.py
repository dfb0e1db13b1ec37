from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import CustomerCommon

# (values, texts of the message in Spanish): the field's label, the value and what is expected
BAD = [
    # RFC
    ({"vat": "XIA190128J62"}, ("RFC", "XIA190128J62", "EKU9003173C9")),
    ({"vat": "XIA191328J61"}, ("RFC", "XIA191328J61")),
    ({"vat": "XIA190128"}, ("RFC", "XIA190128")),
    ({"vat": "NO ES UN RFC"}, ("RFC",)),
    ({"vat": 12345}, ("12345", "un texto")),
    ({"vat": "URE180429TM6"}, ("RFC", "URE180429TM6", "Comercializadora del Bajío")),
    ({"vat": "ure-180429-tm6"}, ("RFC", "URE180429TM6")),
    # number and e-mail of another customer
    ({"ref": "C-UNO"}, ("Núm. Cliente", "C-UNO", "Comercializadora del Bajío")),
    ({"email": "compras@bajio.example.com"}, ("Correo electrónico principal", "compras@bajio.example.com")),
    ({"email": "Compras <COMPRAS@bajio.example.com>"}, ("Correo electrónico principal", "Comercializadora del Bajío")),
    # SAT codes
    ({"cfdi_zip": "0600"}, ("CP del RFC", "0600", "06000")),
    ({"cfdi_zip": "00001"}, ("CP del RFC", "00001")),
    ({"cfdi_zip": "0600A"}, ("CP del RFC", "0600A")),
    ({"cfdi_zip": 6000}, ("CP del RFC", "6000", "un texto")),
    ({"cfdi_tax_regime": "999"}, ("Régimen Fiscal", "999", "601")),
    ({"cfdi_tax_regime": 601}, ("Régimen Fiscal", "601")),
    ({"cfdi_tax_regime": "612"}, ("Régimen Fiscal", "612", "XIA190128J61", "601")),
    ({"vat": "GODE561231GR8", "cfdi_tax_regime": "601"}, ("Régimen Fiscal", "601", "GODE561231GR8", "612")),
    ({"cfdi_use": "G99"}, ("Uso de CFDI", "G99", "G01")),
    ({"cfdi_use": "D01"}, ("Uso de CFDI", "D01", "G03")),
    ({"cfdi_use": "CN01"}, ("Uso de CFDI", "CN01")),
    ({"cfdi_payment_method": "PUR"}, ("Metodo de Pago", "PUR", "PUE, PPD")),
    ({"cfdi_payment_form": "32"}, ("Forma de Pago", "32", "01")),
    ({"cfdi_payment_form": "3"}, ("Forma de Pago", "3")),
    ({"cfdi_payment_method": "PUE", "cfdi_payment_form": "99"}, ("Forma de Pago", "99", "PUE", "03")),
    ({"vat": "XAXX010101000", "cfdi_tax_regime": "601"}, ("Régimen Fiscal", "601", "616")),
    ({"vat": "XAXX010101000", "cfdi_tax_regime": "616", "cfdi_use": "G03"}, ("Uso de CFDI", "G03", "S01")),
    ({"cfdi_legal_name": 5}, ("Razon Social", "5", "un texto")),
    # credit
    ({"credit_days": -1}, ("Dias de credito", "-1")),
    ({"credit_days": "treinta"}, ("Dias de credito", "treinta", "un número entero")),
    ({"credit_days": 30.5}, ("Dias de credito", "30.5", "un número entero")),
    ({"credit_days": True}, ("Dias de credito", "True")),
    ({"credit_days": 2**40}, ("Dias de credito", str(2**40))),
    ({"credit_limit": -0.01}, ("Limite de credito", "-0.01")),
    ({"credit_limit": "mucho"}, ("mucho", "un número")),
    ({"credit_limit": float("inf")}, ("inf", "un número")),
    ({"credit_limit": float("nan")}, ("nan", "un número")),
    # records that do not exist, or no ids
    ({"user_id": 999999999}, ("999999999", "Usuario")),
    ({"property_product_pricelist": 999999999}, ("999999999",)),
    ({"property_payment_term_id": 999999999}, ("999999999",)),
    ({"country_id": 999999999}, ("999999999",)),
    ({"state_id": "Jalisco"}, ("Jalisco", "id")),
    ({"billing_address_id": 999999999}, ("Dirección de fact pred", "999999999")),
    ({"shipping_address_id": 999999999}, ("Dirección de envío pred", "999999999")),
    ({"referred_by_id": 999999999}, ("Referido Por", "999999999")),
    ({"stp_account_id": 999999999}, ("Cuenta STP", "999999999")),
    ({"addenda_template_id": 999999999}, ("Plantilla Adenda", "999999999")),
    ({"affiliate_type_id": 999999999}, ("Tipo de afiliado", "999999999")),
    ({"default_cart_id": 999999999}, ("Carrito Predeterminado (TPV)", "999999999")),
    ({"allowed_carrier_ids": "todos"}, ("Envios disponibles", "todos")),
    ({"category_id": "Mayorista"}, ("Mayorista",)),
    # of the card
    ({"referral_rate": 100.5}, ("% Comision por referir", "100.5", "100")),
    ({"referral_rate": -1}, ("% Comision por referir", "-1")),
    ({"referral_rate": "diez"}, ("% Comision por referir", "diez")),
    ({"capture_origin": "web"}, ("Origen de captura", "web")),
    ({"no_email": "no"}, ("No enviar correos", "no", "verdadero o falso")),
    ({"marketing_opt_in": "si"}, ("Suscrito a Mercadotecnia", "si")),
    ({"marketing_opt_in": True, "email": False}, ("Suscrito a Mercadotecnia",)),
    ({"customer_class": "medium"}, ("medium", "wholesale")),
    ({"receivable_balance": 5.0}, ("Por Cobrar",)),
    ({"credit_available": 1000000.0}, ("Crédito disponible",)),
    ({"name": 5}, ("5", "un texto")),
    ({"name": False}, ("Nombre del Cliente",)),
    # fields that do not exist
    ({"rfc": "XIA190128J61"}, ("rfc",)),
    ({"cfdi_regime": "601"}, ("cfdi_regime", "cfdi_tax_regime")),
    ({"credit_day": 30}, ("credit_day", "credit_days")),
]


@tagged("post_install", "-at_install")
class TestBadInputs(CustomerCommon):
    """A customer that cannot be is refused with a message that a person understands, and nothing is written."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("es_MX")
        cls.customer.write({"ref": "C-UNO", "email": "compras@bajio.example.com"})
        cls.good = {
            "name": "Cliente Nuevo",
            "customer_rank": 1,
            "country_id": cls.env.ref("base.mx").id,
            "vat": "XIA190128J61",
            "email": "nuevo@example.com",
            "cfdi_zip": "76343",
            "cfdi_tax_regime": "601",
            "cfdi_use": "G03",
            "cfdi_payment_method": "PUE",
            "cfdi_payment_form": "03",
        }

    def test_the_good_one(self):
        self.assertTrue(self.env["res.partner"].create(dict(self.good)).ref)

    def test_bad_inputs(self):
        self.assertGreaterEqual(len(BAD), 60)
        partners = self.env["res.partner"].with_context(lang="es_MX")
        count = partners.with_context(active_test=False).search_count([])
        for values, texts in BAD:
            with self.subTest(values):
                with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
                    partners.create({**self.good, **values})
                    self.env.flush_all()
                message = str(caught.exception)
                for text in texts:
                    self.assertIn(text, message)
                self.assertNotIn("Traceback", message)
                self.assertLess(len(message), 700)
        self.assertEqual(partners.with_context(active_test=False).search_count([]), count)

    def test_all_at_once(self):
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            self.env["res.partner"].create({**self.good, "cfdi_use": "G99", "credit_days": "x", "credit_day": 3})
        self.assertEqual(len(str(caught.exception).splitlines()), 3)

    def test_changing_a_customer(self):
        for name, value in {"cfdi_use": "D01", "cfdi_zip": "00001", "credit_days": "x"}.items():
            with self.subTest(name), self.assertRaisesRegex(UserError, value), self.env.cr.savepoint():
                self.customer.write({name: value})
                self.env.flush_all()
