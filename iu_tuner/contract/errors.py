"""The errors that end a run without an answer.

RunError
├── InvalidInput        the execution input is wrong; nothing was started
├── NoUsableImages      no image to send
├── ModelNotFound       no such model in this account and Region
├── ModelNotStartable   its status does not allow a start
├── ModelInUse          it runs and may be serving others; nothing was started
├── ModelStartFailed    it was started and did not become RUNNING
├── ModelLost           it left RUNNING, or stopped answering, under test
├── BudgetExceeded      a limit of `limits` is or would be passed
├── DeadlineImpossible  no permitted number of inference units meets the deadline; nothing was started
├── TooManyFailures     a batch fails for more images than its input allows
├── AccessDenied        a permission is missing
├── ModelStopFailed     STOPPED was never read back: it may still cost money
└── InternalError       any other failure

The text of a RunError is "<name>: <sentence>". The name is part of the text because not every
runtime reports the class of a Python exception; `identify` reads it from there.
"""


class RunError(Exception):
    """The run ends as FAILED; `sentence` says what is wrong and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"{type(self).__name__}: {sentence}")
        self.sentence = sentence


class InvalidInput(RunError):
    """The execution input has an error; the sentence names the field, its value and what it takes."""


class NoUsableImages(RunError):
    """No object under the prefix can be sent to the model."""


class ModelNotFound(RunError):
    """The model version does not exist in this account and Region."""


class ModelNotStartable(RunError):
    """The status of the model version does not allow a start."""


class ModelInUse(RunError):
    """The model runs and may serve other clients, whose capacity a test would use."""


class ModelStartFailed(RunError):
    """The model did not reach RUNNING after its start."""


class ModelLost(RunError):
    """The model left RUNNING, or gave no replies, while it was measured."""


class BudgetExceeded(RunError):
    """The run exceeds its limits of time or money, or would exceed them."""


class DeadlineImpossible(RunError):
    """No number of inference units that the account may use processes the images by the deadline."""


class TooManyFailures(RunError):
    """More images of a batch fail than `limits.maxFailedPercent` allows."""


class AccessDenied(RunError):
    """AWS refused a call because a permission is missing."""


class ModelStopFailed(RunError):
    """The service never reported the model as STOPPED; it may still run and cost money."""


class InternalError(RunError):
    """A defect or an outage of the tuner or its AWS services, not of the model."""


_BY_NAME = {error.__name__: error for error in RunError.__subclasses__()}
NAMES = frozenset(_BY_NAME)
