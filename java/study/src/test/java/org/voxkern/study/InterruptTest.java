package org.voxkern.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.voxkern.Context;
import org.voxkern.ElementType;

/** Ctrl-C while {@code register} runs. */
class InterruptTest {
  private static final int CONTROL_C = 130;

  @TempDir Path folder;

  @Test
  void leavesNothingBehind() throws IOException, InterruptedException {
    Path fixed;
    Path moving;
    try (Context context = Context.create()) {
      fixed =
          Phantom.write(
              Phantom.image(context, Phantom.grid(), 0, 0, 0),
              folder.resolve("fixed.nii.gz"),
              ElementType.I16);
      moving =
          Phantom.write(
              Phantom.image(context, Phantom.grid(), 3, 2, 1),
              folder.resolve("moving.nii.gz"),
              ElementType.I16);
    }
    Path out = folder.resolve("out");
    Path log = folder.resolve("log");
    Process process =
        new ProcessBuilder(
                List.of(
                    // What a shell starts in the background ignores Ctrl-C, and so would we.
                    "env",
                    "--default-signal=INT",
                    System.getProperty("java.home") + File.separator + "bin/java",
                    "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                    "-cp",
                    classPath(),
                    "org.voxkern.study.Main",
                    "register",
                    fixed.toString(),
                    moving.toString(),
                    "--out",
                    out.toString(),
                    "--transform",
                    "deformable",
                    "--deformable-iterations",
                    "100000"))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      for (int i = 0; i < 600 && process.isAlive() && !Files.exists(out); i++) {
        Thread.sleep(50);
      }
      assertTrue(process.isAlive(), () -> read(log));
      Thread.sleep(300);
      new ProcessBuilder("kill", "-INT", String.valueOf(process.pid())).start().waitFor();
      assertTrue(process.waitFor(20, TimeUnit.SECONDS), "still running after Ctrl-C");
    } finally {
      process.destroyForcibly();
    }
    assertEquals(CONTROL_C, process.exitValue(), () -> read(log));
    assertFalse(Files.exists(out), "output left behind");
  }

  /** Under the module system the modules are on a path of their own. */
  private static String classPath() {
    String modules = System.getProperty("jdk.module.path");
    String classes = System.getProperty("java.class.path");
    return modules == null ? classes : modules + File.pathSeparator + classes;
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException error) {
      return error.toString();
    }
  }
}
