package org.voxkern.bench.network;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.voxkern.Device;
import org.voxkern.bench.operation.Peaks;
import org.voxkern.bench.peer.MeasuredProcess;
import org.voxkern.bench.report.Json;
import org.voxkern.bench.report.Machine;
import org.voxkern.study.BadInputException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code voxkern bench peers}. */
@Command(
    name = "peers",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description =
        "Measure the operations of networks and detection beside oneDNN, libtorch and ONNX Runtime.")
public final class PeersCommand implements Callable<Integer> {
  @Parameters(paramLabel = "OPERATION", description = "Only of these operations.")
  List<String> names = List.of();

  @Option(names = "--job", paramLabel = "TEXT", description = "Only jobs whose name has this text.")
  String text = "";

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "cpu",
      description =
          "cpu or cuda, beside cuDNN by the JavaCPP presets (default: ${DEFAULT-VALUE}). Their"
              + " jars with the platform's classifiers, redist as well, come by VOXKERN_CLASSPATH.")
  String device;

  @Option(names = "--threads", defaultValue = "2", description = "Default: ${DEFAULT-VALUE}.")
  int threads;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      description = "Processes of each contender (default: ${DEFAULT-VALUE}).")
  int rounds;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "DIR",
      defaultValue = "voxkern-bench/peers",
      description = "Folder for the results (default: ${DEFAULT-VALUE}).")
  Path out;

  @Override
  public Integer call() throws Exception {
    Set<String> known = NetworkComparison.operations();
    Set<String> wanted = names.isEmpty() ? known : new TreeSet<>(names);
    for (String name : wanted) {
      if (!known.contains(name)) {
        throw new BadInputException(name + ": no peer has it; there are " + known);
      }
    }
    if (threads < 1 || rounds < 1) {
      throw new BadInputException("threads and rounds must be 1 or more");
    }
    Map<String, Object> content = new LinkedHashMap<>();
    Map<String, Object> machine = Machine.describe();
    content.put("machine", machine);
    Peaks peaks = null;
    if (device.equals("cpu")) {
      peaks = Peaks.measure(threads);
      content.put("peaks", peaks.toMap());
    } else {
      machine.put("device", Device.named(device).properties().name());
    }
    content.put("threads", threads);
    NetworkComparison comparison = new NetworkComparison(threads, rounds, device);
    List<NetworkComparison.Result> results = comparison.run(wanted, text);
    if (results.isEmpty()) {
      throw new BadInputException("no job's name has \"" + text + "\"");
    }
    content.put("jobs", NetworkComparison.toMaps(results));
    System.out.print(NetworkComparison.table(results, peaks));
    if (wanted.contains("conv3d") && text.isEmpty() && device.equals("cpu")) {
      Map<String, MeasuredProcess> first = comparison.firstResults();
      System.out.print(NetworkComparison.table(first));
      content.put(
          "first_result",
          first.entrySet().stream()
              .map(
                  each ->
                      Map.of(
                          "contender", each.getKey(),
                          "seconds", each.getValue().seconds(),
                          "peak_mib", each.getValue().peakMb()))
              .toList());
    }
    Files.createDirectories(out);
    Json.write(out.resolve("peers.json"), content);
    NetworkComparison.chart(results, out.resolve("peers.png"));
    System.out.printf("%nwritten: %s/peers.json, peers.png%n", out);
    return 0;
  }
}
