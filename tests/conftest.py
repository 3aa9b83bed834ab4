"""Fixtures: a tiny tokenizer, encoder and bundle, made in seconds, so that tests of plumbing need no trained model."""

import os

# Before anything imports them: no telemetry, no hub.
os.environ.update({"BENTOML_DO_NOT_TRACK": "true", "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"})
