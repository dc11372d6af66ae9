package org.voxkern.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.op.Activation;
import org.voxkern.op.Binary;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Conv3dTransposed;
import org.voxkern.op.GridSample;
import org.voxkern.op.Pad;
import org.voxkern.op.PoolWindow;
import org.voxkern.op.Reduce;
import org.voxkern.op.Resize;
import org.voxkern.op.Softmax;
import org.voxkern.op.Unary;
import org.voxkern.op.Warp3d;

/**
 * A node of a graph that is being built. Methods add nodes to the graph and return theirs; volumes
 * are (N, C, D, H, W), axes of space are z, y, x.
 *
 * <p>Nodes are named by {@link #as}, else after their type; parameters after their node as PyTorch
 * has them: {@code stage1.conv0.weight}. All throw IllegalArgumentException where shapes do not fit
 * each other, naming the node and the shapes.
 */
public final class Value {
  private final Graph.Builder builder;
  private final Node node;

  /** Of the node that is made of this value next, or null. */
  private final String nextName;

  Value(Graph.Builder builder, Node node, String nextName) {
    this.builder = builder;
    this.node = node;
    this.nextName = nextName;
  }

  /** Of the graph that this is part of. */
  public Graph.Builder builder() {
    return builder;
  }

  Node node() {
    return node;
  }

  public String name() {
    return node.name();
  }

  public SymbolicShape shape() {
    return node.shape();
  }

  public ElementType type() {
    return node.type();
  }

  /**
   * This value, where the node that is made of it has a name: {@code x.as("conv0").conv3d(8, 3)}.
   */
  public Value as(String name) {
    return new Value(builder, node, builder.qualified(name));
  }

  private String nextName(String type) {
    return nextName == null ? builder.nextName(type) : nextName;
  }

  /** A node of any operation, whose first input this is. */
  public Value apply(Operation operation, Value... others) {
    List<Value> inputs = new ArrayList<>(List.of(this));
    inputs.addAll(Arrays.asList(others));
    return builder.apply(nextName(operation.type()), operation, inputs);
  }

  /**
   * An output beyond the first of this node's operation, counted from 1.
   *
   * @throws IllegalArgumentException if the operation has none of that number
   */
  public Value further(int number) {
    return builder.further(node, number);
  }

  /** A node with parameters that are named after it. */
  private Value parametric(Operation operation, Parameter... parameters) {
    String name = nextName(operation.type());
    return parametric(name, name, operation, List.of(), parameters);
  }

  /**
   * The same where the parameters may be named after another node.
   *
   * @param last inputs behind the parameters
   */
  private Value parametric(
      String name, String owner, Operation operation, List<Value> last, Parameter... parameters) {
    // Before its parameters are added, so that a mistake leaves the graph as it was.
    List<SymbolicShape> shapes = new ArrayList<>(List.of(shape()));
    Arrays.stream(parameters).forEach(own -> shapes.add(SymbolicShape.of(own.shape())));
    last.forEach(value -> shapes.add(value.shape()));
    Inference.shape(name, operation, shapes);
    List<Value> inputs = new ArrayList<>(List.of(this));
    for (Parameter own : parameters) {
      inputs.add(
          builder.parameter(
              new Parameter(
                  owner + "." + own.name(), own.shape(), own.initializer(), own.trained())));
    }
    inputs.addAll(last);
    return builder.apply(name, operation, inputs);
  }

  private static Parameter trained(String name, Shape shape, Initializer initializer) {
    return new Parameter(name, shape, initializer, true);
  }

  private long channels(String type) {
    return known(1, type);
  }

  /** A size that parameters depend on. */
  private long known(int axis, String type) {
    try {
      return shape().known(axis);
    } catch (IllegalArgumentException failure) {
      throw new IllegalArgumentException(
          "node '" + nextName(type) + "' after '" + name() + "': " + failure.getMessage(), failure);
    }
  }

  // Convolutions.

  /** With bias, padded so that an odd kernel keeps the size of space. */
  public Value conv3d(long channels, long kernel) {
    return conv3d(channels, kernel, 1);
  }

