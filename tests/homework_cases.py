"""Random questions with the right values, and with the wrong values that mistakes give.

Everything is plain arithmetic in this file, without any formula, rule or parser of the package. The
values of *all* mistakes are computed for every question, to know which mistakes share a value.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from math import prod
from typing import Any, NamedTuple

Shape = tuple[int, ...]


class Given(NamedTuple):
    """A question in the form that the package takes; ``layer`` None means the network."""

    network: Any
    ask: str
    layer: str | None
    batch: int = 1


class Wrong(NamedTuple):
    """The wrong value of a mistake: a count with its unit, a shape, or a text."""

    value: int | Shape | str
    unit: str = ""


@dataclass
class Case:
    """A question, its right value, and the wrong value of every possible mistake."""

    given: Given
    truth: int | Shape | bool
    unit: str = ""
    wrong: dict[str, list[Wrong]] = field(default_factory=dict)
    working: str = ""

    def by(self, mistake: str, value: Any, unit: str = "") -> None:
        """Record the value of a mistake, unless it is the right one or there is none."""
        possible = value is not None and value != self.truth
        if isinstance(value, tuple) and isinstance(self.truth, tuple):
            last = (*self.truth[1:], self.truth[0])  # the truth, channels last
            possible = possible and min(value) > 0 and value != last
        elif isinstance(value, int):
            possible = possible and value >= 0
        if possible or (unit and value is not None):
            self.wrong.setdefault(mistake, []).append(Wrong(value, unit))

    def by_each(self, mistake: str, values: Sequence[Any]) -> None:
        """Record several values of a mistake."""
        for value in values:
            self.by(mistake, value)


def half(count: int) -> int | None:
    """Half of a number; None if it is odd, or too small for a half to identify the mistake."""
    return count // 2 if count % 2 == 0 and count >= 100 else None


def whole(case: Case) -> int:
    """The right value, if it is a count."""
    assert isinstance(case.truth, int)
    return case.truth


# One layer.


@dataclass
class Conv:
    """A convolution and its input."""

    c: int
    h: int
    w: int
    k: int
    f: int
    s: int = 1
    p: int = 0
    d: int = 1
    g: int = 1
    bias: bool = True

    def spec(self) -> dict[str, Any]:
        fields = {"filters": self.k, "kernel": self.f, "stride": self.s, "padding": self.p}
        fields |= {"dilation": self.d, "groups": self.g, "bias": self.bias}
        return {"conv": fields}

    def span(self, n: int) -> int:
        return n + 2 * self.p - self.d * (self.f - 1) - 1

    def size(self, n: int) -> int:
        return self.span(n) // self.s + 1

    def weights(self) -> int:
        return self.f * self.f * (self.c // self.g) * self.k

    def biases(self) -> int:
        return self.k if self.bias else 0


def places(x: Conv) -> dict[str, Any]:
    """The wrong output size of every mistake along an axis, as functions of the input size."""
    reach = x.d * (x.f - 1) + 1
    made = {
        "plus_one_forgotten": lambda n: (n - reach + 2 * x.p) // x.s,
        "padding_once": lambda n: (n - reach + x.p) // x.s + 1,
        "padding_forgotten": lambda n: (n - reach) // x.s + 1,
        "stride_forgotten": lambda n: n - reach + 2 * x.p + 1,
        "ceil_for_floor": lambda n: (n - reach + 2 * x.p + x.s - 1) // x.s + 1,
        "fraction_rounded": lambda n: int((n - reach + 2 * x.p) / x.s + 0.5) + 1,
        "dilation_ignored": lambda n: (n - x.f + 2 * x.p) // x.s + 1,
        "input_positions": lambda n: n,
    }
    if x.p:
        made["padded_size_for_output"] = lambda n: n + 2 * x.p
    if x.f > 1:
        made["window_for_stride"] = lambda n: (n - reach + 2 * x.p) // x.f + 1
    return made


def sizes(case: Case, x: Conv, value: Any) -> None:
    """The wrong values of ``value``, a function of the output size, for mistakes in that size."""
    for mistake, size in places(x).items():
        h, w = size(x.h), size(x.w)
        if h > 0 and w > 0:
            case.by(mistake, value(h, w))
    if x.s > 1:
        case.by("divided_by_stride", value(-(-x.h // x.s), -(-x.w // x.s)))
        case.by("divided_by_stride", value(x.h // x.s, x.w // x.s))


def conv_shape(x: Conv, given: Given) -> Case:
    oh, ow = x.size(x.h), x.size(x.w)
    case = Case(given, (x.k, oh, ow))
    sizes(case, x, lambda h, w: (x.k, h, w))
    if x.g == 1:
        case.by("filters_forgotten", (1, oh, ow))
    case.by("channels_swapped", (x.c, oh, ow))
    case.by("depth_multiplied", (x.c * x.k, oh, ow))
    case.by("height_width_swapped", (x.k, ow, oh))
    case.by("input_for_output", (x.c, x.h, x.w))
    case.by("stride_on_channels", (fewer(x), oh, ow) if fewer(x) else None)
    case.by("depth_left_out", f"{oh}x{ow}")
    case.by("fraction_kept", unrounded(x))
    return case


def unrounded(x: Conv) -> str | None:
    """The shape with sizes that are not rounded, to two decimals; None if they are whole."""
    sizes = [Decimal(x.span(n)) / x.s + 1 for n in (x.h, x.w)]
    texts = [f"{size.quantize(Decimal('0.01'), ROUND_HALF_UP).normalize():f}" for size in sizes]
    return f"{x.k}x{'x'.join(texts)}" if any("." in text for text in texts) else None


def fewer(x: Conv) -> int:
    """The filters divided by the stride; 0 if that is not a whole number of filters per group."""
    return x.k // x.s if x.k % x.s == 0 and x.k // x.s % x.g == 0 else 0


def conv_parameters(x: Conv, given: Given) -> Case:
    filters, biases = x.weights(), x.biases()
    case = Case(given, filters + biases, working=f"({x.f}*{x.f}*{x.c // x.g}+1)*{x.k}")
    if not x.bias:
        case.working = f"{x.f}*{x.f}*{x.c // x.g}*{x.k}"
    one = x.f * x.f * (x.c // x.g)
    case.by("bias_forgotten", filters)
    case.by("one_bias_per_layer", filters + 1 if x.bias else None)
    case.by("bias_added", filters + x.k)
    case.by("filter_depth_forgotten", x.f * x.f * x.k + biases)
    case.by("filter_not_squared", x.f * (x.c // x.g) * x.k + biases)
    case.by("filters_forgotten", one + (1 if x.bias else 0))
    case.by("filters_forgotten", one + biases)
    case.by("channels_swapped", filters + (x.c if x.bias else 0))
    case.by("groups_ignored", x.f * x.f * x.c * x.k + biases)
    positions = x.size(x.h) * x.size(x.w)
    case.by("activations_for_parameters", x.k * positions * given.batch)
    case.by("macs_for_parameters", filters * positions * given.batch)
    case.by("weights_not_shared", (filters + biases) * positions)
    case.by("weights_not_shared", filters * positions + biases)
    case.by("gradients_counted", 2 * (filters + biases))
    case.by("half_counted", half(filters + biases))
    case.by("bias_per_input_channel", filters + x.c if x.bias else None)
    case.by("output_channels_squared", x.f * x.f * x.k * x.k + biases)
    case.by("bias_per_plane", filters + x.c * x.k if x.bias else None)
    case.by("batch_in_parameters", (filters + biases) * given.batch)
    case.by("bytes_for_elements", (filters + biases) * 4, "B")
    case.by("wrong_unit", filters + biases, "MACs")
    return case


def conv_products(x: Conv, given: Given, per: int, unit: str) -> Case:
    """Multiply-accumulates (``per`` 1) or floating-point operations (2)."""
    oh, ow, n = x.size(x.h), x.size(x.w), given.batch * per
    filters = x.weights()
    case = Case(given, filters * oh * ow * n, unit)
    sizes(case, x, lambda h, w: filters * h * w * n)
    case.by("filter_depth_forgotten", x.f * x.f * x.k * oh * ow * n)
    case.by("filter_not_squared", x.f * (x.c // x.g) * x.k * oh * ow * n)
    case.by("filters_forgotten", x.f * x.f * (x.c // x.g) * oh * ow * n)
    case.by("groups_ignored", x.f * x.f * x.c * x.k * oh * ow * n)
    case.by("output_channels_squared", x.f * x.f * x.k * x.k * oh * ow * n)
    case.by("positions_forgotten", filters * n)
    case.by("biases_in_macs", (filters + x.k) * oh * ow * n)
    case.by("batch_forgotten", filters * oh * ow * per)
    if per == 1:
        case.by("flops_for_macs", filters * oh * ow * n * 2)
        case.by("macs_halved", filters * oh * ow * n // 2)
    else:
        case.by("flops_doubled", filters * oh * ow * n * 2)
        case.by("macs_for_flops", filters * oh * ow * given.batch)
    return case


def conv_elements(x: Conv, given: Given) -> Case:
    oh, ow, n = x.size(x.h), x.size(x.w), given.batch
    case = Case(given, x.k * oh * ow * n, working=f"{x.k}*{oh}*{ow}" + (f"*{n}" if n > 1 else ""))
    sizes(case, x, lambda h, w: x.k * h * w * n)
    case.by("filters_forgotten", oh * ow * n if x.g == 1 else None)
    case.by("channels_swapped", x.c * oh * ow * n)
    case.by("depth_multiplied", x.c * x.k * oh * ow * n)
    case.by("input_for_output", x.c * x.h * x.w * n)
    case.by("stride_on_channels", fewer(x) * oh * ow * n if fewer(x) else None)
    case.by("parameters_for_activations", x.weights() + x.biases())
    case.by("batch_forgotten", x.k * oh * ow)
    case.by("gradients_counted", x.k * oh * ow * n * 2)
    case.by("bytes_for_elements", x.k * oh * ow * n * 4)
    case.by("bytes_for_elements", x.k * oh * ow * n * 4, "B")
    case.by("wrong_unit", x.k * oh * ow * n, "FLOPs")
    return case


def conv_memory(x: Conv, given: Given) -> Case:
    oh, ow, n = x.size(x.h), x.size(x.w), given.batch * 4
    case = Case(given, x.k * oh * ow * n, "B")
    sizes(case, x, lambda h, w: x.k * h * w * n)
    case.by("filters_forgotten", oh * ow * n if x.g == 1 else None)
    case.by("channels_swapped", x.c * oh * ow * n)
    case.by("depth_multiplied", x.c * x.k * oh * ow * n)
    case.by("input_for_output", x.c * x.h * x.w * n)
    # A quarter of the channels has as many bytes as there are elements, which is accepted.
    case.by("stride_on_channels", fewer(x) * oh * ow * n if fewer(x) and x.s != 4 else None)
    case.by("parameters_for_activations", (x.weights() + x.biases()) * 4)
    case.by("batch_forgotten", x.k * oh * ow * 4)
    case.by("gradients_counted", x.k * oh * ow * n * 2)
    case.by("elements_for_bytes", x.k * oh * ow * given.batch, "B")
    case.by("bits_for_bytes", x.k * oh * ow * n * 8, "B")
    case.by("number_size", x.k * oh * ow * given.batch * 2, "B")
    case.by("number_size", x.k * oh * ow * given.batch * 8, "B")
    in_mb = Decimal(x.k * oh * ow * n) / 1_000_000
    if in_mb >= 1:
        case.by("mb_for_mib", f"{in_mb.quantize(Decimal('0.001'), ROUND_HALF_UP)} MiB")
        cut, near = (in_mb.quantize(Decimal("0.01"), how) for how in (ROUND_DOWN, ROUND_HALF_UP))
        case.by("cut_not_rounded", f"{cut} MB" if cut < near else None)
    return case


def random_conv(rng: random.Random) -> Conv:
    """A convolution with fields that allow several mistakes."""
    while True:
        g = rng.choice([1, 1, 1, 2, 4])
        x = Conv(
            c=g * rng.choice([1, 2, 3, 8, 16, 24]),
            h=rng.randint(9, 64),
            w=0,
            k=g * rng.choice([2, 3, 5, 8, 16, 48]),
            f=rng.choice([1, 3, 3, 5, 7, 11]),
            s=rng.choice([1, 1, 2, 3, 4]),
            p=rng.choice([0, 1, 2, 3]),
            d=rng.choice([1, 1, 1, 2]),
            g=g,
            bias=rng.random() < 0.75,
        )
        x.w = x.h if rng.random() < 0.5 else rng.randint(9, 64)
        if x.size(x.h) > 1 and x.size(x.w) > 1 and x.span(x.h) >= 0 and x.span(x.w) >= 0:
            return x


def of_conv(rng: random.Random) -> Case:
    """A question about one convolution."""
    x = random_conv(rng)
    batch = rng.choice([1, 1, 8, 32])
    network = {"input": f"{x.c}x{x.h}x{x.w}", "layers": [{**x.spec(), "name": "layer"}]}
    ask = rng.choice(["shape", "parameters", "macs", "flops", "elements", "memory"])
    given = Given(network, ask, "layer", batch)
    if ask == "macs":
        return conv_products(x, given, 1, "MACs")
    if ask == "flops":
        return conv_products(x, given, 2, "FLOPs")
    kinds = {
        "shape": conv_shape,
        "parameters": conv_parameters,
        "elements": conv_elements,
        "memory": conv_memory,
    }
    return kinds[ask](x, given)


def of_linear(rng: random.Random) -> Case:
    """A question about a fully connected layer on a map or a vector."""
    c, h, m = rng.choice([3, 16, 64, 256]), rng.randint(2, 9), rng.choice([10, 100, 1000])
    flat = rng.random() < 0.3
    n = c if flat else c * h * h
    bias = rng.random() < 0.75
    layer = {"linear": {"neurons": m, "bias": bias}, "name": "layer"}
    network = {"input": str(c) if flat else f"{c}x{h}x{h}", "layers": [layer]}
    batch = rng.choice([1, 1, 16])
    ask = rng.choice(["parameters", "macs", "flops"])
    b = m if bias else 0
    given = Given(network, ask, "layer", batch)
    if ask == "parameters":
        case = Case(given, n * m + b, working=f"{n}*{m}+{m}" if bias else f"{n}*{m}")
        case.by("bias_forgotten", n * m)
        case.by("bias_added", n * m + m)
        case.by("one_bias_per_layer", n * m + 1 if bias else None)
        case.by("bias_per_input_channel", n * m + n if bias else None)
        case.by("gradients_counted", 2 * (n * m + b))
        case.by("half_counted", half(n * m + b))
        case.by("channels_swapped", n * m + (n if bias else 0))
        case.by("activations_for_parameters", m * batch)
        case.by("macs_for_parameters", n * m * batch)
        case.by("batch_in_parameters", (n * m + b) * batch)
        case.by("bytes_for_elements", 4 * (n * m + b), "B")
        if not flat:
            case.by("flatten_forgotten", c * m + b)
            case.by("flatten_forgotten", h * h * m + b)
        return case
    per = batch * (2 if ask == "flops" else 1)
    case = Case(given, n * m * per, "FLOPs" if ask == "flops" else "MACs")
    case.by("biases_in_macs", (n + 1) * m * per)
    case.by("batch_forgotten", n * m * per // batch)
    case.by(
        "macs_for_flops" if ask == "flops" else "flops_for_macs", n * m * batch * (3 - per // batch)
    )
    case.by("flops_doubled", 2 * n * m * per if ask == "flops" else None)
    case.by("macs_halved", n * m * per // 2 if ask == "macs" else None)
    if not flat:
        case.by("flatten_forgotten", c * m * per)
        case.by("flatten_forgotten", h * h * m * per)
    return case


def of_pool(rng: random.Random) -> Case:
    """A question about a pooling layer."""
    while True:
        c, n = rng.choice([3, 16, 64, 96, 192]), rng.randint(8, 112)
        f, s, p = rng.choice([2, 2, 3, 3, 5]), rng.choice([1, 2, 2, 3]), rng.choice([0, 0, 0, 1])
        ceil = rng.random() < 0.4
        span = n + 2 * p - f
        out = (span + s - 1) // s + 1 if ceil else span // s + 1
        if ceil and (out - 1) * s >= n + p:
            out -= 1
        if p <= f // 2 and out > 1:
            break
    fields = {"kernel": f, "stride": s, "padding": p, "ceil_mode": ceil}
    kind = rng.choice(["max_pool", "avg_pool"])
    network = {"input": f"{c}x{n}x{n}", "layers": [{kind: fields, "name": "layer"}]}
    ask = rng.choice(["shape", "shape", "elements", "memory", "parameters"])
    given = Given(network, ask, "layer")
    if ask == "parameters":
        case = Case(given, 0)
        counts = [(f * f * c + 1) * c, f * f * c * c, (f * f + 1) * c, f * f * c, f * f]
        case.by_each("pooling_parameters", counts)
        case.by("activations_for_parameters", c * out * out)
        case.by("subsampling_parameters", 2 * c)
        return case
    per = {"shape": 0, "elements": 1, "memory": 4}[ask]

    def value(channels: int, size: int) -> int | Shape | None:
        if channels < 1 or size < 1:
            return None
        return channels * size * size * per if per else (channels, size, size)

    truth = value(c, out)
    assert truth is not None
    case = Case(given, truth, "B" if ask == "memory" else "")

    def up(inside: int) -> int:
        """Rounded up, a last window beyond the padding dropped."""
        found = (inside + s - 1) // s + 1
        return found - 1 if (found - 1) * s >= n + p else found

    if ceil:
        case.by("floor_for_ceil", value(c, span // s + 1))
        case.by("last_window_kept", value(c, (span + s - 1) // s + 1))
        case.by("plus_one_forgotten", value(c, (span + s - 1) // s))
        once = n + p - f
        case.by("padding_once", value(c, up(once)))
        case.by("padding_forgotten", value(c, _ceil_places(n, f, s, 0)))
        case.by("window_for_stride", value(c, _ceil_places(n, f, f, p)))
        case.by("stride_forgotten", value(c, _ceil_places(n, f, 1, p)))
    else:
        case.by("ceil_for_floor", value(c, (span + s - 1) // s + 1))
        case.by("padded_size_for_output", value(c, n + 2 * p) if p else None)
        case.by("plus_one_forgotten", value(c, span // s))
        case.by("padding_once", value(c, (n + p - f) // s + 1))
        case.by("padding_forgotten", value(c, (n - f) // s + 1))
        case.by("window_for_stride", value(c, span // f + 1))
        case.by("stride_forgotten", value(c, span + 1))
        case.by("fraction_rounded", value(c, int(span / s + 0.5) + 1))
        halves = [n // s, -(-n // s)] if s > 1 else []
        case.by_each("divided_by_stride", [value(c, size) for size in halves])
    case.by("pooling_skipped", value(c, n))
    depths = (c // s, (c - f) // s + 1, 1, f)
    case.by_each("pooling_depth", [value(depth, out) for depth in depths])
    if ask == "shape":
        case.by("depth_left_out", f"{out}x{out}")
    case.by("gradients_counted", value(c, out) * 2 if per else None)
    if ask == "elements":
        case.by("bytes_for_elements", c * out * out * 4)
    if ask == "memory":
        case.by("elements_for_bytes", c * out * out, "B")
        case.by("bits_for_bytes", c * out * out * 32, "B")
        case.by("number_size", c * out * out * 8, "B")
        case.by("number_size", c * out * out * 2, "B")
    return case


def _ceil_places(n: int, f: int, s: int, p: int) -> int:
    """The number of windows; the last may hang over the edge, but not start in the padding."""
    starts = list(range(-p, n, s))
    inside = [start for start in starts if start + f <= n + p]
    if not inside:
        return 0
    over = [start for start in starts if start > inside[-1]]
    return len(inside) + (1 if over and inside[-1] + f < n + p else 0)


def of_transposed(rng: random.Random) -> Case:
    """A question about a transposed convolution."""
    while True:
        c, k, n = rng.choice([4, 16, 64]), rng.choice([3, 8, 32]), rng.randint(4, 30)
        f, s, p = rng.choice([2, 3, 4, 5]), rng.choice([2, 2, 3]), rng.choice([0, 1, 1, 2])
        extra = rng.choice([0, 0, 1])
        out = (n - 1) * s - 2 * p + f + extra
        if extra < s and out > 1:
            break
    fields = {"filters": k, "kernel": f, "stride": s, "padding": p, "output_padding": extra}
    network = {"input": f"{c}x{n}x{n}", "layers": [{"conv_transpose": fields, "name": "layer"}]}
    ask = rng.choice(["shape", "macs", "parameters"])
    given = Given(network, ask, "layer")
    as_conv = (n + 2 * p - f) // s + 1
    if ask == "shape":
        case = Case(given, (k, out, out))
        case.by("transposed_as_convolution", (k, as_conv, as_conv))
        case.by("padding_once", (k, out + p, out + p))
        case.by("padding_forgotten", (k, out + 2 * p, out + 2 * p))
        case.by("padding_forgotten", (k, out - extra, out - extra))
        case.by("plus_one_forgotten", (k, out - 1, out - 1))
        if extra == 0:
            case.by("stride_forgotten", (k, n - 1 - 2 * p + f, n - 1 - 2 * p + f))
            case.by("window_for_stride", (k, (n - 1) * f - 2 * p + f, (n - 1) * f - 2 * p + f))
        elif extra < f:
            case.by(
                "window_for_stride",
                (k, (n - 1) * f - 2 * p + f + extra, (n - 1) * f - 2 * p + f + extra),
            )
        case.by("filters_forgotten", (1, out, out))
        case.by("channels_swapped", (c, out, out))
        case.by("depth_multiplied", (c * k, out, out))
        case.by("input_positions", (k, n, n))
        case.by("input_for_output", (c, n, n))
        case.by("depth_left_out", f"{out}x{out}")
        return case
    if ask == "parameters":
        case = Case(given, f * f * c * k + k, working=f"{f}*{f}*{c}*{k}+{k}")
        case.by("bias_forgotten", f * f * c * k)
        case.by("one_bias_per_layer", f * f * c * k + 1)
        case.by("filter_depth_forgotten", f * f * k + k)
        case.by("filter_not_squared", f * c * k + k)
        case.by("filters_forgotten", f * f * c + 1)
        case.by("filters_forgotten", f * f * c + k)
        case.by("channels_swapped", f * f * c * k + c)
        case.by("activations_for_parameters", k * out * out)
        case.by("macs_for_parameters", f * f * c * k * n * n)
        case.by("weights_not_shared", (f * f * c * k + k) * out * out)
        case.by("weights_not_shared", f * f * c * k * out * out + k)
        case.by("bias_per_input_channel", f * f * c * k + c)
        case.by("gradients_counted", 2 * (f * f * c * k + k))
        case.by("output_channels_squared", f * f * k * k + k)
        case.by("bias_per_plane", f * f * c * k + c * k)
        return case
    case = Case(given, f * f * c * k * n * n, "MACs")
    case.by("output_positions", f * f * c * k * out * out)
    if as_conv > 0:
        case.by("transposed_as_convolution", f * f * c * k * as_conv * as_conv)
    case.by("positions_forgotten", f * f * c * k)
    case.by("filter_depth_forgotten", f * f * k * n * n)
    case.by("filters_forgotten", f * f * c * n * n)
    case.by("flops_for_macs", f * f * c * k * n * n * 2)
    case.by("macs_halved", f * f * c * k * n * n // 2)
    return case


def of_special(rng: random.Random) -> Case:
    """Batch norms, activations, depthwise convolutions, connection tables, required paddings and
    strides."""
    kinds = [of_norm, of_activation, of_depthwise, of_table, of_padding, of_stride]
    kinds += [of_same, of_matrix, of_backward, of_printed, of_neuron, of_second, of_join]
    kinds += [of_vgg]
    return rng.choice(kinds)(rng)


def of_same(rng: random.Random) -> Case:
    """The shape or the elements of a convolution that keeps the size, whose window may be even."""
    c, k, n = rng.choice([1, 3, 16]), rng.choice([4, 8, 20]), rng.randint(9, 60)
    f, s = rng.choice([2, 3, 4, 4, 6]), rng.choice([1, 1, 2])
    layer = {"conv": {"filters": k, "kernel": f, "stride": s, "padding": "same"}, "name": "layer"}
    ask = rng.choice(["shape", "elements"])
    given = Given({"input": f"{c}x{n}x{n}", "layers": [layer]}, ask, "layer")

    def value(channels: int, size: int) -> int | Shape:
        return channels * size * size if ask == "elements" else (channels, size, size)

    out, half = -(-n // s), (n + 2 * (f // 2) - f) // s + 1
    case = Case(given, value(k, out))
    case.by("half_kernel_for_same", value(k, half) if f % 2 == 0 else None)
    case.by("floor_for_ceil", value(k, n // s))
    case.by("fraction_rounded", value(k, int(n / s + 0.5)))
    case.by("padding_forgotten", value(k, (n - f) // s + 1))
    case.by("stride_forgotten", value(k, n))
    case.by("channels_swapped", value(c, out))
    case.by("depth_multiplied", value(c * k, out))
    case.by("filters_forgotten", value(1, out))
    case.by("input_for_output", value(c, n))
    if ask == "elements":
        case.by("bytes_for_elements", 4 * k * out * out)
        case.by("gradients_counted", 2 * k * out * out)
        case.by("parameters_for_activations", f * f * c * k + k)
    return case


def of_matrix(rng: random.Random) -> Case:
    """A question about the size of an im2col matrix."""
    while True:
        x = replace(random_conv(rng), g=1)
        sides = {
            "im2col_filters": (x.k, x.f * x.f * x.c),
            "im2col_input": (x.f * x.f * x.c, x.size(x.h) * x.size(x.w)),
        }
        ask = rng.choice([*sides])
        network = {"input": f"{x.c}x{x.h}x{x.w}", "layers": [{**x.spec(), "name": "layer"}]}
        case = Case(Given(network, ask, "layer"), sides[ask])
        case.wrong["im2col_transposed"] = [Wrong(sides[ask][::-1])]
        if len({*sides[ask]}) > 1:
            return case


def of_backward(rng: random.Random) -> Case:
    """The backward pass of one or two fully connected layers."""
    a, b, c = (rng.choice([10, 24, 84, 100, 365]) for _ in range(3))
    layers = [{"linear": b, "name": "first"}, {"linear": c, "name": "second"}]
    network = {"input": str(a), "layers": layers}
    layer = rng.choice([None, "first", "second"])
    forward = {"first": a * b, "second": b * c, None: a * b + b * c}[layer]
    right = {"first": a * b, "second": 2 * b * c, None: a * b + 2 * b * c}[layer]
    case = Case(Given(network, "backward_macs", layer), right, "MACs")
    case.by("forward_for_backward", forward)
    case.by("image_gradient_counted", 2 * forward)
    if layer is None:
        case.by("layer_left_out", a * b)
        case.by("layer_left_out", 2 * b * c)
        case.by("layer_counted_twice", 2 * a * b + 2 * b * c)
        case.by("layer_counted_twice", a * b + 4 * b * c)
    return case


def of_printed(rng: random.Random) -> Case:
    """The memory of VGG-16, of which lecture notes print 24M numbers or 93 MB."""
    # Stanford's CS231n lists these outputs: the image, convolutions and pools, fully connected.
    stages = [(64, 224, 2), (128, 112, 2), (256, 56, 3), (512, 28, 3), (512, 14, 3)]
    maps = sum(c * n * n * convs + c * (n // 2) ** 2 for c, n, convs in stages)
    numbers = 3 * 224 * 224 + maps + 4096 + 4096 + 1000
    if rng.random() < 0.5:
        case = Case(Given("vgg16", "elements", None), numbers)
        case.by("printed_slip", "24M")
        return case
    case = Case(Given("vgg16", "memory", None), 4 * numbers, "B")
    case.by("printed_slip", "93 MB")
    return case


def of_neuron(rng: random.Random) -> Case:
    """The weights of one neuron of a convolution."""
    x = replace(random_conv(rng), g=1)
    network = {"input": f"{x.c}x{x.h}x{x.w}", "layers": [{**x.spec(), "name": "layer"}]}
    case = Case(Given(network, "weights_per_neuron", "layer"), x.f * x.f * x.c)
    case.by("bias_as_weight", x.f * x.f * x.c + 1)
    case.by("filter_depth_forgotten", x.f * x.f)
    case.by("filter_not_squared", x.f * x.c)
    return case


def of_second(rng: random.Random) -> Case:
    """The parameters of a convolution after another, whose filters may be as deep as the image."""
    image, c = rng.choice([1, 3, 5]), rng.choice([4, 8, 20])
    x = Conv(c, 18, 18, rng.choice([6, 10, 16]), rng.choice([3, 5]))
    first = {**replace(x, c=image, k=c).spec(), "name": "first"}
    size = x.size(18) + x.f - 1 + x.f - 1
    network = {"input": f"{image}x{size}x{size}", "layers": [first, {**x.spec(), "name": "layer"}]}
    case = conv_parameters(
        replace(x, h=size - x.f + 1, w=size - x.f + 1), Given(network, "parameters", "layer")
    )
    case.by("image_depth", x.f * x.f * image * x.k + x.k)
    return case


def of_join(rng: random.Random) -> Case:
    """The shape of two equal maps, added or concatenated."""
    c, n = rng.choice([4, 8, 16]), rng.randint(5, 40)
    join = rng.choice(["add", "concat"])
    layer = {join: {"from": ["a", "b"]}, "name": "layer"}
    network = {"input": {"a": f"{c}x{n}x{n}", "b": f"{c}x{n}x{n}"}, "layers": [layer]}
    right, other = (c, 2 * c) if join == "add" else (2 * c, c)
    case = Case(Given(network, "shape", "layer"), (right, n, n))
    case.by("joins_mixed_up", (other, n, n))
    return case


def of_vgg(rng: random.Random) -> Case:
    """The parameters of VGG-16, for which those of another VGG are given."""
    totals = {depth: vgg(convs) for depth, convs in VGG.items()}
    case = Case(Given("vgg16", "parameters", None), totals[16])
    for depth in (11, 13, 19):
        case.by("another_version", totals[depth])
    return case


VGG = {11: (1, 1, 2, 2, 2), 13: (2,) * 5, 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
"""The convolutions in each stage, in table 1 of Simonyan and Zisserman 2014."""


def vgg(convs: tuple[int, ...]) -> int:
    """The parameters of a VGG with these convolutions."""
    total, c = 25088 * 4096 + 4096 + 4096 * 4096 + 4096 + 4096 * 1000 + 1000, 3
    for k, number in zip((64, 128, 256, 512, 512), convs, strict=True):
        total += 9 * c * k + k + (number - 1) * (9 * k * k + k)
        c = k
    return total


def of_activation(rng: random.Random) -> Case:
    n = rng.choice([10, 100, 365, 1000])
    layer = {rng.choice(["softmax", "relu", "sigmoid"]): None, "name": "layer"}
    case = Case(Given({"input": str(n), "layers": [layer]}, "parameters", "layer"), 0)
    case.by("activation_parameters", n * n + n)
    case.by("activations_for_parameters", n)
    return case


def of_norm(rng: random.Random) -> Case:
    c, n = rng.choice([8, 24, 64, 256]), rng.randint(4, 60)
    network = {"input": f"{c}x{n}x{n}", "layers": [{"batch_norm": None, "name": "layer"}]}
    case = Case(Given(network, "parameters", "layer"), 2 * c)
    case.by("batch_norm_statistics", 4 * c)
    case.by("scale_or_shift", c)
    case.by("half_counted", half(2 * c))
    case.by("batch_norm_per_element", 2 * c * n * n)
    case.by("gradients_counted", 4 * c)
    case.by("activations_for_parameters", c * n * n)
    case.by("bytes_for_elements", 8 * c, "B")
    return case


def of_depthwise(rng: random.Random) -> Case:
    c, n, f = rng.choice([8, 24, 32]), rng.randint(7, 60), rng.choice([3, 5])
    layer = {"depthwise_conv": {"kernel": f, "padding": f // 2, "bias": False}, "name": "layer"}
    network = {"input": f"{c}x{n}x{n}", "layers": [layer]}
    ask = rng.choice(["parameters", "macs"])
    if ask == "parameters":
        case = Case(Given(network, ask, "layer"), f * f * c)
        case.by("groups_ignored", f * f * c * c)
        case.by("bias_added", f * f * c + c)
        case.by("filter_not_squared", f * c)
        case.by("filters_forgotten", f * f)
        case.by("gradients_counted", 2 * f * f * c)
        case.by("activations_for_parameters", c * n * n)
        case.by("macs_for_parameters", f * f * c * n * n)
        case.by("weights_not_shared", f * f * c * n * n)
        return case
    case = Case(Given(network, ask, "layer"), f * f * c * n * n, "MACs")
    case.by("groups_ignored", f * f * c * c * n * n)
    case.by("positions_forgotten", f * f * c)
    case.by("padding_forgotten", f * f * c * (n - f + 1) ** 2)
    case.by("padding_once", f * f * c * (n - f + 1 + f // 2) ** 2)
    case.by("padded_size_for_output", f * f * c * (n + f - 1) ** 2)
    case.by("plus_one_forgotten", f * f * c * (n - 1) ** 2)
    case.by("window_for_stride", f * f * c * ((n - 1) // f + 1) ** 2)
    case.by("filter_not_squared", f * c * n * n)
    case.by("filters_forgotten", f * f * n * n)
    case.by("biases_in_macs", (f * f + 1) * c * n * n)
    case.by("flops_for_macs", 2 * f * f * c * n * n)
    case.by("macs_halved", f * f * c * n * n // 2)
    return case


def of_table(rng: random.Random) -> Case:
    c, k, f = rng.randint(3, 6), rng.randint(4, 16), rng.choice([3, 5])
    table = [sorted(rng.sample(range(c), rng.randint(1, c - 1))) for _ in range(k)]
    links = sum(map(len, table))
    layer = {"conv": {"filters": k, "kernel": f, "connections": table}, "name": "layer"}
    network = {"input": f"{c}x14x14", "layers": [layer]}
    case = Case(Given(network, "parameters", "layer"), f * f * links + k)
    case.by("connections_ignored", f * f * c * k + k)
    case.by("bias_forgotten", f * f * links)
    case.by("one_bias_per_layer", f * f * links + 1)
    case.by("activations_for_parameters", k * (15 - f) ** 2)
    case.by("macs_for_parameters", f * f * links * (15 - f) ** 2)
    case.by("weights_not_shared", (f * f * links + k) * (15 - f) ** 2)
    case.by("weights_not_shared", f * f * links * (15 - f) ** 2 + k)
    case.by("bias_per_input_channel", f * f * links + c)
    case.by("gradients_counted", 2 * (f * f * links + k))
    case.by("bias_per_plane", f * f * links + c * k)
    return case


def of_padding(rng: random.Random) -> Case:
    f, d = rng.choice([3, 5, 7, 9, 11]), rng.choice([1, 1, 2])
    layer = {"conv": {"filters": 8, "kernel": f, "dilation": d}, "name": "layer"}
    network = {"input": "3x64x64", "layers": [layer]}
    case = Case(Given(network, "same_padding", "layer"), d * (f - 1) // 2)
    case.by("padding_of_both_sides", d * (f - 1))
    case.by("dilation_ignored", (f - 1) // 2)
    return case


def of_stride(rng: random.Random) -> Case:
    while True:
        f, s, p, out = rng.randint(3, 11), rng.randint(2, 6), rng.randint(0, 3), rng.randint(5, 60)
        n = (out - 1) * s + f - 2 * p
        if n > f:
            break
    fields = {"filters": 8, "kernel": f, "padding": p, "stride": s}
    network = {"input": f"3x{n}x{n}", "layers": [{"conv": fields, "name": "layer"}]}
    case = Case(Given(network, "required_stride", "layer"), s)
    case.by("plus_one_forgotten", (n - f + 2 * p) // out)
    case.by("padding_once", (n - f + p) // (out - 1))
    case.by("padding_forgotten", (n - f) // (out - 1))
    return case


# Networks.


class Stack(NamedTuple):
    """Convolutions with pools after some of them, then fully connected layers."""

    c: int
    n: int
    convs: tuple[tuple[int, int, int, int], ...]
    """Filters, kernel, stride, padding."""
    pools: tuple[int, ...]
    """After each convolution: the size and step of a pool's window; 0 for none."""
    fully: tuple[int, ...]

    def spec(self) -> dict[str, Any]:
        layers: list[Any] = []
        for i, ((k, f, s, p), pool) in enumerate(zip(self.convs, self.pools, strict=True), 1):
            fields = {"filters": k, "kernel": f, "stride": s, "padding": p}
            layers += [{"conv": fields, "name": f"conv{i}"}, {"relu": {}, "name": f"relu{i}"}]
            layers += [{"max_pool": pool, "name": f"pool{i}"}] if pool else []
        layers += [{"linear": m, "name": f"fc{i}"} for i, m in enumerate(self.fully, 1)]
        return {"input": f"{self.c}x{self.n}x{self.n}", "layers": layers}


