"""Upsampling."""

import dataclasses
from collections.abc import Iterator, Mapping
from math import ceil, floor
from struct import pack, unpack
from typing import Any, Self

from cnncalc.core.call import one_size
from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import LARGEST, Sizes, choice, declare, flag, shown, sizes
from cnncalc.core.layer import (
    Cut,
    Example,
    Reach,
    Refusal,
    Tape,
    Tensor,
    everything,
    need_map,
    per_axis,
)
from cnncalc.core.onnx import OnnxCall
from cnncalc.core.parsing import Foreign
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import operations, window
from cnncalc.layers._like import Like

MODES: dict[str, int | None] = {
    "nearest": None, "linear": None, "bilinear": 2, "trilinear": 3, "bicubic": 2,
}  # fmt: skip
"""The interpolation modes, each with the rank its name requires, if any."""

SCALES_AT = {"Upsample": 1, "Resize": 2}
"""For each ONNX operator, the position of the operand that holds the factors. For ``Resize``, this
is so from opset 11 on; in opset 10, it computes new values in another way and is not read."""

Factors = float | tuple[float, ...]


def factors(doc: str) -> Any:
    """One positive number for all spatial axes, or one per axis."""

    def fits(value: Any) -> bool:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and 0 < value < LARGEST

    def check(value: Any) -> Factors:
        if fits(value):
            return value  # type: ignore[no-any-return]
        if isinstance(value, list | tuple) and 1 <= len(value) <= 3 and all(map(fits, value)):
            return tuple(value)
        raise LayerError(
            f"must be a number greater than 0, such as 2 or 1.5, or one per axis, "
            f"not {shown(value)}"
        )

    one = {"type": "number", "exclusiveMinimum": 0}
    many = {"type": "array", "items": one, "minItems": 1, "maxItems": 3}
    return declare(doc, None, ("scale",), check, {"anyOf": [one, many]})


def _ratio(scale: float) -> tuple[int, int]:
    """A factor as the exact fraction that its decimal digits give."""
    # Few networks need fractions, and importing them takes time.
    from fractions import Fraction

    return Fraction(str(scale)).as_integer_ratio()


def _scaled(N: int, scale: float) -> int:
    """The output size for a factor, rounded down. Raises LayerError if it is 0, or if the binary
    fraction that PyTorch computes with gives a different size from the decimal one."""
    if type(scale) is int:
        return window.scaled_size(N=N, scale=scale)
    up, down = _ratio(scale)
    size = window.rescaled_size(N=N, up=up, down=down)
    if size != floor(int(N) * scale):
        raise LayerError(
            f"a factor of {scale} turns {N} input{'s' * (N != 1)} into {size} or "
            f"{floor(int(N) * scale)}, depending on rounding; give 'size' instead, with {size} "
            "for this axis"
        )
    if size < 1:
        raise LayerError(f"a factor of {scale} leaves nothing of {N} input{'s' * (N != 1)}")
    return size


