"""``python -m huoqun`` is the ``huoqun`` command."""

from huoqun.cli import main

if __name__ == "__main__":
    main(prog_name="huoqun")
