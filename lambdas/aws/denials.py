"""Advice about a missing permission, derived from AWS's error message."""

from __future__ import annotations

import re

# The ends of IAM's error messages ("Troubleshoot access denied error messages", IAM User Guide), such as "with an
# explicit deny in a service control policy", or "because no permissions boundary allows the … action".
_EXPLICIT_DENY = re.compile(r"explicit deny(?: in (?:an? |the )?([a-z0-9 -]+))?", re.IGNORECASE)
_POLICY_WITHOUT_ALLOW = re.compile(
    r"because no ((?:service|resource) control policy|permissions boundary|(?:VPC endpoint|session) policy) allows",
    re.IGNORECASE,
)
_RESOURCE_POLICY = re.compile(r"no resource-based policy allows", re.IGNORECASE)


def advice(message: str, default_advice: str) -> str:
    """The advice for a refusal with this message. Returns `default_advice` if the message names no special policy."""
    if match := _EXPLICIT_DENY.search(message):
        policy = (match[1] or "policy").strip()
        return (
            f"a {policy} denies this explicitly, and no setting of this stack overrides it: ask the administrator of"
            f" that {policy} to exempt the stack's roles"
        )
    if match := _POLICY_WITHOUT_ALLOW.search(message):
        return f"the {match[1]} must also allow this for the stack's roles: ask its administrator"
    if _RESOURCE_POLICY.search(message):
        return "the resource's own policy must allow the stack's roles"
    return default_advice
