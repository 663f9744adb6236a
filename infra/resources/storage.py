"""The storage: a table for counts and results of runs, a bucket for images and reports."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.resources.encryption import customer_key
from infra.resources.permissions import acknowledge, allow
from infra.settings.settings import Settings
from iu_tuner.contract.names import BATCH_PREFIX, LEASES_INDEX, MASK_SUFFIX, REPORT_PREFIX
from iu_tuner.contract.uploads.entry import InferenceEntry


class Storage(Construct):
    """The runs table and the bucket of images and reports."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self._key = customer_key(self, "Key", settings=settings)
        self.runs = dynamodb.Table(
            self,
            "Runs",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            time_to_live_attribute="expiresAt",
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED if self._key else dynamodb.TableEncryption.AWS_MANAGED,
            encryption_key=self._key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            # `cdk destroy` deletes the table. DynamoDB then makes a backup of a table with point-in-time
            # recovery, and keeps it for 35 days without charge.
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        # Only leases have the key of this index, so the janitor reads nothing else.
        self.runs.add_global_secondary_index(
            index_name=LEASES_INDEX,
            partition_key=dynamodb.Attribute(name="leaseHolder", type=dynamodb.AttributeType.STRING),
        )
        self.images = s3.Bucket(
            self,
            "Images",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.KMS if self._key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=self._key,
            # One data key for many objects; otherwise each read of an image is a paid call of KMS.
            bucket_key_enabled=True if self._key else None,
            # The embedded AWS uses plain HTTP on loopback, so this policy would refuse every request.
            enforce_ssl=not settings.local,
            minimum_tls_version=None if settings.local else 1.2,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="drop-broken-uploads", abort_incomplete_multipart_upload_after=cdk.Duration.days(1)
                ),
                # A new run can replace a report; images are never deleted, as they belong to the user.
                s3.LifecycleRule(id="expire-reports", prefix=REPORT_PREFIX, expiration=cdk.Duration.days(365)),
            ],
            # `cdk destroy` keeps the bucket and its objects, as the images belong to the user. (A deletion would
            # fail if there is any object, and auto_delete_objects would need a second Lambda with the permission
            # to delete all of them.) Empty and delete it by hand when the images are no longer needed.
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        if settings.local:
            acknowledge(self.images, {"AwsSolutions-S10": "Plain HTTP, but it never leaves the machine."})
        acknowledge(
            self.images,
            {
                "AwsSolutions-S1": "Only this app's Lambdas and its owner use the bucket; an access log would "
                "need a second bucket, which keeps growing. CloudTrail's data events can be had instead."
            },
        )
        self._sources = self._image_sources(settings)

    def _image_sources(self, settings: Settings) -> list[tuple[s3.IBucket, list[str]]]:
        """The buckets with images, each once with its prefixes; an empty prefix is the whole bucket."""
        further: dict[str, list[str]] = {}
        for name, prefix in settings.image_buckets:
            further.setdefault(name, []).append(prefix)
        return [(self.images, list(settings.image_prefixes))] + [
            (s3.Bucket.from_bucket_name(self, f"Further-{name}", name), prefixes) for name, prefixes in further.items()
        ]

    def send_events(self) -> s3.Bucket:
        """Let the bucket send EventBridge an event for each upload. Returns the bucket.

        The property is set directly, as the CDK's option would deploy a Lambda with a managed policy for it.
        """
        bucket = self.images.node.default_child
        assert isinstance(bucket, s3.CfnBucket)
        bucket.add_property_override("NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", True)
        return self.images

    def grant_list_images(self, function: lambda_.Function) -> None:
        """Allow the function to list the images in the folders of the settings."""
        for bucket, prefixes in self._sources:
            everywhere = "" in prefixes
            inside = {"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}}
            allow(function, ["s3:ListBucket"], bucket.bucket_arn, conditions=None if everywhere else inside)

    def grant_get_images(self, function: lambda_.Function) -> None:
        """Allow the function to read images, also by way of Rekognition, which reads with the caller's permissions."""
        for bucket, prefixes in self._sources:
            for prefix in prefixes:
                objects = bucket.arn_for_objects(f"{prefix}*")
                allow(function, ["s3:GetObject"], objects, wildcard="The user names the images.")
        self._grant_key(function, "Decrypt")

    def grant_uploads(self, function: lambda_.Function, entry: InferenceEntry) -> None:
        """Allow the function to read the uploads of an entry, and to read, write and delete files of results."""
        self._grant_objects(function, self.images, entry.prefix, "GetObject")
        name = entry.results.bucket
        results = self.images if name is None else s3.Bucket.from_bucket_name(self, f"Results-{name}", name)
        place = f"{entry.results.prefix or ''}{entry.prefix}"
        self._grant_objects(function, results, place, "GetObject", "PutObject", "DeleteObject")
        self._grant_key(function, "Decrypt")
        self._grant_key(function, "GenerateDataKey")

    def _grant_objects(self, function: lambda_.Function, bucket: s3.IBucket, prefix: str, *actions: str) -> None:
        """Allow the function these actions under the prefix. Without ListBucket S3 does not tell that there is none."""
        objects = bucket.arn_for_objects(f"{prefix}*")
        reason = "The user names the images, and their results are named after them."
        allow(function, [f"s3:{action}" for action in actions], objects, wildcard=reason)
        inside = {"StringLike": {"s3:prefix": [f"{prefix}*"]}}
        allow(function, ["s3:ListBucket"], bucket.bucket_arn, conditions=inside)

    def grant_put_reports(self, function: lambda_.Function) -> None:
        """Allow the function to write reports, only in their folder."""
        reports = self.images.arn_for_objects(f"{REPORT_PREFIX}*")
        allow(function, ["s3:PutObject"], reports, wildcard="A report's key holds the id of its run.")
        self._grant_key(function, "GenerateDataKey")

    def grant_batch_files(self, function: lambda_.Function, *actions: str) -> None:
        """Allow the function these actions (`GetObject`, …) on the files of batches in the report bucket."""
        files = self.images.arn_for_objects(f"{BATCH_PREFIX}*")
        allow(function, [f"s3:{action}" for action in actions], files, wildcard="A file's key holds the id of its run.")
        self._grant_keys(function, actions)

    def grant_results(self, function: lambda_.Function, *actions: str) -> None:
        """Allow the function these actions on the images' results, and to list them: the input names their prefix.

        Results end in .json, and masks in .mask.png, so the function can replace or delete no other image.
        """
        for ending in (".json", MASK_SUFFIX):
            files, reason = self.images.arn_for_objects(f"*{ending}"), "The user names the results' prefix."
            allow(function, [f"s3:{action}" for action in actions], files, wildcard=reason)
        allow(function, ["s3:ListBucket"], self.images.bucket_arn)
        self._grant_keys(function, actions)

    def _grant_keys(self, function: lambda_.Function, actions: Sequence[str]) -> None:
        self._grant_key(function, "Decrypt")
        if "PutObject" in actions:
            self._grant_key(function, "GenerateDataKey")

    def grant_runs(self, function: lambda_.Function, *actions: str) -> None:
        """Allow the function these actions (`GetItem`, …) on the runs table."""
        allow(function, [f"dynamodb:{action}" for action in actions], self.runs.table_arn)
        # Decrypt is needed for writes, too: DynamoDB decrypts the table's key with the caller's permissions.
        self._grant_key(function, "Decrypt")

    def grant_list_leases(self, function: lambda_.Function) -> None:
        """Allow the function to list all leases."""
        allow(function, ["dynamodb:Scan"], f"{self.runs.table_arn}/index/{LEASES_INDEX}")
        self._grant_key(function, "Decrypt")

    def _grant_key(self, function: lambda_.Function, action: str) -> None:
        if self._key is not None:
            allow(function, [f"kms:{action}"], self._key.key_arn)
