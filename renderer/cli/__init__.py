"""cli: parses, calls the pipeline, reports. Its modules import nothing heavy, so that `--help` answers at once."""
