"""rollout: whether a version may go on to the next ring. Pure: facts in, verdicts out."""

from renderer.rollout.gates import Facts, Health, Standing, Verdict, judge

__all__ = ["Facts", "Health", "Standing", "Verdict", "judge"]
