"""The entry point of ``python -m cnncalc`` and of the program ``cnncalc``."""

import gc
import sys


def main() -> None:
    """Run the command line. Ctrl-C or a lack of memory ends it with a message, even during an
    import."""
    spare: list[bytearray] = []
    try:
        spare.append(bytearray(4_000_000))  # for writing the message when no memory is left
        gc.disable()  # process exit cleans up, so looking for garbage only takes time
        from cnncalc import cli

        cli.main()
    except KeyboardInterrupt:
        code, why = 130, "interrupted"
    except (MemoryError, SystemError, ImportError, OSError) as error:
        spare.clear()
        if not _out_of_memory(error):
            raise
        code, why = 2, "not enough memory"
    finally:
        gc.freeze()  # otherwise Python looks for garbage once more at exit
    sys.stderr.write(f"cnncalc: {why}\n")
    sys.exit(code)


def _out_of_memory(error: Exception) -> bool:
    """Whether an error means that memory ran out; imports report this in several ways."""
    import errno

    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return not isinstance(error, ImportError) or "failed to map" in str(error)


if __name__ == "__main__":
    main()
