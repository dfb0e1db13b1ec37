from .models.res_partner_identity import KEYS


def post_init_hook(env):
    """Customers that were there before: who came first with a number, an RFC or an e-mail keeps it as its own."""
    for name in KEYS:
        env["res.partner"]._claim_first_come(name)
