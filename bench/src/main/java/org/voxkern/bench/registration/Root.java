package org.voxkern.bench.registration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.voxkern.bench.peer.ChildProcess;
import org.voxkern.study.BadInputException;

/** Programs of the source tree that the launcher was started from. */
final class Root {
  private Root() {}

  /** The launcher, with everything built, so that no run that is measured builds. */
  static Path launcher() throws IOException, InterruptedException {
    Path launcher = folder().resolve("voxkern");
    ChildProcess.run(List.of(launcher.toString(), "build"));
    return launcher;
  }

  /**
   * @throws BadInputException if it is not built, saying how
   */
  static Path itkBaseline() {
    Path build = folder().resolve("native/target/cmake");
    Path program = build.resolve("voxkern_itk_baseline");
    if (!Files.isExecutable(program)) {
      throw new BadInputException(
          program + ": not built; run: ninja -C " + build + " voxkern_itk_baseline");
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
