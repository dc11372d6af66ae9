package org.voxkern.testing;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where the project's own files are; set by the Surefire configuration. */
public final class Project {
  private Project() {}

  /** The top of the project. */
  public static Path root() {
    String root = System.getProperty("voxkern.root");
    if (root != null) {
      return Path.of(root);
    }
    // Started from an IDE: the nearest folder above with the case tables.
    for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
      if (Files.isDirectory(folder.resolve("tests/cases"))) {
        return folder;
      }
    }
    throw new IllegalStateException("the system property voxkern.root is not set");
  }
}
