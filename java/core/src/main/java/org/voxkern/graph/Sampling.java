package org.voxkern.graph;

import java.util.List;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Exponential;
import org.voxkern.op.GridSample;
import org.voxkern.op.Resize;
import org.voxkern.op.Warp3d;

/** Operations that look between voxels. */
public final class Sampling {
  private static final double[] VOXELS = {1, 0, 0, 0, 1, 0, 0, 0, 1};

  private Sampling() {}

  private static void requireVolumes(List<SymbolicShape> inputs) {
    Convolution.require(
        inputs.stream().allMatch(input -> input.rank() == 5), "expected (N, C, D, H, W)");
  }

  private static Value resizeGradient(Resize resize, Backward backward) {
    return backward.apply(
        GradientOperation.of(
                "resize_gradient", (in, out) -> resize.gradient(in.get(0), out.get(0)), 1)
            .shapeOnly(1),
        backward.upstream(),
        backward.input(0));
  }

  /** By whole factors along z, y, x. */
  public record Enlarged(Resize resize, long z, long y, long x) implements Operation {
    @Override
    public String type() {
      return "resize";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      requireVolumes(inputs);
      SymbolicShape input = inputs.get(0);
      return input
          .with(2, input.size(2).times(z))
          .with(3, input.size(3).times(y))
          .with(4, input.size(4).times(x));
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      resize.apply(inputs.get(0), output);
    }

    @Override
    public List<Value> gradient(Backward backward) {
      return Backward.all(resizeGradient(resize, backward));
    }
  }

  /** To the space of the second input. */
  public record ResizedLike(Resize resize) implements Operation {
    @Override
    public String type() {
      return "resize";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      requireVolumes(inputs);
      SymbolicShape like = inputs.get(1);
      return inputs.get(0).with(2, like.size(2)).with(3, like.size(3)).with(4, like.size(4));
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      resize.apply(inputs.get(0), output);
    }

    @Override
    public boolean readsShapeOnly(int input) {
      return input == 1;
    }

    @Override
    public List<Value> gradient(Backward backward) {
      return Backward.all(resizeGradient(resize, backward), null);
    }
  }

  public record AtGrid(GridSample sample) implements Operation {
    @Override
    public String type() {
      return "grid_sample";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      SymbolicShape input = inputs.get(0);
      SymbolicShape grid = inputs.get(1);
      requireVolumes(inputs);
      Convolution.require(
          grid.size(4).is(3) && grid.size(0).compare(input.size(0)) != Size.Relation.DIFFERENT,
          "expected a grid (N, D, H, W, 3)");
      return SymbolicShape.of(
          input.size(0), input.size(1), grid.size(1), grid.size(2), grid.size(3));
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      sample.apply(inputs.get(0), inputs.get(1), output);
    }

    @Override
    public List<Value> gradient(Backward backward) {
      if (backward.wanted(0) && backward.wanted(1)) {
        Value gradient =
            backward.apply(
                GradientOperation.of("grid_sample_gradients", this::gradients, 0, 1),
                backward.input(0),
                backward.input(1),
                backward.upstream());
        return Backward.all(gradient, gradient.further(1));
      }
      Value[] gradients = backward.none();
      if (backward.wanted(0)) {
        gradients[0] =
            backward.apply(
                GradientOperation.of(
                        "grid_sample_gradient_input",
                        (in, out) -> sample.gradientInput(in.get(0), in.get(1), out.get(0)),
                        2)
                    .shapeOnly(2),
                backward.input(1),
                backward.upstream(),
                backward.input(0));
      }
      if (backward.wanted(1)) {
        gradients[1] =
            backward.apply(
                GradientOperation.of(
                    "grid_sample_gradient_grid",
                    (in, out) -> sample.gradientGrid(in.get(0), in.get(1), in.get(2), out.get(0)),
                    1),
                backward.input(0),
                backward.input(1),
                backward.upstream());
      }
      return Backward.all(gradients);
    }

    private void gradients(List<Tensor> inputs, List<Tensor> outputs) {
      if (outputs.get(1) == null) {
        sample.gradientInput(inputs.get(1), inputs.get(2), outputs.get(0));
        return;
      }
      sample.gradients(inputs.get(0), inputs.get(1), inputs.get(2), outputs.get(0), outputs.get(1));
    }
  }

  /** (C, D, H, W) of (N, C, D, H, W). */
  private static Shape volume(Shape batch) {
    return Shape.of(batch.size(1), batch.size(2), batch.size(3), batch.size(4));
  }

  /** The volume (n) of a batch, as (C, D, H, W). */
  private static Tensor volume(Tensor batch, long n) {
    Shape one = volume(batch.shape());
    return batch.view(batch.type(), one, n * one.elementCount() * batch.type().bytes());
  }

