"""`python -m yixian.cli`."""

from yixian.cli.main import main

main()
