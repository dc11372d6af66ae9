package org.voxkern.study;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
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
    List<Writing> writings = new ArrayList<>();
    if (request.writeDisplacement()) {
      writings.add(
          () ->
              ImageIo.write(
                  evaluation.whole().orElseThrow(), folder.staged("displacement.nii.gz")));
    }
    if (request.writeReport()) {
      writings.add(() -> report(folder, inputs, result, evaluation, outcome));
    }
    writings.add(
        () ->
            ImageIo.write(
                Warping.as(evaluation.warped(), inputs.movingType()),
                folder.staged("warped.nii.gz")));
    writings.add(() -> TransformIo.write(result.linear(), folder.staged("transform.tfm")));
    runAll(writings);
  }

  private static void report(
      OutputFolder folder,
      Inputs inputs,
      RegistrationResult result,
      Evaluation evaluation,
      Outcome outcome) {
    DisplacementField shown =
        result.deformation().orElseGet(() -> evaluation.whole().orElseThrow());
    Report report =
        Report.draw(
            inputs.fixed(),
            inputs.moving(),
            evaluation.warped(),
            shown,
            evaluation.determinants().orElse(null));
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
