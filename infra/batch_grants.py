"""The permissions of the Lambdas that only the batch machine calls."""

from infra.model_service import ModelService
from infra.monitoring.alarms import Observability
from infra.resources.functions import Functions
from infra.resources.storage import Storage


def grant_batches(storage: Storage, models: ModelService, functions: Functions, observability: Observability) -> None:
    """Grant all permissions of each Lambda's role, except those for logs and traces."""
    models.grant(functions.prepare_batch, "DescribeProjects", "DescribeProjectVersions")
    models.grant_traffic(functions.prepare_batch)
    storage.grant_list_images(functions.prepare_batch)
    storage.grant_runs(functions.prepare_batch, "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query")
    storage.grant_list_leases(functions.prepare_batch)

    storage.grant_list_images(functions.list_images)
    storage.grant_get_images(functions.list_images)
    storage.grant_batch_files(functions.list_images, "GetObject", "PutObject")
    storage.grant_runs(functions.list_images, "GetItem", "PutItem", "UpdateItem", "Query")

    storage.grant_get_images(functions.find_current)
    storage.grant_results(functions.find_current, "GetObject")
    storage.grant_batch_files(functions.find_current, "GetObject")
    storage.grant_runs(functions.find_current, "GetItem", "PutItem", "UpdateItem", "Query")

    storage.grant_runs(functions.quote_batch, "GetItem", "UpdateItem", "Query")

    models.grant(functions.plan_round, "DescribeProjectVersions")
    models.grant_traffic(functions.plan_round)
    storage.grant_runs(functions.plan_round, "GetItem", "PutItem", "UpdateItem", "Query")

    models.grant(functions.process_images, "DetectCustomLabels", "StopProjectVersion")
    storage.grant_get_images(functions.process_images)
    storage.grant_results(functions.process_images, "GetObject", "PutObject", "DeleteObject")
    storage.grant_batch_files(functions.process_images, "GetObject", "PutObject")
    storage.grant_runs(functions.process_images, "GetItem", "UpdateItem", "Query")

    storage.grant_get_images(functions.summarise)
    storage.grant_batch_files(functions.summarise, "GetObject", "PutObject")
    storage.grant_runs(functions.summarise, "GetItem", "PutItem", "UpdateItem", "Query")

    storage.grant_batch_files(functions.publish_batch, "GetObject")
    storage.grant_put_reports(functions.publish_batch)
    storage.grant_runs(functions.publish_batch, "GetItem", "Query", "PutItem", "UpdateItem")
    observability.grant_notify(functions.publish_batch)
