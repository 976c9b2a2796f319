"""``python -m icdp.cli``."""

from icdp.cli.app import main

main()
