"""The certificate authority of an instance. It lives on the control machine, in the inventory's folder `pki/`."""

from lyceum_ops.errors import Failure


class PkiError(Failure):
    """Something about certificates that an administrator must mend; the text says what, where and how."""
