"""How fast CFDIs are made, and stamped many at a time.

- documents: invoices of 1, 10 and 100 lines with IVA. Ours: built from dataclasses, sealed, and validated (the SAT's
  schema, seal, rules). The peer: satcfdi creates and signs the same invoice, followed by the SAT's whole schema. Also
  without the validation. By turns in one process, whose order changes, each some times in a row, because a rate is
  asked for: the schema of the peer reads 5 MB, and what comes after it would pay for that. Medians. No two lines of an
  invoice are the same. Both get the same values, the issuer's certificate and its key as they are loaded, and sign with
  the same function, which is measured alone as well.
- batch: 500 invoices stamped over RPC by as many processes as the server has, at a PAC (the simulator) that waits
  200 ms before each answer: how much of what the delay allows is reached, and how much the server's processes grow.

Printed, and written with the raw figures to docs/bench/cfdi.json; the table to docs/bench/cfdi.md.
"""

import argparse
import itertools
import json
import multiprocessing
import statistics
import tempfile
import time
from contextlib import ExitStack
from datetime import datetime, timezone
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import odoorpc
from lxml import etree

from devtools.home import REPOSITORY
from devtools.load._server import WORKERS, Server
from devtools.load.cfdi import Control, prepare
from devtools.odoo import LOGIN, PASSWORD
from devtools.pac import resources
from devtools.setup import workshop
from devtools.simulator import TEST_NAME, TEST_RFC, simulator

LINES, TURNS, IN_A_ROW = (1, 10, 100), 60, 5
DOCUMENTS, DELAY, TOGETHER = 500, 0.2, 10
GOALS = {1: 4, 100: 15}
BUILT_GOALS = {10: 2, 100: 2}  # of one line the signature alone is half of what satcfdi takes
SIGNATURE = "the signature alone"
FOLDER = REPOSITORY / "docs/bench"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--db", required=True)
    parser.add_argument("--url")
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--documents", type=int, default=DOCUMENTS)
    parser.add_argument("--report", type=Path, default=FOLDER)
    options = parser.parse_args()
    with workshop() as shop, ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        pac = stack.enter_context(simulator(shop, folder / "pac.log", TEST_RFC, TEST_NAME))
        figures = {"documents": measure_documents(pac, options.turns)}
        figures["batch"] = measure_batch(shop, options, folder, stack, pac)
    rows = table(figures)
    options.report.mkdir(parents=True, exist_ok=True)
    (options.report / "cfdi.json").write_text(json.dumps(figures, indent=1) + "\n")
    text = "\n".join(
        ["| what | measured | at least |", "| --- | --- | --- |", *(f"| {' | '.join(row[:3])} |" for row in rows)]
    )
    (options.report / "cfdi.md").write_text(f"# CFDI\n\n`./dev bench cfdi`, raw figures in cfdi.json.\n\n{text}\n")
    print(text)
    return 0 if all(row[3] for row in rows) else 1


# ----------------------------------------------------------------------
# Documents
# ----------------------------------------------------------------------
def measure_documents(pac, turns):
    """:return: {lines: {what: [seconds]}}"""
    from satcfdi.models import Signer

    from cfdi import cadena_original

    certificate, key = (pac.csd / f"csd_{TEST_RFC}{suffix}" for suffix in (".cer", ".key"))
    der = certificate.read_bytes()
    issuer = Issuer(Signer.load(certificate=der, key=key.read_bytes(), password=pac.password), der)
    schema = resources.schema()
    folios = itertools.count()  # each document is another one, as in life
    found = {}
    for count in LINES:
        same_invoice(count, issuer)
        cadena = cadena_original(ours(count, issuer, 0)).encode()
        works = {
            "ours, built and sealed": lambda count=count: ours(count, issuer, next(folios)),
            "ours, and validated": lambda count=count: validated(ours(count, issuer, next(folios))),
            "satcfdi, created and signed": lambda count=count: peer(count, issuer, next(folios)),
            "satcfdi, and the whole schema": lambda count=count: accepted(schema, peer(count, issuer, next(folios))),
            SIGNATURE: lambda cadena=cadena: issuer.signer.sign_sha256(cadena),
        }
        seconds = {name: [] for name in works}
        for turn in range(turns + 3):
            first = turn % len(works)
            for name, work in [*works.items()][first:] + [*works.items()][:first]:
                start = time.perf_counter()
                for _time in range(IN_A_ROW):
                    work()
                if turn >= 3:  # what is loaded once is not measured
                    seconds[name].append((time.perf_counter() - start) / IN_A_ROW)
        found[count] = seconds
    return found


