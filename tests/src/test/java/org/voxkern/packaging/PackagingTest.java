package org.voxkern.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.voxkern.testing.NativeAccess;
import org.voxkern.testing.Requirement;

/** Our jars and their few dependencies are all that an application needs. */
class PackagingTest {
  private static final Path JDK_25 =
      Path.of(System.getProperty("voxkern.jdk25", "/usr/lib/jvm/temurin-25-jdk-amd64"));

  /** Those with native methods. */
  private static final String MODULES = "org.bytedeco.javacpp,org.voxkern.bindings,org.voxkern.itk";

  @TempDir Path folder;

  @Test
  void worksOnThePlainClassPath() throws Exception {
    check(run(thisJava(), NativeAccess.of("ALL-UNNAMED"), classPath()));
  }

  @Test
  void worksOnTheModulePath() throws Exception {
    check(run(thisJava(), NativeAccess.of(MODULES), modulePath()));
  }

  @Test
  void worksOnTheClassPathOfJdk25() throws Exception {
    check(run(java25(), List.of("--enable-native-access=ALL-UNNAMED"), classPath()));
  }

  @Test
  void worksOnTheModulePathOfJdk25() throws Exception {
    check(run(java25(), List.of("--enable-native-access=" + MODULES), modulePath()));
  }

  private static Path thisJava() {
    return Path.of(System.getProperty("java.home"), "bin/java");
  }

  private static Path java25() {
    Requirement.check("jdk25", Files.exists(JDK_25), "needs JDK 25 in " + JDK_25);
    return JDK_25.resolve("bin/java");
  }

  private String classPath() throws Exception {
    return "-cp " + jars() + File.pathSeparator + smokeClass();
  }

  /** The program stays on the class path; Voxkern and what it needs are modules. */
  private String modulePath() throws Exception {
    return "-p " + jars() + " --add-modules ALL-MODULE-PATH -cp " + smokeClass();
  }

  private static String jars() {
    return Jars.runtime().stream().map(Path::toString).collect(Collectors.joining(":"));
  }

  private Path smokeClass() throws Exception {
    String name = Smoke.class.getName().replace('.', '/') + ".class";
    Path target = folder.resolve("classes").resolve(name);
    Files.createDirectories(target.getParent());
    try (InputStream bytes = Smoke.class.getResourceAsStream("/" + name)) {
      Files.copy(bytes, target);
    }
    return folder.resolve("classes");
  }

  private List<String> run(Path java, List<String> access, String options) throws Exception {
    List<String> command = new ArrayList<>(List.of(java.toString()));
    // A cache of its own, so that the libraries come out of these jars.
    command.add("-Dorg.bytedeco.javacpp.cachedir=" + folder.resolve("cache"));
    command.addAll(access);
    command.addAll(Arrays.asList(options.split(" ")));
    command.add(Smoke.class.getName());
    command.add(folder.toString());
    Path output = folder.resolve("output.txt");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().remove("LD_LIBRARY_PATH");
    int status = builder.start().waitFor();
    String text = Files.readString(output, StandardCharsets.UTF_8);
    assertEquals(0, status, () -> String.join(" ", command) + "\n" + text);
    return text.lines().toList();
  }

  private void check(List<String> output) {
    assertEquals("ssd 0.5", output.get(0), () -> String.join("\n", output));
    List<String> foreign =
        output.stream()
            .filter(line -> line.startsWith("library "))
            .map(line -> line.substring("library ".length()))
            .filter(library -> !library.startsWith(folder.toString()))
            .filter(library -> !library.contains("/jvm/") && !isRuntime(library))
            .toList();
    assertTrue(foreign.isEmpty(), () -> "loaded from the system: " + foreign);
    // Neither warnings nor log lines: a library does not print.
    List<String> chatter =
        output.stream().skip(1).filter(line -> !line.startsWith("library ")).toList();
    assertTrue(chatter.isEmpty(), () -> "printed " + chatter);
  }

  private static boolean isRuntime(String library) {
    return library.matches(
        ".*/(libc|libm|libdl|librt|libpthread|libstdc\\+\\+|libgcc_s|libz|ld-linux[^/]*|libnss[^/]*)"
            + "([-.][^/]*)?\\.so(\\.[0-9.]+)?");
  }
}
