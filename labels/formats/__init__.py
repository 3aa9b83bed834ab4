"""Labelled articles in the formats of other tools; `labels.formats.registry` reads and writes them all."""
