"""What to do about a permission that is missing, by what AWS says about it."""

from __future__ import annotations

import re

# As IAM ends its sentence ("Troubleshoot access denied error messages", IAM User Guide): "with an explicit deny in a
# service control policy", "because no permissions boundary allows the … action".
_POLICY = (
    "(?:service|resource) control policy|permissions boundary|(?:VPC endpoint|session|resource-based) policy"
)
_EXPLICIT = re.compile(
    rf"explicit deny(?: in (?:an? |the )?(?:{_POLICY}|identity-based policy))?", re.IGNORECASE
)
_NOT_ALLOWED = re.compile(rf"because no ({_POLICY}) allows", re.IGNORECASE)


def advice(said: str, otherwise: str) -> str:
    """What to do about the refusal that AWS put so; `otherwise` where a grant may be all that is missing."""
    if found := _EXPLICIT.search(said):
        return f"no grant of this stack outdoes an {found[0]}: ask who keeps that policy to except the stack's roles"
    if found := _NOT_ALLOWED.search(said):
        return f"the {found[1]} has to allow it for the stack's roles, too: ask who keeps it"
    return otherwise
