"""What is kept: rows, Parquet files, the tally and the dataset card. Knows nothing of how samples were made."""
