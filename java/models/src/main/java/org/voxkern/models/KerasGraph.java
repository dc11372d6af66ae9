package org.voxkern.models;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.voxkern.Context;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Value;
import org.voxkern.graph.Weights;
import org.voxkern.op.Activation;
import org.voxkern.op.Conv3d;
import org.voxkern.op.PoolWindow;
import org.voxkern.op.Resize;
import org.voxkern.op.Warp3d;

/** From the layers of a model of Keras to a graph. */
final class KerasGraph {
  private static final String NORM_SUFFIX = "_gn";
  private static final Set<String> LAYERS =
      Set.of(
          "InputLayer",
          "Conv3D",
          "BatchNormalization",
          "Activation",
          "ReLU",
          "LeakyReLU",
          "ELU",
          "Softmax",
          "Dropout",
          "SpatialDropout3D",
          "MaxPooling3D",
          "AveragePooling3D",
          "UpSampling3D",
          "Concatenate",
          "Add",
          "SpatialTransformer");

  private final Context context;
  private final Map<String, LayerWeights> files;

  /** Whether names say where norms are. */
  private final boolean namesNorms;

  private final Graph.Builder builder = Graph.builder();
  private final Map<String, Value> values = new LinkedHashMap<>();
  private final Map<String, Tensor> parameters = new LinkedHashMap<>();
  private boolean fixedSize;

  KerasGraph(Context context, Map<String, LayerWeights> files, boolean namesNorms) {
    this.context = context;
    this.files = files;
    this.namesNorms = namesNorms;
  }

  TrainedModel build(Settings model) {
    String kind = model.string("class_name");
    if (!kind.equals("Functional") && !kind.equals("Model")) {
      throw new IllegalArgumentException(
          "the model is of the class " + kind + ", expected Functional or Model");
    }
    Settings config = model.object("config");
    List<Settings> layers = config.objects("layers");
    requireKnown(layers);
    fixedSize = layers.stream().anyMatch(KerasGraph::hasStridedPadding);
    try (Scope scope = Scope.open(context)) {
      for (Settings layer : layers) {
        add(layer);
      }
      for (Object output : config.list("output_layers")) {
        String name = String.valueOf(((List<?>) output).get(0));
        builder.output(name, value(name));
      }
      Graph graph = builder.build();
      Weights weights = Weights.of(graph, parameters);
      graph.parameters().forEach(each -> weights.get(each.name()).moveTo(scope.parent()));
      return new TrainedModel(graph, weights);
    }
  }

