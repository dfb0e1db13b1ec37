"""The compiled stylesheet and schema are shared by the threads of a server."""

from concurrent.futures import ThreadPoolExecutor

import cfdi
from cases import CASES
from support import comprobante, concepto


def test_many_threads_seal_and_validate_at_once(credential):
    docs = [comprobante(*[concepto(str(price))] * 5, Folio=str(price)) for price in range(1, 41)]

    def work(doc):
        data = cfdi.seal(cfdi.build_xml(doc), certificate_der=credential.der, sign=credential.sign)
        return data, cfdi.validate(data)

    alone = [work(doc) for doc in docs]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(work, docs * 3))
    assert together == alone * 3
    assert all(problems == [] for _data, problems in together)


def test_threads_find_problems_of_their_own_document():
    good = cfdi.build_xml(CASES["iva_16"])
    bad = cfdi.build_xml(CASES["iva_16"])
    bad.set("Moneda", "QQQ")

    def work(element):
        return {problem.code for problem in cfdi.validate(element, sealed=False)}

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, [good, bad] * 50))
    assert found == [set(), {"CFDI40113", "CFDI40115"}] * 50
