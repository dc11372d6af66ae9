package org.voxkern.testing;

import static org.junit.jupiter.api.Assertions.fail;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.opentest4j.TestAbortedException;
import org.voxkern.Device;
import org.voxkern.itk.baseline.BaselineProgram;

/**
 * Things a test needs and a machine may lack. Without them the test skips, which {@link SkipReport}
 * counts; {@code -Dvoxkern.require=data,itk-baseline} makes the named ones failures.
 */
public final class Requirement {
  private Requirement() {}

  /** The folder of one real data set, e.g. {@code lung-ct}. */
  public static Path dataSet(String name) {
    Path folder = dataFolder().resolve(name);
    check("data", Files.exists(folder), "needs the data set " + name + " in " + folder.getParent());
    return folder;
  }

  /** The folder of the real data sets, whether or not it is there. */
  public static Path dataFolder() {
    String folder = System.getProperty("voxkern.testdata", "");
    return folder.isEmpty()
        ? Project.root().resolve("../shared/data").normalize()
        : Path.of(folder);
  }

  /** ITK's own registration and filters, a program that is built apart. */
  public static void itkBaseline() {
    check(
        "itk-baseline",
        BaselineProgram.find().isPresent(),
        "needs the ITK baseline: ninja -C native/target/cmake voxkern_itk_baseline");
  }

  /** The CUDA kernels on the host, a library that is built apart and never shipped. */
  public static Device cudaEmulated() {
    try {
      return Device.cudaEmulated();
    } catch (UnsupportedOperationException absent) {
      check(
          "cuda-emulated",
          false,
          "needs the emulated CUDA device: ninja -C native/target/cmake voxkern_cuda_emulated");
      throw absent;
    }
  }

  /** A program on the PATH. */
  public static String program(String name) {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":")) {
      if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, name))) {
        return Path.of(folder, name).toString();
      }
    }
    check(name, false, "needs the program " + name);
    throw new AssertionError();
  }

  /** Skips or fails, with this reason, unless {@code present}. */
  public static void check(String requirement, boolean present, String reason) {
    if (present) {
      return;
    }
    String required = System.getProperty("voxkern.require", "");
    if (Arrays.asList(required.split(",")).contains(requirement)) {
      fail(reason + " (voxkern.require=" + required + ")");
    }
    throw new TestAbortedException(reason);
  }
}
