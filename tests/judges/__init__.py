"""Programs that are not ours and judge what we make: a real registry, and clients and verifiers that clusters use.

`ci/install-judges` installs them. Offers fixtures (`fixtures`), a registry (`registry`) and thin calls (`programs`).
"""
