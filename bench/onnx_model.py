"""The net of a work as an ONNX model, for ONNX Runtime."""

import onnx
from onnx import TensorProto, helper, numpy_helper


def write(work, theta, path):
    layers, nodes, weights, at, name = work.net.layers, [], [], 0, "X"
    for l, (n_prev, n) in enumerate(zip(layers, layers[1:]), 1):
        weights += [numpy_helper.from_array(theta[at:at + n_prev * n].reshape(n_prev, n), f"W{l}"),
                    numpy_helper.from_array(theta[at + n_prev * n:at + n_prev * n + n], f"b{l}")]
        at += n_prev * n + n
        nodes.append(helper.make_node("Gemm", [name, f"W{l}", f"b{l}"], [f"Z{l}"]))
        name = f"Z{l}"
        if l < len(layers) - 1:
            nodes.append(helper.make_node("Relu", [name], [f"A{l}"]))
            name = f"A{l}"
    head = {"binary_cross_entropy": "Sigmoid", "categorical_cross_entropy": "Softmax", "squared_error": "Identity"}
    nodes.append(helper.make_node(head[work.net.loss], [name], ["A"]))
    value = lambda name, width: helper.make_tensor_value_info(name, TensorProto.FLOAT, [work.batch, width])
    graph = helper.make_graph(nodes, "net", [value("X", layers[0])], [value("A", layers[-1])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
