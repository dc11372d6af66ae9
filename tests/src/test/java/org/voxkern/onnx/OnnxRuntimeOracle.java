package org.voxkern.onnx;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.voxkern.Tensor;

/** What ONNX Runtime makes of a model. */
final class OnnxRuntimeOracle {
  private OnnxRuntimeOracle() {}

  /** Outputs of f32, by name. */
  static Map<String, float[]> run(ModelProto model, Map<String, Tensor> inputs)
      throws OrtException {
    return run(
        (environment, options) -> environment.createSession(model.toByteArray(), options), inputs);
  }

  /** The same of a file, which may have others beside it. */
  static Map<String, float[]> run(Path model, Map<String, Tensor> inputs) throws OrtException {
    return run(
        (environment, options) -> environment.createSession(model.toString(), options), inputs);
  }

  @FunctionalInterface
  private interface Opening {
    OrtSession open(OrtEnvironment environment, OrtSession.SessionOptions options)
        throws OrtException;
  }

  private static Map<String, float[]> run(Opening opening, Map<String, Tensor> inputs)
      throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, OnnxTensor> given = new LinkedHashMap<>();
    Map<String, float[]> results = new LinkedHashMap<>();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(2);
      try (OrtSession session = opening.open(environment, options)) {
        for (Map.Entry<String, Tensor> input : inputs.entrySet()) {
          given.put(input.getKey(), tensor(environment, input.getValue()));
        }
        try (OrtSession.Result outputs = session.run(given)) {
          for (var output : outputs) {
            FloatBuffer values = ((OnnxTensor) output.getValue()).getFloatBuffer();
            float[] numbers = new float[values.remaining()];
            values.get(numbers);
            results.put(output.getKey(), numbers);
          }
        }
      }
    } finally {
      given.values().forEach(OnnxTensor::close);
    }
    return results;
  }

  private static OnnxTensor tensor(OrtEnvironment environment, Tensor tensor) throws OrtException {
    long[] shape = tensor.shape().toArray();
    return switch (tensor.type()) {
      case I32 -> OnnxTensor.createTensor(environment, IntBuffer.wrap(tensor.toIntArray()), shape);
      case I64 ->
          OnnxTensor.createTensor(environment, LongBuffer.wrap(tensor.toLongArray()), shape);
      default ->
          OnnxTensor.createTensor(environment, FloatBuffer.wrap(tensor.toFloatArray()), shape);
    };
  }
}