  /** With bias, padded by (kernel - 1) / 2 on each side. */
  public Value conv3d(long channels, long kernel, long stride) {
    long padding = (kernel - 1) / 2;
    return conv3d(
        channels,
        new long[] {kernel, kernel, kernel},
        Conv3d.builder().stride(stride, stride, stride).padding(padding, padding, padding).build(),
        true);
  }

  /**
   * @param kernel along z, y, x
   * @param convolution stride, padding, dilation, groups, and maybe an activation
   */
  public Value conv3d(long channels, long[] kernel, Conv3d convolution, boolean bias) {
    long in = perGroup("conv3d", channels("conv3d"), convolution.groups(), kernel);
    Shape weights = Shape.of(channels, in, kernel[0], kernel[1], kernel[2]);
    Initializer first = Initializer.fanIn(in * kernel[0] * kernel[1] * kernel[2]);
    return convolution(new Convolution(convolution, bias, false), weights, channels, bias, first);
  }

  /** With bias, kernel as large as the stride: space grows by it. */
  public Value conv3dTransposed(long channels, long stride) {
    return conv3dTransposed(
        channels,
        new long[] {stride, stride, stride},
        Conv3dTransposed.builder().stride(stride, stride, stride).build(),
        true);
  }

  public Value conv3dTransposed(
      long channels, long[] kernel, Conv3dTransposed convolution, boolean bias) {
    long out = perGroup("conv3d_transposed", channels, convolution.groups(), kernel);
    Shape weights = Shape.of(channels("conv3d_transposed"), out, kernel[0], kernel[1], kernel[2]);
    Initializer first = Initializer.fanIn(out * kernel[0] * kernel[1] * kernel[2]);
    Operation operation = new TransposedConvolution(convolution, bias, false);
    return convolution(operation, weights, channels, bias, first);
  }

  private long perGroup(String type, long channels, long groups, long[] kernel) {
    if (channels % groups != 0 || kernel.length != 3) {
      throw new IllegalArgumentException(
          "node '"
              + nextName(type)
              + "' after '"
              + name()
              + "' "
              + shape()
              + ": "
              + channels
              + " channels in "
              + groups
              + " groups and a kernel of "
              + Arrays.toString(kernel)
              + ", expected a multiple of the groups, and sizes along z, y, x");
    }
    return channels / groups;
  }

  private Value convolution(
      Operation operation, Shape weights, long channels, boolean bias, Initializer first) {
    Parameter weight = trained("weight", weights, first);
    return bias
        ? parametric(operation, weight, trained("bias", Shape.of(channels), first))
        : parametric(operation, weight);
  }

  // Products.

  /** Of the last axis, with bias. */
  public Value dense(long features) {
    return dense(features, true);
  }

  public Value dense(long features, boolean bias) {
    long in = known(-1, "dense");
    Operation operation = new Products.Linear(bias, Activation.none());
    return convolution(operation, Shape.of(features, in), features, bias, Initializer.fanIn(in));
  }

  /**
   * Long short-term memory over sequences (T, B, I), forward in time: (T, B, hidden). Further
   * outputs are the last hidden state and the last cell, (B, hidden). Parameters are PyTorch's.
   */
  public Value lstm(long hidden) {
    return recurrent(Recurrent.Kind.LSTM, hidden);
  }

  /** {@link #lstm(long)} that begins with these states, (B, hidden). */
  public Value lstm(long hidden, Value initialHidden, Value initialCell) {
    return recurrent(Recurrent.Kind.LSTM, hidden, initialHidden, initialCell);
  }

  /**
   * Gated recurrent units over sequences (T, B, I), forward in time: (T, B, hidden). The further
   * output is the last hidden state, (B, hidden). Parameters are PyTorch's.
   */
  public Value gru(long hidden) {
    return recurrent(Recurrent.Kind.GRU, hidden);
  }

  /** {@link #gru(long)} that begins with this state, (B, hidden). */
  public Value gru(long hidden, Value initialHidden) {
    return recurrent(Recurrent.Kind.GRU, hidden, initialHidden);
  }

