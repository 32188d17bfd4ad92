"""Every built-in architecture works, describes itself, and has the right totals."""

import re
from itertools import pairwise

import pytest

import cnncalc
from cnncalc.conventions import published
from cnncalc.spec import catalog

NAMES = catalog.names()

# Trainable parameters and multiply-accumulates at the built-in input. Sources: PyTorch's model
# documentation (`num_params`, and the operation counts of the weights' metadata) for what
# torchvision ships, counted there on the meta device; for the rest the papers' layer tables,
# worked out by hand.
TRUE_TOTALS = {
    "lenet5": (61_706, 416_520),
    "alexnet": (62_378_344, 1_135_256_096),
    "alexnet_grouped": (60_965_224, 724_406_816),
    "alexnet_torchvision": (61_100_840, 714_188_480),
    "vgg11": (132_863_336, 7_609_090_048),
    "vgg13": (133_047_848, 11_308_466_176),
    "vgg16": (138_357_544, 15_470_264_320),
    "vgg19": (143_667_240, 19_632_062_464),
    "vgg11_bn": (132_868_840, 7_609_090_048),
    "vgg13_bn": (133_053_736, 11_308_466_176),
    "vgg16_bn": (138_365_992, 15_470_264_320),
    "vgg19_bn": (143_678_248, 19_632_062_464),
    "googlenet": (6_998_552, 1_582_671_872),
    "googlenet_torchvision": (6_624_904, 1_498_376_192),
    "resnet18": (11_689_512, 1_814_073_344),
    "resnet34": (21_797_672, 3_663_761_408),
    "resnet50": (25_557_032, 4_089_184_256),
    "resnet101": (44_549_160, 7_801_405_440),
    "resnet152": (60_192_808, 11_513_626_624),
    "resnet50_v1": (25_557_032, 3_857_973_248),
    "resnet101_v1": (44_549_160, 7_570_194_432),
    "resnet152_v1": (60_192_808, 11_282_415_616),
    "resnext50_32x4d": (25_028_904, 4_230_479_872),
    "wide_resnet50_2": (68_883_240, 11_398_021_120),
    "mobilenet_v2": (3_504_872, 300_774_272),
    "mobilenet_v3_small": (2_542_856, 56_510_400),
    "mobilenet_v3_large": (5_483_032, 216_589_760),
    "squeezenet1_0": (1_248_424, 818_924_576),
    "squeezenet1_1": (1_235_496, 349_151_936),
    "densenet121": (7_978_856, 2_834_161_664),
    "shufflenet_v2_x1_0": (2_278_604, 144_907_992),
    "efficientnet_b0": (5_288_548, 385_814_752),
    "mnasnet1_0": (4_383_312, 314_415_872),
    "convnext_tiny": (28_589_128, 4_455_531_264),
    "regnet_y_400mf": (4_344_144, 401_842_848),
    "convnext_base": (88_591_464, 15_354_729_472),
    "convnext_large": (197_767_336, 34_361_433_600),
    "convnext_small": (50_223_688, 8_683_712_256),
    "densenet161": (28_681_000, 7_727_907_072),
    "densenet169": (14_149_480, 3_359_843_328),
    "densenet201": (20_013_928, 4_291_365_888),
    # MACs: 125·64 places of 40 taps, four times 9 + 64, and 64·12.
    "ds_cnn": (23_756, 8_000 * (40 + 4 * (9 + 64)) + 768),
    # Parameters: imgclsmob; MACs: FlopCounterMode on a plain torch.nn model.
    "densenet_cifar": (769_162, 287_929_692),
    "efficientnet_b1": (7_794_184, 686_802_832),
    "efficientnet_b2": (9_109_994, 1_087_529_456),
    "efficientnet_b3": (12_233_232, 1_827_141_392),
    "efficientnet_b4": (19_341_616, 4_393_771_024),
    "efficientnet_b5": (30_389_784, 10_266_384_752),
    "efficientnet_b6": (43_040_704, 19_067_593_536),
    "efficientnet_b7": (66_347_960, 37_745_884_192),
    "efficientnet_v2_l": (118_515_272, 56_079_699_008),
    "efficientnet_v2_m": (54_139_356, 24_582_460_384),
    "efficientnet_v2_s": (21_458_488, 8_365_617_152),
    "mnasnet0_5": (2_218_512, 104_455_968),
    "mnasnet0_75": (3_170_208, 215_493_104),
    "mnasnet1_3": (6_282_256, 526_362_432),
    "regnet_x_16gf": (54_278_536, 15_940_755_456),
    "regnet_x_1_6gf": (9_190_136, 1_602_849_792),
    "regnet_x_32gf": (107_811_560, 31_735_929_792),
    "regnet_x_3_2gf": (15_296_552, 3_176_621_952),
    "regnet_x_400mf": (5_495_976, 413_812_608),
    "regnet_x_800mf": (7_259_656, 799_699_712),
    "regnet_x_8gf": (39_572_648, 7_995_132_416),
    "regnet_y_128gf": (644_812_894, 374_570_006_400),
    "regnet_y_16gf": (83_590_140, 15_911_510_272),
    "regnet_y_1_6gf": (11_202_430, 1_612_076_160),
    "regnet_y_32gf": (145_046_770, 32_279_552_832),
    "regnet_y_3_2gf": (19_436_338, 3_176_482_752),
    "regnet_y_800mf": (6_432_512, 833_856_256),
    "regnet_y_8gf": (39_381_472, 8_473_070_592),
    "resnext101_32x8d": (88_791_336, 16_414_015_488),
    "resnext101_64x4d": (83_455_272, 15_460_270_080),
    "shufflenet_v2_x0_5": (1_366_792, 40_476_448),
    "shufflenet_v2_x1_5": (3_503_624, 295_759_392),
    "shufflenet_v2_x2_0": (7_393_996, 583_253_464),
    "wide_resnet101_2": (126_886_696, 22_753_050_624),
    "deeplabv3_resnet50": (39_638_869, 168_731_205_888),
    "ssd300_vgg16": (35_641_826, 34_858_153_472),
    "vit_b_16": (86_567_656, 17_563_828_224),
    "r2plus1d_18": (31_505_325, 40_519_080_960),
    "mobilenet_v1": (4_231_976, 568_740_352),
    "darknet53": (41_609_928, 9_285_115_904),
}