  private static void requireField(SymbolicShape image, SymbolicShape field) {
    Convolution.require(
        field.size(1).is(3) && field.size(0).compare(image.size(0)) != Size.Relation.DIFFERENT,
        "expected a field (N, 3, D, H, W)");
  }

  /** Image (N, C, ...) and displacement (N, 3, D, H, W) in voxels, components x, y, z. */
  public record Warped(Warp3d.Border border) implements Operation {
    @Override
    public String type() {
      return "warp3d";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      requireVolumes(inputs);
      requireField(inputs.get(0), inputs.get(1));
      return inputs.get(1).with(1, inputs.get(0).size(1));
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      Warp3d warp = warp();
      for (long n = 0; n < output.shape().size(0); n++) {
        warp.apply(
            volume(inputs.get(0), n),
            null,
            volume(inputs.get(1), n),
            null,
            volume(output, n),
            null);
      }
    }

    private Warp3d warp() {
      return Warp3d.builder().border(border).displacementMap(VOXELS).build();
    }

    @Override
    public List<Value> gradient(Backward backward) {
      Value[] gradients = backward.none();
      if (backward.wanted(0)) {
        gradients[0] =
            backward.apply(
                GradientOperation.of("warp3d_gradient_image", this::gradientImage, 2).shapeOnly(2),
                backward.input(1),
                backward.upstream(),
                backward.input(0));
      }
      if (backward.wanted(1)) {
        gradients[1] =
            backward.apply(
                GradientOperation.of("warp3d_gradient_field", this::gradientField, 1),
                backward.input(0),
                backward.input(1),
                backward.upstream());
      }
      return Backward.all(gradients);
    }

    private void gradientImage(List<Tensor> inputs, List<Tensor> outputs) {
      Warp3d warp = warp();
      for (long n = 0; n < outputs.get(0).shape().size(0); n++) {
        warp.gradientImage(
            volume(inputs.get(0), n),
            null,
            null,
            volume(inputs.get(1), n),
            volume(outputs.get(0), n));
      }
    }

    private void gradientField(List<Tensor> inputs, List<Tensor> outputs) {
      Warp3d warp = warp();
      for (long n = 0; n < outputs.get(0).shape().size(0); n++) {
        warp.gradientField(
            volume(inputs.get(0), n),
            volume(inputs.get(1), n),
            null,
            volume(inputs.get(2), n),
            volume(outputs.get(0), n));
      }
    }
  }

  /** Scaling and squaring of velocities (N, 3, D, H, W) in voxels, components x, y, z. */
  public record Flow(int steps) implements Operation {
    @Override
    public String type() {
      return "exponential";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      requireVolumes(inputs);
      requireField(inputs.get(0), inputs.get(0));
      return inputs.get(0);
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      run(inputs.get(0), null, output);
    }

    private void run(Tensor velocity, Tensor scratch, Tensor output) {
      for (long n = 0; n < output.shape().size(0); n++) {
        Exponential.apply(volume(velocity, n), VOXELS, steps, scratch, volume(output, n));
      }
    }

    @Override
    public long scratchBytes(Context context, List<Shape> inputs) {
      Shape velocity = inputs.get(0);
      return velocity.elementCount() == 0
          ? 0
          : Exponential.scratchBytes(context, ElementType.F32, volume(velocity), steps);
    }

    @Override
    public Kernel prepare(Preparation preparation) {
      Tensor scratch = preparation.scratch();
      return (inputs, output) -> run(inputs.get(0), scratch, output);
    }

    @Override
    public List<Value> gradient(Backward backward) {
      if (steps < 0) {
        throw new UnsupportedOperationException(
            "scaling and squaring is differentiable where the number of its steps is given");
      }
      return Backward.all(
          backward.apply(new FlowGradient(steps), backward.input(0), backward.upstream()));
    }
  }

  /** Of velocities and the gradient of their displacement. */
  private record FlowGradient(int steps) implements Operation {
    @Override
    public String type() {
      return "exponential_gradient";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      return inputs.get(0);
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      run(inputs, null, output);
    }

    private void run(List<Tensor> inputs, Tensor scratch, Tensor output) {
      for (long n = 0; n < output.shape().size(0); n++) {
        Exponential.gradient(
            volume(inputs.get(0), n),
            VOXELS,
            steps,
            volume(inputs.get(1), n),
            scratch,
            volume(output, n));
      }
    }

    @Override
    public long scratchBytes(Context context, List<Shape> inputs) {
      Shape velocity = inputs.get(0);
      return velocity.elementCount() == 0
          ? 0
          : Exponential.gradientScratchBytes(context, ElementType.F32, volume(velocity), steps);
    }

    @Override
    public Kernel prepare(Preparation preparation) {
      Tensor scratch = preparation.scratch();
      return (inputs, output) -> run(inputs, scratch, output);
    }
  }
}
