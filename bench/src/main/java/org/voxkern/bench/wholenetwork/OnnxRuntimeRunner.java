package org.voxkern.bench.wholenetwork;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.voxkern.Context;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.onnx.OnnxExport;

/** ONNX Runtime on what we export, into memory that stays. */
final class OnnxRuntimeRunner implements Runner {
  private final OrtSession session;
  private final Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
  private final Map<String, OnnxTensor> outputs = new LinkedHashMap<>();
  private final FloatBuffer compared;
  private final boolean labels;
  private final int voxels;

  OnnxRuntimeRunner(WholeNetwork network, int threads) throws IOException, OrtException {
    Path file = Files.createTempFile("voxkern-bench-", ".onnx");
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(threads);
    try {
      export(network, file);
      session = environment.createSession(file.toString(), options);
    } finally {
      Files.deleteIfExists(file);
    }
    Map<String, FloatBuffer> memory = new LinkedHashMap<>();
    for (String input : network.graph().inputs().keySet()) {
      FloatBuffer buffer = direct(network.image());
      buffer.put(network.input(input)).rewind();
      inputs.put(input, OnnxTensor.createTensor(environment, buffer, network.image().toArray()));
    }
    for (Map.Entry<String, Shape> output :
        network.graph().outputShapes(network.shapes()).entrySet()) {
      FloatBuffer buffer = direct(output.getValue());
      memory.put(output.getKey(), buffer);
      outputs.put(
          output.getKey(),
          OnnxTensor.createTensor(environment, buffer, output.getValue().toArray()));
    }
    compared = memory.get(network.output());
    labels = network.trained() != null;
    Shape image = network.image();
    voxels = Math.toIntExact(image.size(2) * image.size(3) * image.size(4));
  }

  private static void export(WholeNetwork network, Path file) throws IOException {
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      OnnxExport.write(network.graph(), network.weights(context), file);
    }
  }

  private static FloatBuffer direct(Shape shape) {
    return ByteBuffer.allocateDirect(Math.toIntExact(4 * shape.elementCount()))
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  @Override
  public void run() throws OrtException {
    session.run(inputs, Collections.emptySet(), outputs).close();
  }

  @Override
  public float[] result() {
    float[] values = new float[compared.capacity()];
    compared.duplicate().rewind().get(values);
    return labels ? greatest(values) : values;
  }

  /** The first class of the greatest score, for each voxel of one volume. */
  private float[] greatest(float[] scores) {
    float[] classes = new float[voxels];
    for (int at = voxels; at < scores.length; at++) {
      int voxel = at % voxels;
      if (scores[at] > scores[(int) classes[voxel] * voxels + voxel]) {
        classes[voxel] = at / voxels;
      }
    }
    return classes;
  }
}