class Issuer(NamedTuple):
    signer: object  # of satcfdi, which signs for both
    certificate: bytes


def same_invoice(count, issuer):
    """Both write the same values, or the comparison says nothing."""
    mine, its = (etree.fromstring(data) for data in (ours(count, issuer, 0), peer(count, issuer, 0)))
    for path in (".", "{*}Conceptos/{*}Concepto", "{*}Conceptos//{*}Traslado", "{*}Impuestos/{*}Traslados/{*}Traslado"):
        pairs = zip(values(mine, path), values(its, path), strict=True)
        different = next((pair for pair in pairs if pair[0] != pair[1]), None)
        if different:
            raise SystemExit(f"not the same invoice: {different}")


def values(root, path):
    """Attributes of nodes, numbers without their zeros; neither seal nor where the schemas are."""
    for node in root.findall(path):
        yield {
            name: Decimal(value).normalize() if value.replace(".", "").isdigit() else value
            for name, value in node.attrib.items()
            if name != "Sello" and not name.endswith("schemaLocation")
        }


@cache
def goods(count):
    """What is sold, of which 16 % are whole cents: satcfdi rounds each tax, and its totals are not the sum of that."""
    return [
        (f"Silla de oficina, modelo {number}", Decimal(number % 7 + 1), Decimal("123.50") + number * Decimal("7.25"))
        for number in range(count)
    ]


def ours(count, issuer, folio):
    from cfdi import Comprobante, Concepto, Emisor, Receptor, Traslado, build, seal

    conceptos = []
    for text, quantity, price in goods(count):
        amount = quantity * price
        conceptos.append(
            Concepto(
                ClaveProdServ="56112102",
                Cantidad=quantity,
                ClaveUnidad="H87",
                Descripcion=text,
                ValorUnitario=price,
                Importe=amount,
                ObjetoImp="02",
                Traslados=(Traslado(amount, "002", "Tasa", RATE, amount * RATE),),
            )
        )
    comprobante = Comprobante(
        Emisor=Emisor(Rfc=TEST_RFC, Nombre=TEST_NAME, RegimenFiscal="601"),
        Receptor=Receptor(
            Rfc="URE180429TM6",
            Nombre="UNIVERSIDAD ROBOTICA ESPAÑOLA",
            DomicilioFiscalReceptor="86991",
            RegimenFiscalReceptor="601",
            UsoCFDI="G03",
        ),
        Conceptos=tuple(conceptos),
        Fecha=FECHA,
        LugarExpedicion="42501",
        MetodoPago="PUE",
        FormaPago="03",
        Serie="A",
        Folio=str(folio),
    )
    return seal(build(comprobante), certificate_der=issuer.certificate, sign=issuer.signer.sign_sha256)


FECHA = datetime.now(timezone.utc).replace(tzinfo=None, microsecond=0)
RATE = Decimal("0.160000")


def validated(data):
    from cfdi import validate

    problems = validate(data)
    if problems:
        raise SystemExit(f"what is measured is not valid: {problems[0]}")


def peer(count, issuer, folio):
    from satcfdi.create.cfd import cfdi40

    comprobante = cfdi40.Comprobante(
        emisor=cfdi40.Emisor(rfc=TEST_RFC, nombre=TEST_NAME, regimen_fiscal="601"),
        lugar_expedicion="42501",
        receptor=cfdi40.Receptor(
            rfc="URE180429TM6",
            nombre="UNIVERSIDAD ROBOTICA ESPAÑOLA",
            domicilio_fiscal_receptor="86991",
            regimen_fiscal_receptor="601",
            uso_cfdi="G03",
        ),
        conceptos=[
            cfdi40.Concepto(
                clave_prod_serv="56112102",
                cantidad=quantity,
                clave_unidad="H87",
                descripcion=text,
                valor_unitario=price,
                impuestos=cfdi40.Impuestos(
                    traslados=cfdi40.Traslado(impuesto="002", tipo_factor="Tasa", tasa_o_cuota=RATE)
                ),
            )
            for text, quantity, price in goods(count)
        ],
        serie="A",
        folio=str(folio),
        forma_pago="03",
        metodo_pago="PUE",
        fecha=FECHA,
    )
    comprobante.sign(issuer.signer)
    return comprobante.xml_bytes()


