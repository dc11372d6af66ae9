package org.voxkern.oracle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.voxkern.oracle.Torch.assertGradient;
import static org.voxkern.oracle.Torch.assertNear;

import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.voxkern.Shape;
import org.voxkern.op.Activation;
import org.voxkern.op.AdaptivePool;
import org.voxkern.op.AffineGrid;
import org.voxkern.op.AveragePool;
import org.voxkern.op.BatchNorm;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Conv3dTransposed;
import org.voxkern.op.GridSample;
import org.voxkern.op.GroupNorm;
import org.voxkern.op.LayerNorm;
import org.voxkern.op.MaxPool;
import org.voxkern.op.PoolWindow;
import org.voxkern.op.Resize;
import org.voxkern.op.Softmax;
import org.voxkern.oracle.Torch.Input;

/** Layers of networks, forward and backward, are libtorch's. */
@ExtendWith(Libtorch.class)
class LibtorchOracleTest {
  private static final double EXACT = 2e-6;

  /** Of Winograd convolutions, and of sums that cancel, which libtorch takes in f32. */
  private static final double ROUNDED = 1e-5;

  private static final double EPSILON = 1e-5;

  private PointerScope pointers;
  private Torch inputs;

  @BeforeEach
  void open() {
    pointers = new PointerScope();
    inputs = new Torch(17);
  }

  @AfterEach
  void close() {
    inputs.close();
    pointers.close();
  }

  private static long[] all(long value) {
    return new long[] {value, value, value};
  }

  @ParameterizedTest(name = "{0} to {1} channels, kernel {2}, stride {3}, padding {4}, by {5}, {6}")
  @CsvSource({
    "1, 5, 3, 1, 1, 1, 1",
    "16, 17, 3, 1, 1, 1, 1",
    "8, 12, 3, 2, 1, 1, 1",
    "6, 4, 3, 1, 2, 2, 2",
    "12, 12, 3, 1, 1, 1, 12",
    "9, 3, 1, 1, 0, 1, 1",
    "3, 4, 2, 2, 0, 1, 1",
    "4, 6, 5, 3, 2, 1, 2",
  })
  void convolution(
      long in, long out, long kernel, long stride, long padding, long dilation, long groups) {
    Input input = inputs.uniform(Shape.of(2, in, 11, 13, 18));
    Input weights = inputs.uniform(Shape.of(out, in / groups, kernel, kernel, kernel));
    Input bias = inputs.uniform(Shape.of(out));
    Tensor theirs =
        torch.conv3d(
            input.theirs(),
            weights.theirs(),
            new TensorOptional(bias.theirs()),
            all(stride),
            all(padding),
            all(dilation),
            groups);
    Conv3d conv =
        Conv3d.builder()
            .stride(stride, stride, stride)
            .padding(padding, padding, padding)
            .dilation(dilation, dilation, dilation)
            .groups(groups)
            .build();
    var output = inputs.output(conv.outputShape(input.shape(), weights.shape()));
    conv.apply(input.ours(), weights.ours(), bias.ours(), null, output);
    assertNear("output", theirs, output, ROUNDED);

    assertGradients(
        theirs, output.shape(), input, weights, bias, conv::gradientInput, conv::gradientWeights);
  }