class Layer(NamedTuple):
    """A layer of a stack as computed under some rule; ``stored`` tells whether a memory table lists
    it."""

    name: str
    kind: str
    weights: int
    biases: int
    macs: int
    elements: int
    stored: bool
    shape: Shape
    seen: int


def along(rule: str, n: int, f: int, s: int, p: int) -> int:
    """The positions of a window along an axis under a rule; 0 if there are none."""
    padding = {"padding_forgotten": 0, "padding_once": p}.get(rule, 2 * p)
    span, step = n + padding - f, stepped(rule, f, s)
    if span < 0:
        return 0
    if rule == "ceil_for_floor":
        return (span + step - 1) // step + 1
    if rule == "fraction_rounded":
        return int(span / step + 0.5) + 1
    return span // step + (rule != "plus_one_forgotten")


def stepped(rule: str, f: int, s: int) -> int:
    """The stride under a rule."""
    return {"stride_forgotten": 1, "window_for_stride": f}.get(rule, s)


def counted(rule: str, c: int, f: int, k: int, size: int) -> tuple[int, int, int]:
    """The weights, biases and products of a convolution under a rule."""
    sides = {"filter_not_squared": f}.get(rule, f * f)
    depth = {"filter_depth_forgotten": 1}.get(rule, c)
    filters = sides * depth * {"filters_forgotten": 1}.get(rule, k)
    biases = {"one_bias_per_layer": 1, "filters_forgotten": 1}.get(rule, k)
    places = 1 if rule == "positions_forgotten" else size * size
    more = k * places if rule == "biases_in_macs" else 0
    return filters, biases, filters * places + more


