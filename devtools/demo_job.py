"""The main job over RPC, as an integrator would write it with odoorpc: run by ``./dev demo``.

Customer -> Duplicar -> sale -> invoice -> CFDI -> receipt -> card. Every step says what it does in Spanish and checks
what it did; the first one that did something else ends the job with status 1.
"""

import argparse
import base64
import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import odoorpc

CUSTOMER = {
    "name": "Comercializadora del Bajío SA de CV",
    "vat": "CBA150312AB1",
    "email": "compras@bajio.example.com",
    "phone": "+52 477 555 0100",
    "is_company": True,
    "customer_rank": 1,
    "cfdi_legal_name": "COMERCIALIZADORA DEL BAJÍO",
    "cfdi_zip": "37000",
    "cfdi_tax_regime": "601",
    "cfdi_use": "G03",
    "cfdi_payment_method": "PUE",
    "cfdi_payment_form": "03",
    "credit_limit": 100000.0,
    "credit_days": 30,
}
BRANCH = {
    "name": "Comercializadora del Bajío Norte SA de CV",
    "vat": "CBN160704AB1",
    "email": "compras@norte.example.com",
    "phone": "+52 81 5555 0101",
    "cfdi_legal_name": "COMERCIALIZADORA DEL BAJÍO NORTE",
}
QUANTITY, PRICE, IVA = 10, 1250.0, 0.16
TOTAL = round(QUANTITY * PRICE * (1 + IVA), 2)
CARD = (
    "name", "vat", "cfdi_legal_name", "cfdi_zip", "cfdi_tax_regime", "cfdi_use", "cfdi_payment_method",
    "cfdi_payment_form", "property_product_pricelist", "credit_limit", "credit_days", "invoiced_total", "collected",
    "invoice_balance", "uninvoiced_balance", "receivable_balance", "overdue_balance", "credit_available",
    "last_sale_date",
)  # fmt: skip


class Unexpected(Exception):
    """A step did not do what it says."""


def expect(what, found, expected):
    if found != expected:
        raise Unexpected(f"{what}: se esperaba {expected!r} y es {found!r}")


@contextmanager
def step(number, text):
    started = time.monotonic()
    print(f"{number}. {text} ...", flush=True)
    yield
    print(f"   listo en {time.monotonic() - started:.2f} s", flush=True)


