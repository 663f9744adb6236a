"""What to do about a missing permission, from AWS's own words about it."""

from __future__ import annotations

import re

# As IAM ends its sentence ("Troubleshoot access denied error messages", IAM User Guide): "with an explicit deny in a
# service control policy", "because no permissions boundary allows the … action".
_EXPLICIT = re.compile(r"explicit deny(?: in (?:an? |the )?([a-z0-9 -]+))?", re.IGNORECASE)
_NOT_ALLOWED = re.compile(
    r"because no ((?:service|resource) control policy|permissions boundary|(?:VPC endpoint|session) policy) allows",
    re.IGNORECASE,
)
_RESOURCE_POLICY = re.compile(r"no resource-based policy allows", re.IGNORECASE)


def advice(said: str, otherwise: str) -> str:
    """What to do about a refusal in these words. Returns `otherwise` if they name no special policy."""
    if found := _EXPLICIT.search(said):
        policy = (found[1] or "policy").strip()
        return (
            f"a {policy} denies this explicitly, which no setting of this stack can outdo: ask whoever keeps that"
            f" {policy} to except the stack's roles"
        )
    if found := _NOT_ALLOWED.search(said):
        return f"the {found[1]} has to let the stack's roles do it, too: ask whoever keeps it"
    if _RESOURCE_POLICY.search(said):
        return "the policy of the resource itself has to let the stack's roles in"
    return otherwise
