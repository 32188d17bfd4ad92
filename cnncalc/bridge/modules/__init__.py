"""The modules from which layers are built: all of ``torch.nn``, and modules that it lacks.

This package is the ``nn`` that every layer's ``to_torch`` receives.
"""

from typing import Any

from torch import nn

from cnncalc.bridge.modules.arithmetic import *
from cnncalc.bridge.modules.convolutions import *
from cnncalc.bridge.modules.dense import *
from cnncalc.bridge.modules.pools import *
from cnncalc.bridge.modules.rearrangements import *
from cnncalc.bridge.modules.sequences import *


def __getattr__(name: str) -> Any:
    return getattr(nn, name)
