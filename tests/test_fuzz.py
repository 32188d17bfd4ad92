"""Some hundred random layers and networks against PyTorch, and proof that the fuzzer can fail.

The long run is a command: see fuzz.py.
"""

import fuzz
import pytest
import random_networks
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc import layers

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch's, of odd but legal sizes

RANDOM = st.randoms(use_true_random=False)


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """Small layers are faster with one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def few(examples):
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))


@few(400)
@given(RANDOM.map(random_networks.single))
def test_a_layer_is_what_pytorch_says_or_refused_by_both(case):
    assert not fuzz.check_layer(case).disagreements


@few(200)
@given(RANDOM.map(fuzz.network))
def test_a_network_is_what_pytorch_says(case):
    assert not fuzz.check_network(case).disagreements, case.text


@few(100)
@given(RANDOM.map(fuzz.layer_or_network))
def test_no_output_reads_more_than_is_said(case):
    assert not fuzz.check_fields(case).disagreements, case.text


# What is drawn.


def test_every_kind_is_drawn_and_taken():
    taken = fuzz.work("layers", 7, 0, 1200).kinds
    assert set(taken) == set(layers.names())


def test_networks_have_every_part_of_the_language():
    texts = [fuzz.drawn("networks", 7, index).text for index in range(150)]
    for word in ("blocks", "takes", "residual", "shortcut", "branches", "join", "repeat", "when",
                 "from", "parameters", "${"):  # fmt: skip
        assert any(word in text for text in texts), word
    shapes = [x for text in texts for x in inputs_of(text)]
    assert {len(x.dimensions) for x in shapes} == {1, 2, 3, 4}


def inputs_of(text):
    spec = cnncalc.load
    return []


def test_a_seed_draws_the_same_again():
    for what in fuzz.COMPARED:
        assert fuzz.drawn(what, 3, 5) == fuzz.drawn(what, 3, 5) != fuzz.drawn(what, 4, 5)


# It can fail.


def failures(what, monkeypatch, kind, name, broken):
    monkeypatch.setattr(layers.load(kind), name, broken)
    return fuzz.work(what, 1, 0, 150).failures
