"""Exact integers as people read them. Counts go by 1000; bytes say MB (10^6) or MiB (2^20)."""

COUNTS = ("", " K", " M", " G", " T", " P", " E")
DECIMAL = (" B", " kB", " MB", " GB", " TB", " PB", " EB")
BINARY = (" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB")


def exact(number: int) -> str:
    """``138,357,544``."""
    return f"{number:,}"


def human(number: int) -> str:
    """``138.36 M``; below 10,000 the number itself."""
    return exact(number) if abs(number) < 10_000 else _scaled(number, 1000, COUNTS)


def in_bytes(number: int) -> str:
    """``60.95 MB``."""
    return _scaled(number, 1000, DECIMAL)


def in_binary(number: int) -> str:
    """``58.13 MiB``."""
    return _scaled(number, 1024, BINARY)


def _scaled(number: int, step: int, units: tuple[str, ...]) -> str:
    """Two decimals in the largest unit that leaves at least 1, rounded half up, all in integers."""
    power = 0
    while power + 1 < len(units) and _hundredths(number, step**power) >= 100 * step:
        power += 1
    if power == 0:
        return f"{exact(number)}{units[0]}"
    hundredths = _hundredths(number, step**power)
    return f"{hundredths // 100:,}.{hundredths % 100:02}{units[power]}"


def _hundredths(number: int, unit: int) -> int:
    return (200 * number + unit) // (2 * unit)