  /**
   * {@link #lstm(long)} in both directions: (T, B, 2 hidden), forward in time before reverse. The
   * directions are nodes of their own, {@code NAME.forward} and {@code NAME.reverse}, which have
   * the last states.
   */
  public Value bidirectionalLstm(long hidden) {
    return bidirectional(Recurrent.Kind.LSTM, hidden);
  }

  /** The same that begins with these states, (2, B, hidden): forward in time before reverse. */
  public Value bidirectionalLstm(long hidden, Value initialHidden, Value initialCell) {
    return bidirectional(Recurrent.Kind.LSTM, hidden, initialHidden, initialCell);
  }

  /** {@link #gru(long)} in both directions, as {@link #bidirectionalLstm(long)} is. */
  public Value bidirectionalGru(long hidden) {
    return bidirectional(Recurrent.Kind.GRU, hidden);
  }

  /** The same that begins with this state, (2, B, hidden): forward in time before reverse. */
  public Value bidirectionalGru(long hidden, Value initialHidden) {
    return bidirectional(Recurrent.Kind.GRU, hidden, initialHidden);
  }

  private Value recurrent(Recurrent.Kind kind, long hidden, Value... initial) {
    Recurrent layer = new Recurrent(kind, false, initial.length > 0);
    String name = nextName(layer.type());
    return recurrent(layer, name, name, hidden, List.of(initial));
  }

  private Value bidirectional(Recurrent.Kind kind, long hidden, Value... initial) {
    Recurrent forward = new Recurrent(kind, false, initial.length > 0);
    Recurrent reverse = new Recurrent(kind, true, forward.initial());
    String name = nextName(forward.type());
    Value first = recurrent(forward, name + ".forward", name, hidden, part(0, initial));
    Value second = recurrent(reverse, name + ".reverse", name, hidden, part(1, initial));
    return builder.apply(name, new Layouts.Joined(2), List.of(first, second));
  }

  /** The initial states of a direction. */
  private static List<Value> part(int direction, Value[] initial) {
    return Arrays.stream(initial)
        .map(states -> states.slice(0, direction, direction + 1).squeeze(0))
        .toList();
  }

  /**
   * @param owner that the parameters are named after
   */
  private Value recurrent(
      Recurrent layer, String name, String owner, long hidden, List<Value> initial) {
    long gates = layer.kind().gates * hidden;
    String end = layer.reverse() ? "_l0_reverse" : "_l0";
    Initializer first = Initializer.fanIn(hidden);
    return parametric(
        name,
        owner,
        layer,
        initial,
        trained("weight_ih" + end, Shape.of(gates, known(2, layer.type())), first),
        trained("weight_hh" + end, Shape.of(gates, hidden), first),
        trained("bias_ih" + end, Shape.of(gates), first),
        trained("bias_hh" + end, Shape.of(gates), first));
  }

  public Value matmul(Value other) {
    return apply(new Products.Product(), other);
  }

  // Normalisation.

  /** What norms add to a variance. */
  private static final double EPSILON = 1e-5;

  /** With a scale and a shift for each channel. */
  public Value instanceNorm() {
    return groupNorm(channels("group_norm"), true);
  }

  public Value instanceNorm(boolean affine) {
    return groupNorm(channels("group_norm"), affine);
  }

  public Value groupNorm(long groups) {
    return groupNorm(groups, true);
  }

  public Value groupNorm(long groups, boolean affine) {
    Operation operation = new Normalizations.Group(groups, EPSILON, affine, Activation.none());
    return affine ? parametric(operation, scaleAndShift(channelShape())) : apply(operation);
  }

  private Shape channelShape() {
    return Shape.of(channels("norm"));
  }

  private static Parameter[] scaleAndShift(Shape shape) {
    return new Parameter[] {
      trained("weight", shape, Initializer.constant(1)),
      trained("bias", shape, Initializer.constant(0))
    };
  }

  /**
   * By running statistics, while it is trained by those of the batch, with a scale and a shift for
   * each channel.
   */
  public Value batchNorm() {
    return batchNorm(EPSILON, true);
  }