  @ParameterizedTest(
      name = "{0} to {1} channels, kernel {2}, stride {3}, padding {4}, {5}, {6}, {7}")
  @CsvSource({
    "6, 5, 2, 2, 0, 0, 1, 1",
    "4, 6, 3, 2, 1, 1, 1, 2",
    "3, 4, 3, 1, 0, 0, 2, 1",
    "5, 3, 4, 3, 1, 2, 1, 1",
  })
  void transposedConvolution(
      long in,
      long out,
      long kernel,
      long stride,
      long padding,
      long outputPadding,
      long dilation,
      long groups) {
    Input input = inputs.uniform(Shape.of(2, in, 5, 7, 9));
    Input weights = inputs.uniform(Shape.of(in, out / groups, kernel, kernel, kernel));
    Input bias = inputs.uniform(Shape.of(out));
    Tensor theirs =
        torch.conv_transpose3d(
            input.theirs(),
            weights.theirs(),
            new TensorOptional(bias.theirs()),
            all(stride),
            all(padding),
            all(outputPadding),
            groups,
            all(dilation));
    Conv3dTransposed conv =
        Conv3dTransposed.builder()
            .stride(stride, stride, stride)
            .padding(padding, padding, padding)
            .outputPadding(outputPadding, outputPadding, outputPadding)
            .dilation(dilation, dilation, dilation)
            .groups(groups)
            .build();
    var output = inputs.output(conv.outputShape(input.shape(), weights.shape()));
    conv.apply(input.ours(), weights.ours(), bias.ours(), null, output);
    assertNear("output", theirs, output, ROUNDED);

    assertGradients(
        theirs, output.shape(), input, weights, bias, conv::gradientInput, conv::gradientWeights);
  }

  private interface GradientInput {
    void write(
        org.voxkern.Tensor upstream, org.voxkern.Tensor weights, org.voxkern.Tensor gradient);
  }

  private interface GradientWeights {
    void write(
        org.voxkern.Tensor upstream,
        org.voxkern.Tensor input,
        org.voxkern.Tensor gradient,
        org.voxkern.Tensor gradientBias);
  }

  /** Of a convolution, transposed or not. */
  private void assertGradients(
      Tensor theirs,
      Shape output,
      Input input,
      Input weights,
      Input bias,
      GradientInput gradientInput,
      GradientWeights gradientWeights) {
    Input upstream = inputs.uniform(output);
    Torch.backward(theirs, upstream);
    var byInput = inputs.output(input.shape());
    var byWeights = inputs.output(weights.shape());
    var byBias = inputs.output(bias.shape());
    gradientInput.write(upstream.ours(), weights.ours(), byInput);
    gradientWeights.write(upstream.ours(), input.ours(), byWeights, byBias);
    assertGradient("input", input, byInput, ROUNDED);
    assertGradient("weights", weights, byWeights, ROUNDED);
    assertGradient("bias", bias, byBias, ROUNDED);
  }

  @ParameterizedTest(name = "kernel {0}, stride {1}, padding {2}, dilation {3}, ceil {4}")
  @CsvSource({"2, 2, 0, 1, false", "3, 2, 1, 1, true", "3, 1, 1, 2, false", "2, 3, 1, 3, true"})
  void maxPool(long kernel, long stride, long padding, long dilation, boolean ceil) {
    Input input = inputs.uniform(Shape.of(2, 3, 10, 11, 12));
    T_TensorTensor_T theirs =
        torch.max_pool3d_with_indices(
            input.theirs(), all(kernel), all(stride), all(padding), all(dilation), ceil);
    PoolWindow window =
        PoolWindow.kernel(kernel, kernel, kernel)
            .stride(stride, stride, stride)
            .padding(padding, padding, padding)
            .dilation(dilation, dilation, dilation)
            .ceilMode(ceil)
            .build();
    var output = inputs.output(window.outputShape(input.shape()));
    var indices = inputs.indices(output.shape());
    MaxPool.apply(window, input.ours(), output, indices);
    assertNear("output", theirs.get0(), output, 0);
    assertArrayEquals(Torch.longs(theirs.get1()), indices.toLongArray());

    Input upstream = inputs.uniform(output.shape());
    Torch.backward(theirs.get0(), upstream);
    var gradient = inputs.output(input.shape());
    MaxPool.gradient(window, input.ours(), indices, upstream.ours(), gradient);
    assertGradient("input", input, gradient, EXACT);
  }