def accepted(schema, data):
    if not schema.validate(etree.fromstring(data)):
        raise SystemExit(f"what is measured is not valid: {schema.error_log.last_error}")


# ----------------------------------------------------------------------
# Batch
# ----------------------------------------------------------------------
def measure_batch(shop, options, folder, stack, pac):
    """:return: {"seconds", "allowed", "processes", "megabytes": growth of each process of the server}"""
    server = Server(shop, options.db, folder, stack)
    warm_up, *invoices = split(prepare(server, pac, options.documents + WORKERS * TOGETHER))
    address = urlsplit(pac.url)
    control = Control(f"{address.scheme}://{address.netloc}/control")
    with multiprocessing.Pool(WORKERS) as pool:
        run = [(server.port, server.database, ids) for ids in warm_up]
        pool.map(stamp, run, 1)
        before = server.memory()
        control.order(rate=1, among=["slow"], seconds=DELAY)
        start = time.perf_counter()
        pool.map(stamp, [(server.port, server.database, ids) for ids in invoices], 1)
        seconds = time.perf_counter() - start
    growth = [after - before[pid] for pid, after in server.memory().items() if pid in before]
    count = sum(map(len, invoices))
    return {
        "documents": count,
        "seconds": seconds,
        "allowed": count * DELAY / WORKERS,
        "processes": WORKERS,
        "megabytes": [round(bytes_ / 2**20, 1) for bytes_ in growth],
    }


def split(invoices):
    """A first list of lists to warm up with, then lists of TOGETHER."""
    parts = [invoices[first : first + TOGETHER] for first in range(0, len(invoices), TOGETHER)]
    return [parts[:WORKERS], *parts[WORKERS:]]


def stamp(told):
    port, database, ids = told
    odoo = odoorpc.ODOO("127.0.0.1", port=port, timeout=300)
    odoo.login(database, LOGIN, PASSWORD)
    states = {result["state"] for result in odoo.env["account.move"].cfdi_stamp(ids)}
    if states != {"stamped"}:
        raise SystemExit(f"what is measured was not stamped: {states}")


# ----------------------------------------------------------------------
# The table
# ----------------------------------------------------------------------
def table(figures):
    rows = []
    for count, seconds in figures["documents"].items():
        median = {name: statistics.median(values) for name, values in seconds.items()}
        built = median["satcfdi, created and signed"] / median["ours, built and sealed"]
        whole = median["satcfdi, and the whole schema"] / median["ours, and validated"]
        times = ", ".join(f"{name} {value * 1000:.2f} ms" for name, value in median.items())
        goal = GOALS.get(count, 0)
        rows.append(
            (
                f"{count} lines: times the rate of satcfdi with the whole schema",
                f"{whole:.1f} ({times})",
                str(goal or ""),
                whole >= goal,
            )
        )
        goal = BUILT_GOALS.get(count, 0)
        rows.append(
            (f"{count} lines: built and sealed, times satcfdi's rate", f"{built:.1f}", str(goal or ""), built >= goal)
        )
        rest = {name: value - median[SIGNATURE] for name, value in median.items()}
        beside = rest["satcfdi, created and signed"] / rest["ours, built and sealed"]
        what = f"{count} lines: built and sealed, beside the RSA signature, which is the same of both"
        rows.append((what, f"{beside:.1f}", "2", beside >= 2))
    batch = figures["batch"]
    reached = batch["allowed"] / batch["seconds"]
    what = f"{batch['documents']} invoices, {batch['processes']} at a time, {DELAY * 1000:.0f} ms each: of the possible"
    rows.append((what, f"{reached:.0%} ({batch['seconds']:.1f} s)", "80 %", reached >= 0.8))
    grown = max(batch["megabytes"], default=0)
    rows.append(("growth of a process of the server", f"{grown:.1f} MB", "under 50", grown < 50))
    return rows


if __name__ == "__main__":
    raise SystemExit(main())
