from cnncalc.homework.mistake import Example, WrongAsk


class ForwardForBackward(WrongAsk):
    """You counted the forward pass. The backward pass needs as many MACs for the gradients of the
    weights, and as many again for the gradients of the layer's input. The first layer needs only
    the former, because its input is the image.
    """

    says = "counted the MACs of the forward pass instead of the backward pass"
    prior = 30
    gives = {"backward_macs": "macs"}
    examples = (
        Example(
            ({"linear": 100}, {"linear": 10}),
            "784",
            "backward_macs",
            "1,000",
            "100·10; the gradients of the weights and of the 100 inputs need 2·100·10",
        ),
    )
