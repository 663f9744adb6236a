"""Settings in, one stack out; no AWS call at synth."""

import sys

import aws_cdk as cdk

from infra.context import SettingsError
from infra.settings import Settings
from infra.stack import InferenceUnitTuner

app = cdk.App()
try:
    settings = Settings.from_context(app.node.get_all_context())
except SettingsError as error:
    sys.exit(f"\n{error}\n")

InferenceUnitTuner(
    app,
    "InferenceUnitTuner",
    settings=settings,
    # The embedded AWS has none of the roles that `cdk bootstrap` makes for publishing.
    synthesizer=cdk.CliCredentialsStackSynthesizer() if settings.local else None,
)
app.synth()
