package org.voxkern.train.loss;

import java.util.Arrays;
import java.util.List;
import org.voxkern.Tensor;
import org.voxkern.graph.Backward;
import org.voxkern.graph.Operation;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.op.BoxIou;

/**
 * 1 less the overlap of each predicted box with its target, the mean over the boxes: 0 for equal
 * boxes, 2 (generalised and distance IoU) for ones far apart. Boxes (N, 4) or (N, 6), as {@link
 * BoxIou} has them.
 */
public final class BoxOverlap {
  private BoxOverlap() {}

  /** Of generalised IoU: Rezatofighi et al., CVPR 2019. */
  public static Loss giou() {
    return loss(BoxIou.Kind.GIOU);
  }

  public static Loss loss(BoxIou.Kind kind) {
    return (prediction, target) -> {
      Targets.requireAlike("box overlap", prediction, target);
      return prediction.apply(new Paired(kind), target).mean().times(-1).plus(1);
    };
  }

  private record Paired(BoxIou.Kind kind) implements Operation {
    @Override
    public String type() {
      return "box_iou_paired";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      SymbolicShape boxes = inputs.get(0);
      if (boxes.rank() != 2 || !(boxes.size(1).is(4) || boxes.size(1).is(6))) {
        throw new IllegalArgumentException("expected boxes (N, 4) or (N, 6)");
      }
      return SymbolicShape.of(boxes.size(0));
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      BoxIou.paired(inputs.get(0), inputs.get(1), kind, output);
    }

    @Override
    public List<Value> gradient(Backward backward) {
      Value[] gradients = new Value[2];
      for (int box = 0; box < 2; box++) {
        if (backward.wanted(box)) {
          gradients[box] =
              backward.apply(
                  new Gradient(kind, box),
                  backward.input(0),
                  backward.input(1),
                  backward.upstream());
        }
      }
      return Arrays.asList(gradients);
    }
  }

  /** By one of the boxes of each pair. */
  private record Gradient(BoxIou.Kind kind, int box) implements Operation {
    @Override
    public String type() {
      return "box_iou_gradient";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      return inputs.get(box);
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      try (Tensor other = Tensor.uninitialized(output.context(), output.type(), output.shape())) {
        BoxIou.gradient(
            inputs.get(0),
            inputs.get(1),
            kind,
            inputs.get(2),
            box == 0 ? output : other,
            box == 1 ? output : other);
      }
    }
  }
}