def walk(
    net: Stack, rule: str = "", only: str = "", own: Mapping[str, int] | None = None
) -> list[Layer] | None:
    """The layers in order under a wrong rule, which applies only at ``only`` if that is given; None
    if the map shrinks to nothing. ``own`` gives sizes that replace the computed ones, by layer."""
    own = own or {}
    c, n, seen, jump = net.c, net.n, 1, 1
    layers = [Layer("input", "input", 0, 0, 0, c * n * n, True, (c, n, n), 1)]
    for i, ((k, f, s, p), pool) in enumerate(zip(net.convs, net.pools, strict=True), 1):
        n = own.get(f"conv{i}", along(rule, n, f, s, p))
        if n < 1:
            return None
        seen, jump = grow(rule, seen, jump, f, stepped(rule, f, s))
        filters, biases, macs = counted(rule, c, f, k, n)
        c, map_ = k, (k, n, n)
        conv = Layer(f"conv{i}", "conv", filters, biases, macs, k * n * n, True, map_, seen)
        layers += [conv, Layer(f"relu{i}", "relu", 0, 0, 0, k * n * n, False, map_, seen)]
        if rule == "pooling_skipped" and only in ("", f"pool{i}"):
            layers += [Layer(f"pool{i}", "nothing", 0, 0, 0, 0, False, map_, seen)] if pool else []
        elif pool:
            n = along(rule if rule != "window_for_stride" else "", n, pool, pool, 0)
            n = own.get(f"pool{i}", n)
            if n < 1:
                return None
            seen, jump = grow(rule, seen, jump, pool, stepped(rule, pool, pool))
            layers.append(Layer(f"pool{i}", "max_pool", 0, 0, 0, c * n * n, True, (c, n, n), seen))
    inputs = c * n * n
    if rule == "flatten_forgotten":
        inputs = {"channels": c, "positions": n * n}[only]
    if net.fully:
        layers.append(Layer("flatten", "flatten", 0, 0, 0, inputs, False, (inputs,), seen))
    for i, m in enumerate(net.fully, 1):
        biases = 1 if rule == "one_bias_per_layer" else m
        macs = inputs * m + (m if rule == "biases_in_macs" else 0)
        layers.append(Layer(f"fc{i}", "linear", inputs * m, biases, macs, m, True, (m,), seen))
        inputs = m
    return layers


