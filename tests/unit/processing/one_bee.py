"""A data plane that finds a bee in each image."""

from __future__ import annotations

from typing import Any

from iu_tuner.contract.detections import Label
from lambdas.models.outcomes import Reply
from lambdas.models.ports import PreparedRequest, Result


class OneBee:
    """Requests have the image or its key as their body; every reply has one label."""

    def request_with_bytes(self, image: bytes, min_confidence: float | None = None) -> PreparedRequest:
        return PreparedRequest(image, "hash")

    def request_with_object(
        self, bucket: str, key: str, version_id: str | None = None, min_confidence: float | None = None
    ) -> PreparedRequest:
        return PreparedRequest(key.encode(), "hash")

    def result(self, reply: Reply) -> Result:
        return Result({"CustomLabels": []}, (Label("bee", 99.0),))

    def connection(self) -> Any:
        raise NotImplementedError
