package org.voxkern.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.voxkern.Backend;
import org.voxkern.Context;
import org.voxkern.Device;
import org.voxkern.testing.NativeAccess;
import org.voxkern.testing.Requirement;

/** Which devices there are, and what happens when they are old, small or broken. */
class DeviceTest {
  private static final String CLASS_PATH =
      System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

  @Test
  void theProcessorIsAlwaysThere() {
    assertEquals(Device.cpu(), Device.list().get(0));
    try (Context context = Context.builder().device(Device.cpu()).build()) {
      assertEquals(Backend.CPU, context.backend());
      assertEquals(Device.cpu(), context.device());
    }
  }

  @Test
  void devicesHaveNames() {
    assertEquals(Device.cpu(), Device.named("cpu"));
    for (String wrong : List.of("", "gpu", "cuda:", "cuda:-1", "cuda:x", "cuda:0 ")) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> Device.named(wrong)).getMessage();
      assertTrue(message.contains("expected cpu, cuda, cuda:N"), message);
    }
  }

  @Test
  void withoutADeviceThereIsAReason() {
    Device.whyNoCuda()
        .ifPresent(
            reason -> {
              assertFalse(reason.isBlank());
              assertEquals(1, Device.list().size());
              for (var use :
                  List.<org.junit.jupiter.api.function.Executable>of(
                      () -> Device.cuda(0),
                      () -> Context.builder().backend(Backend.CUDA).build())) {
                assertEquals(
                    reason, assertThrows(UnsupportedOperationException.class, use).getMessage());
              }
            });
  }

  /** Runs a part of {@link DeviceProgram} where the emulator stands for real devices. */
  private static List<String> run(String part, Map<String, String> environment) throws Exception {
    return run(
        part,
        environment,
        CLASS_PATH,
        "-Dvoxkern.cuda=" + System.getProperty("voxkern.cuda-emulated"));
  }

  private static List<String> run(
      String part, Map<String, String> environment, String classPath, String... options)
      throws Exception {
    Requirement.cudaEmulated();
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0"));
    command.addAll(NativeAccess.of("ALL-UNNAMED"));
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", classPath, DeviceProgram.class.getName(), part));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), text);
    return text.lines().toList();
  }

  @Test
  void severalDevicesAreListed() throws Exception {
    assertEquals(
        List.of("[cpu, cuda:0, cuda:1]", "3.0", "CUDA device 2 of 2"),
        run("list", Map.of("VOXKERN_EMULATOR_DEVICES", "2")));
  }

  @Test
  void theLibraryComesOutOfItsJar(@TempDir Path folder) throws Exception {
    Requirement.cudaEmulated();
    Path jar = folder.resolve("voxkern-native-cuda.jar");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar))) {
      out.putNextEntry(
          new ZipEntry("org/voxkern/internal/" + Loader.getPlatform() + "/libvoxkern_cuda.so"));
      Files.copy(Path.of(System.getProperty("voxkern.cuda-emulated")), out);
    }
    Path cache = folder.resolve("cache");
    assertEquals(
        List.of("[cpu, cuda:0, cuda:1]", "3.0", "CUDA device 2 of 2"),
        run(
            "list",
            Map.of("VOXKERN_EMULATOR_DEVICES", "2"),
            CLASS_PATH + File.pathSeparator + jar,
            "-Dorg.bytedeco.javacpp.cachedir=" + cache));
    try (Stream<Path> files = Files.walk(cache)) {
      assertTrue(files.anyMatch(file -> file.endsWith("libvoxkern_cuda.so")));
    }
  }

  @Test
  void anOldDriverIsNamed() throws Exception {
    List<String> lines = run("list", Map.of("VOXKERN_EMULATOR_DRIVER", "11080"));
    assertEquals("[cpu]", lines.get(0));
    assertTrue(lines.get(1).contains("11.8") && lines.get(1).contains("13.0"), lines.get(1));
  }

  @Test
  void aMissingDriverIsNamed() throws Exception {
    List<String> lines = run("list", Map.of("VOXKERN_EMULATOR_DRIVER", "0"));
    assertTrue(lines.get(1).contains("no NVIDIA driver"), lines.get(1));
  }

  @Test
  void aDeviceThatIsFullLeavesTheContextUsable() throws Exception {
    assertEquals(
        List.of("OutOfMemoryException", "3.0"),
        run("full", Map.of("VOXKERN_EMULATOR_MEMORY", "1048576")));
  }

  @Test
  void aFaultEndsTheUseOfTheContext() throws Exception {
    assertEquals(
        List.of(
            "3.0",
            "DeviceException at reading",
            "DeviceException later",
            "DeviceException at closing"),
        run("fault", Map.of("VOXKERN_EMULATOR_FAULT", "2")));
  }

  @Test
  void cudnnComputesWhereItIs() throws Exception {
    Requirement.cudaEmulated();
    Path standIn =
        Path.of(System.getProperty("voxkern.cuda-emulated")).resolveSibling("libcudnn_stand_in.so");
    Requirement.check(
        "cuda-emulated",
        Files.exists(standIn),
        "needs what stands in for cuDNN: ninja -C native/target/cmake cudnn_stand_in");
    Path calls = Files.createTempFile("cudnn", ".calls");
    try {
      List<String> lines =
          run(
              "cudnn",
              Map.of("VOXKERN_CUDNN", standIn.toString(), "VOXKERN_CUDNN_CALLS", calls.toString()));
      assertEquals("CudnnLibrary[version=Optional[9.25.0], text=" + standIn + "]", lines.get(0));
      assertEquals("4032 numbers, as on cpu", lines.get(1));
      String called = Files.readString(calls);
      assertTrue(called.contains("cudnnConvolutionBiasActivationForward 2\n"), called);
    } finally {
      Files.delete(calls);
    }
  }

  @Test
  void withoutCudnnThereIsAReason() throws Exception {
    for (var each :
        Map.of(
                "off", "it is switched off",
                "/nowhere/libcudnn.so", "/nowhere/libcudnn.so: cannot open shared object file")
            .entrySet()) {
      List<String> lines = run("cudnn", Map.of("VOXKERN_CUDNN", each.getKey()));
      assertTrue(lines.get(0).startsWith("CudnnLibrary[version=Optional.empty"), lines.get(0));
      assertTrue(lines.get(0).contains(each.getValue()), lines.get(0));
      assertEquals("4032 numbers, as on cpu", lines.get(1));
    }
    assertThrows(UnsupportedOperationException.class, () -> Device.cpu().cudnn());
  }
}
