"""Odoo 19 from Debian's package `odoo-19`, unpacked in the cache folder and never installed into the system.

apt's own client fetches it, with the signature check of the archive keyring, from the mirror that this machine's apt
already uses; but with lists, cache and sources of its own, so that the system's apt is left as it was.
"""

import os
import shutil
import subprocess
from pathlib import Path

from . import processes
from .console import folder_megabytes, step
from .errors import DevError
from .home import remove

KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
)
# What the links inside the Odoo package point at. Font Awesome 4 and Inconsolata's .otf, which Odoo's stylesheets name,
# left the suite sid with newer versions of their packages: they are taken from the stable suite.
PACKAGES = (
    "odoo-19",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-glyphicons-halflings",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
    "fonts-font-awesome/trixie",
    "fonts-inconsolata/trixie",
    "python3-pip-whl",  # for a Python without ensurepip (Debian's, when python3-venv is not installed)
)
SUITES = ("sid", "trixie")
# Debian leaves out a library without sources that Odoo's manifest of `mail` still names: every page of the web client
# then logs an error, and every browser test fails on it. An empty file in its place only loses the blurred
# background of video calls.
ADDONS = "usr/lib/python3/dist-packages/odoo/addons"
LEFT_OUT = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"
NO_APT = "set ODOO_SOURCE=/path/to/odoo-19 (an Odoo 19 tree) to work without apt"


def require_apt():
    missing = [tool for tool in ("apt-get", "dpkg-deb") if not shutil.which(tool)]
    if missing:
        raise DevError(f"Odoo 19 comes from Debian's packages and {missing[0]} is not on this machine: {NO_APT}")


def check():
    """Raise at once what would be found out only later."""
    require_apt()
    keyring()
    mirror()


def keyring():
    for file in KEYRINGS:
        if file.exists():
            return file
    raise DevError(f"Debian's archive keyring is missing: install the package debian-archive-keyring, or {NO_APT}")


def mirror():
    """The address of the Debian mirror of this machine's own apt configuration."""
    try:
        listed = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(REPO_URI)"], capture_output=True, text=True, check=False
        ).stdout.split()
    except OSError as error:
        raise DevError(f"apt-get cannot be run ({error.strerror}): {NO_APT}") from error
    for address in [*listed, *_addresses_in_sources()]:
        # the security archive has no suite sid; a CD or a local file is not a mirror
        if address.startswith(("http://", "https://", "mirror+")) and "security" not in address:
            return address
    raise DevError(f"apt on this machine names no Debian mirror (see /etc/apt/sources.list.d): {NO_APT}")


def _addresses_in_sources(folder=Path("/etc/apt")):
    """The addresses in apt's sources files, of both formats, for when apt has not read its lists yet."""
    for file in [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]:
        if file.suffix not in (".list", ".sources") or not file.is_file():
            continue
        for text in file.read_text(errors="replace").splitlines():
            line = text.partition("#")[0].strip()
            if line.startswith(("deb ", "URIs:")):
                yield from (word for word in line.split() if "://" in word)


def write_configuration(folder):
    """A private apt below `folder`; the environment that makes apt use it."""
    for name in ("lists/partial", "cache/archives/partial", "debs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    address = mirror()
    (folder / "sources.list").write_text(
        "".join(f"deb [signed-by={keyring()}] {address} {suite} main\n" for suite in SUITES)
    )
    # The machine's way to the network (proxies, certificates, retries) is kept; its hooks and its sources are not.
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False).stdout
    kept = [
        line
        for line in dump.splitlines()
        if line.startswith(("Acquire::", "APT::Architecture ")) and not line.startswith("Acquire::Languages")
    ]
    own = {
        "Dir::State::lists": f"{folder}/lists/",
        "Dir::State::status": f"{folder}/status",
        "Dir::Cache": f"{folder}/cache/",
        "Dir::Etc::sourcelist": f"{folder}/sources.list",
        "Dir::Etc::main": "/dev/null",
        "Dir::Etc::parts": "/dev/null",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Acquire::Languages": "none",
        "Acquire::Retries": "2",
        # the cache folder may lie where apt's own user cannot go; this concerns the download alone
        "APT::Sandbox::User": "root",
        "APT::Get::AllowUnauthenticated": "false",
    }
    (folder / "status").touch()
    (folder / "apt.conf").write_text("\n".join([*kept, *(f'{key} "{value}";' for key, value in own.items()), ""]))
    return {**os.environ, "APT_CONFIG": str(folder / "apt.conf"), "LC_ALL": "C.UTF-8"}


def fetch(folder, log):
    """Download the packages below `folder`; return their files. apt checks every one against the signed index."""
    remove(folder)  # what an interrupted run left: a file of it might be half
    env = write_configuration(folder)
    with step("Reading the package lists of Debian"):
        command = ["apt-get", "update", "-q", "--error-on=any"]
        processes.check(command, log, "reading Debian's package lists (apt-get update)", env=env)
    debs = folder / "debs"
    with step("Downloading Odoo 19 from Debian (125 MB)", measure=lambda: folder_megabytes(debs)):
        command = ["apt-get", "download", "-q", *PACKAGES]
        if processes.run(command, log, env=env, cwd=debs, append=True):
            # An interrupted or spoilt file: once more, from nothing.
            for file in debs.iterdir():
                file.unlink()
            processes.check(command, log, "downloading Odoo 19 (apt-get download)", env=env, cwd=debs, append=True)
    return sorted(debs.glob("*.deb"))


def unpack(debs, target, log):
    with step("Unpacking Odoo 19 (1.2 GB)"):
        for deb in debs:
            processes.check(["dpkg-deb", "-x", deb, target], log, f"unpacking {deb.name}", append=True)
    dangling = [link for link in (target / "usr/lib").rglob("*") if link.is_symlink() and not link.exists()]
    if dangling:
        raise DevError(f"Debian's package odoo-19 has a link to nowhere: {dangling[0]} (see devtools/debian.py)")


def build(folder, scratch, log):
    """Fill `folder` with Odoo and what it links to; `scratch` keeps apt's own files meanwhile."""
    debs = fetch(scratch, log)
    unpack(debs, folder, log)
    placeholder = folder / ADDONS / LEFT_OUT
    if not placeholder.exists():
        placeholder.parent.mkdir(parents=True, exist_ok=True)
        placeholder.write_text("// left out by Debian\n")
    (odoo,) = [deb for deb in debs if deb.name.startswith("odoo-19_")]
    (folder / "version").write_text(odoo.name.split("_")[1])
    shutil.rmtree(scratch)
