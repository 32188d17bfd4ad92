"""``python -m cnncalc``, and the program ``cnncalc``."""

import gc
import sys


def main() -> None:
    """Run the command line; Ctrl-C ends it with a message even while it still loads."""
    gc.disable()  # process exit cleans up after a command, and looking for cycles takes time
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
