"""AWS's list prices in us-east-1, US dollars, without any free tier.

As of 2026-11-21. "read": seen on a copy of AWS's own page; "told": by articles of 2025 and
2026, as AWS's page fills its table in by script; "known": neither could be looked up, check it before you rely on it.
"""

# https://aws.amazon.com/lambda/pricing/ (told): arm64, first 7.5 billion GB-seconds of a month
LAMBDA_GB_SECOND = 0.0000133334
LAMBDA_REQUEST = 0.20 / 1e6
# https://aws.amazon.com/step-functions/pricing/ (Standard read; Express told): chunks of 64 MB and 100 ms
STANDARD_TRANSITION = 0.025 / 1000
EXPRESS_REQUEST = 1.00 / 1e6
EXPRESS_GB_SECOND = 0.00001667
EXPRESS_CHUNK_GB, EXPRESS_TICK_S = 64 / 1024, 0.1
# https://aws.amazon.com/dynamodb/pricing/on-demand/ (told, since November 2024)
WRITE_UNIT = 0.625 / 1e6
READ_UNIT = 0.125 / 1e6
# https://aws.amazon.com/s3/pricing/ (told): PUT, LIST; GET
S3_WRITE = 0.005 / 1000
S3_READ = 0.0004 / 1000
# https://aws.amazon.com/cloudwatch/pricing/ (free tiers read; prices told)
LOG_GB = 0.50
METRIC_MONTH, METRIC_HOUR = 0.30, 0.30 / 730  # billed for the hours in which it is written
ALARM_MONTH = 0.10
DASHBOARD_MONTH = 3.00
# https://aws.amazon.com/xray/pricing/ (read)
TRACE = 5.00 / 1e6
# https://aws.amazon.com/kms/pricing/ (key known; requests told)
KEY_MONTH = 1.00
KEY_REQUEST = 0.03 / 10_000
# https://aws.amazon.com/eventbridge/pricing/, https://aws.amazon.com/sns/pricing/ and sqs (known)
EVENT = 1.00 / 1e6
SCHEDULED_CALL = 1.00 / 1e6
MESSAGE = 0.50 / 1e6
EMAIL = 2.00 / 100_000
QUEUE_REQUEST = 0.40 / 1e6