  @ParameterizedTest(name = "kernel {0}, stride {1}, padding {2}, ceil {3}, padding counted {4}")
  @CsvSource({
    "2, 2, 0, false, true",
    "3, 2, 1, true, true",
    "3, 2, 1, true, false",
    "4, 3, 2, false, false",
  })
  void averagePool(long kernel, long stride, long padding, boolean ceil, boolean counted) {
    Input input = inputs.uniform(Shape.of(2, 3, 10, 11, 12));
    Tensor theirs =
        torch.avg_pool3d(
            input.theirs(),
            all(kernel),
            all(stride),
            all(padding),
            ceil,
            counted,
            new LongOptional());
    PoolWindow window =
        PoolWindow.kernel(kernel, kernel, kernel)
            .stride(stride, stride, stride)
            .padding(padding, padding, padding)
            .ceilMode(ceil)
            .build();
    AveragePool pool = counted ? AveragePool.ofPadded(window) : AveragePool.ofInside(window);
    var output = inputs.output(window.outputShape(input.shape()));
    pool.apply(input.ours(), output);
    assertNear("output", theirs, output, EXACT);

    Input upstream = inputs.uniform(output.shape());
    Torch.backward(theirs, upstream);
    var gradient = inputs.output(input.shape());
    pool.gradient(upstream.ours(), gradient);
    assertGradient("input", input, gradient, EXACT);
  }

  @Test
  void adaptivePool() {
    Input averaged = inputs.uniform(Shape.of(2, 3, 7, 9, 11));
    Input largest = inputs.uniform(averaged.shape());
    Tensor average = torch.adaptive_avg_pool3d(averaged.theirs(), 3, 4, 5);
    T_TensorTensor_T max = torch.adaptive_max_pool3d(largest.theirs(), 3, 4, 5);
    Shape shape = Shape.of(2, 3, 3, 4, 5);
    var ourAverage = inputs.output(shape);
    var ourMax = inputs.output(shape);
    var indices = inputs.indices(shape);
    AdaptivePool.average(averaged.ours(), ourAverage);
    AdaptivePool.max(largest.ours(), ourMax, indices);
    assertNear("average", average, ourAverage, EXACT);
    assertNear("max", max.get0(), ourMax, 0);
    assertArrayEquals(Torch.longs(max.get1()), indices.toLongArray());

    Input upstream = inputs.uniform(shape);
    Torch.backward(average, upstream);
    Torch.backward(max.get0(), upstream);
    var byAveraged = inputs.output(averaged.shape());
    var byLargest = inputs.output(averaged.shape());
    AdaptivePool.averageGradient(upstream.ours(), byAveraged);
    AdaptivePool.maxGradient(indices, upstream.ours(), byLargest);
    assertGradient("averaged", averaged, byAveraged, EXACT);
    assertGradient("largest", largest, byLargest, EXACT);
  }

