package org.voxkern.packaging;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.voxkern.testing.Requirement;

/** The shared libraries in our jars find each other and nothing but the C and C++ runtime else. */
class SharedLibrariesTest {
  private static final Set<String> RUNTIME =
      Set.of(
          "libc.so.6",
          "libm.so.6",
          "libdl.so.2",
          "librt.so.1",
          "libpthread.so.0",
          "ld-linux-x86-64.so.2",
          "libstdc++.so.6",
          "libgcc_s.so.1");

  @Test
  void needNothingBeyondTheRuntimeAndEachOther(@TempDir Path folder) throws Exception {
    List<Path> jars = Jars.natives();
    assertEquals(2, jars.size(), "expected the natives of the core and of ITK, found " + jars);
    for (Path jar : jars) {
      Path own = Files.createDirectory(folder.resolve(jar.getFileName() + ".unpacked"));
      check(own, Jars.extract(jar, name -> name.matches(".*\\.so(\\.[0-9.]+)?"), own));
    }
  }

  private static void check(Path folder, List<Path> libraries) throws Exception {
    assertFalse(libraries.isEmpty(), "no shared library in " + folder.getFileName());
    Set<String> bundled = new TreeSet<>();
    libraries.forEach(library -> bundled.add(library.getFileName().toString()));
    for (Path library : libraries) {
      String name = library.getFileName().toString();
      String dynamic = readelf("-d", library);
      List<String> needed = all("\\(NEEDED\\).*\\[(.*)\\]", dynamic);
      List<String> runPath = all("\\((?:RUNPATH|RPATH)\\).*\\[(.*)\\]", dynamic);
      List<String> unknown = new ArrayList<>(needed);
      unknown.removeAll(RUNTIME);
      boolean needsBundled = unknown.removeAll(bundled);
      assertAll(
          () -> assertTrue(unknown.isEmpty(), name + " needs " + unknown + ", not in its jar"),
          () ->
              assertTrue(
                  runPath.isEmpty() ? !needsBundled : runPath.get(0).matches("\\$ORIGIN/?"),
                  name + " looks in " + runPath + ", expected $ORIGIN alone"),
          () ->
              assertFalse(
                  name.contains("fftw") || readelf("--dyn-syms", library).contains("fftw"),
                  name + " has FFTW (GPL) in it"),
          () -> assertFalse(name.startsWith("libstdc++"), name + " must not be shipped"));
    }
  }

  /** The core runs on older systems than the ITK bridge, whose libraries ask for glibc 2.36. */
  @Test
  void coreNeedsAnOldGlibcOnly(@TempDir Path folder) throws Exception {
    Path jar =
        Jars.natives().stream()
            .filter(path -> path.getFileName().toString().startsWith("voxkern-native-"))
            .findFirst()
            .orElseThrow();
    for (Path library : Jars.extract(jar, name -> name.matches(".*\\.so[.0-9]*"), folder)) {
      for (String version : all("GLIBC_2\\.(\\d+)", readelf("-V", library))) {
        assertTrue(
            Integer.parseInt(version) <= 34, library.getFileName() + " needs glibc 2." + version);
      }
    }
  }

  @Test
  void licencesComeWithTheLibraries(@TempDir Path folder) throws IOException {
    for (Path jar : Jars.natives()) {
      Path own = Files.createDirectory(folder.resolve(jar.getFileName() + ".licences"));
      List<Path> files = Jars.extract(jar, name -> name.matches(".*/licenses/[^/]+"), own);
      assertFalse(files.isEmpty(), jar.getFileName() + " carries no licence");
    }
  }

  private static List<String> all(String pattern, String text) {
    List<String> found = new ArrayList<>();
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    return found;
  }

  private static String readelf(String option, Path file) throws Exception {
    Process process =
        new ProcessBuilder(Requirement.program("readelf"), "-W", option, file.toString())
            .redirectErrorStream(true)
            .start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), text);
    return text;
  }
}
