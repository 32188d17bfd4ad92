"""Convolutions with numbers, compared with PyTorch, NumPy and the definition on random numbers."""

import random
from fractions import Fraction
from itertools import product
from math import prod

import pytest

from cnncalc import layers
from cnncalc.core.shape import Map
from cnncalc.homework.convolution import Tensor, activation_of, convolve, of, pool_of
from cnncalc.homework.convolution.activation import FUNCTIONS
from cnncalc.homework.convolution.window import MODES

numpy = pytest.importorskip("numpy")
torch = pytest.importorskip("torch")
functional = torch.nn.functional

# Sums of products of small whole numbers are exact in double precision.

TORCH_MODES = {
    "zeros": "constant",
    "reflect": "reflect",
    "replicate": "replicate",
    "circular": "circular",
}


def drawn(dice, channels, spatial, name=""):
    planes = tuple(
        tuple(dice.randint(-9, 9) for _ in range(prod(spatial))) for _ in range(channels)
    )
    return Tensor(Map(channels, spatial), planes, name=name)


def tensor_of(*tensors):
    """A batch of tensors in double precision."""
    return torch.tensor([tensor.nested() for tensor in tensors], dtype=torch.float64)


def same_sides(N, F, S, D):
    """TensorFlow's SAME, from its documentation: ceil(N/S) windows, the odd zero after."""
    total = max((-(-N // S) - 1) * S + D * (F - 1) + 1 - N, 0)
    return total // 2, total - total // 2


@pytest.mark.parametrize("seed", range(120))
def test_pytorch_agrees(seed):
    dice = random.Random(seed)
    axes = dice.choice((1, 2))
    kernel = [dice.randint(1, 3) for _ in range(axes)]
    dilation = [dice.randint(1, 2) for _ in range(axes)]
    stride = [dice.randint(1, 3) for _ in range(axes)]
    extents = [d * (f - 1) + 1 for d, f in zip(dilation, kernel, strict=True)]
    spatial = [extent + dice.randint(2, 4) for extent in extents]
    mode, channels, many = dice.choice([*MODES]), dice.randint(1, 3), dice.randint(1, 3)
    padding = dice.choice([0, 1, 2, "valid", "same"])
    if padding == "same":
        geometry = zip(spatial, kernel, stride, dilation, strict=True)
        sides = [same_sides(*axis) for axis in geometry]
    else:
        sides = [(padding, padding) if isinstance(padding, int) else (0, 0)] * axes
    x = drawn(dice, channels, tuple(spatial))
    kernels = [drawn(dice, channels, tuple(kernel)) for _ in range(many)]
    bias = drawn(dice, 1, (many,)) if dice.random() < 0.5 else None
    worked = convolve(
        x, kernels, stride=stride, padding=padding, dilation=dilation, mode=mode, bias=bias
    )
    last_first = [side for pair in reversed(sides) for side in pair]
    padded = functional.pad(tensor_of(x), last_first, TORCH_MODES[mode])
    assert worked.convolution.padded.nested() == padded[0].tolist()
    conv = functional.conv1d if axes == 1 else functional.conv2d
    biases = None if bias is None else tensor_of(bias).flatten()
    expected = conv(padded, tensor_of(*kernels), biases, stride, 0, dilation)
    assert worked.output.nested() == expected[0].tolist()


@pytest.mark.parametrize("seed", range(20))
def test_every_line_adds_up_to_its_output(seed):
    dice = random.Random(seed)
    x = drawn(dice, 2, (4, 5))
    kernels = [drawn(dice, 2, (2, 3)) for _ in range(2)]
    worked = convolve(x, kernels, padding=1, bias=of([1, -1]), flip=bool(seed % 2))
    for channel in range(2):
        sums = [*worked.convolution.sums(channel)]
        for one in sums:
            products = sum(a * b for pairs in one.pairs for a, b in pairs)
            assert (one.products, one.result) == (products, products + (1, -1)[channel])
        assert tuple(one.result for one in sums) == worked.output.planes[channel]


@pytest.mark.parametrize("seed", range(10))
def test_flipped_kernels_convolve_as_numpy_does(seed):
    dice = random.Random(seed)
    x, kernel = drawn(dice, 1, (9,)), drawn(dice, 1, (dice.randint(1, 4),))
    expected = numpy.convolve(x.planes[0], kernel.planes[0], "valid")
    assert convolve(x, [kernel], flip=True).output.nested() == [expected.tolist()]


@pytest.mark.parametrize("seed", range(10))
def test_flipped_kernels_follow_the_definition(seed):
    # ASU: (f ∗ g)(x, y) = Σ f(i, j) I(x − i, y − j), f and I zero outside
    dice = random.Random(seed)
    image, kernel = drawn(dice, 1, (4, 5)), drawn(dice, 1, (3, 3))
    I, f = image.nested()[0], kernel.nested()[0]  # noqa: E741
    expected = [
        [
            sum(
                f[i + 1][j + 1] * I[x - i][y - j]
                for i, j in product((-1, 0, 1), repeat=2)
                if 0 <= x - i < 4 and 0 <= y - j < 5
            )
            for y in range(5)
        ]
        for x in range(4)
    ]
    assert convolve(image, [kernel], padding=1, flip=True).output.nested() == [expected]


@pytest.mark.parametrize("seed", range(30))
def test_pytorch_pools_the_same(seed):
    dice = random.Random(seed)
    axes = dice.choice((1, 2))
    window = [dice.randint(1, 3) for _ in range(axes)]
    stride = [dice.randint(1, 3) for _ in range(axes)]
    padding = dice.randint(0, min(window) // 2)
    x = drawn(dice, 1, tuple(size + dice.randint(0, 4) for size in window))
    ones = Tensor(Map(1, (1,) * axes), ((1,),))
    written = "x".join(map(str, window)) + f"s{'x'.join(map(str, stride))}p{padding}"
    largest = convolve(x, [ones], pool=pool_of(f"max:{written}")).output
    # PyTorch pools an image of one row as it pools a signal.
    batch = tensor_of(x.as_image())
    sides = ([0, padding], [1, *window], [1, *stride]) if axes == 1 else (padding, window, stride)
    around, size, step = sides
    expected = functional.max_pool2d(batch, size, step, around)
    assert largest.as_image().nested() == expected[0].tolist()
    mean = convolve(x, [ones], pool=pool_of(f"avg:{written}")).output
    sums = functional.avg_pool2d(batch, size, step, around, divisor_override=1)
    cells = prod(window)
    assert mean.as_image().nested() == [
        [[Fraction(int(total), cells) for total in row] for row in one] for one in sums[0].tolist()
    ]


WORDS = [*FUNCTIONS, *(f"{kind}:0.25" for kind in FUNCTIONS if layers.load(kind).main)]


@pytest.mark.parametrize("word", WORDS)
def test_pytorch_activates_the_same(word):
    layer = activation_of(word)
    numbers = [Fraction(n, 8) for n in range(-40, 41)]
    x = of(numbers)
    found = convolve(x, [of([1])], activation=layer).output.planes[0]
    module = layer.to_torch(torch.nn, x.shape)
    expected = module(torch.tensor(list(map(float, numbers)), dtype=torch.float64)).tolist()
    assert [float(number) for number in found] == pytest.approx(expected, rel=1e-14, abs=1e-16)


@pytest.mark.parametrize(("word", "kind"), [("relu", int), ("lrelu", Fraction), ("tanh", float)])
def test_exact_input_gives_exact_output(word, kind):
    worked = convolve(of([-3, 2]), [of([1])], activation=activation_of(word))
    assert type(worked.output.planes[0][0]) is kind


def test_no_exponential_overflows():
    x = of([-(10**14), 10**14])
    ends = {"sigmoid": (0, 1), "tanh": (-1, 1), "elu": (-1, 10**14)}
    for word, expected in ends.items():
        assert convolve(x, [of([1])], activation=activation_of(word)).output.planes[0] == expected


@pytest.mark.parametrize("axes", [1, 2])
def test_fractions_scale(axes):
    dice = random.Random(5)
    x, kernel = drawn(dice, 1, (6,) * axes), drawn(dice, 1, (3,) * axes)
    whole = convolve(x, [kernel]).output.planes[0]
    seventh = x._replace(planes=tuple(tuple(Fraction(n, 7) for n in p) for p in x.planes))
    ninth = kernel._replace(planes=tuple(tuple(Fraction(n, 9) for n in p) for p in kernel.planes))
    assert convolve(seventh, [ninth]).output.planes[0] == tuple(Fraction(n, 63) for n in whole)


@pytest.mark.parametrize("seed", range(40))
def test_pytorch_pools_the_same_over_the_edge(seed):
    dice = random.Random(seed)
    axes, F, S = dice.choice((1, 2)), dice.randint(1, 3), dice.randint(1, 3)
    x = drawn(dice, 2, tuple(dice.randint(3, 6) for _ in range(axes)))
    kind, padding = dice.choice(("max", "avg")), dice.randint(0, F // 2)
    worked = convolve(
        x, [drawn(dice, 2, (1,) * axes)], pool=pool_of(f"{kind}:{F}s{S}p{padding}ceil")
    )
    pool = getattr(functional, f"{kind}_pool{axes}d")
    expected = pool(tensor_of(worked.stages[0].output), F, S, padding, ceil_mode=True)
    torch.testing.assert_close(tensor_of(fractionless(worked.output)), expected)


@pytest.mark.parametrize("seed", range(20))
def test_pytorch_averages_without_the_padding(seed):
    dice = random.Random(seed)
    fields = {"kernel_size": 3, "stride": dice.randint(1, 3), "padding": 1}
    fields |= {"ceil_mode": dice.random() < 0.5, "count_include_pad": False}
    x = drawn(dice, 1, (dice.randint(2, 6), dice.randint(2, 6)))
    worked = convolve(x, [of([[1]])], pool=layers.load("avg_pool").parse(fields))
    expected = functional.avg_pool2d(tensor_of(x), **fields)
    torch.testing.assert_close(tensor_of(fractionless(worked.output)), expected)


@pytest.mark.parametrize("seed", range(20))
def test_same_pools_are_those_of_a_padded_map(seed):
    dice = random.Random(seed)
    F, S, N = dice.randint(1, 4), dice.randint(1, 3), dice.randint(2, 7)
    x, kind = drawn(dice, 1, (N,)), dice.choice(("max", "avg"))
    worked = convolve(x, [of([1])], pool=pool_of(f"{kind}:{F}s{S}same"))
    fill = -torch.inf if kind == "max" else 0.0
    padded = functional.pad(tensor_of(x), same_sides(N, F, S, 1), value=fill)
    expected = getattr(functional, f"{kind}_pool1d")(padded, F, S)
    torch.testing.assert_close(tensor_of(fractionless(worked.output)), expected)


def fractionless(tensor):
    """The tensor with floats."""
    return tensor._replace(planes=tuple(tuple(map(float, plane)) for plane in tensor.planes))


@pytest.mark.parametrize("seed", range(60))
def test_pytorch_transposes_the_same(seed):
    dice = random.Random(seed)
    axes, channels, many = dice.choice((1, 2)), dice.randint(1, 3), dice.randint(1, 3)
    kernel = [dice.randint(1, 3) for _ in range(axes)]
    stride = [dice.randint(1, 3) for _ in range(axes)]
    dilation = [dice.randint(1, 2) for _ in range(axes)]
    extra = [dice.randrange(max(pair)) for pair in zip(stride, dilation, strict=True)]
    padding = dice.choice((0, 0, 1))
    x = drawn(dice, channels, tuple(dice.randint(3, 5) for _ in range(axes)))
    kernels = [drawn(dice, channels, tuple(kernel)) for _ in range(many)]
    bias = drawn(dice, 1, (many,)) if dice.random() < 0.5 else None
    worked = convolve(
        x, kernels, stride=stride, padding=padding, dilation=dilation, bias=bias,
        transposed=True, output_padding=extra, flip=bool(seed % 2),
    )  # fmt: skip
    weights = tensor_of(*kernels)
    if seed % 2:
        weights = weights.flip([*range(2, 2 + axes)])
    transposed = getattr(functional, f"conv_transpose{axes}d")
    biases = None if bias is None else tensor_of(bias).flatten()
    expected = transposed(
        tensor_of(x), weights.transpose(0, 1), biases, stride, padding, extra, 1, dilation
    )
    assert worked.output.nested() == expected[0].tolist()
    for channel in range(many):
        for one in worked.convolution.sums(channel):
            assert one.products == sum(a * b for pairs in one.pairs for a, b in pairs)