# For the others every layer is worked out by hand: parameters, and multiply-accumulates.


def conv(F, c_in, c_out, places, bias=1):
    """F·F·c_in weights and a bias for each filter, at each output position."""
    return (F * F * c_in + bias) * c_out, F * F * c_in * c_out * places


def fc(n_in, n_out):
    return (n_in + 1) * n_out, n_in * n_out


def up(c_in, c_out, places):
    """A 2×2 transposed convolution with stride 2: each input spreads over four outputs."""
    return (4 * c_in + 1) * c_out, 4 * c_in * c_out * places


def norm(channels):
    """Batch normalization: a scale and a shift for each channel."""
    return 2 * channels, 0


def pair(c_in, c_out, first, second):
    """Two 3×3 convolutions, with the side of each output."""
    return conv(3, c_in, c_out, first**2), conv(3, c_out, c_out, second**2)


def separable(c_in, c_out, places):
    """3×3 in each channel, then 1×1, without biases; one batch normalization after both."""
    pointwise = conv(1, c_in, c_out, places, bias=0)
    return (9 * c_in, 9 * c_in * places), pointwise, norm(c_out)


def entry(c_in, c_out, side, halved):
    """Xception's blocks that halve the map: two separable convolutions beside a 1×1."""
    first, second = separable(c_in, c_out, side**2), separable(c_out, c_out, side**2)
    return *first, *second, conv(1, c_in, c_out, halved**2, bias=0), norm(c_out)


def normed(F, channels, places):
    """A chain of convolutions without biases, each with batch normalization."""
    for c_in, c_out in pairwise(channels):
        yield from (conv(F, c_in, c_out, places, bias=0), norm(c_out))


def segnet(channels, places):
    """A chain of 3×3 convolutions with biases and batch normalization."""
    for c_in, c_out in pairwise(channels):
        yield from (conv(3, c_in, c_out, places), norm(c_out))


def taps27(c_in, c_out, places):
    """A 3×3×3 convolution."""
    return (27 * c_in + 1) * c_out, 27 * c_in * c_out * places


def spread(F, c_in, c_out, places):
    """A transposed convolution without biases, which multiplies at its input positions."""
    return conv(F, c_in, c_out, places, bias=0)