class Job:
    def __init__(self, odoo):
        self.odoo = odoo
        self.env = odoo.env
        user = self.env.user
        self.company = self.env["res.company"].browse(user.company_id.id)

    def configure_issuer(self, pac_url, csd_folder, password):
        """What a consultant does once: load the CSD, choose the PAC."""
        rfc = self.company.partner_id.vat
        key, certificate = (Path(csd_folder) / f"csd_{rfc}{suffix}" for suffix in (".key", ".cer"))
        key_id = self.env["certificate.key"].create(
            {
                "name": key.name,
                "content": base64.b64encode(key.read_bytes()).decode(),
                "password": password,
                "company_id": self.company.id,
            }
        )
        certificate_id = self.env["certificate.certificate"].create(
            {
                "name": certificate.name,
                "content": base64.b64encode(certificate.read_bytes()).decode(),
                "private_key_id": key_id,
                "scope": "cfdi",
                "company_id": self.company.id,
            }
        )
        (loaded,) = self.env["certificate.certificate"].read([certificate_id], ["is_valid", "loading_error"])
        expect("el CSD es válido", (loaded["is_valid"], loaded["loading_error"]), (True, ""))
        address = urlsplit(pac_url)
        self.env["customer.pac"].create(
            {
                "company_id": self.company.id,
                "kind": "finkok",
                "environment": "simulator",
                "url": urlunsplit((address.scheme, address.netloc, "", "", "")),
                "username": "simulador",
                "password": "simulador",
            }
        )
        print(f"   {self.company.name}, RFC {rfc}")

    def create_customer(self):
        pricelist = self.env["product.pricelist"].create({"name": "Mayoreo", "company_id": self.company.id})
        (country,) = self.env["res.country"].search([("code", "=", "MX")])
        customer = self.env["res.partner"].create(
            {**CUSTOMER, "country_id": country, "property_product_pricelist": pricelist}
        )
        (values,) = self.env["res.partner"].read([customer], ["vat", "credit_available", "property_product_pricelist"])
        expect("RFC", values["vat"], CUSTOMER["vat"])
        expect("Lista de precios", values["property_product_pricelist"][0], pricelist)
        expect("Crédito disponible", values["credit_available"], CUSTOMER["credit_limit"])
        print(f"   cliente {customer}: {CUSTOMER['name']}, {CUSTOMER['vat']}")
        return customer

    def duplicate(self, source):
        wizard = self.env["customer.duplicate"].create({"source_id": source, **BRANCH})
        customer = self.env["customer.duplicate"].action_duplicate([wizard])["res_id"]
        copied = [name for name in CUSTOMER if name.startswith(("cfdi_", "credit_")) and name not in BRANCH]
        (values,) = self.env["res.partner"].read([customer], [*copied, *BRANCH, "property_product_pricelist"])
        for name in copied:
            expect(name, values[name], CUSTOMER[name])
        for name, value in BRANCH.items():
            expect(name, values[name], value)
        (original,) = self.env["res.partner"].read([source], ["property_product_pricelist", "vat"])
        expect("Lista de precios", values["property_product_pricelist"], original["property_product_pricelist"])
        expect("RFC del original", original["vat"], CUSTOMER["vat"])
        print(f"   cliente {customer}: {BRANCH['name']}, {BRANCH['vat']}")
        return customer

    def sell(self, customer):
        order = self.create_order(customer)
        (card,) = self.env["res.partner"].read([customer], ["uninvoiced_balance", "receivable_balance"])
        expect("Por cobrar sin factura", (card["uninvoiced_balance"], card["receivable_balance"]), (TOTAL, TOTAL))
        invoice = self.invoice_order(order)
        (move,) = self.env["account.move"].read([invoice], ["name", "state", "amount_total", "cfdi_use"])
        expect("Factura", (move["state"], move["amount_total"], move["cfdi_use"]), ("posted", TOTAL, "G03"))
        (sale,) = self.env["sale.order"].read([order], ["name"])
        print(f"   pedido {sale['name']}, factura {move['name']} por {TOTAL:,.2f} (IVA 16 % incluido)")
        return order, invoice

    def create_order(self, customer):
        """A confirmed order of QUANTITY desks at PRICE."""
        product = self.env["product.product"].create(
            {
                "name": "Escritorio ejecutivo",
                "default_code": "ESC-01",
                "list_price": PRICE,
                "invoice_policy": "order",
                "cfdi_product_code": "56101703",
            }
        )
        line = {"product_id": product, "product_uom_qty": QUANTITY, "price_unit": PRICE}
        order = self.env["sale.order"].create({"partner_id": customer, "order_line": [(0, 0, line)]})
        self.env["sale.order"].action_confirm([order])
        return order

    def invoice_order(self, order):
        """The posted invoice of all of an order."""
        wizard = self.env["sale.advance.payment.inv"].create(
            {"advance_payment_method": "delivered", "sale_order_ids": [(6, 0, [order])]}
        )
        self.env["sale.advance.payment.inv"].create_invoices([wizard])
        (values,) = self.env["sale.order"].read([order], ["invoice_ids"])
        (invoice,) = values["invoice_ids"]
        self.env["account.move"].action_post([invoice])
        return invoice

    def stamp(self, invoice):
        (result,) = self.env["account.move"].cfdi_stamp([invoice])
        if result["state"] != "stamped":
            raise Unexpected(f"no se timbró: {result['state']}: {result['message']}")
        (move,) = self.env["account.move"].read([invoice], ["cfdi_uuid", "cfdi_state"])
        expect("UUID de la factura", (move["cfdi_uuid"], move["cfdi_state"]), (result["uuid"], "stamped"))
        (document,) = self.env["customer.cfdi"].read([result["cfdi_id"]], ["xml", "name"])
        self._check_xml(base64.b64decode(document["xml"]), result["uuid"])
        (again,) = self.env["account.move"].cfdi_stamp([invoice])
        expect("timbrar dos veces da el mismo timbre", again["uuid"], result["uuid"])
        print(f"   CFDI {document['name']}, UUID {result['uuid']}")

    def _check_xml(self, xml, uuid):
        """The stored document by itself: schema, rules, seal, timbre and total, without asking Odoo."""
        from cfdi import parse_timbre, parse_xml, validate, verify_seal

        expect("problemas del XML", validate(xml), [])
        expect("el sello corresponde", verify_seal(xml), True)
        expect("UUID del timbre", parse_timbre(xml).UUID, uuid)
        expect("Total del XML", parse_xml(xml).get("Total"), f"{TOTAL:.2f}")

    def collect_half(self, invoice):
        context = {"active_model": "account.move", "active_ids": [invoice]}
        register = self.env["account.payment.register"].with_context(**context)
        wizard = register.create({"amount": TOTAL / 2})
        register.action_create_payments([wizard])
        (move,) = self.env["account.move"].read([invoice], ["amount_residual", "payment_state"])
        expect("Saldo de la factura", (move["amount_residual"], move["payment_state"]), (TOTAL / 2, "partial"))
        print(f"   cobrado {TOTAL / 2:,.2f}")

    def check_card(self, customer, order):
        partners = self.env["res.partner"]
        (values,) = partners.read([customer], list(CARD))
        (sale,) = self.env["sale.order"].read([order], ["date_order"])
        expected = {
            "invoiced_total": TOTAL,
            "collected": TOTAL / 2,
            "invoice_balance": TOTAL / 2,
            "uninvoiced_balance": 0.0,
            "receivable_balance": TOTAL / 2,
            "overdue_balance": 0.0,
            "credit_available": CUSTOMER["credit_limit"] - TOTAL / 2,
            "last_sale_date": sale["date_order"],
        }
        expect("la ficha", {name: values[name] for name in expected}, expected)
        only = [("id", "=", customer)]
        for domain, found in (
            ([("receivable_balance", ">", 0)], True),
            ([("overdue_balance", ">", 0)], False),
            ([("invoiced_total", "=", TOTAL), ("credit_available", ">=", 92750)], True),
            ([("last_sale_date", ">=", sale["date_order"])], True),
        ):
            expect(f"búsqueda {domain}", partners.search(domain + only), [customer] if found else [])
        overdue = partners.search([("overdue_balance", ">", 0), ("customer_rank", ">", 0)])
        print(f"   las cifras cuadran; la búsqueda overdue_balance > 0 da {len(overdue)} clientes")
        return values

    def print_card(self, values):
        fields = self.env["res.partner"].fields_get(list(CARD), ["string", "type", "selection"])
        rows = [(fields[name]["string"], self._text(values[name], fields[name])) for name in CARD]
        left, right = (max(len(row[side]) for row in rows) for side in (0, 1))
        line = f"+-{'-' * left}-+-{'-' * right}-+"
        print(line)
        for label, value in rows:
            aligned = value.rjust(right) if value[:1].isdigit() and value[-3:-2] == "." else value.ljust(right)
            print(f"| {label.ljust(left)} | {aligned} |")
        print(line)

    @staticmethod
    def _text(value, field):
        if field["type"] == "selection":
            return dict(field["selection"]).get(value, "")
        if field["type"] == "many2one":
            return value[1] if value else ""
        if field["type"] == "float":
            return f"{value:,.2f}"
        return "" if value is False else str(value)


