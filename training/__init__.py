"""Labels in, bundle out: pre-training, fitting, calibration, judging, export, promotion."""
