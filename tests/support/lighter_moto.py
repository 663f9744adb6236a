"""moto without work that it does anew for each request and each test, although its outcome is always the same."""

from __future__ import annotations

from functools import wraps
from typing import Any

from moto import backend_index
from moto.core.base_backend import BaseBackend
from moto.core.serialize import AttributePicker, AttributePickerContext

# What tests ask moto for: it compares each URL with the patterns of all its services, and prepares all for each test.
SERVICES = {"awslambda", "cloudwatch", "dynamodb", "events", "iam", "logs", "moto_api._internal", "s3", "scheduler"}
SERVICES |= {"servicequotas", "sns", "sqs", "ssm", "stepfunctions", "sts"}


def lighten() -> None:
    """Once a process, before the first `mock_aws`."""
    backend_index.backend_url_patterns[:] = [
        (service, pattern) for service, pattern in backend_index.backend_url_patterns if service in SERVICES
    ]

    by_class: dict[Any, Any] = {}
    make_urls = BaseBackend.urls.fget  # type: ignore[attr-defined]

    def urls(backend: BaseBackend) -> Any:
        key = (type(backend), backend.region_name)
        if key not in by_class:
            by_class[key] = make_urls(backend)
        return by_class[key]

    BaseBackend.urls = property(urls)  # type: ignore[method-assign, assignment]

    pick = AttributePicker.__call__

    @wraps(pick)
    def picked(self: AttributePicker, context: AttributePickerContext) -> Any:
        """Most answers are dictionaries that have the key as it is; moto tries all other ways to write it first."""
        found = context.obj
        if type(found) is dict and context.key in found and not self.response_transformers:
            return found[context.key]
        return pick(self, context)

    AttributePicker.__call__ = picked  # type: ignore[method-assign]
