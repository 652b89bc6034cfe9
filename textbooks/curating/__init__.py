"""What is clean: contamination by benchmarks, and near-duplicates. Knows nothing of where rows come from."""
