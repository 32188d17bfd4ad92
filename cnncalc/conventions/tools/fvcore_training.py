"""fvcore's ``FlopCountAnalysis`` of a network in training mode, the default in PyTorch.

Batch norms then count like the norms that always compute statistics.
"""

from dataclasses import replace

from cnncalc.conventions.convention import Term, affine, bare, of, outputs
from cnncalc.conventions.tools import fvcore

BATCH_NORM = of("BatchNorm")
OTHERS = of("GroupNorm", "LayerNorm", "InstanceNorm")

CONVENTION = replace(
    fvcore.CONVENTION,
    tool="fvcore 0.1.5 in training mode",
    version="",
    counts="the same as fvcore, but 5 instead of 2 for each batch-norm element",
    terms=(
        *(term for term in fvcore.CONVENTION.terms if "norm" not in term.what),
        Term("batch-norm elements", affine(BATCH_NORM), outputs, times=5),
        Term("bare batch-norm elements", bare(BATCH_NORM), outputs, times=4),
        Term("other norms' elements", affine(OTHERS), outputs, times=5),
        Term("other bare norms' elements", bare(OTHERS), outputs, times=4),
    ),
    variant_of="fvcore",
)
