package org.voxkern.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.graph.SafeTensors;

/**
 * The file of a training that was stopped: one safetensors file, so that all of it is of one step.
 * Tensors are {@code weights.*}, {@code optimizer.STATE.*} and, with validation, {@code best.*};
 * numbers and settings are metadata.
 */
final class Checkpoint {
  private static final String FORMAT = "voxkern-training-1";

  private Checkpoint() {}

  static void write(
      Path path, Map<String, Tensor> tensors, Map<String, String> fixed, Progress progress)
      throws IOException {
    Map<String, String> all = new LinkedHashMap<>(fixed);
    all.putAll(progress.text());
    all.put("format", FORMAT);
    SafeTensors.write(path, tensors, all);
  }

  /**
   * Overwrites tensors with those of a file, all or none.
   *
   * @param fixed settings that must be the file's
   * @throws IllegalArgumentException if the file is another training's, saying what differs
   */
  static Progress read(Path path, Map<String, Tensor> tensors, Map<String, String> fixed)
      throws IOException {
    Tensor any = tensors.values().iterator().next();
    try (SafeTensors file = SafeTensors.open(path);
        Scope scope = Scope.open(any.context())) {
      Map<String, String> settings = file.metadata();
      if (!FORMAT.equals(settings.get("format"))) {
        throw new IllegalArgumentException(
            path + ": no checkpoint of a training: its format is " + settings.get("format"));
      }
      fixed.forEach(
          (name, value) -> {
            if (!value.equals(settings.get(name))) {
              throw new IllegalArgumentException(
                  path + ": its " + name + " is " + settings.get(name) + ", expected " + value);
            }
          });
      Progress progress = progress(path, settings);
      requireSame(path, tensors.keySet(), file.entries().keySet());
      Map<String, Tensor> stored = file.readAll(scope.context());
      tensors.forEach((name, tensor) -> requireFits(path, name, stored.get(name), tensor));
      tensors.forEach((name, tensor) -> tensor.set(stored.get(name)));
      return progress;
    }
  }

  private static Progress progress(Path path, Map<String, String> settings) {
    try {
      return Progress.parse(settings);
    } catch (IllegalArgumentException failure) {
      throw new IllegalArgumentException(path + ": " + failure.getMessage(), failure);
    }
  }

  private static void requireSame(Path path, Set<String> expected, Set<String> given) {
    Set<String> missing = new TreeSet<>(expected);
    missing.removeAll(given);
    Set<String> extra = new TreeSet<>(given);
    extra.removeAll(expected);
    if (!missing.isEmpty() || !extra.isEmpty()) {
      throw new IllegalArgumentException(
          path + ": of another training: missing " + missing + ", unknown " + extra);
    }
  }

  private static void requireFits(Path path, String name, Tensor stored, Tensor tensor) {
    if (stored.type() != ElementType.F32 || !stored.shape().equals(tensor.shape())) {
      throw new IllegalArgumentException(
          path + ": '" + name + "' is " + stored + ", expected " + tensor);
    }
    float[] values = stored.toFloatArray();
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new IllegalArgumentException(
            path + ": '" + name + "' has " + values[i] + " at element " + i);
      }
    }
  }
}
