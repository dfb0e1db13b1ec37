"""Where every stored figure of the customer card comes from: one query a source.

A query gives one row ``(customer_id, company_id, figure, figure...)`` for each customer asked for and each company, or
``(customer_id, figure, ...)`` for what belongs to no company. Its figures are the names of fields of ``res.partner``.
The same query fills the stored columns (after a commit, by the job, on installing) and answers whoever reads a figure
of which a document has just changed.

Every query starts from the companies with their day, time zone and currency (``COMPANIES``), and from the customers
asked for with those who belong to them (``CUSTOMERS``). Amounts are in the company's currency, rounded by
``money``; documents in another currency count at their own rate. Receivable means a trade receivable account: taxes in
favour and the like (``non_trade``) are not the customer's debt. An invoice is also a sales receipt (``out_receipt``).

| figure | source | condition | measure |
| --- | --- | --- | --- |
| invoiced_total | journal items | receivable, posted, of invoices | balance |
| invoice_balance | the same | | residual |
| invoice_overdue | journal items | receivable, posted, due before today, residual > 0 | residual |
| collected | journal items | receivable, posted, of bank, cash and card journals | - balance |
| credit_note_balance | journal items | receivable, posted, of credit notes | - residual |
| credit_note_applied | the same | | residual - balance |
| credit_note_unstamped_count | credit notes | posted, of a Mexican company, without a stamped CFDI | number |
| advance_balance | journal items | receivable, posted, of bank, cash and card journals, residual < 0 | - residual |
| | lines of down payments | invoiced, collected and not yet deducted from a final invoice | total |
| sold_authorized, sold_reserved | orders | stage Autorizado, Apartado | total |
| pending_sale_count | orders | either of these stages | number |
| average_sale | orders | stage Autorizado, Completada | mean total |
| services_sold | orders | the same | total of service lines before taxes |
| last_sale_date, first_sale_date | orders | the same | latest, earliest date_order |
| uninvoiced_balance | lines of orders | stage Apartado, Autorizado | what no posted invoice covers, taxes included |
| uninvoiced_overdue | the same | Autorizado, older than the customer's credit days | the same |
| receivable_balance | | | invoice_balance + uninvoiced_balance |
| overdue_balance | | | invoice_overdue + uninvoiced_overdue |
| credit_available | | | credit_limit - receivable_balance |
| oldest_debt_date | orders, invoices | something is left; an invoice with orders has their date | earliest date |
| file_count | attachments | of the customer or a contact, no field of theirs | number |
| file_pending_count, file_valid_count, file_rejected_count | the same | review pending, valid, rejected | number |
| last_log_date | log entries | | latest date |
| next_log_date | log entries | not done, follow-up today or later | earliest follow-up |
| event_count | events | a contact attends who is no user of ours, not archived | number |
| event_planned_count | the same | without a result, not over yet | number |
| event_held_count, event_not_held_count | the same | result Held, Not Held | number |
| first_event_date, last_event_date | the same | whatever the result, past or to come | earliest, latest start |
| activity_total_count | activities | of the customer's documents (``mail_activity.SOURCES``), done ones too | number |
| activity_not_started_count | the same | open: Odoo knows nothing between open and done | number |
| activity_done_count | the same | done, which is archived | number |
| first_activity_date, last_activity_date | the same | | earliest, latest day: done on, else due on |
| points_balance | loyalty cards | programs of type loyalty, of the company or of none, not archived | points |
| points_used | history of the cards | the same, archived ones too | points used |
| points_issued | | points without a history were issued too | points_balance + points_used |
| policy_amount | support policies | in force today, not cancelled | amount |
| policy_consumed | cases closed on those policies | | hours at the policy's hourly rate |
| policy_available | | | policy_amount - policy_consumed |
| open_case_count | cases | not closed, not archived; those of no company count for each | number |
| commission_total | referral commissions | in the customer's favour or a contact's | amount |
"""

from .customer_figures_counters import ACTIVITIES, EVENTS, FILES, LOG, POINTS
from .customer_figures_sales import SALES
from .customer_figures_support import COMMISSIONS, SUPPORT

# What every query is given: by what name, and of what SQL type.
PARAMETERS = {
    "customer_ids": "int[]",
    "company_id": "int",  # NULL: for each company
    "now": "timestamp",  # UTC
    "time_zone": "text",  # of a company that says none
    "credit_limits": "jsonb",  # {company id: what a customer has to whom none was given}
    "credit_days": "jsonb",
}

COMPANIES = """
WITH company AS (
         SELECT company.id,
                (%(now)s AT TIME ZONE 'UTC' AT TIME ZONE zone.name)::date AS today,
                zone.name AS time_zone,
                currency.rounding::numeric AS rounding,
                country.code = 'MX' AS is_mexican,
                (%(credit_limits)s ->> company.id::text)::numeric AS credit_limit,
                (%(credit_days)s ->> company.id::text)::int AS credit_days
           FROM res_company company
           JOIN res_partner partner ON partner.id = company.partner_id
           JOIN res_currency currency ON currency.id = company.currency_id
      LEFT JOIN res_country country ON country.id = company.account_fiscal_country_id
     CROSS JOIN LATERAL (SELECT COALESCE(partner.tz, %(time_zone)s) AS name) zone
          WHERE %(company_id)s IS NULL OR company.id = %(company_id)s
     )
"""
# Companies with the day that they had at another moment, too.
DATED = """
   , dated AS (
         SELECT company.*, (%(since)s::timestamp AT TIME ZONE 'UTC' AT TIME ZONE company.time_zone)::date AS since
           FROM company
     )
"""
CUSTOMERS = """
   , customer AS (
         SELECT id, credit_limit, credit_days
           FROM res_partner
          WHERE id = ANY(%(customer_ids)s)
            AND commercial_partner_id = id
     ),
     member AS (
         SELECT partner.id, partner.commercial_partner_id AS customer_id, partner.partner_share
           FROM customer
           JOIN res_partner partner ON partner.commercial_partner_id = customer.id
     )
"""

# By the name that marks a customer's figures of this source as pending.
SOURCES = {
    "activities": ACTIVITIES,
    "commissions": COMMISSIONS,
    "events": EVENTS,
    "files": FILES,
    "log": LOG,
    "points": POINTS,
    "sales": SALES,
    "support": SUPPORT,
}


def dated_query(source):
    """The query of the customers whose figures of a source change from ``since`` to now, by time alone.

    To be given ``PARAMETERS`` without the customers, and ``since``: a moment, UTC.
    """
    return COMPANIES + DATED + SOURCES[source].dated


def figure_query(source, customers=CUSTOMERS):
    """The whole query of a source, to be given ``PARAMETERS``.

    :param customers: the common table expressions ``customer (id, credit_limit, credit_days)`` and
        ``member (id, customer_id, partner_share)``
    """
    return COMPANIES + customers + SOURCES[source].query
