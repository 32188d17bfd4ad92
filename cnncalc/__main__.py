"""``python -m cnncalc``, and the program ``cnncalc``."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C ends it with a message even while it still loads."""
    try:
        from cnncalc import cli

        cli.main()
    except KeyboardInterrupt:
        sys.stderr.write("cnncalc: interrupted\n")
        sys.exit(130)
    except MemoryError:
        sys.stderr.write("cnncalc: not enough memory\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
