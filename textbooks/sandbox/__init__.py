"""Run untrusted Python in the box. `Sandbox` operates it; what is inside lies in the top-level folder `sandbox/`."""

from textbooks.sandbox.policy import Policy
from textbooks.sandbox.pool import Sandbox

__all__ = ["Policy", "Sandbox"]
