package org.voxkern.graph;

import java.util.ArrayList;
import java.util.List;
import org.voxkern.ElementType;
import org.voxkern.Tensor;
import org.voxkern.op.OneHot;

/** {@link OneHot}, as f32; constant as far as gradients go. */
public record OneHotAlong(int axis, long depth) implements Operation {
  @Override
  public String type() {
    return "one_hot";
  }

  @Override
  public SymbolicShape outputShape(List<SymbolicShape> inputs) {
    List<Size> sizes = new ArrayList<>(inputs.get(0).sizes());
    int at = axis < 0 ? axis + sizes.size() + 1 : axis;
    Convolution.require(
        at >= 0 && at <= sizes.size(), "a new axis " + axis + " is not among those of the output");
    sizes.add(at, Size.of(depth));
    return SymbolicShape.of(sizes);
  }

  @Override
  public ElementType outputType(List<ElementType> inputs) {
    return ElementType.F32;
  }

  @Override
  public void run(List<Tensor> inputs, Tensor output) {
    OneHot.of(axis, depth).apply(inputs.get(0), output);
  }

  @Override
  public List<Value> gradient(Backward backward) {
    return Backward.all((Value) null);
  }
}