  public Value batchNorm(double epsilon, boolean affine) {
    Shape shape = channelShape();
    List<Parameter> parameters =
        new ArrayList<>(
            List.of(
                new Parameter("running_mean", shape, Initializer.constant(0), false),
                new Parameter("running_var", shape, Initializer.constant(1), false)));
    if (affine) {
      parameters.addAll(List.of(scaleAndShift(shape)));
    }
    return parametric(
        new Normalizations.Batch(epsilon, affine), parameters.toArray(new Parameter[0]));
  }

  /** Over all axes from one on, whose sizes must be numbers. */
  public Value layerNorm(int axis) {
    int first = shape().axis(axis);
    Shape shape = SymbolicShape.of(shape().sizes().subList(first, shape().rank())).known();
    return parametric(new Normalizations.Layer(axis, EPSILON), scaleAndShift(shape));
  }

  // Of each element.

  public Value activation(Activation activation) {
    return apply(new Elementwise.Activate(activation));
  }

  public Value relu() {
    return activation(Activation.relu());
  }

  public Value leakyRelu(double slope) {
    return activation(Activation.leakyRelu(slope));
  }

  public Value sigmoid() {
    return activation(Activation.sigmoid());
  }

  public Value tanh() {
    return activation(Activation.tanh());
  }

  public Value gelu() {
    return activation(Activation.gelu());
  }

  public Value unary(Unary.Function function) {
    return apply(new Elementwise.OfOne(function));
  }

  public Value binary(Binary.Function function, Value other) {
    return apply(new Elementwise.OfTwo(function), other);
  }

  public Value add(Value other) {
    return binary(Binary.Function.ADD, other);
  }

  public Value subtract(Value other) {
    return binary(Binary.Function.SUBTRACT, other);
  }

  public Value multiply(Value other) {
    return binary(Binary.Function.MULTIPLY, other);
  }

  public Value divide(Value other) {
    return binary(Binary.Function.DIVIDE, other);
  }

  /** Times a number. */
  public Value times(double factor) {
    return apply(new Elementwise.Linear(factor, 0, type()));
  }

  /** Plus a number. */
  public Value plus(double offset) {
    return apply(new Elementwise.Linear(1, offset, type()));
  }

  /** As another element type, as {@link org.voxkern.op.Convert} does it. */
  public Value cast(ElementType type) {
    return type() == type ? this : apply(new Elementwise.Linear(1, 0, type));
  }

  /** min(max(x, low), high). */
  public Value clip(double low, double high) {
    return apply(new Elementwise.Clipped(low, high));
  }

  /** {@link Softmax} along an axis. */
  public Value softmax(int axis) {
    return apply(new Elementwise.SoftmaxAlong(axis, false));
  }

  public Value logSoftmax(int axis) {
    return apply(new Elementwise.SoftmaxAlong(axis, true));
  }

  /** Of each element with probability 1/2 in training; the identity otherwise. */
  public Value dropout() {
    return dropout(0.5, false);
  }

  /**
   * Drops in training, each layer by other draws; the identity otherwise.
   *
   * @param wholeChannels whether (n, c) of (N, C, ...) are dropped together
   */
  public Value dropout(double probability, boolean wholeChannels) {
    String name = nextName("dropout");
    Operation operation = new Dropping(probability, wholeChannels, Weights.seedOf(name, 0), false);
    return builder.apply(name, operation, List.of(this));
  }

  // Reductions.

  /**
   * Along axes, negative ones from the end; along all where there are none.
   *
   * @param keepAxes whether they stay with size 1
   */
  public Value reduce(Reduce.Reduction reduction, boolean keepAxes, int... axes) {
    return apply(new Reductions.Along(reduction, Arrays.stream(axes).boxed().toList(), keepAxes));
  }

  /** Along axes, which do not stay; of everything where there are none. */
  public Value sum(int... axes) {
    return reduce(Reduce.Reduction.SUM, false, axes);
  }

  /** Along axes, which do not stay; of everything where there are none. */
  public Value mean(int... axes) {
    return reduce(Reduce.Reduction.MEAN, false, axes);
  }

