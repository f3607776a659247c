"""`python -m ektp_biocheck` is the command `ektp-biocheck`."""

from ektp_biocheck.cli import main

main(prog_name="ektp-biocheck")