  private static void requireKnown(List<Settings> layers) {
    Set<String> unknown = new TreeSet<>();
    for (Settings layer : layers) {
      String kind = layer.string("class_name");
      if (!LAYERS.contains(kind)) {
        unknown.add(kind + " '" + layer.object("config").string("name") + "'");
      }
    }
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException("the model has layers that cannot be read: " + unknown);
    }
  }

  private static boolean hasStridedPadding(Settings layer) {
    Settings config = layer.object("config");
    return layer.string("class_name").equals("Conv3D")
        && config.string("padding", "valid").equals("same")
        && !Arrays.equals(config.space("strides", 1), new long[] {1, 1, 1});
  }

  private Value value(String layer) {
    Value value = values.get(layer);
    if (value == null) {
      throw new IllegalArgumentException(
          "layer '" + layer + "' is used before it is made, or not there: " + values.keySet());
    }
    return value;
  }

  private List<Value> inputs(Settings layer, String name) {
    List<Value> inputs = new ArrayList<>();
    List<?> calls = layer.list("inbound_nodes");
    if (calls.isEmpty()) {
      return inputs;
    }
    if (calls.size() != 1 || !(calls.get(0) instanceof List<?> sources)) {
      throw new IllegalArgumentException(
          "layer '" + name + "' is not used exactly once in the manner of Keras 2");
    }
    for (Object source : sources) {
      inputs.add(value(String.valueOf(((List<?>) source).get(0))));
    }
    return inputs;
  }

  private void add(Settings layer) {
    Settings config = layer.object("config");
    String name = config.string("name");
    if (!config.string("data_format", "channels_last").equals("channels_last")) {
      throw new IllegalArgumentException(
          "layer '" + name + "' has channels first, expected channels_last");
    }
    List<Value> inputs = inputs(layer, name);
    Value first = inputs.isEmpty() ? null : inputs.get(0);
    Value next = first == null ? null : first.as(name);
    values.put(
        name,
        switch (layer.string("class_name")) {
          case "InputLayer" -> input(config, name);
          case "Conv3D" -> convolution(first, config, name);
          case "BatchNormalization" -> batchNorm(next, config, name);
          case "Activation" -> activated(first, config.string("activation"), name);
          case "ReLU" -> relu(next, config);
          case "LeakyReLU" -> next.leakyRelu(config.number("alpha", 0.3));
          case "ELU" -> next.activation(Activation.elu(config.number("alpha", 1)));
          case "Softmax" -> next.softmax(channelAxis(config, name));
          case "Dropout", "SpatialDropout3D" -> next.dropout();
          case "MaxPooling3D" -> next.maxPool(window(config, name));
          case "AveragePooling3D" -> next.averagePool(window(config, name), false);
          case "UpSampling3D" -> enlarged(next, config, name);
          case "Concatenate" ->
              next.concat(channelAxis(config, name), rest(inputs).toArray(new Value[0]));
          case "Add" -> sum(inputs, name);
          default -> warped(inputs, name);
        });
  }

  private static List<Value> rest(List<Value> inputs) {
    return inputs.subList(1, inputs.size());
  }

  private Value input(Settings config, String name) {
    List<?> shape = config.list("batch_input_shape");
    if (shape.size() != 5 || !(shape.get(4) instanceof Number channels)) {
      throw new IllegalArgumentException(
          "input '"
              + name
              + "' has the shape "
              + shape
              + ", expected (N, D, H, W, C) with known C");
    }
    Object[] sizes = {"N", channels.longValue(), "D", "H", "W"};
    for (int axis = 0; axis < 3 && fixedSize; axis++) {
      if (!(shape.get(axis + 1) instanceof Number size)) {
        throw new IllegalArgumentException(
            "input '"
                + name
                + "' has the shape "
                + shape
                + ", but padding of strided convolutions depends on its sizes");
      }
      sizes[axis + 2] = size.longValue();
    }
    return builder.input(name, sizes);
  }

  private LayerWeights weights(String layer) {
    LayerWeights weights = files.get(layer);
    if (weights == null) {
      throw new IllegalArgumentException(
          "there are no weights of layer '" + layer + "' among those of " + files.keySet());
    }
    return weights;
  }

  private Value convolution(Value input, Settings config, String name) {
    long[] kernel = config.space("kernel_size", 1);
    long[] stride = config.space("strides", 1);
    long[] dilation = config.space("dilation_rate", 1);
    long[] begin = new long[3];
    long[] end = new long[3];
    if (config.string("padding", "valid").equals("same")) {
      for (int axis = 0; axis < 3; axis++) {
        long total = (kernel[axis] - 1) * dilation[axis];
        if (stride[axis] > 1) {
          long size = input.shape().known(axis + 2);
          long outputs = (size + stride[axis] - 1) / stride[axis];
          total = Math.max(0, (outputs - 1) * stride[axis] + total + 1 - size);
        }
        begin[axis] = total / 2;
        end[axis] = total - begin[axis];
      }
    }
    Conv3d.Builder convolution = Conv3d.builder().groups((long) config.number("groups", 1));
    convolution
        .stride(stride[0], stride[1], stride[2])
        .dilation(dilation[0], dilation[1], dilation[2])
        .paddingBegin(begin[0], begin[1], begin[2])
        .paddingEnd(end[0], end[1], end[2]);
    boolean bias = config.flag("use_bias", true);
    Value output =
        input.as(name).conv3d(config.integer("filters"), kernel, convolution.build(), bias);
    parameters.put(name + ".weight", weights(name).kernel(context));
    if (bias) {
      parameters.put(name + ".bias", weights(name).vector(context, "bias"));
    }
    if (namesNorms && name.endsWith(NORM_SUFFIX)) {
      output = output.as(name + ".norm").instanceNorm(false);
    }
    return activated(output, config.string("activation", "linear"), name + ".activation");
  }

  private Value batchNorm(Value next, Settings config, String name) {
    boolean scale = config.flag("scale", true);
    boolean center = config.flag("center", true);
    if (scale != center) {
      throw new IllegalArgumentException(
          "layer '" + name + "' has only one of scale and center, expected both or none");
    }
    channelAxis(config, name);
    Value output = next.batchNorm(config.number("epsilon", 1e-3), scale);
    LayerWeights stored = weights(name);
    parameters.put(name + ".running_mean", stored.vector(context, "moving_mean"));
    parameters.put(name + ".running_var", stored.vector(context, "moving_variance"));
    if (scale) {
      parameters.put(name + ".weight", stored.vector(context, "gamma"));
      parameters.put(name + ".bias", stored.vector(context, "beta"));
    }
    return output;
  }

  /** The axis of channels here for the last one there; no other is read. */
  private static int channelAxis(Settings config, String name) {
    Object axis = config.has("axis") ? axisOf(config) : -1L;
    if (!axis.equals(-1L) && !axis.equals(4L)) {
      throw new IllegalArgumentException(
          "layer '"
              + name
              + "' works along axis "
              + axis
              + ", expected that of channels, the last");
    }
    return 1;
  }

  private static Object axisOf(Settings config) {
    try {
      long[] axes = config.integers("axis");
      return axes.length == 1 ? axes[0] : Arrays.toString(axes);
    } catch (IllegalArgumentException single) {
      return config.integer("axis");
    }
  }

  /** Adds a node of this name, or none where nothing is applied. */
  private static Value activated(Value value, String activation, String name) {
    Value next = value.as(name);
    return switch (activation) {
      case "linear" -> value;
      case "relu" -> next.relu();
      case "elu" -> next.activation(Activation.elu(1));
      case "selu" -> next.activation(Activation.selu());
      case "gelu" -> next.gelu();
      case "leaky_relu" -> next.leakyRelu(0.2);
      case "sigmoid" -> next.sigmoid();
      case "tanh" -> next.tanh();
      case "softplus" -> next.activation(Activation.softplus(1));
      case "softsign" -> next.activation(Activation.softsign());
      case "swish", "silu" -> next.activation(Activation.silu());
      case "softmax" -> next.softmax(1);
      default ->
          throw new IllegalArgumentException(
              "'" + name + "' is the unknown activation " + activation);
    };
  }

  private static Value relu(Value next, Settings config) {
    double slope = config.number("negative_slope", 0);
    if (config.number("threshold", 0) != 0 || (config.has("max_value") && slope != 0)) {
      throw new IllegalArgumentException(
          "a ReLU layer has a threshold, or both a slope and a greatest value");
    }
    if (config.has("max_value")) {
      return next.activation(Activation.clip(0, config.number("max_value", 0)));
    }
    return slope == 0 ? next.relu() : next.leakyRelu(slope);
  }

  private static PoolWindow window(Settings config, String name) {
    long[] kernel = config.space("pool_size", 2);
    long[] stride = config.has("strides") ? config.space("strides", 2) : kernel;
    if (!config.string("padding", "valid").equals("valid")) {
      throw new IllegalArgumentException(
          "layer '"
              + name
              + "' pools with padding "
              + config.string("padding")
              + ", expected valid");
    }
    return PoolWindow.kernel(kernel[0], kernel[1], kernel[2])
        .stride(stride[0], stride[1], stride[2])
        .build();
  }

  private static Value enlarged(Value next, Settings config, String name) {
    long[] factor = config.space("size", 2);
    if (factor[0] != factor[1] || factor[0] != factor[2]) {
      throw new IllegalArgumentException(
          "layer '"
              + name
              + "' enlarges by "
              + Arrays.toString(factor)
              + ", expected one factor for all axes");
    }
    return next.enlarge(Resize.Mode.NEAREST, factor[0]);
  }

  private static Value sum(List<Value> inputs, String name) {
    Value sum = inputs.get(0);
    for (int i = 1; i < inputs.size(); i++) {
      boolean last = i == inputs.size() - 1;
      sum = (last ? sum.as(name) : sum).add(inputs.get(i));
    }
    return sum;
  }

  /** An image where a displacement takes each voxel; there components are in the order of axes. */
  private static Value warped(List<Value> inputs, String name) {
    if (inputs.size() != 2) {
      throw new IllegalArgumentException(
          "layer '" + name + "' has " + inputs.size() + " inputs, expected an image and a field");
    }
    Value field = inputs.get(1);
    Value displacement = field.slice(1, 2, 3).concat(1, field.slice(1, 1, 2), field.slice(1, 0, 1));
    return inputs.get(0).as(name).warp(displacement, Warp3d.Border.CLAMP);
  }
}
