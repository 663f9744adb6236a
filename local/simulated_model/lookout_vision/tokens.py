"""The client tokens of start and stop: the same token with the same parameters is the same call, for eight hours."""

from collections.abc import Callable
from typing import Any

from local.simulated_model.errors import ServiceError

TOKEN_KEPT_S = 8 * 3600.0


class TokenBook:
    """The calls that took effect, by their tokens. Calls that were refused are not in it."""

    def __init__(self) -> None:
        self._calls: dict[str, tuple[float, Any, dict[str, Any]]] = {}

    def once(
        self, token: str | None, parameters: Any, now_s: float, call: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        """The reply to this call, which takes effect unless its token is known.

        Raises:
            ServiceError: the call's own; or ValidationException for a known token with other parameters (it is not
                known which error the real service has for that).
        """
        at_s, before, reply = self._calls.get(token or "", (-TOKEN_KEPT_S, None, {}))
        if token is None or now_s >= at_s + TOKEN_KEPT_S:
            reply = call()
            if token is not None:
                self._calls[token] = (now_s, parameters, reply)
            return reply
        if before != parameters:
            raise ServiceError("ValidationException", "The client token was used before with other parameters.")
        return reply
