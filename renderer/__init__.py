"""fleetpress: the variables of a fleet in, signed OCI artifacts for Flux out."""

__version__ = "0.1.0"
