package org.voxkern.bench.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.voxkern.bench.operation.OperationsCommand;
import org.voxkern.bench.operation.OperationsCommand.Planned;
import org.voxkern.bench.report.TextTable;
import org.voxkern.study.BadInputException;
import org.voxkern.study.report.Numbers;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code voxkern bench cuda-report}. */
@Command(
    name = "cuda-report",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Say what every CUDA kernel takes of a GPU, and the least time of the benchmarks' shapes on"
          + " two of them: from nvcc's report and data sheets, without a GPU.",
      "`voxkern bench --cuda-report` is the same."
    })
public final class CudaReportCommand implements Callable<Integer> {
  private static final int BLOCK = 256;

  @Parameters(paramLabel = "NAME", description = "Folders of kernels (default: every one).")
  List<String> names = List.of();

  @Option(
      names = "--architectures",
      split = ",",
      paramLabel = "N",
      defaultValue = "80,90",
      description = "Compute capabilities (default: ${DEFAULT-VALUE}).")
  List<Integer> architectures;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      defaultValue = "voxkern-bench/cuda-report.txt",
      description = "File for the report (default: ${DEFAULT-VALUE}).")
  Path out;

  @Override
  public Integer call() throws Exception {
    Path top = Path.of(System.getProperty("voxkern.root", "."));
    List<Path> sources = sources(top);
    architectures.forEach(Architecture::of);
    List<KernelResources> kernels = compile(top, sources);
    String report = kernelTable(kernels) + rooflineTable();
    System.out.print(report);
    if (out.toAbsolutePath().getParent() != null) {
      Files.createDirectories(out.toAbsolutePath().getParent());
    }
    Files.writeString(out, report);
    System.out.println("\nwritten: " + out);
    return 0;
  }

  private List<Path> sources(Path top) throws IOException {
    try (Stream<Path> folders = Files.list(top.resolve("kernels"))) {
      List<Path> sources =
          folders
              .map(folder -> folder.resolve(folder.getFileName() + "_cuda.cu"))
              .filter(Files::exists)
              .filter(file -> names.isEmpty() || names.contains(nameOf(file)))
              .sorted()
              .toList();
      if (sources.isEmpty()) {
        throw new BadInputException("no CUDA kernels of " + names + " in " + top + "/kernels");
      }
      return sources;
    }
  }

  private static String nameOf(Path source) {
    return source.getParent().getFileName().toString();
  }

  private List<KernelResources> compile(Path top, List<Path> sources) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
    try {
      List<Future<List<KernelResources>>> running = new ArrayList<>();
      for (Path source : sources) {
        for (int architecture : architectures) {
          running.add(pool.submit(() -> compile(top, source, architecture)));
        }
      }
      List<KernelResources> kernels = new ArrayList<>();
      for (Future<List<KernelResources>> each : running) {
        kernels.addAll(each.get());
      }
      return kernels;
    } finally {
      pool.shutdownNow();
    }
  }

  /** With the options of {@code native/cuda/CMakeLists.txt}. */
  private static List<KernelResources> compile(Path top, Path source, int architecture)
      throws IOException, InterruptedException {
    List<String> command =
        List.of(
            "nvcc",
            "-std=c++20",
            "-O3",
            "-DNDEBUG",
            "-DVOXKERN_VERSION=\"report\"",
            "-fmad=false",
            "-Xptxas=-v",
            "-I" + top.resolve("native/include"),
            "-I" + top.resolve("native"),
            "-I" + top.resolve("kernels"),
            "-arch=sm_" + architecture,
            "-cubin",
            source.toString(),
            "-o",
            "/dev/null");
    List<String> lines = run(command, "", "needs nvcc, the compiler of NVIDIA's CUDA toolkit");
    return KernelResources.parse(nameOf(source), lines);
  }

  private static List<String> run(List<String> command, String input, String absent)
      throws IOException, InterruptedException {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException missing) {
      throw new BadInputException(absent);
    }
    try (var to = process.getOutputStream()) {
      to.write(input.getBytes(StandardCharsets.UTF_8));
    }
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new BadInputException(String.join(" ", command) + " failed:\n" + text);
    }
    return text.lines().toList();
  }

  private String kernelTable(List<KernelResources> kernels)
      throws IOException, InterruptedException {
    StringBuilder mangled = new StringBuilder();
    kernels.forEach(kernel -> mangled.append(kernel.kernel()).append('\n'));
    List<String> readable = run(List.of("c++filt"), mangled.toString(), "needs c++filt");
    TextTable table =
        new TextTable(
            "operation", "kernel", "sm", "registers", "spilled", "shared bytes", "occupancy");
    for (int i = 0; i < kernels.size(); i++) {
      KernelResources kernel = kernels.get(i);
      double occupancy =
          Architecture.of(kernel.capability())
              .occupancy(kernel.registers(), kernel.sharedBytes(), BLOCK);
      table.row(
          kernel.operation(),
          shortName(readable.get(i)),
          Integer.toString(kernel.capability()),
          Integer.toString(kernel.registers()),
          Integer.toString(kernel.spilledBytes()),
          Integer.toString(kernel.sharedBytes()),
          Numbers.fixed(100 * occupancy, 0) + " %");
    }
    return "kernels, as ptxas reports them; occupancy: in blocks of "
        + BLOCK
        + " threads, whatever the launch says, without dynamic shared memory\n"
        + table;
  }

  /** Without namespaces of ours and parameters. */
  private static String shortName(String readable) {
    String name =
        readable
            .replaceFirst("^void ", "")
            .replace("(anonymous namespace)::", "")
            .replaceAll("\\bvk::(\\w*cuda::)?", "");
    int depth = 0;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      depth += c == '<' ? 1 : c == '>' ? -1 : 0;
      // A value of an enum stands in brackets among the arguments of a template.
      if (c == '(' && depth == 0) {
        return name.substring(0, i);
      }
    }
    return name;
  }

  private String rooflineTable() {
    List<String> columns = new ArrayList<>(List.of("operation", "variant", "shape", "MB", "GFLOP"));
    for (Gpu gpu : Gpu.ALL) {
      columns.add(gpu.name() + " ms");
      columns.add("bound by");
    }
    TextTable table = new TextTable(columns.toArray(String[]::new));
    for (Planned each : OperationsCommand.planned()) {
      if (!names.isEmpty() && !names.contains(each.operation().replace('-', '_'))) {
        continue;
      }
      List<String> row =
          new ArrayList<>(
              List.of(
                  each.operation(),
                  each.variant(),
                  each.shape(),
                  Numbers.fixed((each.work().bytesRead() + each.work().bytesWritten()) * 1e-6, 1),
                  Numbers.fixed(each.work().operations() * 1e-9, 2)));
      for (Gpu gpu : Gpu.ALL) {
        row.add(Numbers.fixed(1e3 * gpu.seconds(each.work()), 3));
        row.add(gpu.isMemoryBound(each.work()) ? "memory" : "arithmetic");
      }
      table.row(row.toArray(String[]::new));
    }
    StringBuilder text =
        new StringBuilder(
            "\nleast times of the benchmarks' shapes, predicted and never measured. Assumed: every"
                + " byte moves once, one launch of "
                + Numbers.fixed(1e6 * Gpu.LAUNCH_SECONDS, 0)
                + " us, and the peaks of the data sheets:");
    for (Gpu gpu : Gpu.ALL) {
      text.append(
          String.format(
              Locale.ROOT,
              " %s %.0f GB/s and %.1f TFLOP/s of f32;",
              gpu.name(),
              gpu.gbPerS(),
              gpu.tflopPerS()));
    }
    text.setCharAt(text.length() - 1, '.');
    return text.append('\n').append(table).toString();
  }
}