def grow(rule: str, seen: int, jump: int, f: int, s: int) -> tuple[int, int]:
    """The receptive field and the jump after a window."""
    more = {"field_without_jump": f - 1, "field_minus_one_forgotten": f * jump}
    if rule == "field_of_one_layer":
        return f, jump * s
    return seen + more.get(rule, (f - 1) * jump), jump * s


RULES = (
    *("plus_one_forgotten", "padding_once", "padding_forgotten", "stride_forgotten"),
    *("ceil_for_floor", "fraction_rounded", "window_for_stride"),
)
COUNTING = ("filter_depth_forgotten", "filter_not_squared", "filters_forgotten")
FIELDS = ("field_without_jump", "field_minus_one_forgotten", "field_of_one_layer")


def random_stack(rng: random.Random) -> Stack:
    while True:
        depth = rng.randint(2, 4)
        convs = tuple(
            (
                rng.choice([4, 6, 16, 24, 32]),
                rng.choice([3, 3, 5, 7]),
                rng.choice([1, 1, 1, 2]),
                rng.choice([0, 1, 2]),
            )
            for _ in range(depth)
        )
        pools = tuple(rng.choice([0, 2, 2, 3]) for _ in range(depth))
        fully = tuple(rng.choice([10, 84, 120, 200]) for _ in range(rng.randint(1, 2)))
        net = Stack(rng.choice([1, 3]), rng.choice([28, 32, 48, 64, 65]), convs, pools, fully)
        done = walk(net)
        if done is not None and any(pools) and done[-len(fully) - 2].shape[-1] > 1:
            return net


