"""Run instead of `python -m ministack`: the same, with every call recorded and faults where they are asked for.

INSTRUMENTED_LOG names the file that `tests.support.journal` reads.
"""

import os
import sys
from pathlib import Path


def run() -> None:
    """Patch ministack, then serve as it does."""
    # Only this process finds the checkout's modules so; the Lambdas get theirs from the deployment.
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    from tests.support.forked_lambdas import ForkServer

    lambdas = ForkServer()  # before ministack has threads
    from ministack.app import main
    from ministack.core import lambda_runtime

    from local.ministack_server import collect_often
    from tests.support.dynamodb_edge import DynamoDBEdge
    from tests.support.endings import patch_endings
    from tests.support.executions import Executions
    from tests.support.journal import Journal
    from tests.support.recording import record_calls
    from tests.support.s3_edge import S3Edge
    from tests.support.service_quotas import add_service_quotas

    journal = Journal(os.environ["INSTRUMENTED_LOG"])
    lambdas.patch(lambda_runtime, journal)
    record_calls(journal)
    patch_endings()
    executions = Executions(journal)
    executions.patch()
    DynamoDBEdge(journal, executions).patch()
    S3Edge(journal).patch()
    add_service_quotas()
    collect_often()
    main()


if __name__ == "__main__":
    run()
