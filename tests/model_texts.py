"""Networks as Darknet and Caffe files, written from the papers, with their published figures.

``python tests/zoo_files.py darknet`` and ``caffe`` compare all of them.
"""

from collections.abc import Callable, Mapping
from typing import Any


class Darknet:
    """A ``.cfg``. ``here`` counts the sections after [net]."""

    def __init__(self, size: int) -> None:
        self.text = f"[net]\nwidth={size}\nheight={size}\nchannels=3\n"
        self.here = 0

    def section(self, kind: str, **values: Any) -> None:
        lines = "".join(f"{key}={value}\n" for key, value in values.items())
        self.text += f"\n[{kind}]\n{lines}"
        self.here += 1

    def conv(self, filters: int, size: int = 3, stride: int = 1, word: str = "leaky") -> None:
        self.section("convolutional", batch_normalize=1, filters=filters, size=size,
                     stride=stride, pad=1, activation=word)  # fmt: skip

    def convs(self, *filters: int) -> None:
        """Convolutions of 1×1 and 3×3 in turn, as in a head."""
        for place, one in enumerate(filters):
            self.conv(one, 3 if place % 2 else 1)

    def last(self, filters: int, head: str = "yolo") -> None:
        self.section("convolutional", filters=filters, size=1, pad=1, activation="linear")
        self.section(head, classes=80)

    def route(self, *places: int) -> None:
        self.section("route", layers=",".join(map(str, places)))

    def up(self, filters: int, *places: int) -> None:
        """A 1×1 convolution and an upsampling by 2, concatenated with earlier maps."""
        self.conv(filters, 1)
        self.section("upsample", stride=2)
        self.route(-1, *places)


def vgg16() -> str:
    net = Darknet(224)
    for filters, n in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(n):
            net.section("convolutional", filters=filters, size=3, pad=1, activation="relu")
        net.section("maxpool", size=2, stride=2)
    for units, word in ((4096, "relu"), (4096, "relu"), (1000, "linear")):
        net.section("connected", output=units, activation=word)
        if word == "relu":
            net.section("dropout", probability=0.5)
    net.section("softmax")
    return net.text


