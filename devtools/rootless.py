"""PostgreSQL refuses to run as root. Root then runs it as an account that every Debian has, and makes no new one."""

import ctypes
import os
import pwd
from dataclasses import dataclass

from .errors import DevError

# linux/capability.h and linux/prctl.h
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
CAPABILITY_VERSION_3 = 0x20080522
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2


@dataclass(frozen=True)
class Account:
    """Who runs PostgreSQL. `uid` None: we ourselves, not being root."""

    uid: int | None = None
    gid: int | None = None
    capability: int | None = None

    @classmethod
    def for_postgres(cls, folder):
        """The account for a server whose files are in `folder`."""
        if os.geteuid() != 0:
            return cls()
        for name in ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid, cls._needed_capability(folder))
        raise DevError("PostgreSQL does not run as root, and there is no account nobody: set DATABASE_URL to a server")

    @staticmethod
    def _needed_capability(folder):
        """Root's home is closed to other accounts (mode 700) and we change nothing there. Where the way to the cache
        folder is closed like that, the server keeps from root the right to pass through folders, and no other."""
        if all(parent.stat().st_mode & 0o001 for parent in folder.absolute().parents):
            return None
        with open("/proc/self/status") as status:
            (line,) = [line for line in status if line.startswith("CapPrm:")]
        permitted = int(line.split()[1], 16)
        for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
            if permitted >> capability & 1:
                return capability
        raise DevError(
            f"PostgreSQL cannot reach {folder}, which only root may enter: "
            "set L10N_MX_CUSTOMER_HOME to a folder that other accounts may enter, such as /var/tmp/l10n_mx_customer"
        )

    def own_folder(self, folder):
        """Make the folder if missing, open to this account alone."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.uid is not None:
            os.chown(folder, self.uid, self.gid)
        elif folder.stat().st_uid != os.getuid():
            raise DevError(f"{folder} is somebody else's: remove it, or set L10N_MX_CUSTOMER_HOME to a shorter path")
        folder.chmod(0o700)

    def become(self):
        """In the child, before exec."""
        if self.uid is None:
            return
        libc = ctypes.CDLL(None, use_errno=True)
        # setuid() then takes no capability away (we do, below), and access() counts those that are left: initdb asks
        # it whether it may run the server's program
        if self.capability is not None and libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
        os.setgroups([])
        os.setgid(self.gid)
        os.setuid(self.uid)
        if self.capability is not None:
            bit = 1 << self.capability
            # struct __user_cap_header_struct, then two struct __user_cap_data_struct: effective, permitted, inheritable
            header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
            data = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
            if libc.capset(header, data) or libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, self.capability, 0, 0):
                raise OSError(ctypes.get_errno(), "capset")
