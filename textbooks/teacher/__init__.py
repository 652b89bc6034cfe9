"""Who writes: live endpoints, recorded answers and the journal. Knows nothing of what is asked or why."""
