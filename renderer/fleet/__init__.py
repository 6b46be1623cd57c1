"""fleet: what can be done to a fleet and asked of it, by wiring the stages together.

One module for each job; each takes a Workspace and gives values that `report` can word. `pipeline.py` beside this
folder holds the main job and the order of the stages. Never: does a stage's work itself, prints, knows the CLI.
"""
