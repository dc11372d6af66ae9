package org.voxkern.onnx;

import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.voxkern.Context;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Executable;

/**
 * A test of ONNX's own for those who implement it: a folder with {@code model.onnx} and folders
 * {@code test_data_set_*} of {@code input_*.pb} and {@code output_*.pb}.
 *
 * <p>What the inputs hold is given to the import, so that a node whose shape depends on it passes.
 * Real numbers agree where |a - b| &le; 1e-7 + 1e-3 |b|, as in ONNX's runner; whole numbers, shapes
 * and element types where they are the same.
 *
 * @param folder of the model
 */
public record BackendTest(Path folder) {
  /** How a test went. */
  public enum Outcome {
    PASSED,
    /** The model has something that is not supported. */
    REFUSED,
    WRONG
  }

  /**
   * @param reason why it did not pass; empty where it did
   */
  public record Result(Outcome outcome, String reason) {}

  /**
   * The tests in folders, sorted: each folder is a test or has tests in it.
   *
   * @throws IllegalArgumentException if a folder is neither
   */
  public static List<BackendTest> in(Path folder) throws IOException {
    if (isTest(folder)) {
      return List.of(new BackendTest(folder));
    }
    if (!Files.isDirectory(folder)) {
      throw new IllegalArgumentException(folder + " is not a folder");
    }
    try (Stream<Path> entries = Files.list(folder)) {
      List<BackendTest> tests =
          entries.filter(BackendTest::isTest).sorted().map(BackendTest::new).toList();
      if (tests.isEmpty()) {
        throw new IllegalArgumentException(folder + " has no folders with a model.onnx");
      }
      return tests;
    }
  }

  private static boolean isTest(Path folder) {
    return Files.isRegularFile(folder.resolve("model.onnx"));
  }

  public String name() {
    return folder.getFileName().toString();
  }

  /** Runs the test. Broken files make it wrong, not an exception. */
  public Result run(Context context) {
    try (Scope scope = Scope.open(context)) {
      OnnxModel model = OnnxModel.read(folder.resolve("model.onnx"));
      // Inputs of other kinds are refused before their files are read.
      model.inputs().forEach(InputShapes::type);
      for (Path data : dataSets()) {
        String difference = difference(context, model, data);
        if (difference != null) {
          return new Result(Outcome.WRONG, data.getFileName() + ": " + difference);
        }
      }
      return new Result(Outcome.PASSED, "");
    } catch (UnsupportedOperationException refusal) {
      return new Result(Outcome.REFUSED, withoutFolder(refusal));
    } catch (IOException | RuntimeException failure) {
      return new Result(Outcome.WRONG, withoutFolder(failure));
    }
  }

  private String withoutFolder(Exception failure) {
    String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
    return message.replace(folder.resolve("model.onnx") + ": ", "");
  }

  private List<Path> dataSets() throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      List<Path> sets =
          entries
              .filter(entry -> entry.getFileName().toString().startsWith("test_data_set_"))
              .sorted()
              .toList();
      if (sets.isEmpty()) {
        throw new IllegalArgumentException(folder + " has no test_data_set_*");
      }
      return sets;
    }
  }

  /** Null if all outputs agree. */
  private static String difference(Context context, OnnxModel model, Path data) throws IOException {
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    List<ValueInfoProto> declared = model.inputs();
    for (int i = 0; i < declared.size(); i++) {
      Path file = data.resolve("input_" + i + ".pb");
      inputs.put(declared.get(i).getName(), OnnxTensors.read(context, file));
    }
    OnnxImport request = OnnxImport.of(model);
    inputs.forEach(request::value);
    OnnxNetwork network = request.run(context);
    Map<String, Tensor> used = new LinkedHashMap<>();
    Map<String, Shape> shapes = new LinkedHashMap<>();
    network
        .graph()
        .inputs()
        .keySet()
        .forEach(
            name -> {
              used.put(name, inputs.get(name));
              shapes.put(name, inputs.get(name).shape());
            });
    Executable executable = network.graph().compile(context, network.weights(), shapes);
    Map<String, Tensor> outputs = executable.run(used);
    List<String> differences = new ArrayList<>();
    for (int i = 0; i < model.outputNames().size(); i++) {
      String name = model.outputNames().get(i);
      Tensor expected = OnnxTensors.read(context, data.resolve("output_" + i + ".pb"));
      String difference = Agreement.difference(outputs.get(name), expected);
      if (difference != null) {
        differences.add("output '" + name + "': " + difference);
      }
    }
    return differences.isEmpty() ? null : String.join("; ", differences);
  }
}