def _onnx_mode(call: OnnxCall, whole: bool, one: bool) -> dict[str, Any] | None:
    """The fields for the way in which ONNX computes new values; None if PyTorch does it
    differently.

    ``whole`` says whether the factors are whole numbers, ``one`` whether an axis shrinks to one
    value.
    """
    older = call.kind == "Upsample"
    ways = {"mode": "nearest", "coordinate_transformation_mode": "half_pixel",
            "nearest_mode": "round_prefer_floor", "cubic_coeff_a": -0.75,
            "exclude_outside": 0}  # fmt: skip
    if older:
        ways |= {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    mode, centres, nearest, a, outside = (call.settings.get(*way) for way in ways.items())
    if mode == "nearest":
        centred = whole and str(centres).endswith("half_pixel") and "round" in str(nearest)
        same = centred or (centres, nearest) == ("asymmetric", "floor")
        return {"mode": mode} if same else None
    if mode not in ("linear", "cubic") or outside or (mode == "cubic" and a != -0.75):
        return None
    fields = {"mode": "linear" if mode == "linear" else "bicubic"}
    if centres == "align_corners":
        return {**fields, "align_corners": True}
    same = centres == "half_pixel" or (centres == "pytorch_half_pixel" and not one)
    return fields if same else None


class Upsample(Like):
    """Resizes the map by copying values or by interpolating between them.

    Give a factor for the spatial axes, the output size, or an earlier layer with that size
    (``like``). ``nearest`` copies the nearest input; ``linear`` blends the two nearest inputs along
    each axis, so 4 in an image (bilinear) and 8 in a volume (trilinear); ``bicubic`` blends the 4×4
    nearest inputs of an image. A factor may be a fraction, such as 0.5 or 1.5; the size is rounded
    down. There are no parameters.

    Operations: ``nearest`` only copies. ``linear`` along n axes takes 2^n multiplications and
    2^n − 1 additions per output, and ``bicubic`` 16 and 15; the blending weights are the same for
    all channels and are not counted.
    """

    family = "upsampling"
    keeps_format = (1, 2)
    aliases = ("upsampling", "interpolate", "resize")
    foreign = {"keras.UpSampling*D": Foreign({"scale_factor": 2}, {"size": "scale_factor"})}
    operators = {"Resize": {}, "Upsample": {}}
    onnx_operands = (1, 4)
    main = "scale_factor"
    either = ("scale_factor", "size", "like")

    scale_factor: Factors | None = factors("factor for the size of each spatial axis")
    size: Sizes | None = sizes("output size along each spatial axis", None)
    mode: str = choice(
        "how to compute the new values", tuple(MODES), "nearest", also=("interpolation",)
    )
    align_corners: bool = flag(
        "whether corner values stay in the corners, in interpolating modes", False
    )

    def sized(self, x: Map, other: Map) -> Self:
        return dataclasses.replace(self, size=other.spatial, like=None)

    def output(self, x: Shape) -> Map:
        x = need_map(x)
        if self.align_corners and self.mode == "nearest":
            raise LayerError("mode nearest does not interpolate; remove align_corners")
        axes = MODES[self.mode]
        if axes is not None and axes != len(x.spatial):
            raise LayerError(
                f"mode {self.mode} needs {axes} spatial axes, but {x} has {len(x.spatial)}"
            )
        if self.size is not None:
            sizes = zip(x.spatial, per_axis(self.size, x, "size"))
            return Map(x.channels, tuple(window.asked_size(N=N, size=size) for N, size in sizes))
        return Map(x.channels, tuple(map(_scaled, x.spatial, self._scales(x))))

    def _scales(self, x: Map) -> tuple[float, ...]:
        """The factor of each axis."""
        scale = self.scale_factor or 1
        if isinstance(scale, tuple):
            per_axis(tuple(map(ceil, scale)), x, "scale_factor")
            return scale
        return (scale,) * len(x.spatial)

    def operations(self, x: Map) -> Operations:
        if self.mode == "nearest":
            return Operations()
        n_out = self.output(x).elements
        near = 4 if self.mode == "bicubic" else 2
        taps = operations.neighbours(E=(near,) * len(x.spatial))
        return Operations(
            multiply=operations.each(n=n_out, times=taps),
            add=operations.window_reductions(n_out=n_out, taps=taps),
        )

    def reach(self, x: Map) -> tuple[Reach, ...]:
        if self.align_corners:
            return everything(x, bound=True)  # the distance between windows is not a ratio of sizes
        return tuple(self._axis_reach(*sizes) for sizes in self._steps(x))

    def _steps(self, x: Map) -> Iterator[tuple[int, int]]:
        """For each axis, a number of inputs and the number of outputs that span the same length."""
        scales = (0,) * len(x.spatial) if self.size is not None else self._scales(x)
        for N, N_out, scale in zip(x.spatial, self.output(x).spatial, scales):
            up, down = (N_out, N) if type(scale) is int else _ratio(scale)
            yield down, up

    def _axis_reach(self, N: int, N_out: int) -> Reach:
        if self.mode == "nearest":
            return Reach(1, cut=Cut(N, N_out, 0, 0))
        # Centres are aligned: output i lies at (i + 1/2)·N/O − 1/2 between the inputs, which is
        # i·N + (N − O)/2 in units of 1/O. It reads the inputs on both sides, or the one it hits.
        shift = N - N_out
        begin, end = shift // 2, (shift + 1) // 2 + N_out - 1
        if N % N_out == 0 and N // N_out % 2 == 1:  # every output hits an input
            nearest, before = 1, window.centred_before(N=N, N_out=N_out)
            cut = Cut(N, N_out, begin, end)
        elif self.mode == "bicubic":
            nearest, before = 4, window.cubic_before(N=N, N_out=N_out)
            cut = Cut(N, N_out, begin - N_out, end + N_out, gaps=True)
        else:
            nearest, before = 2, window.centred_before(N=N, N_out=N_out)
            cut = Cut(N, N_out, begin, end)
        return Reach(window.interpolated(nearest=nearest), before=before, cut=cut)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        return tape.op(tape.raised(x, cuda=True), makes=self.output(x.shape).elements)

    @classmethod
    def from_onnx(cls, call: OnnxCall) -> Mapping[str, Any] | None:
        scales, sizes = (
            call.listed("scales", SCALES_AT[call.kind]),
            call.listed("", 3),
        )
        (x,) = call.inputs
        stretched = call.settings.get("keep_aspect_ratio_policy", "stretch") == "stretch"
        if call.settings.get("axes") or call.settings.get("antialias") or not stretched:
            return None
        if sizes and scales:
            raise LayerError("it has both scales and sizes; ONNX allows only one of them")
        for given in filter(None, (scales, sizes)):
            if len(given) != 1 + len(x):
                raise LayerError(f"it has {len(given)} scales or sizes, but must have {1 + len(x)}")
        if sizes and sizes[1:2] != [x.dimensions[0]]:
            return None
        if not sizes and (not scales or any(one != 1 for one in scales[: -(len(x) - 1)])):
            return None
        given = (sizes or scales or [])[2:]
        N = x.dimensions[1:]
        grown = given if sizes else [floor(n * one) for n, one in zip(N, given)]
        whole = not any(out % n for n, out in zip(N, grown))
        fields = _onnx_mode(call, whole, 1 in grown)
        if fields is None:
            return None
        if whole:
            return {**fields, "scale_factor": one_size([out // n for n, out in zip(N, grown)])}
        if sizes or all(out == n * one for n, out, one in zip(N, grown, given)):
            return {**fields, "size": one_size(grown)}
        if fields.get("align_corners"):
            return None  # ONNX then spreads N·scale positions, and N·scale may not be whole
        return {**fields, "scale_factor": one_size([float(f"{one:.7g}") for one in given])}

    def to_torch(self, nn: Any, x: Map) -> Any:
        words = {1: "linear", 2: "bilinear", 3: "trilinear"}
        mode = words[len(x.spatial)] if self.mode == "linear" else self.mode
        corners = (True,) if self.align_corners else ()
        return nn.Upsample(self.size, self.scale_factor, mode, *corners)

    def _is_rounded(self, x: Map) -> bool:
        """Whether a size times its factor is not whole, and rounding it down gives the same number
        in ONNX, which holds factors in 32 bits."""
        if self.scale_factor is None or self.align_corners:
            return False
        sizes = [*zip(x.spatial, self._scales(x), self.output(x).spatial)]
        held = unpack(f"{len(sizes)}f", pack(f"{len(sizes)}f", *(scale for _, scale, _ in sizes)))
        alike = all(floor(N * one) == N_out for one, (N, _, N_out) in zip(held, sizes))
        return alike and any(N * scale != N_out for N, scale, N_out in sizes)

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        mode = {"nearest": "nearest", "bicubic": "cubic"}.get(self.mode, "linear")
        exact = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        smooth: dict[str, Any] = {
            "coordinate_transformation_mode": "half_pixel",
            "cubic_coeff_a": -0.75,
        }
        if self.align_corners:
            smooth["coordinate_transformation_mode"] = "align_corners"
        settings = {"mode": mode, **(exact if mode == "nearest" else smooth)}
        sizes = self.output(x).spatial
        if self._is_rounded(x):  # PyTorch then steps by the factor, not by the ratio of the sizes
            scales = onnx.fixed([1.0, 1.0, *self._scales(x)])
            return onnx.node("Resize", *onnx.inputs, "", scales, **settings)
        if any(N_out % N for N, N_out in zip(x.spatial, sizes)):
            kept = onnx.node("Shape", *onnx.inputs, start=0, end=2)
            wanted = onnx.node("Concat", kept, onnx.ints(sizes), axis=0)
            return onnx.node("Resize", *onnx.inputs, "", "", wanted, **settings)
        scales = onnx.fixed([1.0, 1.0, *(N_out / N for N, N_out in zip(x.spatial, sizes))])
        return onnx.node("Resize", *onnx.inputs, "", scales, **settings)

    examples = (
        Example(
            given=2,
            inputs=("256x13x13",),
            output="256x26x26",
            operations=Operations(),
            source="Redmon and Farhadi 2018, YOLOv3: upsample by 2×, 13×13 to 26×26",
        ),
        Example(
            given={"scale": 2, "mode": "bilinear"},
            inputs=("1x2x2",),
            output="1x4x4",
            operations=Operations(multiply=64, add=48),  # 4 and 3 for each of 16 outputs
            source="torch.nn.Upsample, example: 2×2 to 4×4, scale_factor=2, mode='bilinear'",
        ),
        Example(
            given={"size": [65, 129], "mode": "linear"},
            inputs=("2x5x9",),
            output="2x65x129",
            operations=Operations(multiply=67_080, add=50_310),  # 16,770 outputs
            source="torch.nn.Upsample: size is that of the output",
        ),
        Example(
            given=1.5,
            inputs=("8x5x6",),
            output="8x7x9",  # ⌊7.5⌋
            source="torch.nn.Upsample: sizes are multiplied by the factor and rounded down",
        ),
        Example(
            given={"scale": 2, "mode": "bicubic"},
            inputs=("1x2x2",),
            output="1x4x4",
            operations=Operations(multiply=256, add=240),  # 16 and 15 for each of 16 outputs
            source="Keys 1981: cubic convolution of the 4×4 nearest inputs",
        ),
        Example(
            given={"scale": 2, "mode": "bilinear", "align_corners": True},
            inputs=("1x3x3",),
            output="1x6x6",
            operations=Operations(multiply=144, add=108),  # 4 and 3 for each of 36 outputs
            source="torch.nn.Upsample, example: 3×3 to 6×6 with align_corners=True",
        ),
    )
    refusals = (
        Refusal({"scale": 2, "align_corners": True}, ("8x4x4",), "remove align_corners"),
        Refusal({"scale": 2, "size": 8}, ("4x4x4",), "exactly one"),
        Refusal(None, ("4x4x4",), "exactly one"),
        Refusal({"scale": 2, "mode": "bilinear"}, ("4x16",), "mode bilinear needs 2 spatial axes"),
        Refusal({"scale": 2, "mode": "cubic"}, ("4x4x4",), "must be nearest, linear"),
        Refusal({"scale": 2, "mode": "bicubic"}, ("4x16",), "mode bicubic needs 2 spatial axes"),
        Refusal(0, ("4x4x4",), "greater than 0, such as 2 or 1.5, or one per axis, not 0"),
        Refusal(0.1, ("4x4x4",), "a factor of 0.1 leaves nothing of 4 inputs"),
        Refusal(
            0.29,
            ("4x100",),
            "turns 100 inputs into 29 or 28, depending on rounding; give 'size' instead, with 29",
        ),
        Refusal(2, ("100",), "not a vector"),
    )