  @ParameterizedTest(name = "training {0}")
  @ValueSource(booleans = {true, false})
  void batchNorm(boolean training) {
    Input input = inputs.uniform(-1, 3, 3, 5, 4, 6, 7);
    Input scale = inputs.uniform(0.5, 2, 5);
    Input shift = inputs.uniform(Shape.of(5));
    Input mean = inputs.uniform(Shape.of(5));
    Input variance = inputs.uniform(0.5, 2, 5);
    // Running statistics are no leaves.
    Tensor runningMean = mean.theirs().detach().clone();
    Tensor runningVariance = variance.theirs().detach().clone();
    Tensor theirs =
        torch.batch_norm(
            input.theirs(),
            new TensorOptional(scale.theirs()),
            new TensorOptional(shift.theirs()),
            new TensorOptional(runningMean),
            new TensorOptional(runningVariance),
            training,
            0.1,
            EPSILON,
            false);
    BatchNorm norm = BatchNorm.builder().epsilon(EPSILON).momentum(0.1).build();
    var output = inputs.output(input.shape());
    var used = inputs.output(Shape.of(5));
    var inverse = inputs.output(Shape.of(5));
    Input upstream = inputs.uniform(input.shape());
    Torch.backward(theirs, upstream);
    var byInput = inputs.output(input.shape());
    var byScale = inputs.output(scale.shape());
    var byShift = inputs.output(shift.shape());
    if (training) {
      norm.train(
          input.ours(),
          scale.ours(),
          shift.ours(),
          mean.ours(),
          variance.ours(),
          output,
          used,
          inverse);
      norm.gradient(
          input.ours(),
          scale.ours(),
          shift.ours(),
          used,
          inverse,
          upstream.ours(),
          byInput,
          byScale,
          byShift);
    } else {
      norm.infer(
          input.ours(),
          scale.ours(),
          shift.ours(),
          mean.ours(),
          variance.ours(),
          output,
          used,
          inverse);
      norm.inferenceGradient(
          input.ours(),
          scale.ours(),
          shift.ours(),
          used,
          inverse,
          upstream.ours(),
          byInput,
          byScale,
          byShift);
    }
    assertNear("output", theirs, output, EXACT);
    assertNear("running mean", runningMean, mean.ours(), EXACT);
    assertNear("running variance", runningVariance, variance.ours(), EXACT);
    assertGradient("input", input, byInput, ROUNDED);
    assertGradient("scale", scale, byScale, ROUNDED);
    assertGradient("shift", shift, byShift, ROUNDED);
  }

  /** As many groups as channels is instance normalization. */
  @ParameterizedTest(name = "{0} groups of 6 channels")
  @ValueSource(longs = {1, 2, 6})
  void groupNorm(long groups) {
    Input input = inputs.uniform(-1, 3, 2, 6, 4, 5, 7);
    Input scale = inputs.uniform(0.5, 2, 6);
    Input shift = inputs.uniform(Shape.of(6));
    Tensor theirs =
        torch.group_norm(
            input.theirs(),
            groups,
            new TensorOptional(scale.theirs()),
            new TensorOptional(shift.theirs()),
            EPSILON,
            false);
    GroupNorm norm = GroupNorm.builder().groups(groups).epsilon(EPSILON).build();
    var output = inputs.output(input.shape());
    var mean = inputs.output(norm.statisticsShape(input.shape()));
    var inverse = inputs.output(mean.shape());
    norm.apply(input.ours(), scale.ours(), shift.ours(), output, mean, inverse);
    assertNear("output", theirs, output, EXACT);

    Input upstream = inputs.uniform(input.shape());
    Torch.backward(theirs, upstream);
    var byInput = inputs.output(input.shape());
    var byScale = inputs.output(scale.shape());
    var byShift = inputs.output(shift.shape());
    norm.gradient(
        input.ours(),
        scale.ours(),
        shift.ours(),
        mean,
        inverse,
        upstream.ours(),
        byInput,
        byScale,
        byShift);
    assertGradient("input", input, byInput, ROUNDED);
    assertGradient("scale", scale, byScale, ROUNDED);
    assertGradient("shift", shift, byShift, ROUNDED);
  }

  @Test
  void layerNorm() {
    Input input = inputs.uniform(-1, 3, 3, 5, 37);
    Input scale = inputs.uniform(0.5, 2, 37);
    Input shift = inputs.uniform(Shape.of(37));
    Tensor theirs =
        torch.layer_norm(
            input.theirs(),
            new long[] {37},
            new TensorOptional(scale.theirs()),
            new TensorOptional(shift.theirs()),
            EPSILON,
            false);
    LayerNorm norm = LayerNorm.builder().axis(2).epsilon(EPSILON).build();
    var output = inputs.output(input.shape());
    var mean = inputs.output(norm.statisticsShape(input.shape()));
    var inverse = inputs.output(mean.shape());
    norm.apply(input.ours(), scale.ours(), shift.ours(), output, mean, inverse);
    assertNear("output", theirs, output, EXACT);

    Input upstream = inputs.uniform(input.shape());
    Torch.backward(theirs, upstream);
    var byInput = inputs.output(input.shape());
    var byScale = inputs.output(scale.shape());
    var byShift = inputs.output(shift.shape());
    norm.gradient(
        input.ours(), scale.ours(), mean, inverse, upstream.ours(), byInput, byScale, byShift);
    assertGradient("input", input, byInput, ROUNDED);
    assertGradient("scale", scale, byScale, ROUNDED);
    assertGradient("shift", shift, byShift, ROUNDED);
  }