def run(arguments):
    address = urlsplit(arguments.url)
    odoo = odoorpc.ODOO(address.hostname, port=address.port, timeout=300)
    odoo.login(arguments.db, arguments.login, arguments.password)
    job = Job(odoo)
    with step(0, "Emisor: CSD y PAC"):
        job.configure_issuer(arguments.pac_url, arguments.csd_folder, os.environ["L10N_MX_CUSTOMER_CSD_PASSWORD"])
    with step(1, "Cliente nuevo por RPC"):
        customer = job.create_customer()
    with step(2, "Duplicar"):
        branch = job.duplicate(customer)
    with step(3, "Vender, confirmar y facturar al duplicado"):
        order, invoice = job.sell(branch)
    with step(4, "Timbrar: CFDI 4.0 sellado con el CSD y enviado al PAC simulado (sin validez fiscal)"):
        job.stamp(invoice)
    with step(5, "Cobrar la mitad y leer la ficha"):
        job.collect_half(invoice)
        values = job.check_card(branch, order)
    with step(6, "La ficha del cliente"):
        job.print_card(values)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("url", "db", "login", "password", "pac-url", "csd-folder"):
        parser.add_argument(f"--{name}", required=True)
    try:
        run(parser.parse_args())
    except Unexpected as error:
        print(f"   FALLÓ: {error}", file=sys.stderr)
        return 1
    except odoorpc.error.RPCError as error:
        print(f"   FALLÓ, Odoo contestó: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
