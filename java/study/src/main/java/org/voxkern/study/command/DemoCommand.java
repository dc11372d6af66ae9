package org.voxkern.study.command;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.voxkern.study.Demo;
import org.voxkern.study.ProgressDisplay;
import org.voxkern.study.RegistrationRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code voxkern demo}. */
@Command(
    name = "demo",
    sortOptions = false,
    description = {
      "Register a real head scan to itself after a known deformation, and measure the error.",
      "The scan is the T1 of Debian's mricron-data, with its atlas labels."
    })
final class DemoCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "DIR",
      defaultValue = "voxkern-demo",
      description = "Folder for the results (default: ${DEFAULT-VALUE}).")
  Path out;

  @Option(
      names = "--templates",
      paramLabel = "DIR",
      defaultValue = Demo.TEMPLATES,
      description = "Folder with ch2.nii.gz and aal.nii.gz (default: ${DEFAULT-VALUE}).")
  Path templates;

  @Mixin ThreadOptions compute;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "7",
      description = "Seed of the deformation and the noise (default: ${DEFAULT-VALUE}).")
  long seed;

  @Override
  public Integer call() throws Exception {
    Demo demo = new Demo(templates, out, compute.threads(), seed);
    System.out.println(demo.prepare());
    // The same options as by hand, so that what is shown is what the command does.
    RegisterCommand register =
        RegisterCommand.parse(
            List.of(
                demo.fixed().toString(),
                demo.moving().toString(),
                "--out",
                out.toString(),
                "--transform",
                "deformable",
                "--fixed-labels",
                demo.fixedLabels().toString(),
                "--moving-labels",
                demo.movingLabels().toString(),
                "--threads",
                String.valueOf(compute.threads())));
    RegistrationRequest request = register.request();
    try (ProgressDisplay display = ProgressDisplay.open(false)) {
      String result = demo.run(request, display);
      display.finish();
      System.out.print(result);
    }
    return 0;
  }
}
