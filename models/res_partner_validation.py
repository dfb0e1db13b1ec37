import difflib
import math

from odoo import api, fields, models
from odoo.exceptions import ValidationError

SHOWN_OPTIONS = 12  # of a selection, in an error


class ResPartner(models.Model):
    """Values of a customer that cannot be what their field is: refused together, in words.

    The ORM stops at the first with a message for programmers, or keeps a part of the value: ``int("30.9")``. An
    integration needs to know the field, the value and what was expected, for all of them at once.
    """

    _inherit = "res.partner"

    @api.model_create_multi
    def create(self, vals_list):
        # the superuser is our own and Odoo's code, which gives records that it has in its hands
        customers = [vals for vals in vals_list if self._makes_a_customer(vals)] if not self.env.su else []
        self._check_values(customers, nameless=[vals for vals in customers if not self._names(vals)])
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and any(partner.customer_rank for partner in self):
            self._check_values([vals])
        return super().write(vals)

    @api.model
    def _names(self, vals):
        return [vals[name] for name in ("name", "firstname", "lastname") if vals.get(name)]

    @api.model
    def _check_values(self, vals_list, nameless=()):
        """:raise ValidationError: with a line for each value that its field cannot hold, and for who has no name"""
        items = [item for vals in vals_list for item in vals.items()]
        problems = [problem for name, value in items if (problem := self._value_problem(name, value))]
        problems += self._missing_records(items)
        name = self._fields["name"]
        problems += [self._problem(name, "", self.env._("the name of the customer")) for _vals in nameless]
        if problems:
            raise ValidationError("\n".join(dict.fromkeys(problems)))

    @api.model
    def _value_problem(self, name, value):
        field = self._fields.get(name)
        if field is None:
            close = difflib.get_close_matches(name, self._fields, n=1)
            hint = self.env._(" Did you mean %(name)s?", name=close[0]) if close else ""
            return self.env._("%(field)s: a customer has no such field.%(hint)s", field=name, hint=hint)
        if value in (False, None, ""):
            return None
        expected = getattr(self, f"_expected_{field.type}", lambda _field, _value: None)(field, value)
        return expected and self._problem(field, value, expected)

    @api.model
    def _problem(self, field, value, expected):
        return self.env._(
            "%(label)s (%(field)s): “%(value)s” is not valid; %(expected)s is expected.",
            label=self._card_label(field.name),
            field=field.name,
            value=value,
            expected=expected,
        )

    # What a type of field takes, None when the value is one. All values are not empty.

    @api.model
    def _expected_char(self, _field, value):
        return None if isinstance(value, str) else self.env._("a text")

    _expected_text = _expected_char

    @api.model
    def _expected_boolean(self, _field, value):
        # XML-RPC has numbers for yes and no; a text such as “no” would mean yes.
        return None if isinstance(value, (bool, int)) else self.env._("true or false")

    @api.model
    def _expected_integer(self, _field, value):
        whole = isinstance(value, int) and not isinstance(value, bool)
        whole = whole or (isinstance(value, float) and value.is_integer())
        return None if whole and abs(value) < 2**31 else self.env._("a whole number")

    @api.model
    def _expected_float(self, _field, value):
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        return None if number else self.env._("a number")

    _expected_monetary = _expected_float

    @api.model
    def _expected_date(self, field, value):
        try:
            (fields.Datetime if field.type == "datetime" else fields.Date).to_datetime(value)
        except (TypeError, ValueError):
            return self.env._("a date such as 2026-03-31")
        return None

    _expected_datetime = _expected_date

    @api.model
    def _expected_selection(self, field, value):
        options = field.get_values(self.env)
        if value in options:
            return None
        shown = ", ".join(str(option) for option in options[:SHOWN_OPTIONS])
        return self.env._("one of %(options)s", options=shown + (", ..." if len(options) > SHOWN_OPTIONS else ""))

    @api.model
    def _expected_many2one(self, field, value):
        number = type(value) is int
        return None if number or isinstance(value, models.BaseModel) else self._expected_record(field)

    @api.model
    def _expected_many2many(self, _field, value):
        is_list = isinstance(value, (list, tuple, models.BaseModel))
        return None if is_list else self.env._("a list of commands such as [(6, 0, ids)]")

    _expected_one2many = _expected_many2many

    @api.model
    def _expected_record(self, field):
        model = self.env["ir.model"]._get(field.comodel_name).name
        return self.env._("the id of an existing record of %(model)s", model=model)

    @api.model
    def _missing_records(self, items):
        """A line for each many2one whose record does not exist; PostgreSQL would say it in the words of its table."""
        asked = {}
        for name, value in items:
            field = self._fields.get(name)
            if field and field.type == "many2one" and type(value) is int and value:
                asked.setdefault(field, set()).add(value)
        return [
            self._problem(field, value, self._expected_record(field))
            for field, values in asked.items()
            for value in values - set(self.env[field.comodel_name].sudo().browse(values).exists().ids)
        ]
