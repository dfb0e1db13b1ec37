"""XML signatures (XMLDSig) of requests to cancel: read by the letter of the standard, and made for the acuse."""

from __future__ import annotations

import base64
import hashlib
from copy import deepcopy

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1
from lxml import etree

from ..csd import Credential

DSIG = "http://www.w3.org/2000/09/xmldsig#"
_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_EXPECTED = {
    "SignedInfo/CanonicalizationMethod": _C14N,
    "SignedInfo/SignatureMethod": f"{DSIG}rsa-sha1",
    "SignedInfo/Reference/Transforms/Transform": f"{DSIG}enveloped-signature",
    "SignedInfo/Reference/DigestMethod": f"{DSIG}sha1",
}


def signer(root: etree._Element) -> x509.Certificate | None:
    """The certificate whose key signed the whole of `root`; None when the signature is not right."""
    signatures = root.findall(f"{{{DSIG}}}Signature")
    if len(signatures) != 1:
        return None
    signature = signatures[0]
    for path, algorithm in _EXPECTED.items():
        found = signature.findall(_qualified(path))
        if [node.get("Algorithm") for node in found] != [algorithm]:
            return None
    if [node.get("URI") for node in signature.iter(f"{{{DSIG}}}Reference")] != [""]:
        return None
    try:
        certificate = x509.load_der_x509_certificate(_decoded(signature, "KeyInfo/X509Data/X509Certificate"))
        document = deepcopy(root)
        document.remove(document.find(f"{{{DSIG}}}Signature"))
        digest = hashlib.sha1(_canonical(document)).digest()  # noqa: S324 - what the SAT takes
        if digest != _decoded(signature, "SignedInfo/Reference/DigestValue"):
            return None
        signed = _canonical(signature.find(f"{{{DSIG}}}SignedInfo"))
        value = _decoded(signature, "SignatureValue")
        certificate.public_key().verify(value, signed, PKCS1v15(), SHA1())  # noqa: S303
    except (InvalidSignature, ValueError):
        return None
    return certificate


def sign(root: etree._Element, credential: Credential) -> None:
    """Sign the whole of `root`, enveloped, RSA-SHA256."""
    digest = base64.b64encode(hashlib.sha256(_canonical(root)).digest()).decode()
    signature = etree.SubElement(root, f"{{{DSIG}}}Signature", nsmap={None: DSIG}, Id="SelloSAT")
    info = etree.SubElement(signature, f"{{{DSIG}}}SignedInfo")
    etree.SubElement(info, f"{{{DSIG}}}CanonicalizationMethod", Algorithm=_C14N)
    etree.SubElement(info, f"{{{DSIG}}}SignatureMethod", Algorithm=_RSA_SHA256)
    reference = etree.SubElement(info, f"{{{DSIG}}}Reference", URI="")
    transforms = etree.SubElement(reference, f"{{{DSIG}}}Transforms")
    etree.SubElement(transforms, f"{{{DSIG}}}Transform", Algorithm=f"{DSIG}enveloped-signature")
    etree.SubElement(reference, f"{{{DSIG}}}DigestMethod", Algorithm=_SHA256)
    etree.SubElement(reference, f"{{{DSIG}}}DigestValue").text = digest
    etree.SubElement(signature, f"{{{DSIG}}}SignatureValue").text = credential.sign(_canonical(info))
    key = etree.SubElement(signature, f"{{{DSIG}}}KeyInfo")
    etree.SubElement(key, f"{{{DSIG}}}KeyName").text = credential.number


def _qualified(path: str) -> str:
    return "/".join(f"{{{DSIG}}}{name}" for name in path.split("/"))


def _decoded(signature: etree._Element, path: str) -> bytes:
    """:raises ValueError: it is not there, or not base64"""
    return base64.b64decode("".join(signature.findtext(_qualified(path), "").split()) or "?", validate=True)


def _canonical(element: etree._Element) -> bytes:
    """Canonical XML 1.0: of a part, with the namespaces that it has from above."""
    copy = etree.Element(element.tag, attrib=dict(element.attrib), nsmap=element.nsmap)
    copy.text = element.text
    copy.extend(deepcopy(list(element)))
    return etree.tostring(copy, method="c14n", exclusive=False, with_comments=False)
