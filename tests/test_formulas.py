"""The formula shown is the formula run, on integers and on arrays."""

import inspect
import typing
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from importlib import import_module
from math import gcd
from threading import Barrier
from types import CodeType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncalc import formulas
from cnncalc.core import discovery
from cnncalc.formulas import parameters, vocabulary
from cnncalc.formulas.expression import Expression
from cnncalc.formulas.parameters import conv_weights
from cnncalc.formulas.tracing import expression_of, replacing, symbols_of, tracing


def every_formula():
    """All functions marked as formulas."""
    for name in discovery.modules(formulas.__path__):
        module = import_module(f"cnncalc.formulas.{name}")
        for function in vars(module).values():
            own = getattr(function, "__module__", "") == module.__name__
            if own and hasattr(function, "__wrapped__") and hints_of(function)["return"] in COUNTS:
                yield function


COUNTS = (int, int | Fraction)


def hints_of(formula):
    return typing.get_type_hints(formula.__wrapped__, localns={"Fraction": Fraction})


FORMULAS = tuple(every_formula())


def name_of(formula):
    return f"{formula.__module__.rpartition('.')[2]}.{formula.__name__}"


def arguments(formula):
    """Named arguments of the annotated types; all tuples have the same length, as axes do."""
    hints, size = hints_of(formula), st.integers(1, 60)

    def of(axes):
        tuples = st.tuples(*[size] * axes)
        named = {
            name: size if hints[name] is int else tuples
            for name in inspect.signature(formula).parameters
        }
        return st.fixed_dictionaries(named)

    return st.integers(1, 3).flatmap(of)


