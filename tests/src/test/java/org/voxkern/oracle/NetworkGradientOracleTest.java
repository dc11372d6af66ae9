package org.voxkern.oracle;

import static org.voxkern.oracle.Torch.assertNear;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.graph.Differentiation;
import org.voxkern.graph.Graph;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.graph.Weights;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Resize;
import org.voxkern.op.Warp3d;
import org.voxkern.oracle.Torch.Input;
import org.voxkern.train.loss.CrossEntropy;
import org.voxkern.train.loss.Dice;
import org.voxkern.train.loss.FieldRegularity;
import org.voxkern.train.loss.Regression;

/** The gradients of whole networks, by every parameter and the image, are libtorch's autograd's. */
@ExtendWith(Libtorch.class)
class NetworkGradientOracleTest {
  private static final double BOUND = 1e-4;
  private static final double LOSS_BOUND = 1e-5;

  /** Class numbers that both libraries get. */
  private record Classes(org.voxkern.Tensor ours, Tensor theirs) {
    static Classes of(Torch inputs, int count, long... sizes) {
      int length = Math.toIntExact(Shape.of(sizes).elementCount());
      int[] values = new Random(7).ints(length, 0, count).toArray();
      long[] wide = java.util.Arrays.stream(values).asLongStream().toArray();
      try (LongPointer memory = new LongPointer(wide);
          Tensor borrowed =
              torch.from_blob(memory, sizes, new TensorOptions(torch.ScalarType.Long))) {
        return new Classes(
            org.voxkern.Tensor.of(inputs.context(), values, sizes), borrowed.clone());
      }
    }
  }

  /** Compares the loss, and its gradients by every trained parameter and by an input. */
  private static void check(
      Torch inputs,
      TorchNetwork network,
      Graph graph,
      Map<String, org.voxkern.Tensor> given,
      Map<String, Input> differentiated,
      Tensor theirs) {
    Graph training = graph.inTraining();
    Graph gradients =
        Differentiation.of(training, "loss")
            .withRespectToParameters()
            .withRespectTo(differentiated.keySet().toArray(new String[0]))
            .build();
    Map<String, org.voxkern.Tensor> all = new LinkedHashMap<>(given);
    differentiated.forEach((name, input) -> all.put(name, input.ours()));
    Map<String, Shape> shapes = new LinkedHashMap<>();
    all.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
    Weights weights = network.weights();
    Map<String, org.voxkern.Tensor> ours =
        gradients.compile(inputs.context(), weights, shapes, Graph.Compilation.TRAINING).run(all);
    assertNear("loss", theirs, ours.get("loss"), LOSS_BOUND);
    theirs.backward();
    Map<String, Input> sources = new LinkedHashMap<>(differentiated);
    graph.parameters().stream()
        .filter(parameter -> parameter.trained())
        .forEach(parameter -> sources.put(parameter.name(), network.input(parameter.name())));
    sources.forEach(
        (name, input) ->
            Torch.assertGradient(name, input, ours.get(Differentiation.nameOf(name)), BOUND));
  }

  /** Without bias, whose gradient before a norm is 0. */
  private static Value convolution(Value input, long channels, long stride) {
    Conv3d convolution = Conv3d.builder().stride(stride, stride, stride).padding(1, 1, 1).build();
    return input.conv3d(channels, new long[] {3, 3, 3}, convolution, false);
  }

