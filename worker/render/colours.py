"""The accent, kept readable: WCAG 2.1 contrast, and the nearest shade that reaches it on a light or a dark sheet."""

PAPER, INK = "#ffffff", "#1d1b18"  # the sheet and its text by day
NIGHT, CHALK = "#1c1a17", "#ebe6dd"  # and by night
READABLE = 4.5  # contrast of text, WCAG 2.1, success criterion 1.4.3
_STEPS = 50


def contrast(one: str, other: str) -> float:
    """Contrast of two colours (#rrggbb), from 1 to 21, by WCAG 2.1."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def readable_on(colour: str, ground: str, at_least: float = READABLE) -> str:
    """`colour`, or the nearest shade of it towards ink or chalk that can be read as text on `ground`."""
    target = "#000000" if _luminance(ground) > 0.18 else "#ffffff"  # noqa: PLR2004 - black and white contrast alike with this luminance
    shades = (_mixed(colour, target, step / _STEPS) for step in range(_STEPS + 1))
    return next((shade for shade in shades if contrast(shade, ground) >= at_least), target)


def text_on(ground: str) -> str:
    """Black or white, whichever reads better on `ground`."""
    return max("#ffffff", "#000000", key=lambda colour: contrast(colour, ground))


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(value / 255) for value in _values(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB, IEC 61966-2-1


def _mixed(colour: str, target: str, share: float) -> str:
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(_values(colour), _values(target), strict=True))


def _values(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
