import base64
import binascii

from odoo import api, fields, models
from odoo.exceptions import UserError

from . import customer_table


class CustomerDuplicateMany(models.TransientModel):
    """Duplicar, many at once: the branches of a chain from a table with name, RFC, e-mail and phone.

    All or nothing. Over RPC in two calls: ``create({'source_id': 7, 'table': 'name\\trfc\\te-mail\\tphone'})`` (or
    ``file`` in base64, CSV or XLSX), whose ``problems`` say what is wrong with each row, then ``action_duplicate``.
    """

    _name = "customer.duplicate.many"
    _description = "Duplicate a Customer Many Times"

    source_id = fields.Many2one(
        "res.partner",
        string="Original",
        required=True,
        readonly=True,
        ondelete="cascade",
        default=lambda self: self.env.context.get("active_id"),
        help="Customer whose terms the new ones get. It stays as it is.",
    )
    table = fields.Text(
        help="One customer a row: name, RFC, e-mail and phone, separated by tabs (as copied from a spreadsheet), "
        "commas or semicolons. A first row with the names of the columns is understood, in any order."
    )
    file = fields.Binary(attachment=False, help="The same table as a CSV or XLSX file, at most 2 MB and 1,000 rows.")
    filename = fields.Char()
    line_ids = fields.One2many("customer.duplicate.many.line", "wizard_id", compute="_compute_line_ids", store=True)
    row_count = fields.Integer(string="Rows", compute="_compute_counts")
    problem_count = fields.Integer(string="Rows with Errors", compute="_compute_counts")
    problems = fields.Json(
        compute="_compute_problems",
        help="What is wrong, for integrations: a list of {row, field, value, message}; false when all rows are right.",
    )

    @api.depends("table", "file", "source_id")
    def _compute_line_ids(self):
        for wizard in self:
            wizard.line_ids = [fields.Command.clear()] + [
                fields.Command.create(vals) for vals in wizard._prepare_line_vals()
            ]

    @api.depends("line_ids.error")
    def _compute_counts(self):
        for wizard in self:
            wizard.row_count = len(wizard.line_ids)
            wizard.problem_count = len(wizard.line_ids.filtered("error"))

    @api.depends("table", "file", "source_id")
    def _compute_problems(self):
        for wizard in self:
            rows = wizard._read_rows()
            wizard.problems = [
                {"row": number, **problem}
                for (number, _row), problems in zip(rows, wizard._check_rows(rows), strict=True)
                for problem in problems
            ]

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_duplicate(self):
        """Create a customer for each row, or none.

        :return: the action that opens the list of the new customers; ``domain`` is ``[('id', 'in', ids)]``
        :raise UserError: with every error of every row; nothing is created
        """
        self.ensure_one()
        rows = self._read_rows()
        if not rows:
            raise UserError(
                self.env._("Table: it has no rows; one customer a row is expected: name, RFC, e-mail and phone.")
            )
        self._raise_problems(rows, self._check_rows(rows))
        customers = self._create_customers(rows)
        action = self.env["ir.actions.act_window"]._for_xml_id("l10n_mx_customer.action_customers")
        return {**action, "domain": [("id", "in", customers.ids)]}

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    def _read_rows(self):
        """:return: list of (number of the row in the table, {name, vat, email, phone})
        :raise UserError: the file or the text is no table
        """
        self.ensure_one()
        file = self.with_context(bin_size=False).file
        try:
            if file:
                rows = customer_table.read_bytes(base64.b64decode(file, validate=True))
            else:
                rows = customer_table.read_text(self.table or "")
        except binascii.Error as error:
            raise UserError(self.env._("File: it is not in base64.")) from error
        except customer_table.TableError as error:
            raise UserError(self._table_messages()[error.reason]) from error
        rows = customer_table.assign_columns(rows)
        if len(rows) > customer_table.MAX_ROWS:
            raise UserError(self._table_messages()["rows"])
        return rows

    @api.model
    def _table_messages(self):
        return {
            "size": self.env._("Table: it is too big; at most 2 MB are expected."),
            "rows": self.env._(
                "Table: it has too many rows; at most %(limit)s are expected.", limit=customer_table.MAX_ROWS
            ),
            "format": self.env._("File: it cannot be read as a table; a CSV or XLSX file is expected."),
            "library": self.env._("File: this server does not read XLSX files; a CSV file is expected."),
        }

    def _check_rows(self, rows):
        """:return: for each row its problems, as ``customer.duplicate._row_problems``"""
        numbers, values = zip(*rows, strict=True) if rows else ((), ())
        source = self.source_id.commercial_partner_id
        return self.env["customer.duplicate"]._row_problems(values, source, numbers)

    def _prepare_line_vals(self):
        if not self.source_id or not (self.table or self.file):
            return []
        rows = self._read_rows()
        return [
            {
                "row": number,
                **row,
                "error": "\n".join(problem["message"] for problem in problems),
            }
            for (number, row), problems in zip(rows, self._check_rows(rows), strict=True)
        ]

    def _raise_problems(self, rows, problems):
        lines = [
            self.env._("Row %(row)s. %(message)s", row=number, message=problem["message"])
            for (number, _row), row_problems in zip(rows, problems, strict=True)
            for problem in row_problems
        ]
        if lines:
            raise UserError("\n".join(lines))

    def _create_customers(self, rows):
        source = self.source_id.commercial_partner_id
        try:
            with self.env.cr.savepoint():
                customers = source._copy_customer([row for _number, row in rows])
                customers.flush_recordset()
        except UserError as error:
            self._raise_problems(rows, self._find_failures(source, rows))
            raise UserError(str(error)) from error
        return customers

    def _find_failures(self, source, rows):
        """The rows that cannot be created, for a reason that only creating them tells. Nothing is kept."""
        found = []
        for _number, row in rows:
            problems = []
            try:
                with self.env.cr.savepoint() as savepoint:
                    source._copy_customer([row]).flush_recordset()
                    savepoint.rollback()
            except UserError as error:
                problems = [{"field": "", "value": "", "message": str(error)}]
            self.env.invalidate_all(flush=False)
            found.append(problems)
        return found


class CustomerDuplicateManyLine(models.TransientModel):
    """A row of the table, for the preview; the customers are made from the table itself."""

    _name = "customer.duplicate.many.line"
    _description = "Row of Customers to Duplicate"
    _order = "row, id"

    wizard_id = fields.Many2one("customer.duplicate.many", required=True, readonly=True, ondelete="cascade")
    row = fields.Integer(readonly=True, help="Number of the row in the table.")
    name = fields.Char(readonly=True)
    vat = fields.Char(string="RFC", readonly=True)
    email = fields.Char(string="E-mail", readonly=True)
    phone = fields.Char(readonly=True)
    error = fields.Text(readonly=True, help="What is wrong with the row; empty when it is right.")