  @Test
  void smallUnet() {
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", "N", 2, "D", "H", "W");
    Value fine = convolution(image.as("fine"), 6, 1).as("norm0").batchNorm().relu();
    Value coarse = convolution(fine.as("coarse"), 8, 2).as("norm1").instanceNorm().leakyRelu(0.01);
    Value deepest = convolution(coarse.maxPool(2).as("deepest"), 10, 1).as("norm2").instanceNorm();
    Value middle = coarse.concat(1, deepest.leakyRelu(0.01).as("up1").conv3dTransposed(8, 2));
    Value joined = middle.as("joined1").conv3d(8, 3).leakyRelu(0.01);
    Value last = fine.concat(1, joined.as("up0").conv3dTransposed(6, 2)).as("joined0").conv3d(6, 3);
    Value logits = last.leakyRelu(0.01).as("head").conv3d(3, 1);
    Value labels = builder.input("labels", ElementType.I32, SymbolicShape.of("N", "D", "H", "W"));
    Value loss = CrossEntropy.create().plus(Dice.create()).of(logits, labels);
    Graph graph = builder.output("loss", loss).build();
    try (PointerScope pointers = new PointerScope();
        Torch inputs = Torch.inDouble(31)) {
      TorchNetwork network = new TorchNetwork(inputs, graph);
      Input input = inputs.uniform(Shape.of(2, 2, 12, 16, 20));
      Classes classes = Classes.of(inputs, 3, 2, 12, 16, 20);
      Scalar slope = new Scalar(0.01);
      Tensor fineT =
          torch.relu(
              network.batchNorm("norm0", network.convolution("fine", input.theirs(), 1, 1), true));
      Tensor coarseT =
          torch.leaky_relu(
              network.instanceNorm("norm1", network.convolution("coarse", fineT, 2, 1)), slope);
      Tensor pooled = network.convolution("deepest", TorchNetwork.maxPool(coarseT), 1, 1);
      Tensor deepestT = torch.leaky_relu(network.instanceNorm("norm2", pooled), slope);
      Tensor middleT = torch.cat(new TensorVector(coarseT, network.transposed("up1", deepestT)), 1);
      Tensor joinedT = torch.leaky_relu(network.convolution("joined1", middleT, 1, 1), slope);
      Tensor lastT = torch.cat(new TensorVector(fineT, network.transposed("up0", joinedT)), 1);
      Tensor logitsT =
          network.convolution(
              "head", torch.leaky_relu(network.convolution("joined0", lastT, 1, 1), slope), 1, 0);
      Tensor lossT =
          torch.cross_entropy_loss(logitsT, classes.theirs()).add(dice(logitsT, classes.theirs()));
      check(
          inputs, network, graph, Map.of("labels", classes.ours()), Map.of("image", input), lossT);
    }
  }

  /** Of each image and class: 1 less the mean of (2 sum p t + s) / (sum p + sum t + s). */
  private static Tensor dice(Tensor logits, Tensor classes) {
    Tensor probability = torch.softmax(logits, 1);
    Tensor target = torch.one_hot(classes, 3).permute(0, 4, 1, 2, 3).to(torch.ScalarType.Double);
    Scalar smoothing = new Scalar(1e-5);
    long[] space = {2, 3, 4};
    Tensor both = probability.mul(target).sum(space).mul(new Scalar(2)).add(smoothing);
    Tensor either = probability.sum(space).add(target.sum(space)).add(smoothing);
    return both.div(either).mean().mul(new Scalar(-1)).add(new Scalar(1));
  }

