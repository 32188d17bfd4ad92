from cnncalc.analysis.report import Report, Row
from cnncalc.core.cost import BYTES
from cnncalc.derivations.explain import Derivation
from cnncalc.homework.asks._counted import Stored


class ParameterMemory(Stored):
    """The bytes of a layer's parameters."""

    aliases = ("parameters_memory", "weights_memory", "model_size", "parameter_bytes")
    count = "parameter_bytes"
    made_of = ("parameters",)
    explained = "parameters"
    symbols = ("weights", "biases", "params")

    def derive(self, row: Row, report: Report) -> Derivation:
        """The parameters times the bytes of one."""
        derivation = super().derive(row, report)
        size = BYTES[report.dtype]
        product = f"{row.cost.parameter_bytes // size:,} · {size} = {derivation.answer}"
        return derivation._replace(answer=product)
