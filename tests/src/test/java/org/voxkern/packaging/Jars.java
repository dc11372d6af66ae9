package org.voxkern.packaging;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** The jars of this build on the class path of the tests. */
final class Jars {
  private Jars() {}

  /** What an application that reads images and registers them has on its class path. */
  static List<Path> runtime() {
    return onClassPath(name -> name.matches("(voxkern-(core|native|itk)|javacpp|slf4j)-.*"));
  }

  /** Those that carry shared libraries. */
  static List<Path> natives() {
    return onClassPath(name -> name.startsWith("voxkern-") && name.endsWith("-linux-x86_64.jar"));
  }

  private static List<Path> onClassPath(Predicate<String> wanted) {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return Arrays.stream(classPath.split(File.pathSeparator))
        .map(Path::of)
        .filter(path -> Files.isRegularFile(path) && wanted.test(path.getFileName().toString()))
        .toList();
  }

  /** Unpacks the entries whose names end so, flat, into a folder. */
  static List<Path> extract(Path jar, Predicate<String> wanted, Path folder) throws IOException {
    List<Path> files = new ArrayList<>();
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      for (ZipEntry entry : (Iterable<ZipEntry>) zip.stream().map(e -> (ZipEntry) e)::iterator) {
        if (!entry.isDirectory() && wanted.test(entry.getName())) {
          Path file = folder.resolve(Path.of(entry.getName()).getFileName());
          Files.copy(zip.getInputStream(entry), file);
          files.add(file);
        }
      }
    }
    return files;
  }
}