  /** How many elements this has, a number of its type. */
  public Value elementCount() {
    return apply(new Constants.Count());
  }

  /** Repeated to the shape that this and another broadcast to. */
  public Value expandLike(Value like) {
    return apply(new Reductions.ExpandedLike(), like);
  }

  /** One of {@code depth} is 1 along a new axis: this holds i32 or i64 indices. */
  public Value oneHot(int axis, long depth) {
    return apply(new OneHotAlong(axis, depth));
  }

  // Pools.

  /** Windows side by side. */
  public Value maxPool(long kernel) {
    return maxPool(PoolWindow.kernel(kernel, kernel, kernel).build());
  }

  public Value maxPool(PoolWindow window) {
    return apply(new Pools.Max(window));
  }

  /** Windows side by side. */
  public Value averagePool(long kernel) {
    return averagePool(PoolWindow.kernel(kernel, kernel, kernel).build(), true);
  }

  /**
   * @param paddingCounts whether the padding's zeros are part of the mean
   */
  public Value averagePool(PoolWindow window, boolean paddingCounts) {
    return apply(new Pools.Average(window, paddingCounts));
  }

  public Value globalAveragePool() {
    return adaptiveAveragePool(1, 1, 1);
  }

  public Value adaptiveAveragePool(long z, long y, long x) {
    return apply(new Pools.Adaptive(false, z, y, x));
  }

  public Value adaptiveMaxPool(long z, long y, long x) {
    return apply(new Pools.Adaptive(true, z, y, x));
  }

  // Layout.

  public Value concat(int axis, Value... others) {
    return apply(new Layouts.Joined(axis), others);
  }

  /** A size of 0 is the input's along that axis, -1 what is left. */
  public Value reshape(Object... sizes) {
    return apply(new Layouts.Reshape(Arrays.stream(sizes).map(SymbolicShape::sizeOf).toList()));
  }

  /** All axes but the first become one. */
  public Value flatten() {
    return apply(new Layouts.Flatten(1));
  }

  /** With one more axis, of size 1. */
  public Value unsqueeze(int axis) {
    return apply(new Layouts.Unsqueezed(axis));
  }

  /** Without axes of size 1, negative ones from the end. */
  public Value squeeze(int... axes) {
    return apply(new Layouts.Squeezed(Arrays.stream(axes).boxed().toList()));
  }

  public Value permute(int... order) {
    return apply(new Layouts.Permuted(Arrays.stream(order).boxed().toList()));
  }

  public Value pad(Pad pad) {
    return apply(new Layouts.Padded(pad));
  }

  /** As the end of a {@link #slice}: up to the last. */
  public static final long END = Long.MAX_VALUE;

  /** From start to before end along an axis; negative ones count from the end. */
  public Value slice(int axis, long start, long end) {
    return apply(new Layouts.Part(axis, start, end));
  }

  /** The middle of this volume, as large as another. */
  public Value centerCrop(Value like) {
    return apply(new Layouts.CenterCrop(), like);
  }

  // Sampling.

  /** Space grows by a whole factor. */
  public Value enlarge(Resize.Mode mode, long factor) {
    return apply(new Sampling.Enlarged(Resize.builder(mode).build(), factor, factor, factor));
  }

  /** To the space of another volume. */
  public Value resizeLike(Resize resize, Value like) {
    return apply(new Sampling.ResizedLike(resize), like);
  }

  public Value gridSample(GridSample sample, Value grid) {
    return apply(new Sampling.AtGrid(sample), grid);
  }

  /** Of this volume, where a displacement (N, 3, D, H, W) in voxels, x, y, z, takes each voxel. */
  public Value warp(Value displacement, Warp3d.Border border) {
    return apply(new Sampling.Warped(border), displacement);
  }

  /** The displacement of the flow of this velocity, (N, 3, D, H, W) in voxels, x, y, z. */
  public Value scalingAndSquaring(int steps) {
    return apply(new Sampling.Flow(steps));
  }

  @Override
  public String toString() {
    return node.toString();
  }
}
