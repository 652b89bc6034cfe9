"""`python -m textbooks` is the `textbooks` command."""

from textbooks.cli import main

if __name__ == "__main__":
    main()
