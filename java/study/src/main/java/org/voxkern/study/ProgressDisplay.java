package org.voxkern.study;

import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.voxkern.registration.ProgressListener;

/**
 * Shows a registration's progress on standard error: a bar a pyramid level on a terminal, a line a
 * level otherwise.
 */
public abstract class ProgressDisplay implements ProgressListener, AutoCloseable {
  /** A display that shows nothing until it is told of an iteration. */
  public ProgressDisplay() {}

  private String stage = "";
  private int level = -1;
  private int iterations;
  private double value;

  /** What suits the terminal, or nothing at all. */
  public static ProgressDisplay open(boolean silent) {
    if (silent) {
      return new Silent();
    }
    return System.console() == null ? new Lines() : new Bars();
  }

  @Override
  public final void onIteration(String newStage, int newLevel, int iteration, double newValue) {
    if (!newStage.equals(stage) || newLevel != level) {
      endLevel();
      stage = newStage;
      level = newLevel;
      beginLevel(stage, level);
    }
    iterations = iteration;
    value = newValue;
    showIteration(iteration, newValue);
  }

  /** Completes what is shown of the last level, so that other text can follow. */
  public final void finish() {
    endLevel();
  }

  @Override
  public final void close() {
    finish();
  }

  private void endLevel() {
    if (level >= 0) {
      showEnd(stage, level, iterations, value);
    }
    level = -1;
  }

  void beginLevel(String name, int number) {}

  void showIteration(int iteration, double current) {}

  abstract void showEnd(String name, int number, int count, double last);

  private static final class Silent extends ProgressDisplay {
    @Override
    void showEnd(String name, int number, int count, double last) {}
  }

  private static final class Lines extends ProgressDisplay {
    @Override
    void showEnd(String name, int number, int count, double last) {
      System.err.printf(
          Locale.ROOT, "%s level %d: %d iterations, measure %.6g%n", name, number, count, last);
    }
  }

  private static final class Bars extends ProgressDisplay {
    private static final int REFRESH_MS = 100;
    private ProgressBar bar;

    @Override
    void beginLevel(String name, int number) {
      // The number of iterations is not known in advance: levels end by convergence.
      bar =
          new ProgressBarBuilder()
              .setTaskName(String.format(Locale.ROOT, "%-11s %d", name, number))
              .setInitialMax(-1)
              .setStyle(ProgressBarStyle.UNICODE_BLOCK)
              .setUpdateIntervalMillis(REFRESH_MS)
              .hideEta()
              .build();
    }

    @Override
    void showIteration(int iteration, double current) {
      bar.stepTo(iteration);
      bar.setExtraMessage(String.format(Locale.ROOT, " %.6f", current));
    }

    @Override
    void showEnd(String name, int number, int count, double last) {
      bar.maxHint(count);
      bar.close();
    }
  }
}