  @Test
  void voxelMorphWithScalingAndSquaring() {
    Graph.Builder builder = Graph.builder();
    Value moving = builder.input("moving", "N", 1, "D", "H", "W");
    Value fixed = builder.input("fixed", "N", 1, "D", "H", "W");
    Value first = moving.concat(1, fixed).as("first").conv3d(8, 3).leakyRelu(0.2);
    Value second = first.as("second").conv3d(12, 3, 2).leakyRelu(0.2);
    Value up = second.as("third").conv3d(12, 3).leakyRelu(0.2).enlarge(Resize.Mode.NEAREST, 2);
    Value velocity = first.concat(1, up).as("flow").conv3d(3, 3);
    // Displacements of about a voxel: larger ones of neighbours that differ as much put more
    // positions so near a cell's face that rounding chooses the slope.
    Value displacement = velocity.times(0.2).scalingAndSquaring(5);
    Value warped = moving.warp(displacement, Warp3d.Border.CLAMP);
    Value loss =
        Regression.meanSquare()
            .of(warped, fixed)
            .add(FieldRegularity.diffusion(displacement).times(0.05));
    // The slope of a warp jumps at the faces of cells: a displacement that errs by as much as
    // convolutions usually may puts a position on the other side of one.
    Graph graph = builder.output("loss", loss).build().withAccuracy(Conv3d.MOST_ACCURATE);
    try (PointerScope pointers = new PointerScope();
        Torch inputs = Torch.inDouble(13)) {
      TorchNetwork network = new TorchNetwork(inputs, graph);
      Shape shape = Shape.of(2, 1, 12, 14, 16);
      Input movingI = inputs.uniform(shape);
      Input fixedI = inputs.uniform(shape);
      Scalar slope = new Scalar(0.2);
      Tensor pair = torch.cat(new TensorVector(movingI.theirs(), fixedI.theirs()), 1);
      Tensor firstT = torch.leaky_relu(network.convolution("first", pair, 1, 1), slope);
      Tensor secondT = torch.leaky_relu(network.convolution("second", firstT, 2, 1), slope);
      Tensor thirdT = torch.leaky_relu(network.convolution("third", secondT, 1, 1), slope);
      Tensor upT = torch.upsample_nearest3d(thirdT, 12, 14, 16);
      Tensor field = network.convolution("flow", torch.cat(new TensorVector(firstT, upT), 1), 1, 1);
      field = field.mul(new Scalar(0.2 / 32));
      for (int squaring = 0; squaring < 5; squaring++) {
        field = field.add(sampled(field, field));
      }
      Tensor lossT =
          sampled(movingI.theirs(), field)
              .sub(fixedI.theirs())
              .square()
              .mean()
              .add(diffusion(field).mul(new Scalar(0.05)));
      check(inputs, network, graph, Map.of(), Map.of("moving", movingI, "fixed", fixedI), lossT);
    }
  }

  /** A volume at x + u(x), u in voxels, the border continuing. */
  private static Tensor sampled(Tensor volume, Tensor displacement) {
    long[] sizes = {displacement.size(2), displacement.size(3), displacement.size(4)};
    int count = (int) (sizes[0] * sizes[1] * sizes[2]);
    float[] identity = new float[3 * count];
    float[] scale = new float[3];
    for (int axis = 0; axis < 3; axis++) {
      // Component 0 is x, the last axis.
      scale[axis] = 2f / (sizes[2 - axis] - 1);
    }
    for (int voxel = 0; voxel < count; voxel++) {
      long[] at = {voxel % sizes[2], voxel / sizes[2] % sizes[1], voxel / (sizes[2] * sizes[1])};
      for (int axis = 0; axis < 3; axis++) {
        identity[3 * voxel + axis] = at[axis];
      }
    }
    Tensor positions =
        displacement.permute(0, 2, 3, 4, 1).add(numbers(identity, sizes[0], sizes[1], sizes[2], 3));
    Tensor grid = positions.mul(numbers(scale, 3)).sub(new Scalar(1));
    return torch.grid_sampler_3d(volume, grid, 0, 1, true);
  }

  private static Tensor numbers(float[] values, long... sizes) {
    try (FloatPointer memory = new FloatPointer(values);
        Tensor borrowed = torch.from_blob(memory, sizes)) {
      return borrowed.clone().to(torch.ScalarType.Double);
    }
  }

  private static Tensor diffusion(Tensor field) {
    Tensor sum = null;
    for (int axis = 2; axis < 5; axis++) {
      long size = field.size(axis);
      Tensor squares =
          field.narrow(axis, 1, size - 1).sub(field.narrow(axis, 0, size - 1)).square().sum();
      sum = sum == null ? squares : sum.add(squares);
    }
    return sum.mul(new Scalar(1.0 / field.numel()));
  }

