"""Why a run ends without an answer.

RunError
├── InvalidInput        the execution input is wrong; nothing was started
├── NoUsableImages      no image to send
├── ModelNotFound       no such model in this account and Region
├── ModelNotStartable   its status does not allow a start
├── ModelInUse          it runs and may be serving others; nothing was started
├── ModelStartFailed    it was started and did not become RUNNING
├── ModelLost           it left RUNNING, or stopped answering, under test
├── BudgetExceeded      a limit of `limits` is or would be passed
├── AccessDenied        a permission is missing
├── ModelStopFailed     STOPPED was never read back: it may still cost money
└── InternalError       everything else

The text of a RunError is "<name>: <sentence>". The name travels in the text because not every
runtime reports the class of a Python exception; `identify` reads it back.
"""


class RunError(Exception):
    """Ends the run as FAILED; `sentence` says what is wrong and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"{type(self).__name__}: {sentence}")
        self.sentence = sentence


class InvalidInput(RunError):
    """The execution input names the field, what it got and what it takes."""


class NoUsableImages(RunError):
    """Nothing under the prefix can be sent to the model."""


class ModelNotFound(RunError):
    """The model version does not exist here."""


class ModelNotStartable(RunError):
    """The model version's status rules a start out."""


class ModelInUse(RunError):
    """The model runs and may be serving others, whom a test would take the capacity from."""


class ModelStartFailed(RunError):
    """The model did not reach RUNNING after its start."""


class ModelLost(RunError):
    """The model stopped running, or stopped answering, while it was measured."""


class BudgetExceeded(RunError):
    """The run would take, or has taken, more time or money than its limits allow."""


class AccessDenied(RunError):
    """AWS refused a call for want of a permission."""


class ModelStopFailed(RunError):
    """The model was not seen STOPPED; it may still be running and cost money."""


class InternalError(RunError):
    """A defect or an outage on this side of the model."""


_BY_NAME = {error.__name__: error for error in RunError.__subclasses__()}
NAMES = frozenset(_BY_NAME)
