"""Upsampling."""

import dataclasses
from typing import Any, Self

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import Sizes, choice, sizes
from cnncalc.core.layer import (
    Cut,
    Example,
    Foreign,
    Reach,
    Refusal,
    Tape,
    Tensor,
    need_map,
    per_axis,
)
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import operations, window
from cnncalc.layers._like import Like

MODES: dict[str, int | None] = {"nearest": None, "linear": None, "bilinear": 2, "trilinear": 3}
"""The interpolation modes, each with the rank its name requires, if any."""


class Upsample(Like):
    """Enlarges the map by repeating values or by interpolating between them.

    Give the factor by which each axis grows, the output size, or an earlier layer with that size
    (``like``). ``nearest`` copies the
    nearest input; ``linear`` blends the two nearest inputs along each axis, so 4 in an image
    (bilinear) and 8 in a volume (trilinear). There are no parameters.

    Operations: ``nearest`` only copies. ``linear`` along n axes takes 2^n multiplications and
    2^n − 1 additions per output; the blending weights are the same for all channels and are not
    counted.
    """

    aliases = ("upsampling", "interpolate", "resize")
    foreign = {"keras.UpSampling*D": Foreign({"scale_factor": 2}, {"size": "scale_factor"})}
    main = "scale_factor"
    either = ("scale_factor", "size", "like")

    scale_factor: Sizes | None = sizes("factor by which each axis grows", None, also=("scale",))
    size: Sizes | None = sizes("output size along each axis", None)
    mode: str = choice(
        "how to compute the new values", tuple(MODES), "nearest", also=("interpolation",)
    )

    def sized(self, x: Map, other: Map) -> Self:
        return dataclasses.replace(self, size=other.spatial, like=None)

    def output(self, x: Shape) -> Map:
        x = need_map(x)
        axes = MODES[self.mode]
        if axes is not None and axes != len(x.spatial):
            raise LayerError(f"mode {self.mode} needs {axes} axes, but {x} has {len(x.spatial)}")
        if self.size is not None:
            sizes = zip(x.spatial, per_axis(self.size, x, "size"))
            return Map(x.channels, tuple(window.asked_size(N=N, size=size) for N, size in sizes))
        scales = zip(x.spatial, per_axis(self.scale_factor or 1, x, "scale_factor"))
        return Map(x.channels, tuple(window.scaled_size(N=N, scale=scale) for N, scale in scales))

    def operations(self, x: Map) -> Operations:
        if self.mode == "nearest":
            return Operations()
        n_out = self.output(x).elements
        taps = operations.neighbours(E=(2,) * len(x.spatial))
        return Operations(
            multiply=operations.each(n=n_out, times=taps),
            add=operations.window_reductions(n_out=n_out, taps=taps),
        )

    def reach(self, x: Map) -> tuple[Reach, ...]:
        return tuple(map(self._axis_reach, x.spatial, self.output(x).spatial))

    def _axis_reach(self, N: int, N_out: int) -> Reach:
        if self.mode == "nearest":
            return Reach(1, cut=Cut(N, N_out, 0, 0))
        # Centres are aligned: output i lies at (i + 1/2)·N/O − 1/2 between the inputs, which is
        # i·N + (N − O)/2 in units of 1/O. It reads the inputs on both sides, or the one it hits.
        shift = N - N_out
        falls_on_inputs = N % N_out == 0 and N // N_out % 2 == 1
        return Reach(
            window.interpolated(nearest=1 if falls_on_inputs else 2),
            before=window.centred_before(N=N, N_out=N_out),
            cut=Cut(N, N_out, shift // 2, (shift + 1) // 2 + N_out - 1),
        )

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        return tape.op(tape.raised(x, cuda=True), makes=self.output(x.shape).elements)

    def to_torch(self, nn: Any, x: Map) -> Any:
        words = {1: "linear", 2: "bilinear", 3: "trilinear"}
        mode = words[len(x.spatial)] if self.mode == "linear" else self.mode
        return nn.Upsample(self.size, self.scale_factor, mode)

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
            source="torch.nn.Upsample: size is the output's",
        ),
    )
    refusals = (
        Refusal({"scale": 2, "size": 8}, ("4x4x4",), "exactly one"),
        Refusal(None, ("4x4x4",), "exactly one"),
        Refusal({"scale": 2, "mode": "bilinear"}, ("4x16",), "mode bilinear needs 2 axes"),
        Refusal({"scale": 2, "mode": "bicubic"}, ("4x4x4",), "must be nearest, linear"),
        Refusal(1.5, ("4x4x4",), "not 1.5"),
        Refusal(2, ("100",), "not a vector"),
    )