  static Stream<Arguments> activations() {
    return Stream.of(
        pair("relu", Activation.relu(), torch::relu),
        pair("leaky relu", Activation.leakyRelu(0.1), x -> torch.leaky_relu(x, new Scalar(0.1))),
        pair("relu6", Activation.relu6(), x -> torch.hardtanh(x, new Scalar(0.0), new Scalar(6.0))),
        pair(
            "elu",
            Activation.elu(0.7),
            x -> torch.elu(x, new Scalar(0.7), new Scalar(1.0), new Scalar(1.0))),
        pair("selu", Activation.selu(), torch::selu),
        pair("celu", Activation.celu(0.7), x -> torch.celu(x, new Scalar(0.7))),
        pair("gelu", Activation.gelu(), torch::gelu),
        pair("gelu, tanh", Activation.geluTanh(), x -> torch.gelu(x, "tanh")),
        pair("sigmoid", Activation.sigmoid(), torch::sigmoid),
        pair("log sigmoid", Activation.logSigmoid(), torch::log_sigmoid),
        pair("hard sigmoid", Activation.hardSigmoid(1.0 / 6, 0.5), torch::hardsigmoid),
        pair("tanh", Activation.tanh(), torch::tanh),
        pair("silu", Activation.silu(), torch::silu),
        pair("hard swish", Activation.hardSwish(), torch::hardswish),
        pair(
            "softplus",
            Activation.softplus(1.5),
            x -> torch.softplus(x, new Scalar(1.5), new Scalar(100.0))),
        pair("mish", Activation.mish(), torch::mish));
  }

