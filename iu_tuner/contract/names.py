"""Names that the stack, its Lambdas and the client share."""

VERSION = "0.1.0"  # of the client and the app
STACK = "InferenceUnitTuner"
SERVICE_NAME = "inference-unit-tuner"  # service name in logs and metrics
METRICS_NAMESPACE = "InferenceUnitTuner"
RUN_OVER_MESSAGE = "run over"  # message of the log line with a run's summary, which the dashboard queries
LEASES_INDEX = "Leases"  # index of the runs table; only leases have its key
SERVE_MACHINE_OUTPUT = "ServeStateMachineArn"  # output of the stack, if uploads start a model
UPLOADS_OUTPUT = "InferenceQueueUrls"  # output of the stack: a JSON object from prefixes of uploads to URLs of queues
REPORT_PREFIX = "reports/"  # of keys in the report bucket
BATCH_PREFIX = "batches/"  # of the files of batches there
MASK_SUFFIX = ".mask.png"  # of the file beside a result that shows where its anomalies are

# Environment variables of the Lambdas.
RUNS_TABLE = "RUNS_TABLE"
IMAGE_BUCKET = "IMAGE_BUCKET"
PRICE_PER_UNIT_HOUR_USD = "PRICE_PER_IU_HOUR_USD"
ANSWER_PARAMETER_PREFIX = "ANSWER_PARAMETER_PREFIX"
QUEUE_URL = "QUEUE_URL"
STATE_MACHINE_ARN = "STATE_MACHINE_ARN"
STATE_MACHINE_ARNS = "STATE_MACHINE_ARNS"  # all of them, with blanks in between
TOPIC_ARN = "TOPIC_ARN"
MODEL_POLL_SECONDS = "MODEL_POLL_SECONDS"
INFERENCE_ENTRY = "INFERENCE_ENTRY"  # one entry of the context key `inference`, as JSON
DEAD_LETTERS_URL = "DEAD_LETTERS_URL"
SERVED_MODELS = "SERVED_MODELS"  # ARNs of the models that analyse uploads, as a JSON list

# Sort keys in the runs table.
RUN_ITEM = "RUN"
LEASE_ITEM = "LEASE"
PACE_ITEM = "PACE"
UPLOADS_ITEM = "UPLOADS"
UPLOAD_FAILURES_ITEM = "UPLOADS#FAILURES"
SERVED_RUN_PREFIX = "SERVED#"  # before the start time of a run for uploads: past measurements are not sought among them


def execution_of(state_machine_arn: str, name: str) -> str:
    """The ARN of the state machine's execution with this name, which may not exist yet."""
    return f"{state_machine_arn.replace(':stateMachine:', ':execution:')}:{name}"


def run_pk(run_id: str) -> str:
    """The partition key of a run's items in the runs table."""
    return f"RUN#{run_id}"


def model_pk(model_arn: str) -> str:
    """The partition key of a model's lease and past runs in the runs table."""
    return f"MODEL#{model_arn}"
