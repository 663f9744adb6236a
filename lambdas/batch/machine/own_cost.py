"""What a batch costs beside its model: Lambda, S3 and DynamoDB, estimated from its own counts. Pure.

Prices of us-east-1 (aws.amazon.com/lambda/pricing, /s3/pricing, /dynamodb/pricing/on-demand): USD a GB-second on Arm,
a PUT, a GET, and a write of 1 kB.
"""

from __future__ import annotations

from collections.abc import Iterable

from lambdas.batch.shards.record import ShardRecord

USD_PER_GB_SECOND, WORKER_GB = 0.0000133334, 0.75
USD_PER_PUT, USD_PER_GET, USD_PER_WRITE = 0.005 / 1000, 0.0004 / 1000, 0.000000625
WRITES_PER_SHARD = 20  # the claim, the record, the counts, and a reservation of the pace each second
FILES_PER_SHARD = 3  # the list of its images and its parts: two without a file for each image


def own_usd(records: Iterable[ShardRecord], *, per_image: bool, source: str) -> float:
    """The cost in USD. A batch with a file for each image writes as many objects; one that sends bytes reads them."""
    shards, images, seconds = 0, 0, 0.0
    for record in records:
        shards += 1
        images += record.done + record.failed
        seconds += record.traffic.seconds
    objects = shards * FILES_PER_SHARD + (images if per_image else 0)
    reads = shards * FILES_PER_SHARD + (images if source == "bytes" else 0)
    computing = seconds * WORKER_GB * USD_PER_GB_SECOND
    return computing + objects * USD_PER_PUT + reads * USD_PER_GET + shards * WRITES_PER_SHARD * USD_PER_WRITE
