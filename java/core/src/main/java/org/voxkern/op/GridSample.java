package org.voxkern.op;

import java.util.Objects;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_grid_sample_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Samples an input at the positions of a normalised grid, as GridSample of ONNX (opset 20) and
 * grid_sample of PyTorch do.
 *
 * <p>output(n, c, v) = input(n, c, p(v)) interpolated at p = ((g + 1) size - 1) / 2 on each axis,
 * or (g + 1) (size - 1) / 2 with aligned corners, where g = grid(n, v) has the coordinates x, y, z.
 *
 * <p>Shapes: input (N, C, D, H, W), grid (N, D', H', W', 3), output (N, C, D', H', W'); or input
 * (N, C, H, W), grid (N, H', W', 2), output (N, C, H', W'). All f32, or f64 on the reference
 * backend. A coordinate that is NaN samples nothing with zeros, and voxel 0 of its axis with the
 * other paddings. {@code kernels/grid_sample/README.md} states the error bounds. Instances are
 * immutable and may be shared by threads.
 */
public final class GridSample {
  /** In the order of {@code vk_sampling_mode}. */
  public enum Mode {
    /** Halves go to the even voxel. */
    NEAREST,
    /** Bilinear, trilinear. */
    LINEAR,
    /** Cubic convolution with a = -0.75 along each axis. */
    CUBIC
  }

  /** What lies outside the input, in the order of {@code vk_sampling_padding}. */
  public enum Padding {
    ZEROS,
    /** The outermost voxel continues. */
    BORDER,
    /** Mirrored about the centres (aligned corners) or the outer faces of the outermost voxels. */
    REFLECTION
  }

  private final Mode mode;
  private final Padding padding;
  private final boolean alignCorners;

  private GridSample(Mode mode, Padding padding, boolean alignCorners) {
    this.mode = Objects.requireNonNull(mode, "mode");
    this.padding = Objects.requireNonNull(padding, "padding");
    this.alignCorners = alignCorners;
  }

  /**
   * @param alignCorners whether -1 and 1 are the centres of the outermost voxels, or their outer
   *     faces
   */
  public static GridSample of(Mode mode, Padding padding, boolean alignCorners) {
    return new GridSample(mode, padding, alignCorners);
  }

  public Mode mode() {
    return mode;
  }

  public Padding padding() {
    return padding;
  }

  public boolean alignCorners() {
    return alignCorners;
  }

  /**
   * Shape of the output.
   *
   * @throws IllegalArgumentException if the shapes do not fit each other, naming both
   */
  public Shape outputShape(Shape input, Shape grid) {
    int rank = input.rank();
    boolean fits =
        (rank == 4 || rank == 5)
            && grid.rank() == rank
            && grid.size(0) == input.size(0)
            && grid.size(rank - 1) == rank - 2;
    if (!fits) {
      throw new IllegalArgumentException(
          "grid_sample: input "
              + input
              + " and grid "
              + grid
              + ", expected (N, C, D, H, W) and (N, D', H', W', 3), or (N, C, H, W) and (N, H', W',"
              + " 2)");
    }
    long[] sizes = grid.toArray();
    long[] output = new long[rank];
    output[0] = input.size(0);
    output[1] = input.size(1);
    System.arraycopy(sizes, 1, output, 2, rank - 2);
    return Shape.of(output);
  }

  /**
   * Writes {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void apply(Tensor input, Tensor grid, Tensor output) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_grid_sample_params params = params(call);
      vk_view i = call.view(input);
      vk_view g = call.view(grid);
      vk_view o = call.view(output);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_grid_sample_plan(call.context(), i, g, params, o, plan));
      Status.check(
          Voxkern.vk_grid_sample(call.context(), plan, i, g, params, call.workspace(plan), o));
    }
  }

  /**
   * Writes dL/dinput, of the input's shape, given {@code upstream} = dL/doutput: the adjoint of the
   * sampling.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void gradientInput(Tensor grid, Tensor upstream, Tensor gradient) {
    try (NativeCall call = new NativeCall(grid.context())) {
      vk_grid_sample_params params = params(call);
      vk_view g = call.view(grid);
      vk_view u = call.view(upstream);
      vk_view d = call.view(gradient);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_grid_sample_gradient_input_plan(call.context(), g, u, params, d, plan));
      Status.check(
          Voxkern.vk_grid_sample_gradient_input(
              call.context(), plan, g, u, params, call.workspace(plan), d));
    }
  }

  /**
   * Writes dL/dgrid, of the grid's shape, given {@code upstream} = dL/doutput. At the centre of a
   * voxel the slope is the one to its right; beyond the outermost centres with BORDER it is 0.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void gradientGrid(Tensor input, Tensor grid, Tensor upstream, Tensor gradient) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_grid_sample_params params = params(call);
      vk_view i = call.view(input);
      vk_view g = call.view(grid);
      vk_view u = call.view(upstream);
      vk_view d = call.view(gradient);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_grid_sample_gradient_grid_plan(call.context(), i, g, u, params, d, plan));
      Status.check(
          Voxkern.vk_grid_sample_gradient_grid(
              call.context(), plan, i, g, u, params, call.workspace(plan), d));
    }
  }

  /**
   * Writes dL/dinput and dL/dgrid as {@link #gradientInput} and {@link #gradientGrid} do; on the
   * CPU, linear in 3D with one channel, in less time than the two together.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void gradients(
      Tensor input, Tensor grid, Tensor upstream, Tensor gradientInput, Tensor gradientGrid) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_grid_sample_params params = params(call);
      vk_view i = call.view(input);
      vk_view g = call.view(grid);
      vk_view u = call.view(upstream);
      vk_view di = call.view(gradientInput);
      vk_view dg = call.view(gradientGrid);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_grid_sample_gradients_plan(call.context(), i, g, u, params, di, dg, plan));
      Status.check(
          Voxkern.vk_grid_sample_gradients(
              call.context(), plan, i, g, u, params, call.workspace(plan), di, dg));
    }
  }

  private vk_grid_sample_params params(NativeCall call) {
    vk_grid_sample_params params = call.own(new vk_grid_sample_params());
    return params
        .struct_size(params.sizeof())
        .mode(mode.ordinal())
        .padding(padding.ordinal())
        .align_corners(alignCorners ? 1 : 0);
  }
}
