"""What may go wrong, said in one line."""

import errno


class DevError(Exception):
    """A problem that the developer can mend. The message is one line: what is wrong and what to do."""


def disk_full(where=""):
    return f"the disk is full{where}: free some 5 GB, or set L10N_MX_CUSTOMER_HOME to a folder on another disk"


def explain(error):
    """One clear line for errors of the machine that may come from anywhere (disk full above all), else None."""
    if isinstance(error, DevError):
        return str(error)
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return disk_full(where)
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return f"no permission{where}: set L10N_MX_CUSTOMER_HOME to a folder that you may write"
    return None