def darknet(out, blocks, side):
    """A stage of Darknet-53."""
    yield from normed(3, (out // 2, out), side**2)
    for _ in range(blocks):
        yield from (*normed(1, (out, out // 2), side**2), *normed(3, (out // 2, out), side**2))


def yolo(c_in, width, side):
    """Five convolutions, 1×1 and 3×3 in turn, then a head: one more and 255 scores."""
    for c in (c_in, 2 * width, 2 * width):
        yield from (*normed(1, (c, width), side**2), *normed(3, (width, 2 * width), side**2))
    yield conv(1, 2 * width, 255, side**2)


def both_towers(*layers):
    """Layers that run twice with the same weights."""
    return [(held, 2 * products) for held, products in layers]


def both_ways(n_in, hidden, places):
    """A bidirectional LSTM with two biases per gate."""
    weights = 2 * 4 * hidden * (n_in + hidden)
    return weights + 2 * 4 * hidden * 2, weights * places


VGG_HEAD = (fc(512 * 7 * 7, 4096), fc(4096, 4096), fc(4096, 1000))
BY_HAND = {
    "mlp_mnist": [fc(784, 100), fc(100, 10)],
    "fc_640x480x3": [fc(640 * 480 * 3, 1000)],
    "mnist_ntu": [conv(5, 1, 32, 28**2), conv(5, 32, 64, 14**2), fc(64 * 7 * 7, 10)],
    "ntu_example1": [conv(3, 1, 1, 3**2)],
    "ntu_example2": [conv(3, 1, 3, 26**2, bias=0)],
    "cs231n_demo": [
        conv(3, 3, 10, 32**2), conv(3, 10, 10, 32**2),
        conv(3, 10, 10, 16**2), conv(3, 10, 10, 16**2),
        conv(3, 10, 10, 8**2), conv(3, 10, 10, 8**2),
        fc(10 * 4 * 4, 10),
    ],
    "autoencoder_fc": [
        fc(784, 128), fc(128, 64), fc(64, 32), fc(32, 64), fc(64, 128), fc(128, 784),
    ],
    # A transposed convolution multiplies at its input positions: 1, 7·7 and 14·14.
    "autoencoder_conv": [
        conv(3, 1, 16, 14**2), conv(3, 16, 32, 7**2), conv(7, 32, 64, 1),
        conv(7, 64, 32, 1), conv(3, 32, 16, 7**2), conv(3, 16, 1, 14**2),
    ],
    # USI deck: 48 - 3 + 1 = 46, 23, 22, 11, 10, 5, 4, 2.
    "chinese_ocr": [
        conv(3, 1, 100, 46**2), conv(2, 100, 200, 22**2), conv(2, 200, 300, 10**2),
        conv(2, 300, 400, 4**2), fc(400 * 2 * 2, 500), fc(500, 3755),
    ],
    # Fukushima 1980: three layers of 24 cell-planes, each cell with 5×5 inputs in every plane.
    "neocognitron": [conv(5, 1, 24, 16**2), conv(5, 24, 24, 8**2), conv(5, 24, 24, 2**2)],
    # Waibel et al. 1989: 8 units on 3 frames of 16 coefficients, 3 units on 5 frames of 8.
    "tdnn": [(8 * (3 * 16 + 1), 8 * 3 * 16 * 13), (3 * (5 * 8 + 1), 3 * 5 * 8 * 9)],
    # Yu and Koltun 2016: seven times 3×3 and once 1×1 on 21 channels of 64×64.
    "dilated_context": [*7 * [conv(3, 21, 21, 64**2)], conv(1, 21, 21, 64**2)],
    # Howard et al. 2017, section 3.1, with the two batch normalizations.
    "depthwise_separable": [
        (9 * 32, 9 * 32 * 112**2), norm(32), conv(1, 32, 64, 112**2, bias=0), norm(64),
    ],
    # Szegedy et al. 2014, table 1, inception (3a): 64, 96, 128, 16, 32, 32 on 192 channels.
    "inception_module": [
        conv(1, 192, 64, 28**2), conv(1, 192, 96, 28**2), conv(3, 96, 128, 28**2),
        conv(1, 192, 16, 28**2), conv(5, 16, 32, 28**2), conv(1, 192, 32, 28**2),
    ],
    # LeCun et al. 1998: C3 has 60 of the 96 connections, subsampling two numbers for each map.
    "lenet5_1998": [
        conv(5, 1, 6, 28**2), (2 * 6, 0), (60 * 25 + 16, 60 * 25 * 10**2), (2 * 16, 0),
        conv(5, 16, 120, 1), fc(120, 84),
    ],
    # Simonyan and Zisserman 2014, table 1, columns A and C.
    "vgg11_lrn": [
        conv(3, 3, 64, 224**2), conv(3, 64, 128, 112**2),
        *pair(128, 256, 56, 56), *pair(256, 512, 28, 28), *pair(512, 512, 14, 14), *VGG_HEAD,
    ],
    "vgg16_c": [
        *pair(3, 64, 224, 224), *pair(64, 128, 112, 112),
        *pair(128, 256, 56, 56), conv(1, 256, 256, 56**2),
        *pair(256, 512, 28, 28), conv(1, 512, 512, 28**2),
        *pair(512, 512, 14, 14), conv(1, 512, 512, 14**2), *VGG_HEAD,
    ],
    # Zeiler and Fergus 2013, figure 3; and AlexNet at 227 with the TUM deck's two changes.
    "zfnet_paper": [
        conv(7, 3, 96, 110**2), conv(5, 96, 256, 26**2), conv(3, 256, 384, 13**2),
        conv(3, 384, 384, 13**2), conv(3, 384, 256, 13**2),
        fc(256 * 6 * 6, 4096), fc(4096, 4096), fc(4096, 1000),
    ],
    "zfnet": [
        conv(7, 3, 96, 111**2), conv(5, 96, 256, 55**2), conv(3, 256, 512, 27**2),
        conv(3, 512, 1024, 27**2), conv(3, 1024, 512, 27**2),
        fc(512 * 13 * 13, 4096), fc(4096, 4096), fc(4096, 1000),
    ],
    # Ronneberger et al. 2015, figure 1; and the same with padding, from 3 channels to 3.
    "unet": [
        *pair(1, 64, 570, 568), *pair(64, 128, 282, 280), *pair(128, 256, 138, 136),
        *pair(256, 512, 66, 64), *pair(512, 1024, 30, 28),
        up(1024, 512, 28**2), *pair(1024, 512, 54, 52), up(512, 256, 52**2),
        *pair(512, 256, 102, 100), up(256, 128, 100**2), *pair(256, 128, 198, 196),
        up(128, 64, 196**2), *pair(128, 64, 390, 388), conv(1, 64, 2, 388**2),
    ],
    "unet_image": [
        *pair(3, 64, 256, 256), *pair(64, 128, 128, 128), *pair(128, 256, 64, 64),
        *pair(256, 512, 32, 32), *pair(512, 1024, 16, 16),
        up(1024, 512, 16**2), *pair(1024, 512, 32, 32), up(512, 256, 32**2),
        *pair(512, 256, 64, 64), up(256, 128, 64**2), *pair(256, 128, 128, 128),
        up(128, 64, 128**2), *pair(128, 64, 256, 256), conv(1, 64, 3, 256**2),
    ],
    # Chollet 2017, figure 5: entry, middle and exit flow.
    "xception": [
        conv(3, 3, 32, 149**2, bias=0), norm(32), conv(3, 32, 64, 147**2, bias=0), norm(64),
        *entry(64, 128, 147, 74), *entry(128, 256, 74, 37), *entry(256, 728, 37, 19),
        *(8 * 3 * separable(728, 728, 19**2)),
        *separable(728, 728, 19**2), *separable(728, 1024, 19**2),
        conv(1, 728, 1024, 10**2, bias=0), norm(1024),
        *separable(1024, 1536, 10**2), *separable(1536, 2048, 10**2), fc(2048, 1000),
    ],
    # Badrinarayanan et al. 2017: 360×480, and four pools that round 45×60 up to 23×30.
    "segnet": [
        *segnet((3, 64, 64), 360 * 480), *segnet((64, 128, 128), 180 * 240),
        *segnet((128, 256, 256, 256), 90 * 120), *segnet((256, 512, 512, 512), 45 * 60),
        *segnet(7 * (512,), 23 * 30),
        *segnet((512, 512, 512, 256), 45 * 60), *segnet((256, 256, 256, 128), 90 * 120),
        *segnet((128, 128, 64), 180 * 240), *segnet((64, 64), 360 * 480),
        conv(3, 64, 11, 360 * 480),
    ],
    # Long et al. 2015: with a padding of 100, 698, 349, 175, 88, 44, 22, 16 and up again.
    "fcn8s": [
        *pair(3, 64, 698, 698), *pair(64, 128, 349, 349),
        *pair(128, 256, 175, 175), conv(3, 256, 256, 175**2),
        *pair(256, 512, 88, 88), conv(3, 512, 512, 88**2),
        *pair(512, 512, 44, 44), conv(3, 512, 512, 44**2),
        conv(7, 512, 4096, 16**2), conv(1, 4096, 4096, 16**2), conv(1, 4096, 21, 16**2),
        spread(4, 21, 21, 16**2), conv(1, 512, 21, 44**2),
        spread(4, 21, 21, 34**2), conv(1, 256, 21, 88**2), spread(16, 21, 21, 70**2),
    ],
    # Radford et al. 2015, figure 1, with filters of 5×5; and the same backwards.
    "dcgan_generator": [
        spread(4, 100, 1024, 1), norm(1024), spread(5, 1024, 512, 4**2), norm(512),
        spread(5, 512, 256, 8**2), norm(256), spread(5, 256, 128, 16**2), norm(128),
        spread(5, 128, 3, 32**2),
    ],
    "dcgan_discriminator": [
        conv(5, 3, 128, 32**2, bias=0), *normed(5, (128, 256), 16**2),
        *normed(5, (256, 512), 8**2), *normed(5, (512, 1024), 4**2), conv(4, 1024, 1, 1, bias=0),
    ],
    # Isola et al. 2017, section 6.1.2: C64-C128-C256-C512, the last two in steps of 1.
    "patchgan": [
        conv(4, 6, 64, 128**2), *normed(4, (64, 128), 64**2), *normed(4, (128, 256), 32**2),
        *normed(4, (256, 512), 31**2), conv(4, 512, 1, 30**2),
    ],
    # Tran et al. 2015, figure 3: 16 frames of 112×112; the last pool makes 4×4 of 7×7.
    "c3d": [
        taps27(3, 64, 16 * 112**2), taps27(64, 128, 16 * 56**2),
        taps27(128, 256, 8 * 28**2), taps27(256, 256, 8 * 28**2),
        taps27(256, 512, 4 * 14**2), taps27(512, 512, 4 * 14**2),
        taps27(512, 512, 2 * 7**2), taps27(512, 512, 2 * 7**2),
        fc(512 * 4 * 4, 4096), fc(4096, 4096), fc(4096, 487),
    ],
    # Dong et al. 2014: 33 - 9 + 1 = 25, 25, 21. Shi et al. 2016: 17×17 throughout.
    "srcnn": [conv(9, 1, 64, 25**2), conv(1, 64, 32, 25**2), conv(5, 32, 1, 21**2)],
    "espcn": [conv(5, 1, 64, 17**2), conv(3, 64, 32, 17**2), conv(3, 32, 9, 17**2)],
    # yolov3.cfg at 416×416.
    "yolov3": [
        *normed(3, (3, 32), 416**2), *darknet(64, 1, 208), *darknet(128, 2, 104),
        *darknet(256, 8, 52), *darknet(512, 8, 26), *darknet(1024, 4, 13),
        *yolo(1024, 512, 13), *normed(1, (512, 256), 13**2), *yolo(768, 256, 26),
        *normed(1, (256, 128), 26**2), *yolo(384, 128, 52),
    ],
    # Koch et al. 2015, figure 4: two towers with the same weights.
    "siamese_koch": [
        *both_towers(
            conv(10, 1, 64, 96**2), conv(7, 64, 128, 42**2), conv(4, 128, 128, 18**2),
            conv(4, 128, 256, 6**2), fc(256 * 6 * 6, 4096),
        ),
        fc(4096, 1),
    ],
    # Kim 2014: 100 filters each over 3, 4 and 5 of 56 words with 300 numbers.
    "textcnn": [
        (18_765 * 300, 0),
        *((100 * (300 * n + 1), 100 * 300 * n * (56 - n + 1)) for n in (3, 4, 5)),
        fc(300, 2),
    ],
    # Shi et al. 2015, table 1: 32×100, 16×50, 8×25, 4×26, 2×27, and a sequence of 26.
    "crnn": [
        conv(3, 1, 64, 32 * 100), conv(3, 64, 128, 16 * 50), conv(3, 128, 256, 8 * 25), norm(256),
        conv(3, 256, 256, 8 * 25), conv(3, 256, 512, 4 * 26), norm(512),
        conv(3, 512, 512, 4 * 26), conv(2, 512, 512, 26), norm(512),
        both_ways(512, 256, 26), conv(1, 512, 256, 26),
        both_ways(256, 256, 26), conv(1, 512, 37, 26),
    ],
}  # fmt: skip

WITH_SETTINGS = {
    ("googlenet", "aux"): 13_378_280,
    ("googlenet_torchvision", "aux"): 13_004_888,
    ("inception_v3", "aux"): 27_161_264,
    ("deeplabv3_resnet50", "aux"): 42_004_074,
}


@pytest.mark.parametrize("name", NAMES)
def test_it_loads_and_describes_itself(name):
    spec = cnncalc.load(name)
    assert spec.name
    assert spec.source
    assert spec.note
    report = cnncalc.summarize(name)
    assert report.totals.macs > 0
    assert len(report.layers) > 0


@pytest.mark.parametrize("name", NAMES)
def test_its_variants_are_built_in_and_refer_back_to_it(name):
    variants = dict(cnncalc.load(name).variants)
    assert set(variants) <= set(NAMES)
    assert name not in variants
    for other in variants:
        assert name in dict(cnncalc.load(other).variants), f"{other} does not name {name} back"


@pytest.mark.parametrize("name", TRUE_TOTALS)
def test_its_totals_match_the_recorded_ones(name):
    totals = cnncalc.summarize(name).totals
    assert (totals.params, totals.macs) == TRUE_TOTALS[name]


@pytest.mark.parametrize("name", BY_HAND)
def test_its_totals_match_the_sum_by_hand(name):
    totals = cnncalc.summarize(name).totals
    by_hand = [sum(column) for column in zip(*BY_HAND[name], strict=True)]
    assert [totals.params, totals.macs] == by_hand


def test_every_architecture_has_independent_totals():
    assert set(NAMES) == {*TRUE_TOTALS, *BY_HAND, "inception_v3"}


@pytest.mark.parametrize(("name", "setting"), WITH_SETTINGS)
def test_auxiliary_heads_are_a_setting(name, setting):
    report = cnncalc.summarize(name, settings={setting: True})
    assert report.totals.params == WITH_SETTINGS[name, setting]


def test_inception_v3_without_heads():
    totals = cnncalc.summarize("inception_v3", settings={"aux": False}).totals
    assert (totals.params, totals.macs) == (23_834_568, 5_713_216_096)


@pytest.mark.parametrize("name", NAMES)
def test_every_printed_number_agrees_or_the_reason_is_stated(name):
    found = published.check(name)
    assert found, "'published' must list the figures that its source prints"
    assert [one.to_dict() for one in found if not one.expected] == []
    assert all(one.claim.source for one in found)
    assert all(len(one.claim.erratum) > 20 for one in found if one.claim.erratum is not None)


@pytest.mark.parametrize("name", NAMES)
def test_no_claim_names_an_unneeded_habit(name):
    """A claim's number does not agree if any of the conventions that it names is left out."""
    claims = [
        {
            "quantity": claim.quantity,
            "value": claim.value,
            "source": claim.source,
            "layer": claim.layer,
            "than": claim.than,
            "set": claim.settings,
            "input": claim.input,
            "habit": [other for other in claim.habits if other != habit],
        }
        for claim in cnncalc.load(name).published
        for habit in claim.habits
        if claim.erratum is None
    ]
    found = published.check({"extends": name, "published": claims})
    assert [one.to_dict() for one in found if one.agrees] == []


def test_lenet5_of_1998_layer_by_layer():
    """LeCun et al. 1998, section II.B: parameters of every layer; 60,000 in all are trained."""
    report = cnncalc.summarize("lenet5_1998")
    blocks = report.by_block()
    found = {name: cost.params for name, cost in blocks.items() if cost.params}
    expected = {"c1": 156, "s2": 12, "c3": 1_516, "s4": 32, "c5": 48_120, "f6": 10_164}
    assert found == expected
    assert report.totals.params == 60_000
    assert report.totals.fixed == 840


def test_names_are_easy_to_type():
    assert [name for name in NAMES if not re.fullmatch(r"[a-z][a-z0-9_]*", name)] == []


@pytest.mark.parametrize(
    ("name", "layer", "size"),
    [
        ("lenet5", "c5", 32),
        ("vgg16", "pool5", 212),
        ("alexnet", "pool3", 195),
        ("resnet18", "layer4", 435),
        ("resnet34", "layer4", 899),
        ("resnet50", "layer4", 427),
        ("resnet50_v1", "layer4", 483),
        ("resnet101_v1", "layer4", 1027),
        ("resnet152", "layer4", 1451),
        ("resnet152_v1", "layer4", 1507),
    ],
)
def test_receptive_fields_match_the_literature(name, layer, size):
    """Araujo, Norris and Sim 2019, and its authors' published table."""
    report = cnncalc.summarize(name)
    line = next(line for line in report.outline(layer.count(".") + 1) if line.name == layer)
    assert line.last.receptive_field == (size, size)
