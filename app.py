"""Settings in, one stack out; no AWS call at synth."""

import sys

import aws_cdk as cdk

from infra.settings.context import SettingsError
from infra.settings.context_keys import UnknownKeys
from infra.settings.settings import Settings
from infra.stack import InferenceUnitTuner
from iu_tuner.contract.names import STACK

app = cdk.App()
try:
    settings = Settings.from_context(app.node.get_all_context())
except (SettingsError, UnknownKeys) as error:
    sys.exit(f"\n{error}\n")

InferenceUnitTuner(
    app,
    STACK,
    settings=settings,
    # The embedded AWS has none of the roles that `cdk bootstrap` makes for publishing.
    synthesizer=cdk.CliCredentialsStackSynthesizer() if settings.local else None,
)
app.synth()
