package org.voxkern.bench.network;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.voxkern.Shape;

/** ONNX Runtime: a model of one or two nodes, weights as initialisers, memory given by us. */
final class OnnxRuntimeContender implements Contender {
  private static final int OPSET = 20;
  private static final int IR_VERSION = 9;

  @Override
  public boolean takes(NetworkCase job) {
    return switch (job.kind()) {
      case CONV_GRADIENT_INPUT, CONV_GRADIENT_WEIGHTS, GRID_SAMPLE_GRADIENT -> false;
      default -> job.usual();
    };
  }

  @Override
  public Prepared prepare(NetworkCase job, CaseData data, int threads) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(threads);
    Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
    GraphProto.Builder graph = GraphProto.newBuilder().setName("job");
    boolean boxes = job.kind() == NetworkCase.Kind.NMS;
    if (boxes) {
      int count = job.size()[2];
      input(graph, inputs, environment, "boxes", data.boxes(), Shape.of(1, count, 4));
      input(graph, inputs, environment, "scores", data.scores(), Shape.of(1, 1, count));
    } else {
      input(graph, inputs, environment, "input", data.input(), job.inputShape());
    }
    nodes(job, data, graph, inputs, environment);
    Shape shape = boxes ? null : job.outputShape();
    graph.addOutput(
        boxes
            ? info("output", TensorProto.DataType.INT64, null)
            : info("output", TensorProto.DataType.FLOAT, shape));
    ModelProto model =
        ModelProto.newBuilder()
            .setIrVersion(IR_VERSION)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPSET))
            .setGraph(graph)
            .build();
    OrtSession session = environment.createSession(model.toByteArray(), options);
    return boxes ? suppression(session, inputs) : pinned(session, inputs, environment, shape);
  }

  /** Runs into memory that stays. */
  private static Prepared pinned(
      OrtSession session, Map<String, OnnxTensor> inputs, OrtEnvironment environment, Shape shape)
      throws OrtException {
    FloatBuffer memory = direct(shape);
    OnnxTensor output = OnnxTensor.createTensor(environment, memory, shape.toArray());
    return new Prepared() {
      @Override
      public void run() throws OrtException {
        session.run(inputs, Collections.emptySet(), Map.of("output", output)).close();
      }

      @Override
      public float[] result() {
        float[] values = new float[memory.capacity()];
        memory.duplicate().rewind().get(values);
        return values;
      }
    };
  }

  private static Prepared suppression(OrtSession session, Map<String, OnnxTensor> inputs) {
    return new Prepared() {
      private float[] kept;
      private boolean wanted;

      @Override
      public void run() throws OrtException {
        try (OrtSession.Result result = session.run(inputs)) {
          if (wanted) {
            long[][] rows = (long[][]) result.get(0).getValue();
            kept = new float[rows.length];
            for (int i = 0; i < rows.length; i++) {
              kept[i] = rows[i][2];
            }
          }
        }
      }

      @Override
      public float[] result() throws OrtException {
        wanted = true;
        run();
        return kept;
      }
    };
  }

  private static void nodes(
      NetworkCase job,
      CaseData data,
      GraphProto.Builder graph,
      Map<String, OnnxTensor> inputs,
      OrtEnvironment environment)
      throws OrtException {
    NetworkCase.Window window = job.window();
    switch (job.kind()) {
      case CONV, CONV_TRANSPOSE -> {
        graph.addInitializer(constant("weights", data.weights(), job.weightsShape()));
        String type = job.kind() == NetworkCase.Kind.CONV ? "Conv" : "ConvTranspose";
        graph.addNode(
            window(node(type, "output", "input", "weights"), window)
                .addAttribute(ints("dilations", window.dilation(), 3))
                .addAttribute(number("group", window.groups())));
      }
      case MAX_POOL -> graph.addNode(window(node("MaxPool", "output", "input"), window));
      case AVERAGE_POOL ->
          graph.addNode(
              window(node("AveragePool", "output", "input"), window)
                  .addAttribute(number("count_include_pad", 1)));
      case INSTANCE_NORM -> {
        Shape channels = Shape.of(job.in());
        graph.addInitializer(constant("scale", data.scale(), channels));
        graph.addInitializer(constant("shift", data.shift(), channels));
        graph.addNode(node("InstanceNormalization", "normalized", "input", "scale", "shift"));
        graph.addNode(
            node("LeakyRelu", "output", "normalized")
                .addAttribute(
                    AttributeProto.newBuilder()
                        .setName("alpha")
                        .setType(AttributeProto.AttributeType.FLOAT)
                        .setF(0.01f)));
      }
      case GRID_SAMPLE -> {
        int[] n = job.size();
        input(graph, inputs, environment, "grid", data.grid(), Shape.of(1, n[0], n[1], n[2], 3));
        graph.addNode(
            node("GridSample", "output", "input", "grid").addAttribute(number("align_corners", 0)));
      }
      case NMS -> {
        graph.addInitializer(
            TensorProto.newBuilder()
                .setName("most")
                .setDataType(TensorProto.DataType.INT64_VALUE)
                .addDims(1)
                .addInt64Data(job.size()[2]));
        graph.addInitializer(constant("threshold", new float[] {0.5f}, Shape.of(1)));
        graph.addNode(node("NonMaxSuppression", "output", "boxes", "scores", "most", "threshold"));
      }
      default -> throw new IllegalArgumentException(job.name() + ": ONNX has no such operator");
    }
  }

  private static NodeProto.Builder node(String type, String output, String... inputs) {
    NodeProto.Builder node = NodeProto.newBuilder().setOpType(type).addOutput(output);
    for (String input : inputs) {
      node.addInput(input);
    }
    return node;
  }

  private static NodeProto.Builder window(NodeProto.Builder node, NetworkCase.Window window) {
    return node.addAttribute(ints("kernel_shape", window.kernel(), 3))
        .addAttribute(ints("strides", window.stride(), 3))
        .addAttribute(ints("pads", window.padding(), 6));
  }

  private static AttributeProto ints(String name, long value, int count) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INTS)
        .addAllInts(Collections.nCopies(count, value))
        .build();
  }

  private static AttributeProto number(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  private static void input(
      GraphProto.Builder graph,
      Map<String, OnnxTensor> inputs,
      OrtEnvironment environment,
      String name,
      float[] values,
      Shape shape)
      throws OrtException {
    graph.addInput(info(name, TensorProto.DataType.FLOAT, shape));
    FloatBuffer memory = direct(shape);
    memory.put(values).rewind();
    inputs.put(name, OnnxTensor.createTensor(environment, memory, shape.toArray()));
  }

  private static TensorProto constant(String name, float[] values, Shape shape) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(TensorProto.DataType.FLOAT_VALUE)
            .setRawData(ByteString.copyFrom(bytes));
    for (long size : shape.toArray()) {
      tensor.addDims(size);
    }
    return tensor.build();
  }

  private static ValueInfoProto info(String name, TensorProto.DataType type, Shape shape) {
    TypeProto.Tensor.Builder tensor = TypeProto.Tensor.newBuilder().setElemType(type.getNumber());
    if (shape != null) {
      TensorShapeProto.Builder dimensions = TensorShapeProto.newBuilder();
      for (long size : shape.toArray()) {
        dimensions.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(size));
      }
      tensor.setShape(dimensions);
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(tensor))
        .build();
  }

  private static FloatBuffer direct(Shape shape) {
    return ByteBuffer.allocateDirect(Math.toIntExact(4 * shape.elementCount()))
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }
}
