"""BentoML's own command line, with a supervisor that looks for dead workers every second.

    python -m serving.supervisor serve serving.service:Sikap --port 3000

BentoML's looks every ten (`create_standalone_arbiter` in bentoml/_internal/utils/circus), and has no setting for it.
"""

from functools import partial
from typing import Final

from bentoml._internal.utils import circus
from bentoml_cli.cli import cli

SECONDS: Final = 1

if __name__ == "__main__":
    # Read by name when a server starts, so that what stands here then is used.
    circus.create_standalone_arbiter = partial(circus.create_standalone_arbiter, check_delay=SECONDS)
    cli()
