"""StartAfterUploads: one run for a burst of uploads, once no more came for a while and nobody tests the model.

All of it may happen twice: a batch that fails comes back as a whole.
"""

from __future__ import annotations

from typing import Any

from lambdas.adapters.logs import logged
from lambdas.adapters.upload_messages import news_of
from lambdas.adapters.upload_watch import upload_watch


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Queue messages with uploads and checks -> `{"messages", "triggers"}`: how many, about how many triggers."""
    all_news = news_of(event["Records"])
    for news in all_news:
        watch = upload_watch(news.trigger)
        if news.uploaded_at is not None:
            watch.note(news.uploaded_at)
        if news.check_due is not None:
            watch.check(news.check_due)
    return {"messages": len(event["Records"]), "triggers": len(all_news)}
