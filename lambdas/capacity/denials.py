"""Refusals for want of a permission: the service's own sentence, and advice that fits the policy it names."""

from __future__ import annotations

# Policies that no grant of the stack's can overrule, as IAM's sentences name them ("Troubleshoot access denied
# error messages", IAM User Guide), and who can change them.
_ABOVE_THE_STACK = {
    "service control policy": "the organization's service control policies",
    "resource control policy": "the organization's resource control policies",
    "permissions boundary": "the permissions boundary of the stack's roles (context key permissionsBoundaryArn)",
    "VPC endpoint policy": "the policy of the VPC endpoint",
    "session policy": "the session policy",
    "resource-based policy": "the resource's own policy",
}


def explained(sentence: str, grant: str) -> str:
    """The service's sentence and what to do; `grant` is what helps where nothing but a grant is missing."""
    return f"{sentence.rstrip('. :')} - {_advice(sentence, grant)}"


def _advice(sentence: str, grant: str) -> str:
    policy = next((known for name, known in _ABOVE_THE_STACK.items() if name in sentence), None)
    if "explicit deny" in sentence:
        return (
            f"a deny outranks every grant: have {policy or 'the policy that denies it'} except this stack's roles,"
            " then run again"
        )
    return f"have {policy} allow it for this stack's roles, then run again" if policy else grant