def of_total(rng: random.Random) -> Case:
    """A question about a whole network."""
    net = random_stack(rng)
    ask = rng.choice(["parameters", "parameters", "macs", "elements", "memory"])
    counts = {
        "parameters": lambda one: one.weights + one.biases,
        "macs": lambda one: one.macs,
        "elements": lambda one: one.elements * one.stored,
        "memory": lambda one: 4 * one.elements * one.stored,
    }
    count = counts[ask]
    right = walk(net)
    assert right is not None

    def total(layers: list[Layer] | None) -> int | None:
        return None if layers is None else sum(map(count, layers))

    truth = sum(map(count, right))
    unit = {"macs": "MACs", "memory": "B"}.get(ask, "")
    case = Case(Given(net.spec(), ask, None), truth, unit)
    for rule in RULES:
        case.by(rule, total(walk(net, rule)))
    for pool in [one.name for one in right if one.kind == "max_pool"]:
        case.by("pooling_skipped", total(walk(net, "pooling_skipped", pool)))
    case.by("pooling_skipped", total(walk(net, "pooling_skipped")))
    for one in right:
        # Memory without the input is right too.
        left_out = None if (one.kind, ask) == ("input", "memory") else truth - count(one)
        case.by("layer_left_out", left_out)
        case.by("layer_counted_twice", truth + count(one))
    for kind in {one.kind for one in right}:
        same = [one for one in right if one.kind == kind]
        if len(same) > 1:
            case.by("layer_left_out", truth - sum(map(count, same)))
    if ask in ("parameters", "macs"):
        for only in ("channels", "positions"):
            case.by("flatten_forgotten", total(walk(net, "flatten_forgotten", only)))
        for rule in (*COUNTING, "one_bias_per_layer", "biases_in_macs", "positions_forgotten"):
            case.by(rule, total(walk(net, rule)))
    case.by(
        "macs_halved" if ask == "macs" else "gradients_counted",
        truth // 2 if ask == "macs" else 2 * truth,
    )
    of_counts = {"parameters": _total_parameters, "macs": _total_macs}
    of_counts.get(ask, _total_activations)(case, net, right)
    return case


