package org.voxkern.models;

import java.util.LinkedHashMap;
import java.util.Map;
import org.voxkern.Context;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Permute;

/** The arrays of one layer of Keras by their roles: kernel, bias, gamma, ... */
final class LayerWeights {
  private record Values(float[] elements, long[] shape) {}

  private final String layer;
  private final Map<String, Values> roles = new LinkedHashMap<>();

  LayerWeights(String layer) {
    this.layer = layer;
  }

  /**
   * @param name as files have it: the role is what follows the last slash, without the ":0" of
   *     TensorFlow
   */
  void put(String name, float[] elements, long... shape) {
    String last = name.substring(name.lastIndexOf('/') + 1);
    String role = last.contains(":") ? last.substring(0, last.indexOf(':')) : last;
    if (Shape.of(shape).elementCount() != elements.length) {
      throw new IllegalArgumentException(
          "weights '" + name + "' are " + elements.length + " numbers of shape " + Shape.of(shape));
    }
    roles.put(role, new Values(elements, shape));
  }

  private Values get(String role) {
    Values values = roles.get(role);
    if (values == null) {
      throw new IllegalArgumentException(
          "layer '" + layer + "' has weights " + roles.keySet() + ", expected " + role);
    }
    return values;
  }

  Tensor vector(Context context, String role) {
    Values values = get(role);
    return Tensor.of(context, values.elements, values.shape);
  }

  /** A kernel of Keras, (k, k, k, in, out), as (out, in, k, k, k). */
  Tensor kernel(Context context) {
    Values values = get("kernel");
    if (values.shape.length != 5) {
      throw new IllegalArgumentException(
          "the kernel of layer '"
              + layer
              + "' has shape "
              + Shape.of(values.shape)
              + ", expected five sizes");
    }
    Permute permute = Permute.of(4, 3, 0, 1, 2);
    try (Tensor stored = Tensor.of(context, values.elements, values.shape)) {
      Tensor kernel =
          Tensor.uninitialized(context, stored.type(), permute.outputShape(stored.shape()));
      permute.apply(stored, kernel);
      return kernel;
    }
  }
}