def worked_out(expression: Expression) -> int:
    """The value of a shown expression, computed from its leaves."""
    values = [worked_out(operand) for operand in expression.operands]
    match expression.op, values:
        case "", []:
            return expression.value
        case "neg", [a]:
            return -a
        case "+", [a, b]:
            return a + b
        case "-", [a, b]:
            return a - b
        case "*", [a, b]:
            return a * b
        case "/", [a, b]:
            return a // b
        case "ceil", [a, b]:
            return -(-a // b)
        case "share", [a, b]:
            # Of fractions this is the quotient itself; of counts b divides a wherever it is used.
            return Fraction(a, b) if isinstance(expression.value, Fraction) else a // b
        case ("gcd" | "max" | "min") as word, values:
            return {"gcd": lambda ab: gcd(*ab), "max": max, "min": min}[word](values)
    raise AssertionError(f"an expression with the operator {expression.op!r}")


def leaves(expression: Expression):
    if expression.symbol:
        yield expression
    for operand in expression.operands:
        yield from leaves(operand)


FEW = settings(max_examples=settings.default.max_examples // 2, deadline=None)


@pytest.mark.parametrize("formula", FORMULAS, ids=name_of)
@FEW
@given(data=st.data())
def test_the_formula_shown_is_the_formula_run(formula, data):
    named = data.draw(arguments(formula))
    plain = formula(**named)
    with tracing() as steps:
        result = formula(**named)
    assert result == plain
    assert isinstance(result, int | Fraction)
    step = steps[-1]  # after those of formulas that it calls
    assert step.function is formula.__wrapped__
    assert expression_of(result).step in (step, None)
    assert step.expression.value == plain
    assert worked_out(step.expression) == plain


@pytest.mark.parametrize("formula", FORMULAS, ids=name_of)
@FEW
@given(data=st.data())
def test_what_is_shown_names_the_arguments_and_their_values(formula, data):
    named = data.draw(arguments(formula))
    with tracing() as steps:
        formula(**named)
    known = set()
    for name, value in named.items():
        if isinstance(value, tuple):
            known |= set(zip(symbols_of(name, value), value, strict=True))
        else:
            known.add((name, value))
    known |= {(step.symbol, step.expression.value) for step in steps[:-1]}
    for leaf in leaves(steps[-1].expression):
        assert (leaf.symbol, leaf.value) in known


def words(code: CodeType) -> set[str]:
    """The names that a function's code uses, including those inside comprehensions."""
    inner = [words(const) for const in code.co_consts if isinstance(const, CodeType)]
    return set(code.co_names).union(*inner)


def in_vocabulary_only(formula) -> bool:
    """Whether it calls only the vocabulary; other functions (``zip``, ``gcd``) do not accept
    arrays."""
    known = (set(vars(vocabulary)) - vocabulary.INTEGERS_ONLY) | {one.__name__ for one in FORMULAS}
    return words(formula.__wrapped__.__code__) <= known


@pytest.mark.parametrize("formula", list(filter(in_vocabulary_only, FORMULAS)), ids=name_of)
@FEW
@given(data=st.data())
def test_a_formula_runs_over_arrays_elementwise(formula, data):
    rows = data.draw(
        arguments(formula).flatmap(
            lambda first: st.lists(
                arguments(formula).filter(lambda row: _axes(row) == _axes(first)), max_size=4
            ).map(lambda more: [first, *more])
        )
    )
    columns = {name: _column([row[name] for row in rows]) for name in rows[0]}
    expected = [formula(**row) for row in rows]
    assert np.broadcast_to(formula(**columns), len(rows)).tolist() == expected


def _axes(row):
    return [len(value) for value in row.values() if isinstance(value, tuple)]


def _column(values):
    if isinstance(values[0], tuple):
        return tuple(np.array(axis) for axis in zip(*values, strict=True))
    return np.array(values)


@pytest.mark.parametrize("formula", FORMULAS, ids=name_of)
def test_every_formula_has_a_docstring(formula):
    assert (formula.__doc__ or "").strip().endswith(".")


def test_most_formulas_run_over_arrays():
    assert sum(map(in_vocabulary_only, FORMULAS)) > len(FORMULAS) * 3 // 4


def test_axes_have_the_symbols_of_the_lectures():
    assert symbols_of("F", (3, 3)) == ("F", "F")
    assert symbols_of("F", (3, 5)) == ("F_h", "F_w")
    assert symbols_of("F", (7,)) == ("F",)
    assert symbols_of("N_out", (55, 55)) == ("H_out", "W_out")
    assert symbols_of("N_in", (8, 9, 9)) == ("D_in", "H_in", "W_in")
    assert symbols_of("C_i", (64, 64)) == ("C_1", "C_2")


def test_steps_are_recorded_only_while_tracing():
    with tracing() as steps:
        conv_weights(F=(5, 5), C_in=3, C_out=10)
    conv_weights(F=(3, 3), C_in=3, C_out=10)
    assert [step.expression.value for step in steps] == [750]  # 5·5·3·10


def test_nested_tracing_records_its_own_steps():
    with tracing() as outer:
        with tracing() as inner:
            conv_weights(F=(5, 5), C_in=3, C_out=10)
        conv_weights(F=(3, 3), C_in=3, C_out=10)
    assert [step.expression.value for step in inner] == [750]  # 5·5·3·10
    assert [step.expression.value for step in outer] == [270]  # 3·3·3·10


def test_threads_trace_and_replace_independently():
    """Two overlapping threads do not see each other, and nothing is left behind."""
    inside, go_on = Barrier(2), Barrier(2)

    def watch(first: bool) -> tuple[list[int], int]:
        with (
            tracing() as steps,
            replacing({parameters.conv_biases: lambda C_out: 0} if first else {}),
        ):
            inside.wait(10)
            biases = parameters.conv_biases(C_out=10)
            go_on.wait(10)
            return [step.expression.value for step in steps], int(biases)

    with ThreadPoolExecutor(2) as threads:
        assert [*threads.map(watch, (True, False))] == [([0], 0), ([10], 10)]
        assert expression_of(parameters.conv_biases(C_out=10)).symbol == ""
        assert type(threads.submit(parameters.conv_biases, C_out=10).result()) is int


def test_a_parameter_at_its_default_is_not_shown():
    with tracing() as steps:
        conv_weights(F=(5, 5), C_in=3, C_out=10, G=1)
    symbols = [leaf.symbol for leaf in leaves(steps[0].expression)]
    assert symbols == ["F", "F", "C_in", "C_out"]


def test_a_wrong_rule_replaces_a_formula_only_inside_the_block():
    def half(C_out: int) -> int:
        return C_out // 2

    with replacing({parameters.conv_biases: half}):
        assert parameters.conv_biases(C_out=10) == 5
        assert parameters.linear_biases(n_out=10) == 10
        with tracing() as steps:
            assert parameters.conv_biases(C_out=10) == 5
        assert [step.symbol for step in steps] == ["biases"]
        with replacing({parameters.linear_biases: lambda n_out: 0}):
            assert parameters.conv_biases(C_out=10) == 5
            assert parameters.linear_biases(n_out=10) == 0
        assert parameters.linear_biases(n_out=10) == 10
    assert parameters.conv_biases(C_out=10) == 10


def test_a_wrong_rule_may_call_the_formula_it_replaces():
    def one_more(C_out: int) -> int:
        return parameters.conv_biases(C_out=C_out) + 1

    with replacing({parameters.conv_biases: one_more}):
        assert parameters.conv_biases(C_out=10) == 11
