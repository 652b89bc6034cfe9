"""Textbook-like Python corpora whose every snippet was run.

The commands' Python twins: `textbooks.build.build`, `textbooks.build.plan`, `textbooks.verify.verify`,
`textbooks.score.score` and `textbooks.sandbox.Sandbox`. Importing this package imports none of them.
"""