def _darknet53(net: Darknet) -> None:
    net.conv(32)
    for filters, n in ((64, 1), (128, 2), (256, 8), (512, 8), (1024, 4)):
        net.conv(filters, stride=2)
        for _ in range(n):
            net.convs(filters // 2, filters)
            net.section("shortcut", **{"from": -3, "activation": "linear"})


def darknet53() -> str:
    net = Darknet(256)
    _darknet53(net)
    net.section("avgpool")
    net.section("convolutional", filters=1000, size=1, activation="linear")
    net.section("softmax")
    return net.text


def yolov2() -> str:
    net = Darknet(608)
    for filters in ((32,), (64,), (128, 64, 128), (256, 128, 256), (512, 256, 512, 256, 512)):
        for place, one in enumerate(filters):
            net.conv(one, 1 if place % 2 else 3)
        net.section("maxpool", size=2, stride=2)
    for place, filters in enumerate((1024, 512, 1024, 512, 1024)):
        net.conv(filters, 1 if place % 2 else 3)
    net.conv(1024)
    net.conv(1024)
    net.route(-9)
    net.conv(64, 1)
    net.section("reorg", stride=2)
    net.route(-1, -4)
    net.conv(1024)
    net.last(425, "region")
    return net.text


def yolov3() -> str:
    net = Darknet(416)
    _darknet53(net)
    for width, earlier in ((512, 61), (256, 36), (128, None)):
        net.convs(*(width, 2 * width) * 3)
        net.last(255)
        if earlier is not None:
            net.route(-4)
            net.up(width // 2, earlier)
    return net.text


def yolov3_tiny() -> str:
    net = Darknet(416)
    for filters in (16, 32, 64, 128, 256, 512):
        net.conv(filters)
        net.section("maxpool", size=2, stride=1 if filters == 512 else 2)
    net.conv(1024)
    net.conv(256, 1)
    net.conv(512)
    net.last(255)
    net.route(-4)
    net.up(128, 8)
    net.conv(256)
    net.last(255)
    return net.text


def yolov4() -> str:
    net = Darknet(416)
    net.conv(32, word="mish")
    for filters, half, inner, n in ((64, 64, 32, 1), (128, 64, 64, 2), (256, 128, 128, 8),
                                    (512, 256, 256, 8), (1024, 512, 512, 4)):  # fmt: skip
        net.conv(filters, stride=2, word="mish")
        net.conv(half, 1, word="mish")
        net.route(-2)
        net.conv(half, 1, word="mish")
        for _ in range(n):
            net.conv(inner, 1, word="mish")
            net.conv(half, 3, word="mish")
            net.section("shortcut", **{"from": -3, "activation": "linear"})
        net.conv(half, 1, word="mish")
        net.route(-1, -3 * n - 4)
        net.conv(filters, 1, word="mish")
    net.convs(512, 1024, 512)
    for place, window in enumerate((5, 9, 13)):  # spatial pyramid pooling
        if place:
            net.route(-2 * place)
        net.section("maxpool", size=window, stride=1)
    net.route(-1, -3, -5, -6)
    net.convs(512, 1024, 512)
    for width, earlier in ((256, 85), (128, 54)):
        net.conv(width, 1)
        net.section("upsample", stride=2)
        net.route(earlier)
        net.conv(width, 1)
        net.route(-1, -3)
        net.convs(width, 2 * width, width, 2 * width, width)
    net.conv(256)
    net.last(255)
    for width, earlier in ((256, -16), (512, -37)):
        net.route(-4)
        net.conv(width, stride=2)
        net.route(-1, earlier)
        net.convs(width, 2 * width, width, 2 * width, width)
        net.conv(2 * width)
        net.last(255)
    return net.text


DARKNET: Mapping[str, tuple[Callable[[], str], float, int]] = {
    # The authors' web page: classification, Ops at 224 pixels.
    "vgg-16": (vgg16, 30.94, 2),
    # Wang et al. 2019, CSPNet, the authors' release; the paper of YOLOv3 rounds to 18.7.
    "darknet53": (darknet53, 18.57, 2),
    # The authors' web page: YOLOv2 608x608, YOLOv3-416 and YOLOv3-tiny, FLOPS.
    "yolov2": (yolov2, 62.94, 2),
    "yolov3": (yolov3, 65.86, 2),
    "yolov3-tiny": (yolov3_tiny, 5.56, 2),
    # The README of the authors' release, at 416 pixels. For larger inputs, its figures include the
    # pools and the sums.
    "yolov4": (yolov4, 60.1, 1),
}
"""Each network's text, its published billions of operations, and their decimals."""


class Caffe:
    """A ``.prototxt``."""

    def __init__(self, *sizes: int) -> None:
        dims = " ".join(f"dim: {size}" for size in (1, *sizes))
        self.text = f'name: "net"\ninput: "data"\ninput_shape {{ {dims} }}\n'

    def layer(self, kind: str, name: str, *bottoms: str, top: str = "", **fields: str) -> str:
        """Write a layer, and return what it outputs."""
        read = " ".join(f'bottom: "{one}"' for one in bottoms)
        inside = " ".join(f"{key} {{ {value} }}" for key, value in fields.items())
        self.text += (
            f'layer {{ name: "{name}" type: "{kind}" {read} top: "{top or name}" {inside} }}\n'
        )
        return top or name

    def conv(self, name: str, x: str, filters: int, size: int, more: str = "") -> str:
        fields = f"num_output: {filters} kernel_size: {size} {more}"
        return self.layer("Convolution", name, x, convolution_param=fields)

    def rectified(self, name: str, x: str, filters: int, size: int, more: str = "") -> str:
        self.conv(name, x, filters, size, more)
        return self.layer("ReLU", f"{name}_relu", name, top=name)

    def wide(self, name: str, x: str, reduced: int, filters: int, size: int) -> str:
        x = self.rectified(f"{name}_reduce", x, reduced, 1)
        return self.rectified(name, x, filters, size, f"pad: {size // 2}")

    def normed(self, name: str, x: str, filters: int, size: int, more: str = "") -> str:
        self.conv(name, x, filters, size, f"bias_term: false {more}")
        self.layer("BatchNorm", f"{name}_bn", name, top=name)
        return self.layer("Scale", f"{name}_scale", name, top=name, scale_param="bias_term: true")

    def pool(self, name: str, x: str, size: int, stride: int, pad: int = 0) -> str:
        fields = f"pool: MAX kernel_size: {size} stride: {stride} pad: {pad}"
        return self.layer("Pooling", name, x, pooling_param=fields)

    def mean(self, name: str, x: str) -> str:
        return self.layer("Pooling", name, x, pooling_param="pool: AVE global_pooling: true")

    def units(self, name: str, x: str, number: int) -> str:
        return self.layer("InnerProduct", name, x, inner_product_param=f"num_output: {number}")

    def classes(self, x: str) -> None:
        """The three linear layers of AlexNet and VGG."""
        for number in (6, 7):
            x = self.units(f"fc{number}", x, 4096)
            x = self.layer("ReLU", f"relu{number}", x, top=x)
            x = self.layer("Dropout", f"drop{number}", x, top=x)
        self.layer("Softmax", "prob", self.units("fc8", x, 1000))


VGG = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


def caffe_vgg16() -> str:
    net, x = Caffe(3, 224, 224), "data"
    for stage, (filters, n) in enumerate(VGG, 1):
        for one in range(1, n + 1):
            x = net.rectified(f"conv{stage}_{one}", x, filters, 3, "pad: 1")
        x = net.pool(f"pool{stage}", x, 2, 2)
    net.classes(x)
    return net.text


def alexnet() -> str:
    net, lrn = Caffe(3, 227, 227), "local_size: 5 alpha: 0.0005 k: 2"
    x = net.rectified("conv1", "data", 96, 11, "stride: 4")
    x = net.pool("pool1", net.layer("LRN", "norm1", x, lrn_param=lrn), 3, 2)
    x = net.rectified("conv2", x, 256, 5, "pad: 2 group: 2")
    x = net.pool("pool2", net.layer("LRN", "norm2", x, lrn_param=lrn), 3, 2)
    for number, filters, groups in ((3, 384, 1), (4, 384, 2), (5, 256, 2)):
        x = net.rectified(f"conv{number}", x, filters, 3, f"pad: 1 group: {groups}")
    net.classes(net.pool("pool5", x, 3, 2))
    return net.text


def googlenet() -> str:
    net = Caffe(3, 224, 224)
    x = net.pool("pool1", net.rectified("conv1", "data", 64, 7, "pad: 3 stride: 2"), 3, 2)
    x = net.layer("LRN", "norm1", x, lrn_param="local_size: 5")
    x = net.rectified("conv2", net.rectified("conv2_reduce", x, 64, 1), 192, 3, "pad: 1")
    x = net.pool("pool2", net.layer("LRN", "norm2", x), 3, 2)
    modules = {
        "3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64),
        "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64),
        "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64),
        "4e": (256, 160, 320, 32, 128, 128), "5a": (256, 160, 320, 32, 128, 128),
        "5b": (384, 192, 384, 48, 128, 128),
    }  # fmt: skip
    for name, (one, reduce3, three, reduce5, five, project) in modules.items():
        ways = (
            net.rectified(f"{name}/1x1", x, one, 1),
            net.wide(f"{name}/3x3", x, reduce3, three, 3),
            net.wide(f"{name}/5x5", x, reduce5, five, 5),
            net.rectified(f"{name}/p", net.pool(f"{name}/pool", x, 3, 1, 1), project, 1),
        )
        x = net.layer("Concat", name, *ways)
        if name in ("3b", "4e"):
            x = net.pool(f"pool{name}", x, 3, 2)
    net.layer("Softmax", "prob", net.units("fc", net.mean("pool5", x), 1000))
    return net.text


def resnet(*stages: int) -> str:
    net = Caffe(3, 224, 224)
    x = net.normed("conv1", "data", 64, 7, "pad: 3 stride: 2")
    x = net.pool("pool1", net.layer("ReLU", "conv1_relu", x, top=x), 3, 2)
    for stage, n in enumerate(stages):
        width = 64 << stage
        for block in range(n):
            name, stride = f"res{stage + 2}_{block}", f"stride: {1 if block or not stage else 2}"
            short = x if block else net.normed(f"{name}_1", x, 4 * width, 1, stride)
            for part, size, more in (("a", 1, stride), ("b", 3, "pad: 1")):
                x = net.normed(f"{name}_2{part}", x, width, size, more)
                x = net.layer("ReLU", f"{x}_relu", x, top=x)
            x = net.layer("Eltwise", name, short, net.normed(f"{name}_2c", x, 4 * width, 1))
            x = net.layer("ReLU", f"{name}_relu", x, top=x)
    net.units("fc", net.mean("pool5", x), 1000)
    return net.text


def squeezenet() -> str:
    net = Caffe(3, 224, 224)
    x = net.pool("pool1", net.rectified("conv1", "data", 64, 3, "stride: 2"), 3, 2)
    for number, width in zip(range(2, 10), (16, 16, 32, 32, 48, 48, 64, 64)):
        squeezed = net.rectified(f"fire{number}", x, width, 1)
        wide = [net.rectified(f"fire{number}_{n}", squeezed, 4 * width, n, f"pad: {n // 2}")
                for n in (1, 3)]  # fmt: skip
        x = net.layer("Concat", f"fire{number}_all", *wide)
        if number in (3, 5):
            x = net.pool(f"pool{number}", x, 3, 2)
    x = net.rectified("conv10", net.layer("Dropout", "drop9", x, top=x), 1000, 1)
    net.layer("Softmax", "prob", net.mean("pool10", x))
    return net.text


def unet() -> str:
    net, x, kept = Caffe(1, 572, 572), "data", []

    def double(name: str, x: str, width: int) -> str:
        return net.rectified(f"{name}_2", net.rectified(f"{name}_1", x, width, 3), width, 3)

    for depth in range(4):
        kept.append(double(f"down{depth}", x, 64 << depth))
        x = net.pool(f"pool{depth}", kept[-1], 2, 2)
    x = double("bottom", x, 1024)
    for depth, offset in ((3, 4), (2, 16), (1, 40), (0, 88)):
        fields = f"num_output: {64 << depth} kernel_size: 2 stride: 2"
        up = net.layer("Deconvolution", f"up{depth}", x, convolution_param=fields)
        where = f"axis: 2 offset: {offset}"
        cut = net.layer("Crop", f"crop{depth}", kept[depth], up, crop_param=where)
        x = double(f"join{depth}", net.layer("Concat", f"concat{depth}", cut, up), 64 << depth)
    net.conv("score", x, 2, 1)
    return net.text


def fcn8s() -> str:
    net, x, pools = Caffe(3, 500, 500), "data", []
    for stage, (filters, n) in enumerate(VGG, 1):
        for one in range(1, n + 1):
            pad = 100 if stage == one == 1 else 1
            x = net.rectified(f"conv{stage}_{one}", x, filters, 3, f"pad: {pad}")
        x = net.pool(f"pool{stage}", x, 2, 2)
        pools.append(x)
    x = net.rectified("fc7", net.rectified("fc6", x, 4096, 7), 4096, 1)

    def upscored(name: str, x: str, size: int) -> str:
        fields = f"num_output: 21 kernel_size: {size} stride: {size // 2} bias_term: false"
        return net.layer("Deconvolution", name, x, convolution_param=fields)

    def cropped(name: str, x: str, like: str, offset: int) -> str:
        return net.layer("Crop", name, x, like, crop_param=f"axis: 2 offset: {offset}")

    x = upscored("upscore2", net.conv("score_fr", x, 21, 1), 4)
    for pool, offset in ((4, 5), (3, 9)):
        score = net.conv(f"score_pool{pool}", pools[pool - 1], 21, 1)
        cut = cropped(f"score_pool{pool}c", score, x, offset)
        x = net.layer("Eltwise", f"fuse_pool{pool}", x, cut)
        x = upscored(*(("upscore_pool4", x, 4) if pool == 4 else ("upscore8", x, 16)))
    cropped("score", x, "data", 31)
    return net.text


CAFFE: Mapping[str, tuple[Callable[[], str], int, str]] = {
    # Torchvision's documentation has the counts of vgg16, squeezenet1_1 and its own version of
    # ResNet, in which another layer of a block has the stride.
    "vgg16": (caffe_vgg16, 138_357_544, "vgg16"),
    "resnet50": (lambda: resnet(3, 4, 6, 3), 25_557_032, "resnet50_v1"),
    "resnet152": (lambda: resnet(3, 8, 36, 3), 60_192_808, "resnet152_v1"),
    "squeezenet": (squeezenet, 1_235_496, "squeezenet1_1"),
    # 0: the papers give figures of layers only, with which the built-ins are compared.
    "alexnet": (alexnet, 0, "alexnet_grouped"),
    "googlenet": (googlenet, 0, "googlenet"),
    "unet": (unet, 0, "unet"),
    "fcn8s": (fcn8s, 0, "fcn8s"),
}
"""Each network's text, its published parameters, and the built-in that it equals."""
