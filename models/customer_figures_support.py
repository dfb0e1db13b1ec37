"""The queries of support and of referral commissions; ``customer_figures`` says what each figure means."""

from .customer_figures_source import Source, money

# Cases of no company count for each: the helpdesk shows them to all.
SUPPORT = Source(
    reads={
        "customer.policy": (
            *("amount", "cancelled", "commercial_partner_id", "company_id", "date_end", "date_start", "hourly_rate"),
        ),
        "helpdesk.ticket": (
            *("active", "closed", "commercial_partner_id", "company_id", "consumed_policy_id", "duration_hours"),
        ),
    },
    query=f"""
    SELECT customer.id AS customer_id,
           company.id AS company_id,
           {money("policy.amount")} AS policy_amount,
           {money("policy.consumed")} AS policy_consumed,
           {money("policy.amount")} - {money("policy.consumed")} AS policy_available,
           ticket.total AS open_case_count
      FROM customer
CROSS JOIN company
CROSS JOIN LATERAL (
           SELECT SUM(policy.amount) AS amount, SUM({money("policy.hourly_rate * spent.hours")}) AS consumed
             FROM customer_policy policy
        LEFT JOIN LATERAL (
                  SELECT SUM(ticket.duration_hours) AS hours
                    FROM helpdesk_ticket ticket
                   WHERE ticket.consumed_policy_id = policy.id
                  ) spent ON TRUE
            WHERE policy.commercial_partner_id = customer.id
              AND policy.company_id = company.id
              AND policy.cancelled IS NOT TRUE
              AND company.today BETWEEN policy.date_start AND policy.date_end
           ) policy
CROSS JOIN LATERAL (
           SELECT COUNT(*) AS total
             FROM helpdesk_ticket ticket
            WHERE ticket.commercial_partner_id = customer.id
              AND (ticket.company_id = company.id OR ticket.company_id IS NULL)
              AND ticket.active
              AND ticket.closed IS NOT TRUE
           ) ticket
""",  # noqa: S608
    dated="""
    SELECT policy.commercial_partner_id
      FROM customer_policy policy
      JOIN company ON company.id = policy.company_id
     WHERE policy.cancelled IS NOT TRUE
       AND (policy.date_start BETWEEN %(since)s::date AND company.today
            OR policy.date_end BETWEEN %(since)s::date - 1 AND company.today - 1)
""",
)

COMMISSIONS = Source(
    reads={"customer.commission": ("amount", "company_id", "partner_id"), "res.partner": ("commercial_partner_id",)},
    query=f"""
    SELECT customer.id AS customer_id, company.id AS company_id, {money("earned.total")} AS commission_total
      FROM customer
CROSS JOIN company
CROSS JOIN LATERAL (
           SELECT SUM(commission.amount) AS total
             FROM res_partner member
             JOIN customer_commission commission ON commission.partner_id = member.id
            WHERE member.commercial_partner_id = customer.id
              AND commission.company_id = company.id
           ) earned
""",  # noqa: S608
)
