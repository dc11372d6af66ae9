package org.voxkern.models;

import com.fasterxml.jackson.jr.ob.JSON;
import com.fasterxml.jackson.jr.ob.JSONObjectException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Convert;

/** The files of a TensorFlow.js layers model. */
final class Tfjs {
  private static final String NAME_ENCODING_EXPORTER = "PyTorch_to_TF_JS_exporter";
  private static final int MOST_AXES = 8;

  private Tfjs() {}

  static TrainedModel read(Context context, Path modelJson) throws IOException {
    Settings file = Settings.of("the file", parse(Files.readString(modelJson)));
    String format = file.string("format", "layers-model");
    if (!format.equals("layers-model")) {
      throw new IllegalArgumentException("format is " + format + ", expected layers-model");
    }
    Settings topology = file.object("modelTopology");
    Map<String, LayerWeights> weights = new LinkedHashMap<>();
    List<Settings> groups = file.objects("weightsManifest");
    for (Settings group : groups) {
      readGroup(context, modelJson, group, groups.size() == 1, weights);
    }
    boolean namesNorms = file.string("generatedBy", "").startsWith(NAME_ENCODING_EXPORTER);
    return KerasModels.build(context, topology.object("model_config"), weights, namesNorms);
  }

  static Object parse(String json) throws IOException {
    try {
      return JSON.std.anyFrom(json);
    } catch (JSONObjectException failure) {
      throw new IllegalArgumentException("no JSON: " + failure.getMessage(), failure);
    } catch (IOException failure) {
      // Not of the file, whose text is here: the parser's own complaint.
      throw new IllegalArgumentException("no JSON: " + failure.getMessage(), failure);
    }
  }

  private static void readGroup(
      Context context,
      Path modelJson,
      Settings group,
      boolean only,
      Map<String, LayerWeights> weights)
      throws IOException {
    ByteArrayOutputStream shards = new ByteArrayOutputStream();
    List<?> paths = group.list("paths");
    for (Object path : paths) {
      shards.write(
          Files.readAllBytes(shard(modelJson, path.toString(), only && paths.size() == 1)));
    }
    ByteBuffer bytes = ByteBuffer.wrap(shards.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    for (Settings entry : group.objects("weights")) {
      String name = entry.string("name");
      long[] shape = entry.integers("shape");
      String layer = name.contains("/") ? name.substring(0, name.indexOf('/')) : name;
      weights
          .computeIfAbsent(layer, LayerWeights::new)
          .put(name, values(context, bytes, entry, name, shape), shape);
    }
    if (bytes.hasRemaining()) {
      throw new IllegalArgumentException(
          "the weights take "
              + bytes.position()
              + " bytes, but the files "
              + paths
              + " have "
              + bytes.limit());
    }
  }

  private static Path shard(Path modelJson, String name, boolean only) {
    Path path = modelJson.resolveSibling(name);
    String json = modelJson.getFileName().toString();
    Path renamed = modelJson.resolveSibling(json.replaceFirst("\\.json$", "") + ".bin");
    return only && !Files.exists(path) && Files.exists(renamed) ? renamed : path;
  }

  private static float[] values(
      Context context, ByteBuffer bytes, Settings entry, String name, long[] shape) {
    if (shape.length > MOST_AXES) {
      throw new IllegalArgumentException("weights '" + name + "' have " + shape.length + " axes");
    }
    Settings quantization = entry.has("quantization") ? entry.object("quantization") : null;
    String stored =
        quantization == null ? entry.string("dtype") : quantization.string("dtype", "uint8");
    ElementType type =
        switch (stored) {
          case "float32" -> ElementType.F32;
          case "float16" -> ElementType.F16;
          case "uint8" -> ElementType.U8;
          case "uint16" -> ElementType.U16;
          default ->
              throw new IllegalArgumentException(
                  "weights '"
                      + name
                      + "' are "
                      + stored
                      + ", expected float32, or stored as float16, uint8 or uint16");
        };
    long count = Shape.of(shape).elementCount();
    if (count > bytes.remaining() / type.bytes()) {
      throw new IllegalArgumentException(
          "weights '"
              + name
              + "' of shape "
              + Shape.of(shape)
              + " end beyond the "
              + bytes.limit()
              + " bytes of weights");
    }
    try (Tensor tensor = Tensor.uninitialized(context, type, Shape.of(count))) {
      int length = (int) tensor.byteCount();
      tensor.write(0, bytes.slice(bytes.position(), length));
      bytes.position(bytes.position() + length);
      boolean scaled = type == ElementType.U8 || type == ElementType.U16;
      try (Tensor floats =
          Convert.to(
              tensor,
              ElementType.F32,
              scaled ? quantization.number("scale", 1) : 1,
              scaled ? quantization.number("min", 0) : 0)) {
        return floats.toFloatArray();
      }
    }
  }
}
