package org.voxkern.study;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.voxkern.DisplacementField;
import org.voxkern.itk.ImageIo;
import org.voxkern.itk.TransformIo;
import org.voxkern.registration.RegistrationResult;
import org.voxkern.study.report.HtmlReport;
import org.voxkern.study.report.PngReport;
import org.voxkern.study.report.Report;

/** Writes what a run found, all files side by side. */
final class Outputs {
  private static final int CHART_WIDTH = 1180;
  private static final int CHART_HEIGHT = 340;

  @FunctionalInterface
  private interface Writing {
    void write() throws IOException;
  }

  private Outputs() {}

  static void write(
      OutputFolder folder,
      RegistrationRequest request,
      Inputs inputs,
      RegistrationResult result,
      Evaluation evaluation,
      Outcome outcome) {
    boolean deformed = result.deformation().isPresent();
    // The pictures are drawn before the whole mapping takes the deformation's place.
    Optional<DisplacementField> whole =
        deformed || !(request.writeDisplacement() || request.writeReport())
            ? Optional.empty()
            : Optional.of(wholeLinear(inputs, result));
    Optional<Report> report =
        request.writeReport()
            ? Optional.of(
                Report.draw(
                    inputs.fixed(),
                    inputs.moving(),
                    evaluation.warped(),
                    result.deformation().orElseGet(whole::orElseThrow),
                    evaluation.determinants().orElse(null)))
            : Optional.empty();
    evaluation.determinants().ifPresent(image -> image.data().close());
    List<Writing> writings = new ArrayList<>();
    if (request.writeDisplacement()) {
      DisplacementField written =
          deformed
              ? WholeMapping.over(result.linear().toAffineMap(), result.deformation().orElseThrow())
              : whole.orElseThrow();
      writings.add(() -> ImageIo.write(written, folder.staged("displacement.nii.gz")));
    }
    report.ifPresent(drawn -> writings.add(() -> write(folder, drawn, outcome)));
    writings.add(
        () ->
            ImageIo.write(
                Warping.as(evaluation.warped(), inputs.movingType()),
                folder.staged("warped.nii.gz")));
    writings.add(() -> TransformIo.write(result.linear(), folder.staged("transform.tfm")));
    runAll(writings);
  }

  private static DisplacementField wholeLinear(Inputs inputs, RegistrationResult result) {
    return WholeMapping.of(
        inputs.fixed().context(),
        inputs.fixed().geometry(),
        result.linear().toAffineMap(),
        Optional.empty());
  }

  private static void write(OutputFolder folder, Report report, Outcome outcome) {
    runAll(
        List.of(
            () -> PngReport.write(folder.staged("report.png"), report, outcome),
            () -> {
              byte[] chart = PngReport.chart(outcome, CHART_WIDTH, CHART_HEIGHT);
              HtmlReport.write(folder.staged("report.html"), report, outcome, chart);
            }));
  }

  /** Runs all to their end, and then throws the first failure. */
  private static void runAll(List<Writing> writings) {
    ExecutorService pool = Executors.newFixedThreadPool(writings.size());
    try {
      List<CompletableFuture<Void>> running = new ArrayList<>();
      for (Writing writing : writings) {
        running.add(
            CompletableFuture.runAsync(
                () -> {
                  try {
                    writing.write();
                  } catch (IOException error) {
                    throw new UncheckedIOException(error);
                  }
                },
                pool));
      }
      CompletableFuture.allOf(running.toArray(new CompletableFuture<?>[0])).join();
    } catch (CompletionException error) {
      if (error.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw error;
    } finally {
      pool.shutdown();
    }
  }
}