  @Test
  void lstmClassifier() {
    long steps = 9;
    long batch = 6;
    long features = 7;
    long hidden = 10;
    Graph.Builder builder = Graph.builder();
    Value sequence = builder.input("sequence", "T", "B", features);
    Value last = sequence.as("lstm").lstm(hidden).further(1);
    Value logits = last.as("head").dense(4);
    Value classes = builder.input("classes", ElementType.I32, SymbolicShape.of("B"));
    Value loss = CrossEntropy.create().of(logits, classes);
    Graph graph = builder.output("loss", loss).build();
    try (PointerScope pointers = new PointerScope();
        Torch inputs = Torch.inDouble(57)) {
      TorchNetwork network = new TorchNetwork(inputs, graph);
      Input input = inputs.uniform(Shape.of(steps, batch, features));
      Classes truth = Classes.of(inputs, 4, batch);
      TensorVector states = new TensorVector();
      for (int state = 0; state < 2; state++) {
        states.push_back(torch.zeros(1, batch, hidden).to(torch.ScalarType.Double));
      }
      T_TensorTensorTensor_T theirs =
          torch.lstm(
              input.theirs(),
              states,
              parameters(network, "lstm", "_l0"),
              true,
              1,
              0.0,
              false,
              false,
              false);
      Tensor lossT =
          torch.cross_entropy_loss(
              torch.linear(
                  theirs.get1().squeeze(0), network.get("head.weight"), network.get("head.bias")),
              truth.theirs());
      check(
          inputs,
          network,
          graph,
          Map.of("classes", truth.ours()),
          Map.of("sequence", input),
          lossT);
    }
  }

  /** A bidirectional LSTM, then a GRU, over whole sequences. */
  @Test
  void bidirectionalAndGatedRecurrences() {
    long steps = 7;
    long batch = 5;
    long features = 6;
    long hidden = 8;
    Graph.Builder builder = Graph.builder();
    Value sequence = builder.input("sequence", "T", "B", features);
    Value both = sequence.as("lstm").bidirectionalLstm(hidden);
    Value last = both.as("gru").gru(hidden).further(1);
    Value back = builder.value("lstm.reverse").further(2);
    Value logits = last.multiply(back).as("head").dense(4);
    Value classes = builder.input("classes", ElementType.I32, SymbolicShape.of("B"));
    Graph graph = builder.output("loss", CrossEntropy.create().of(logits, classes)).build();
    try (PointerScope pointers = new PointerScope();
        Torch inputs = Torch.inDouble(58)) {
      TorchNetwork network = new TorchNetwork(inputs, graph);
      Input input = inputs.uniform(Shape.of(steps, batch, features));
      Classes truth = Classes.of(inputs, 4, batch);
      TensorVector states = new TensorVector();
      for (int state = 0; state < 2; state++) {
        states.push_back(torch.zeros(2, batch, hidden).to(torch.ScalarType.Double));
      }
      T_TensorTensorTensor_T theirBoth =
          torch.lstm(
              input.theirs(),
              states,
              parameters(network, "lstm", "_l0", "_l0_reverse"),
              true,
              1,
              0.0,
              false,
              true,
              false);
      T_TensorTensor_T theirLast =
          torch.gru(
              theirBoth.get0(),
              torch.zeros(1, batch, hidden).to(torch.ScalarType.Double),
              parameters(network, "gru", "_l0"),
              true,
              1,
              0.0,
              false,
              false,
              false);
      Tensor gated = theirLast.get1().squeeze(0).mul(theirBoth.get2().select(0, 1));
      Tensor lossT =
          torch.cross_entropy_loss(
              torch.linear(gated, network.get("head.weight"), network.get("head.bias")),
              truth.theirs());
      check(
          inputs,
          network,
          graph,
          Map.of("classes", truth.ours()),
          Map.of("sequence", input),
          lossT);
    }
  }

  private static TensorVector parameters(TorchNetwork network, String layer, String... ends) {
    TensorVector parameters = new TensorVector();
    for (String end : ends) {
      for (String name : new String[] {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}) {
        parameters.push_back(network.get(layer + "." + name + end));
      }
    }
    return parameters;
  }
}
