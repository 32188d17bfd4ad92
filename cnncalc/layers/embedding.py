"""Embedding."""

from typing import Any

from cnncalc.core.cost import Operations, Parameters, Tensors
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import count
from cnncalc.core.layer import Example, Layer, Refusal, Tape, Tensor
from cnncalc.core.shape import Map, Shape, Vector
from cnncalc.formulas import sequence


class Embedding(Layer):
    """Looks up a learned vector for every word of a text.

    The input is a vector of word indices; the output is a signal with one position per word and one
    channel per element of its vector.

    Operations: none; values are only copied.
    """

    family = "dense"
    main = "embedding_dim"

    num_embeddings: int = count("size of the vocabulary", also=("input_dim", "vocabulary"))
    embedding_dim: int = count("length of each word's vector", also=("output_dim", "dim"))

    @property
    def without_gradient(self) -> tuple[int, ...]:
        """The words are indices."""
        return (0,)

    def output(self, x: Shape) -> Map:
        if not isinstance(x, Vector):
            raise LayerError(
                f"expected a vector of word indices, not {x}; give the input a single size"
            )
        return Map(sequence.embedding_channels(embedding_dim=self.embedding_dim), (x.features,))

    def parameters(self, x: Vector) -> Parameters:
        """A row for every word of the vocabulary."""
        return Parameters(
            sequence.embedding_weights(
                num_embeddings=self.num_embeddings, embedding_dim=self.embedding_dim
            )
        )

    def tensors(self, x: Vector) -> Tensors:
        return {"weight": (self.num_embeddings, self.embedding_dim)}

    def operations(self, x: Vector) -> Operations:
        return Operations()

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A saved copy of the input as int64 indices, and a view of the rows as channels."""
        (weight,) = tape.trained(self.parameters(x.shape).weights)
        (indices,) = tape.unlearned(x, x.shape.features)
        makes = self.output(x.shape).elements
        y = tape.op(indices, weight, makes=makes, keeps=(indices,), size=weight.size)
        return tape.permuted(y, (1, 0))

    def to_torch(self, nn: Any, x: Vector) -> Any:
        """``Embedding``, with its rows turned into channels."""
        return nn.WordEmbedding(self.num_embeddings, self.embedding_dim)

    def to_onnx(self, onnx: Any, x: Vector) -> Any:
        words = onnx.node("Cast", *onnx.inputs, to=7)
        rows = onnx.node("Gather", onnx.weight("weight"), words)
        return onnx.node("Transpose", rows, perm=[0, 2, 1])

    examples = (
        Example(
            given={"num_embeddings": 18765, "embedding_dim": 300},
            inputs=("64",),
            output="300x64",
            weights=5_629_500,
            params=5_629_500,
            operations=Operations(),
            source="Kim 2014, table 1: MR has a vocabulary of 18,765 words, vectors of 300",
        ),
    )
    refusals = (
        Refusal({"vocabulary": 10, "dim": 4}, ("8x5",), "a vector of word indices, not 8×5"),
        Refusal(4, ("8",), "needs 'num_embeddings'"),
    )
