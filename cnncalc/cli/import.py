"""``cnncalc import``: any network as the YAML of a spec."""

from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared


def run(
    spec: options.Spec,
    input: options.Input = None,
    settings: options.Settings = None,
    layout: options.LayoutName = None,
    output: options.TextOutput = None,
) -> None:
    """Write a network as YAML that you can read and edit.

    Layers keep their names and their order. Similar blocks are written once, and the numbers that
    differ become arguments. The YAML gives the same numbers as the original, and does not depend on
    it.

    cnncalc import yolov3.cfg -o yolov3.yaml

    cnncalc import model.keras --input 3x256x256 -o net.yaml

    cnncalc import densenet121
    """
    shared.only("import writes YAML", (".yaml", ".yml"), output)
    shared.write(shared.yaml(spec, input, settings, layout), output)
