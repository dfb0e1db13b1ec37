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
           COALESCE(ticket.total, 0) AS open_case_count
      FROM customer
CROSS JOIN company
 LEFT JOIN (
           SELECT customer.id AS customer_id,
                  company.id AS company_id,
                  SUM(policy.amount) AS amount,
                  SUM({money("policy.hourly_rate * spent.hours")}) AS consumed
             FROM customer
             JOIN customer_policy policy ON policy.commercial_partner_id = customer.id
             JOIN company ON company.id = policy.company_id
        LEFT JOIN LATERAL (
                  SELECT SUM(ticket.duration_hours) AS hours
                    FROM helpdesk_ticket ticket
                   WHERE ticket.consumed_policy_id = policy.id
                  ) spent ON TRUE
            WHERE policy.cancelled IS NOT TRUE
              AND company.today BETWEEN policy.date_start AND policy.date_end
         GROUP BY customer.id, company.id
           ) policy ON policy.customer_id = customer.id AND policy.company_id = company.id
 LEFT JOIN (
           SELECT customer.id AS customer_id, company.id AS company_id, COUNT(*) AS total
             FROM customer
             JOIN helpdesk_ticket ticket ON ticket.commercial_partner_id = customer.id
             JOIN company ON company.id = COALESCE(ticket.company_id, company.id)
            WHERE ticket.active
              AND ticket.closed IS NOT TRUE
         GROUP BY customer.id, company.id
           ) ticket ON ticket.customer_id = customer.id AND ticket.company_id = company.id
     WHERE policy.customer_id IS NOT NULL
        OR ticket.customer_id IS NOT NULL
""",  # noqa: S608
    dated="""
    SELECT policy.commercial_partner_id
      FROM customer_policy policy
      JOIN dated company ON company.id = policy.company_id
     WHERE policy.cancelled IS NOT TRUE
       AND (policy.date_start > company.since AND policy.date_start <= company.today
            OR policy.date_end >= company.since AND policy.date_end < company.today)
""",
)

COMMISSIONS = Source(
    reads={"customer.commission": ("amount", "company_id", "partner_id"), "res.partner": ("commercial_partner_id",)},
    query=f"""
    SELECT member.customer_id,
           company.id AS company_id,
           {money("SUM(commission.amount)")} AS commission_total
      FROM member
      JOIN customer_commission commission ON commission.partner_id = member.id
      JOIN company ON company.id = commission.company_id
  GROUP BY member.customer_id, company.id, company.rounding
""",  # noqa: S608
)
