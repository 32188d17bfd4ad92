"""Known networks as Darknet and Caffe files; the larger ones are compared by
``tests/zoo_files.py``."""

import pytest
from model_texts import CAFFE, DARKNET

import cnncalc

SMALL = ("yolov2", "yolov3-tiny", "vgg-16")
SMALL_CAFFE = ("alexnet", "squeezenet", "unet")


@pytest.mark.parametrize("name", [*SMALL, *(pytest.param(one, marks=pytest.mark.exhaustive)
                                            for one in DARKNET if one not in SMALL)])  # fmt: skip
def test_a_darknet_file_needs_the_published_operations(tmp_path, name):
    text, published, decimals = DARKNET[name]
    file = tmp_path / "net.cfg"
    file.write_text(text(), encoding="utf-8")
    assert round(2 * cnncalc.summarize(file).totals.macs / 10**9, decimals) == published


@pytest.mark.parametrize("name", [*SMALL_CAFFE, *(
    pytest.param(one, marks=pytest.mark.exhaustive) for one in CAFFE
    if one not in SMALL_CAFFE)])  # fmt: skip
def test_a_caffe_file_is_the_built_in_network(tmp_path, name):
    text, params, same = CAFFE[name]
    file = tmp_path / "net.prototxt"
    file.write_text(text(), encoding="utf-8")
    ours, known = cnncalc.summarize(file).totals, cnncalc.summarize(same).totals
    assert (ours.params, ours.macs) == (params or known.params, known.macs)
