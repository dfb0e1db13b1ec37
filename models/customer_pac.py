from contextlib import closing

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..cfdi.pac import PACS, PacError, open_sat
from ..cfdi.pac.kinds import is_local
from .notification import notification

ENVIRONMENTS = [
    ("production", "Production"),
    ("test", "Test"),
    ("simulator", "Simulator (no legal value)"),
]


class CustomerPac(models.Model):
    """An account at a PAC (Proveedor Autorizado de Certificación), which stamps the CFDIs of a company.

    The first one of a company stamps. When it is down, the next one takes over, but never a document that the first
    one may have stamped (``customer.cfdi``).
    """

    _name = "customer.pac"
    _description = "PAC"
    _order = "company_id, sequence, id"
    _rec_names_search = ("kind",)
    _check_company_auto = True

    name = fields.Char(compute="_compute_name")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company, help="Whose CFDIs it stamps."
    )
    sequence = fields.Integer(default=10, help="The first one stamps; the others wait for it to be down.")
    active = fields.Boolean(default=True, help="Archive a PAC that is not to be used any more.")
    kind = fields.Selection(
        selection=lambda self: [(name, kind.label) for name, kind in PACS.items()],
        string="PAC",
        required=True,
        default="finkok",
        help="The company that stamps.",
    )
    environment = fields.Selection(
        ENVIRONMENTS,
        required=True,
        default="test",
        help="Only what is stamped in production is a legal document. The simulator is a server of your own for "
        "trials, on this machine. All the PACs of a company that are in use have the same one.",
    )
    url = fields.Char(
        string="Simulator URL",
        groups="base.group_system",
        help="Address of the simulator, such as http://localhost:8070.",
    )
    username = fields.Char(groups="base.group_system", required=True, help="User of the account at the PAC.")
    password = fields.Char(
        compute="_compute_password",
        inverse="_inverse_password",
        groups="base.group_system",
        help="Password of the account at the PAC. It can be written and never read.",
    )
    secret = fields.Char(groups=fields.NO_ACCESS, copy=False)

    @api.depends("kind", "environment")
    @api.depends_context("lang")
    def _compute_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        environments = dict(self._fields["environment"]._description_selection(self.env))
        for pac in self:
            environment = "" if pac.environment == "production" else f" ({environments.get(pac.environment, '')})"
            pac.name = f"{kinds.get(pac.kind, '')}{environment}"

    def _compute_password(self):
        self.password = False

    def _inverse_password(self):
        for pac in self:
            if pac.password:  # an empty one is that of a form that was not touched
                pac.sudo().secret = pac.password

    @api.constrains("company_id", "environment", "active")
    def _check_one_environment(self):
        """What is for trials is never stamped for real because the simulator is down, nor the other way round."""
        domain = [("company_id", "in", self.company_id.ids), ("active", "=", True)]
        for company, pacs in self.search(domain).grouped("company_id").items():
            if len(set(pacs.mapped("environment"))) > 1:
                raise ValidationError(
                    self.env._(
                        "Environment: the PACs in use of %(company)s are of several: %(names)s. Archive those that are "
                        "not to be used.",
                        company=company.display_name,
                        names=", ".join(pacs.mapped("name")),
                    )
                )

    @api.constrains("environment", "url")
    def _check_url(self):
        for pac in self.sudo():
            if pac.environment == "simulator" and not is_local(pac.url or ""):
                raise ValidationError(
                    self.env._(
                        "Simulator URL: “%(value)s” is not an address of this machine, such as http://localhost:8070.",
                        value=pac.url or "",
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_unused(self):
        if self.env["customer.cfdi"].sudo().search_count([("pac_id", "in", self.ids)], limit=1):
            raise UserError(self.env._("A PAC that has stamped is archived, not deleted."))

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def check_connection(self):
        """Try address, user and password; nothing is stamped.

        :return: {id: what is wrong, in words that can be shown; empty when all is well}
        :raise AccessError: for who may not read the accounts
        """
        self.check_access("write")
        answers = {}
        for pac in self.sudo():
            try:
                with pac._opened() as adapter:
                    adapter.check()
                answers[pac.id] = ""
            except (PacError, UserError) as error:  # noqa: PERF203
                answers[pac.id] = str(error)
        return answers

    def action_check_connection(self):
        """Button: ``check_connection``, and tell what was found."""
        self.ensure_one()
        problem = self.check_connection()[self.id]
        message = problem or self.env._("%(name)s answers, with this user and password.", name=self.name)
        return notification(message, "danger" if problem else "success", sticky=bool(problem))

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------
    @api.model
    def _of_company(self, company):
        """Those in use of a company, the first one first.

        :raise UserError: there is none
        """
        pacs = self.sudo().search([("company_id", "=", company.id), ("active", "=", True)])
        if not pacs:
            raise UserError(
                self.env._(
                    "%(company)s has no PAC: add one in Settings / Invoicing / CFDI, with its user and password.",
                    company=company.display_name,
                )
            )
        return pacs

    def _opened(self):
        """:return: a context manager that gives the adapter (``cfdi.pac.Pac``)"""
        self.ensure_one()
        return closing(self.sudo()._open())

    def _open(self):
        try:
            return PACS[self.kind].open(self.environment, self.username, self.secret or "", url=self.url or "")
        except (KeyError, ValueError) as error:
            raise UserError(self.env._("%(name)s cannot be used: %(reason)s", name=self.name, reason=error)) from error

    def _ask_sat(self, query):
        """What the SAT says of a CFDI that this PAC has stamped.

        :param query: ``cfdi.pac.CfdiQuery``
        :return: ``cfdi.pac.SatStatus``
        :raise PacError: nothing is known
        """
        with closing(open_sat(self.environment, url=self.url or "")) as sat:
            return sat.status(query)
