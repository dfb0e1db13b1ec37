"""Rules of the SAT's matrices that are not checked here, and why. docs/sat-rules.md tells them with the others."""

_LISTS = "the SAT's lists of RFC, names and addresses, which the PAC asks"
_LIMITS = "limits, and confirmations that the PAC gives, which the SAT has not put into force"
_NOT_WRITTEN = "of a part that is never written here"
_OTHER_MODES = "ships, planes and trains are written and read, and checked by the schema alone"

NOT_CHECKED = {
    "CFDI40118": _LIMITS,
    "CFDI40120": _LIMITS,
    "CFDI40127": _LIMITS,
    "CFDI40128": _LIMITS,
    "CFDI40129": _LIMITS,
    "CFDI40135": "said by CFDI40134",
    "CFDI40138": _LISTS,
    "CFDI40139": _LISTS,
    "CFDI40142": "the SAT's register of operations",
    "CFDI40143": _LISTS,
    "CFDI40144": _LISTS,
    "CFDI40145": _LISTS,
    "CFDI40148": _LISTS,
    "CFDI40155": "only with the complemento of foreign trade, which is not written here",
    "CFDI40156": "the patterns of other countries' tax numbers are not in the catalogues at hand",
    "CFDI40163": "the complementos that a product needs are not in the catalogues at hand",
    "CFDI40164": "the taxes that a product needs are not in the catalogues at hand",
    **{f"CFDI40{number}": _NOT_WRITTEN for number in range(187, 201)},
    "CFDI40209": "said by CFDI40206",
    "CFDI40216": "said by CFDI40215",
    "CFDI40222": "only with the complemento of foreign trade, which is not written here",
    "CFDI40999": "what has no code",
    "CRP20112": _NOT_WRITTEN,
    "CRP20216": _LIMITS,
    "CRP20220": _LIMITS,
    "CRP20222": _LISTS,
    "CRP20225": "the patterns of accounts are not in the catalogues at hand",
    "CRP20226": "the patterns of accounts are not in the catalogues at hand",
    "CRP20253": "rates of withholdings are a range, and some are not in the catalogues at hand",
    "CRP20275": "each amount is within its own limits by the formula; their sum is CRP20276",
    "CRP20999": "what has no code",
    "CP101": "said by the schema (301)",
    "CP106": "said by CFDI40170",
    "CP108": _LISTS,
    **dict.fromkeys(("CP128", "CP129", "CP138"), _OTHER_MODES),
    "CP132": _LISTS,
    "CP150": _OTHER_MODES,
    "CP151": _OTHER_MODES,
    "CP152": _OTHER_MODES,
    "CP155": "which goods may be dangerous is not in the catalogues at hand",
    "CP167": _OTHER_MODES,
    **{f"CP{number}": _OTHER_MODES for number in (*range(185, 190), 191, 192)},
    "CP195": _LISTS,
    "CP999": "what has no code",
}
"""Code -> why."""
