package org.voxkern.study.command;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Executable;
import org.voxkern.itk.ImageIo;
import org.voxkern.onnx.OnnxImport;
import org.voxkern.onnx.OnnxModel;
import org.voxkern.onnx.OnnxNetwork;
import org.voxkern.onnx.OnnxTensors;
import org.voxkern.op.Convert;
import org.voxkern.op.Statistics;
import org.voxkern.study.BadInputException;
import org.voxkern.study.Devices;
import org.voxkern.study.InputFiles;
import org.voxkern.study.Npy;
import org.voxkern.study.OutputFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code voxkern run-onnx}. */
@Command(
    name = "run-onnx",
    description =
        "Run a model of ONNX once. Inputs are tensors of ONNX (.pb), arrays of NumPy (.npy) or"
            + " images, whose voxels are given as they are, (D, H, W) with axes of size 1 in front as"
            + " the model has them. Prints type, shape and range of the outputs.")
final class RunOnnxCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Parameters(index = "0", paramLabel = "MODEL", description = "A file of ONNX.")
  Path model;

  @Parameters(
      index = "1..*",
      paramLabel = "[NAME=]INPUT",
      description = "Files of the inputs, in the model's order or by their names.")
  List<String> inputs = new ArrayList<>();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Write each output there, as an array of NumPy named after it.")
  Path folder;

  @Mixin ThreadOptions compute;

  @Override
  public Integer call() throws IOException {
    InputFiles.requirePresent(model);
    try (Context context = Context.builder().threads(compute.threads()).build();
        Scope scope = Scope.open(context)) {
      OnnxModel read = OnnxModel.read(model);
      Map<String, Tensor> given = read(context, read);
      OnnxImport request = OnnxImport.of(read);
      given.forEach(request::value);
      OnnxNetwork network = request.run(context);
      Set<String> needed = network.graph().inputs().keySet();
      given.keySet().retainAll(needed);
      Map<String, Shape> shapes = new LinkedHashMap<>();
      given.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
      Executable executable = network.graph().compile(context, network.weights(), shapes);
      long begin = System.nanoTime();
      Map<String, Tensor> outputs = executable.run(given);
      double seconds = (System.nanoTime() - begin) * 1e-9;
      outputs.forEach((name, output) -> System.out.println(describe(name, output)));
      if (folder != null) {
        write(outputs);
      }
      System.out.printf(
          Locale.ROOT,
          "ran in %.3f s on %d threads, with %.1f MB between inputs and outputs%n",
          seconds,
          context.threads(),
          executable.peakBytes() / 1e6);
    }
    return 0;
  }

  private Map<String, Tensor> read(Context context, OnnxModel read) {
    List<String> names = read.inputNames();
    Map<String, Tensor> given = new LinkedHashMap<>();
    for (String word : inputs) {
      int equals = word.indexOf('=');
      boolean named = equals > 0 && names.contains(word.substring(0, equals));
      String name =
          named
              ? word.substring(0, equals)
              : names.stream().filter(next -> !given.containsKey(next)).findFirst().orElse(null);
      Path file = Path.of(named ? word.substring(equals + 1) : word);
      if (name == null || given.containsKey(name)) {
        throw new BadInputException(file + ": the model's inputs " + names + " are given already");
      }
      InputFiles.requirePresent(file);
      Tensor tensor = InputFiles.attempt(file, () -> tensor(context, file));
      given.put(name, fitted(read, name, tensor));
    }
    if (given.size() != names.size()) {
      throw new BadInputException(
          "given are the inputs " + given.keySet() + ", but the model has " + names);
    }
    return given;
  }

  private static Tensor tensor(Context context, Path file) throws IOException {
    String name = file.getFileName().toString();
    if (name.endsWith(".pb")) {
      return OnnxTensors.read(context, file);
    }
    return name.endsWith(".npy")
        ? Npy.read(context, file)
        : ImageIo.read(context, file, ElementType.F32).data();
  }

  /** Of the model's rank and element type. */
  private static Tensor fitted(OnnxModel read, String name, Tensor tensor) {
    ElementType type = read.inputType(name);
    Tensor typed = tensor.type() == type ? tensor : Convert.to(tensor, type);
    Shape shape = typed.shape();
    int rank = read.inputRank(name);
    while (shape.rank() < rank) {
      shape = shape.prepend(1);
    }
    return shape.equals(typed.shape()) ? typed : typed.view(type, shape, 0);
  }

  private static String describe(String name, Tensor output) {
    String text = name + ": " + Devices.word(output.type()) + " " + output.shape();
    if (output.elementCount() == 0) {
      return text;
    }
    try (Scope scope = Scope.open(output.context())) {
      Tensor numbers =
          output.type() == ElementType.F32 ? output : Convert.to(output, ElementType.F32);
      Statistics.Result values = Statistics.of(numbers, null);
      text +=
          String.format(
              Locale.ROOT, ", %.6g to %.6g, mean %.6g", values.min(), values.max(), values.mean());
      long special = values.nanCount() + values.infiniteCount();
      return special == 0 ? text : text + ", " + special + " not finite";
    }
  }

  private void write(Map<String, Tensor> outputs) throws IOException {
    try (OutputFolder files = OutputFolder.open(folder)) {
      for (Map.Entry<String, Tensor> output : outputs.entrySet()) {
        String name = output.getKey().replaceAll("[^A-Za-z0-9_.-]", "_");
        Npy.write(files.staged(name + ".npy"), output.getValue());
      }
      files.publish();
    }
  }
}