def _total_parameters(case: Case, net: Stack, right: list[Layer]) -> None:
    case.by("biases_left_out_of_total", sum(one.weights for one in right))
    case.by("activations_for_parameters", sum(one.elements * one.stored for one in right))
    case.by("bytes_for_elements", 4 * whole(case), "B")
    for value in _with_pools(net, right):
        case.by("pooling_parameters", whole(case) + value)


def _total_macs(case: Case, net: Stack, right: list[Layer]) -> None:
    case.by("flops_for_macs", 2 * whole(case))


def _total_activations(case: Case, net: Stack, right: list[Layer]) -> None:
    each, truth = (4 if case.unit else 1), whole(case)
    case.by("in_place_counted", each * sum(one.elements for one in right))
    case.by("parameters_for_activations", each * sum(one.weights + one.biases for one in right))
    if not case.unit:
        case.by("bytes_for_elements", 4 * truth)
        return
    case.by("elements_for_bytes", truth // 4, "B")
    case.by("bits_for_bytes", truth * 8, "B")
    case.by("number_size", truth // 2, "B")
    case.by("number_size", truth * 2, "B")


def _with_pools(net: Stack, right: list[Layer]) -> Iterator[int]:
    """What pools add if they are mistaken for convolutions: over all channels or each, with and
    without biases."""
    pools = {f"pool{i}": size for i, size in enumerate(net.pools, 1)}
    found = [(pools[one.name], one.shape[0]) for one in right if one.kind == "max_pool"]
    yield sum((f * f * c + 1) * c for f, c in found)
    yield sum(f * f * c * c for f, c in found)
    yield sum((f * f + 1) * c for f, c in found)
    yield sum(f * f * c for f, c in found)


def of_field(rng: random.Random) -> Case:
    """The receptive field of the last layer of a stack that has one."""
    net = random_stack(rng)._replace(fully=())
    right = walk(net)
    assert right is not None
    case = Case(Given(net.spec(), "receptive_field", right[-1].name), right[-1].seen)
    for rule in FIELDS:
        made = walk(net, rule)
        case.by(rule, made[-1].seen if made else None)
    made = walk(net, "window_for_stride")
    case.by("window_for_stride", made[-1].seen if made else None)
    for pool in [one.name for one in right if one.kind == "max_pool"]:
        made = walk(net, "pooling_skipped", pool)
        case.by("pooling_skipped", made[-1].seen if made else None)
    made = walk(net, "pooling_skipped")
    case.by("pooling_skipped", made[-1].seen if made else None)
    return case


def of_layer_after(rng: random.Random) -> Case:
    """The shape or the parameters of a layer after others, with a mistake made on the way."""
    net = random_stack(rng)
    right = walk(net)
    assert right is not None
    if rng.random() < 0.5:
        place = next(i for i, one in enumerate(right) if one.name == f"conv{len(net.convs)}")
        k, f, s, p = net.convs[-1]
        x = Conv(right[place - 1].shape[0], *right[place - 1].shape[1:], k, f, s, p)
        case = conv_shape(x, Given(net.spec(), "shape", right[place].name))
        for rule in RULES:
            made = walk(net, rule)
            case.by(rule, made[place].shape if made else None)
        pools = [one.name for one in right[:place] if one.kind == "max_pool"]
        for only in [*pools, ""]:
            made = walk(net, "pooling_skipped", only) if pools else None
            case.by("pooling_skipped", made[place].shape if made else None)
        return case
    place = next(i for i, one in enumerate(right) if one.name == "fc1")
    fc = right[place]
    case = Case(Given(net.spec(), "parameters", "fc1"), fc.weights + fc.biases)
    case.by("bias_forgotten", fc.weights)
    case.by("one_bias_per_layer", fc.weights + 1)
    case.by("bias_per_input_channel", fc.weights + fc.weights // fc.biases)
    case.by("gradients_counted", 2 * (fc.weights + fc.biases))
    case.by("channels_swapped", fc.weights + fc.weights // fc.biases)
    case.by("activations_for_parameters", fc.elements)
    case.by("bytes_for_elements", 4 * (fc.weights + fc.biases), "B")
    for only in ("channels", "positions"):
        made = walk(net, "flatten_forgotten", only)
        case.by("flatten_forgotten", made[place].weights + fc.biases if made else None)
    for rule in RULES:
        made = walk(net, rule)
        case.by(rule, made[place].weights + fc.biases if made else None)
    for only in [*(one.name for one in right if one.kind == "max_pool"), ""]:
        made = walk(net, "pooling_skipped", only)
        case.by("pooling_skipped", made[place].weights + fc.biases if made else None)
    return case


def of_heads(rng: random.Random) -> Case:
    """Auxiliary heads: GoogLeNet's, or a side output of a small network."""
    if rng.random() < 0.3:
        # Szegedy et al. 2014, section 5: a 1×1 convolution to 128, 4·4·128 to 1024, to 1000.
        heads = [(128 * c + 128) + (2048 * 1024 + 1024) + (1024 * 1000 + 1000) for c in (512, 528)]
        case = Case(Given("googlenet", "parameters", None), 6_998_552)
        case.by("auxiliary_heads_included", 6_998_552 + sum(heads))
        return case
    a, b, c, d = (rng.choice([5, 10, 20, 50, 64]) for _ in range(4))
    layers = [
        {"linear": b, "name": "middle"},
        {"linear": c, "name": "aux"},
        {"linear": d, "name": "end", "from": "middle"},
    ]
    sizes = {"middle": a * b + b, "aux": b * c + c, "end": b * d + d}
    truth = sum(sizes.values())
    case = Case(Given({"input": str(a), "layers": layers}, "parameters", None), truth)
    case.by("auxiliary_heads_left_out", truth - sizes["aux"])
    case.by("biases_left_out_of_total", a * b + b * c + b * d)
    case.by("one_bias_per_layer", a * b + b * c + b * d + 3)
    case.by("activations_for_parameters", a + b + c + d)
    for size in sizes.values():
        case.by("layer_left_out", truth - size)
        case.by("layer_counted_twice", truth + size)
    return case


def of_shared_weights(rng: random.Random) -> Case:
    """The parameters of a layer that runs several times with the same weights, and of a head."""
    a, b = rng.choice([5, 10, 20, 64]), rng.choice([3, 7, 50])
    steps = rng.choice([3, 4, 5])  # two would be like a layer counted twice
    layers = [{"linear": a, "repeat": steps, "weights": "shared"}, {"linear": b}]
    step, head = a * a + a, a * b + b
    case = Case(Given({"input": str(a), "layers": layers}, "parameters", None), step + head)
    case.by("shared_weights_repeated", steps * step + head)
    case.by("biases_left_out_of_total", a * a + a * b)
    return case


# Two mistakes at a time, in a convolution.

Pair = tuple[str, str]

IN_FILTERS = ("filter_depth_forgotten", "filter_not_squared", "groups_ignored")
IN_BIASES = ("bias_forgotten", "one_bias_per_layer")
IN_SIZES = ("plus_one_forgotten", "padding_once", "padding_forgotten", "stride_forgotten")
PAIRS: dict[str, list[Pair]] = {
    "parameters": [(a, b) for a in IN_FILTERS for b in IN_BIASES],
    "macs": [(a, b) for a in (*IN_FILTERS, "flops_for_macs") for b in IN_SIZES]
    + [("flops_for_macs", b) for b in ("positions_forgotten", "batch_forgotten", *IN_FILTERS)],
    "shape": [
        ("plus_one_forgotten", "padding_once"),
        ("plus_one_forgotten", "padding_forgotten"),
        ("plus_one_forgotten", "stride_forgotten"),
        ("stride_forgotten", "padding_forgotten"),
        *(("channels_swapped", b) for b in IN_SIZES),
    ],
}


def under(x: Conv, ask: str, made: Pair | tuple[str, ...], batch: int) -> int | Shape:
    """The answer to a question about a convolution if all of these mistakes are made."""
    side = x.f if "filter_not_squared" in made else x.f * x.f
    depth = x.c if "groups_ignored" in made else x.c // x.g
    filters = side * (1 if "filter_depth_forgotten" in made else depth) * x.k
    if ask == "parameters":
        biases = {"bias_forgotten": 0, "one_bias_per_layer": 1}
        return filters + next((biases[m] for m in made if m in biases), x.k)
    padding = 0 if "padding_forgotten" in made else x.p if "padding_once" in made else 2 * x.p
    step = 1 if "stride_forgotten" in made else x.s
    more = 0 if "plus_one_forgotten" in made else 1
    h, w = ((n - x.d * (x.f - 1) - 1 + padding) // step + more for n in (x.h, x.w))
    if ask == "shape":
        return (x.c if "channels_swapped" in made else x.k), h, w
    places = 1 if "positions_forgotten" in made else h * w
    images = 1 if "batch_forgotten" in made else batch
    return filters * places * images * (2 if "flops_for_macs" in made else 1)


PRECISE = 100
"""Two mistakes produce smaller values, and sizes, too easily for these to identify a pair."""


def of_pair(rng: random.Random) -> tuple[Case, Pair, int | Shape, frozenset[Pair]]:
    """A question about a convolution, two mistakes in it, their value, and all pairs with the same
    value. Each of the two changes the value of the other."""
    while True:
        x = random_conv(rng)
        x.bias = True
        ask, batch = rng.choice([*PAIRS]), rng.choice([1, 8, 32])
        pair = rng.choice(PAIRS[ask])
        value = under(x, ask, pair, batch)
        sizes = {*value} if isinstance(value, tuple) else {value}
        if min(sizes) < 1 or prod(sizes) < PRECISE:
            continue
        if value in [under(x, ask, made, batch) for made in ((), pair[:1], pair[1:])]:
            continue
        network = {"input": f"{x.c}x{x.h}x{x.w}", "layers": [{**x.spec(), "name": "layer"}]}
        case = _of_ask(x, Given(network, ask, "layer", batch))
        same = frozenset(two for two in PAIRS[ask] if under(x, ask, two, batch) == value)
        return case, pair, value, same


def _of_ask(x: Conv, given: Given) -> Case:
    if given.ask == "macs":
        return conv_products(x, given, 1, "MACs")
    return {"parameters": conv_parameters, "shape": conv_shape}[given.ask](x, given)


# Sheets: one mistake, and everything after it follows correctly.


class Sheet(NamedTuple):
    """The answers about a whole network, in which one size is wrong and the rest follows."""

    network: dict[str, Any]
    wrong: str
    mistake: str
    answers: dict[str, dict[str, int | str]]
    truths: dict[str, dict[str, int | str]]


def of_sheet(rng: random.Random) -> Sheet:
    """A network computed from a wrong size of one of its layers onwards."""
    while True:
        net, rule = random_stack(rng), rng.choice(RULES[:5])
        i = rng.randrange(len(net.convs))
        right = walk(net)
        assert right is not None
        place = next(n for n, one in enumerate(right) if one.name == f"conv{i + 1}")
        _, f, s, p = net.convs[i]
        size = along(rule, right[place - 1].shape[-1], f, s, p)
        own = walk(net, own={f"conv{i + 1}": size})
        if size < 1 or size == right[place].shape[-1] or own is None:
            continue
        return Sheet(net.spec(), f"conv{i + 1}", rule, _answered(own), _answered(right))


def _answered(layers: list[Layer]) -> dict[str, dict[str, int | str]]:
    """The answers about a network, layer by layer, and its totals."""
    answers: dict[str, dict[str, int | str]] = {}
    for one in layers:
        if one.kind in ("conv", "max_pool", "linear"):
            answers[one.name] = {"shape": "x".join(map(str, one.shape))}
        if one.kind in ("conv", "linear"):
            answers[one.name] |= {"params": one.weights + one.biases, "macs": one.macs}
    totals = {"params": sum(one.weights + one.biases for one in layers)}
    return {**answers, "totals": {**totals, "macs": sum(one.macs for one in layers)}}


FAMILIES = (
    *(of_conv,) * 6,
    *(of_pool, of_linear, of_transposed) * 2,
    *(of_special,) * 3,
    *(of_total, of_field, of_layer_after) * 2,
    of_heads,
    of_shared_weights,
)
