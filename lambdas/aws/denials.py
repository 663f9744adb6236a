"""Advice about a missing permission, derived from AWS's error message."""

from __future__ import annotations

import re

# The ends of IAM's error messages ("Troubleshoot access denied error messages", IAM User Guide), such as "with an
# explicit deny in a service control policy", or "because no permissions boundary allows the … action".
_EXPLICIT = re.compile(r"explicit deny(?: in (?:an? |the )?([a-z0-9 -]+))?", re.IGNORECASE)
_NOT_ALLOWED = re.compile(
    r"because no ((?:service|resource) control policy|permissions boundary|(?:VPC endpoint|session) policy) allows",
    re.IGNORECASE,
)
_RESOURCE_POLICY = re.compile(r"no resource-based policy allows", re.IGNORECASE)


def advice(message: str, otherwise: str) -> str:
    """The advice for a refusal with this message. Returns `otherwise` if the message names no special policy."""
    if found := _EXPLICIT.search(message):
        policy = (found[1] or "policy").strip()
        return (
            f"a {policy} denies this explicitly, and no setting of this stack overrides it: ask the administrator of"
            f" that {policy} to exempt the stack's roles"
        )
    if found := _NOT_ALLOWED.search(message):
        return f"the {found[1]} must also allow this for the stack's roles: ask its administrator"
    if _RESOURCE_POLICY.search(message):
        return "the resource's own policy must allow the stack's roles"
    return otherwise
