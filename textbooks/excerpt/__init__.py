"""What was written: snippets, formatting, the contract and the claims. Knows nothing of the box or the teacher."""
