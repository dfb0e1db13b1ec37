"""What is wrong with a document before it is sealed: all of it at once, and without sealing or storing anything."""

from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal
from typing import NamedTuple

from odoo import api, models
from odoo.exceptions import UserError

from ..cfdi import CfdiError, Comprobante, ComprobanteError, Concepto, build_xml, validate
from .customer_cfdi import LIVE_STATES, UNFINISHED_STATES

# Where something else is missing, conceptos and totals are not known. What the SAT's rules say of the rest is known.
TOLD_ANYWAY = tuple(
    f"Comprobante/{name}"
    for name in ("Receptor", "Emisor", "InformacionGlobal", "CfdiRelacionados", "@FormaPago", "@MetodoPago")
)
STAND_IN = Concepto(
    ClaveProdServ="01010101",
    Cantidad=Decimal(1),
    ClaveUnidad="ACT",
    Descripcion="-",
    ValorUnitario=Decimal(1),
    Importe=Decimal(1),
    ObjetoImp="01",
)


class Checked(NamedTuple):
    """cfdi: the document that is not finished, or is all that the source needs; none if one is to be made.

    comprobante: what would be sealed; None where it cannot be told, or nothing is to be sealed.
    problems: what is wrong, in lines.
    """

    cfdi: object
    comprobante: Comprobante | None
    problems: list[str]


class CustomerCfdi(models.Model):
    _inherit = "customer.cfdi"

    @api.model
    def _check_moves(self, moves):
        """What stamping these sources would find. Nothing is sealed, stored, numbered or sent.

        :param moves: ``account.move``, of any companies
        :return: {move: ``Checked``}
        """
        checked, wrong_means = {}, {}
        finished = self._to_stamp(moves)
        for move in moves:
            if finished[move]:
                checked[move] = Checked(finished[move], None, [])
                continue
            if move.company_id not in wrong_means:
                wrong_means[move.company_id] = problems = []
                self._seal_means(move.company_id, problems)
            comprobante, problems = self._draft(move)
            if comprobante:
                problems = self._draft_problems(comprobante)
            checked[move] = Checked(finished[move], comprobante, problems + wrong_means[move.company_id])
        drafts = {move: found.comprobante for move, found in checked.items() if found.comprobante}
        for move, problem in self._folio_problems(drafts).items():
            checked[move].problems.append(problem)
        return checked

    @api.model
    def _to_stamp(self, moves):
        """The document of each source that is not finished, or is all that it needs; none if one is to be made.

        :param moves: sources, of one model
        :return: {move: ``customer.cfdi``}
        """
        name = self._source_field(moves)
        living = self.search([(name, "in", moves.ids), ("state", "in", LIVE_STATES)]).grouped(name)
        more = moves.browse([move.id for move in living])._needing_another_cfdi()
        answer = {}
        for move in moves:
            cfdis = living.get(move, self.browse())
            unfinished = cfdis.filtered(lambda cfdi: cfdi.state in UNFINISHED_STATES)
            answer[move] = unfinished[-1:] or (cfdis[:0] if move in more else cfdis[:1])
        return answer

    @api.model
    def _seal_means(self, company, problems):
        """What a company seals and stamps with; what it lacks is added to ``problems``.

        :return: (``customer.pac``, ``certificate.certificate``), empty where there is none
        """
        pac, certificate = self.env["customer.pac"], self.env["certificate.certificate"]
        try:
            pac = pac._of_company(company)[:1]
        except UserError as error:
            problems += str(error).split("\n")
        try:
            certificate = certificate._get_csd(company)
        except UserError as error:
            problems += str(error).split("\n")
        return pac, certificate

    @api.model
    def _draft(self, move):
        """The comprobante of a source before it has a folio of the company's sequence and a seal.

        :return: (``cfdi.Comprobante`` or None where something is wrong, what is wrong in lines)
        """
        problems = []
        try:
            comprobante = move._prepare_cfdi(problems)
        except (CfdiError, UserError) as error:
            return None, problems + str(error).split("\n")
        if not problems or comprobante is None:
            return comprobante, problems
        stand_in = replace(
            comprobante,
            Conceptos=(STAND_IN,),
            Moneda="MXN",
            TipoCambio=None,
            TrasladosLocales=(),
            RetencionesLocales=(),
        )
        # Of a value that is missing the document itself has told, in the words of the form.
        return None, problems + self._draft_problems(
            stand_in, lambda problem: problem.value and problem.path.startswith(TOLD_ANYWAY)
        )

    @api.model
    def _draft_problems(self, comprobante, told=lambda _problem: True):
        """What the SAT's schema and rules say of a comprobante that is not sealed, in lines.

        :param told: function of a ``cfdi.Problem``: whether it is to be told
        """
        try:
            problems = validate(build_xml(comprobante), sealed=False, now=datetime.now(timezone.utc))
        except ComprobanteError as error:
            problems = error.problems
        return self._problem_lines(problem for problem in problems if told(problem))

    @api.model
    def _problem_lines(self, problems):
        """``cfdi.Problem`` in lines: the SAT's code, what is expected, where, and what was found there."""
        return list(
            dict.fromkeys(f"{problem}: “{problem.value}”" if problem.value else str(problem) for problem in problems)
        )

    @api.model
    def _folio_problems(self, comprobantes):
        """Which comprobantes have series and folio of another living document of their issuer.

        :param dict comprobantes: a comprobante for each key
        :return: {key: what is wrong}
        """
        keys = {key: (each.Emisor.Rfc, each.Serie, each.Folio) for key, each in comprobantes.items() if each.Folio}
        if not keys:
            return {}
        issuers, series, folios = map(set, zip(*keys.values(), strict=True))
        domain = [
            ("issuer_rfc", "in", list(issuers)),
            ("series", "in", list(series)),
            ("folio", "in", list(folios)),
            ("state", "in", LIVE_STATES),
        ]
        taken = {(cfdi.issuer_rfc, cfdi.series, cfdi.folio): cfdi for cfdi in self.search(domain)}
        return {
            key: self.env._(
                "Series and folio: “%(name)s” of %(rfc)s are those of the CFDI of %(other)s (%(company)s). "
                "Journals and companies of one RFC number their invoices with different prefixes.",
                name="-".join(wanted[1:]),
                rfc=wanted[0],
                other=taken[wanted]._source().name,
                company=taken[wanted].company_id.display_name,
            )
            for key, wanted in keys.items()
            if wanted in taken
        }