  private static Arguments pair(String name, Activation ours, UnaryOperator<Tensor> theirs) {
    return Arguments.of(name, ours, theirs);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("activations")
  void activation(String name, Activation ours, UnaryOperator<Tensor> function) {
    Input input = inputs.uniform(-8, 8, 3, 257);
    Tensor theirs = function.apply(input.theirs());
    var output = inputs.output(input.shape());
    ours.apply(input.ours(), output);
    assertNear("output", theirs, output, EXACT);

    Input upstream = inputs.uniform(input.shape());
    Torch.backward(theirs, upstream);
    var gradient = inputs.output(input.shape());
    ours.gradient(input.ours(), upstream.ours(), gradient);
    assertGradient("input", input, gradient, EXACT);
  }

  @ParameterizedTest(name = "axis {0}, logarithm {1}")
  @CsvSource({"1, false", "1, true", "4, false", "4, true"})
  void softmax(int axis, boolean logarithm) {
    Input input = inputs.uniform(-5, 5, 2, 7, 3, 4, 19);
    Tensor theirs =
        logarithm ? torch.log_softmax(input.theirs(), axis) : torch.softmax(input.theirs(), axis);
    Softmax softmax = logarithm ? Softmax.logAlong(axis) : Softmax.along(axis);
    var output = inputs.output(input.shape());
    softmax.apply(input.ours(), output);
    assertNear("output", theirs, output, EXACT);

    Input upstream = inputs.uniform(input.shape());
    Torch.backward(theirs, upstream);
    var gradient = inputs.output(input.shape());
    softmax.gradient(output, upstream.ours(), gradient);
    assertGradient("input", input, gradient, EXACT);
  }

  static Stream<Arguments> gridSamples() {
    return Stream.of(GridSample.Padding.values())
        .flatMap(
            padding ->
                Stream.of(true, false)
                    .flatMap(
                        corners ->
                            Stream.of(GridSample.Mode.NEAREST, GridSample.Mode.LINEAR)
                                .map(mode -> Arguments.of(mode, padding, corners))));
  }

  @ParameterizedTest(name = "{0}, {1}, corners aligned {2}")
  @MethodSource("gridSamples")
  void gridSample(GridSample.Mode mode, GridSample.Padding padding, boolean alignCorners) {
    Input input = inputs.uniform(Shape.of(2, 3, 6, 7, 8));
    Input grid = inputs.uniform(-1.4, 1.4, 2, 5, 6, 9, 3);
    Tensor theirs =
        torch.grid_sampler(
            input.theirs(),
            grid.theirs(),
            mode == GridSample.Mode.LINEAR ? 0 : 1,
            padding.ordinal(),
            alignCorners);
    GridSample sample = GridSample.of(mode, padding, alignCorners);
    var output = inputs.output(sample.outputShape(input.shape(), grid.shape()));
    sample.apply(input.ours(), grid.ours(), output);
    assertNear("output", theirs, output, ROUNDED);

    Input upstream = inputs.uniform(output.shape());
    Torch.backward(theirs, upstream);
    var byInput = inputs.output(input.shape());
    sample.gradientInput(grid.ours(), upstream.ours(), byInput);
    assertGradient("input", input, byInput, ROUNDED);
    if (mode == GridSample.Mode.LINEAR) {
      var byGrid = inputs.output(grid.shape());
      sample.gradientGrid(input.ours(), grid.ours(), upstream.ours(), byGrid);
      assertGradient("grid", grid, byGrid, ROUNDED);
    }
  }

  @ParameterizedTest(name = "corners aligned {0}")
  @ValueSource(booleans = {true, false})
  void affineGrid(boolean alignCorners) {
    Input theta = inputs.uniform(Shape.of(2, 3, 4));
    long[] image = {2, 1, 4, 5, 6};
    Tensor theirs = torch.affine_grid_generator(theta.theirs(), image, alignCorners);
    var grid = inputs.output(AffineGrid.outputShape(theta.shape(), Shape.of(image)));
    AffineGrid.apply(theta.ours(), alignCorners, grid);
    assertNear("grid", theirs, grid, EXACT);

    Input upstream = inputs.uniform(grid.shape());
    Torch.backward(theirs, upstream);
    var gradient = inputs.output(theta.shape());
    AffineGrid.gradient(upstream.ours(), alignCorners, gradient);
    assertGradient("theta", theta, gradient, EXACT);
  }

  @ParameterizedTest(name = "{0}, {1}")
  @CsvSource({
    "LINEAR, ALIGN_CORNERS",
    "LINEAR, PYTORCH_HALF_PIXEL",
    "NEAREST, ASYMMETRIC",
  })
  void resize(Resize.Mode mode, Resize.Coordinates coordinates) {
    Input input = inputs.uniform(Shape.of(2, 3, 5, 6, 7));
    long[] size = {9, 4, 13};
    DoubleOptional none = new DoubleOptional();
    Tensor theirs =
        mode == Resize.Mode.LINEAR
            ? torch.upsample_trilinear3d(
                input.theirs(),
                size,
                coordinates == Resize.Coordinates.ALIGN_CORNERS,
                none,
                none,
                none)
            : torch.upsample_nearest3d(input.theirs(), size, none, none, none);
    Resize resize =
        Resize.builder(mode).coordinates(coordinates).rounding(Resize.Rounding.FLOOR).build();
    var output = inputs.output(Shape.of(2, 3, size[0], size[1], size[2]));
    resize.apply(input.ours(), output);
    assertNear("output", theirs, output, EXACT);

    Input upstream = inputs.uniform(output.shape());
    Torch.backward(theirs, upstream);
    var gradient = inputs.output(input.shape());
    resize.gradient(upstream.ours(), gradient);
    assertGradient("input", input, gradient, EXACT);
  }
}
