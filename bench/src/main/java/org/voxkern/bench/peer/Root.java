package org.voxkern.bench.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.voxkern.study.BadInputException;

/** Programs of the source tree that the launcher was started from. */
public final class Root {
  private Root() {}

  /** The launcher, with everything built, so that no run that is measured builds. */
  public static Path launcher() throws IOException, InterruptedException {
    Path launcher = folder().resolve("voxkern");
    ChildProcess.run(List.of(launcher.toString(), "build"));
    return launcher;
  }

  /**
   * A program of the native build.
   *
   * @throws BadInputException if it is not built, saying how
   */
  public static Path program(String name) {
    Path build = folder().resolve("native/target/cmake");
    Path program = build.resolve(name);
    if (!Files.isExecutable(program)) {
      throw new BadInputException(program + ": not built; run: ninja -C " + build + " " + name);
    }
    return program;
  }

  private static Path folder() {
    String root = System.getProperty("voxkern.root");
    if (root == null) {
      throw new BadInputException("voxkern.root is not set; start with ./voxkern bench");
    }
    return Path.of(root);
  }
}
