"""Run by the engine (`pulumi preview`, `pulumi up`): reads the stack's settings and declares what they say."""

import pulumi
from lyceum_stacks.configuration import SettingsError, from_engine, refuse_examples
from lyceum_stacks.program import deploy

try:
    settings = from_engine()
    if not pulumi.runtime.is_dry_run():
        refuse_examples(settings)
except SettingsError as error:
    raise pulumi.RunError(str(error)) from None
deploy(settings)
