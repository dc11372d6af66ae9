package org.voxkern.study.segmentation;

import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.voxkern.segmentation.ProgressListener;

/**
 * Shows on standard error how much of a network's run is done: a bar on a terminal, a line each
 * tenth otherwise.
 */
public abstract class PartProgress implements ProgressListener, AutoCloseable {
  private PartProgress() {}

  /** What suits the terminal, or nothing at all. */
  public static PartProgress open(boolean silent) {
    if (silent) {
      return new Silent();
    }
    return System.console() == null ? new Lines() : new Bar();
  }

  @Override
  public void close() {}

  private static final class Silent extends PartProgress {
    @Override
    public void onProgress(long done, long total) {}
  }

  private static final class Lines extends PartProgress {
    private static final long STEPS = 10;
    private long shown;

    @Override
    public void onProgress(long done, long total) {
      long step = done * STEPS / total;
      if (step > shown) {
        shown = step;
        System.err.printf(Locale.ROOT, "network: %d of %d%n", done, total);
      }
    }
  }

  private static final class Bar extends PartProgress {
    private static final int REFRESH_MS = 100;
    private ProgressBar bar;

    @Override
    public void onProgress(long done, long total) {
      if (bar == null) {
        bar =
            new ProgressBarBuilder()
                .setTaskName("network")
                .setInitialMax(total)
                .setStyle(ProgressBarStyle.UNICODE_BLOCK)
                .setUpdateIntervalMillis(REFRESH_MS)
                .build();
      }
      bar.stepTo(done);
    }

    @Override
    public void close() {
      if (bar != null) {
        bar.close();
      }
    }
  }
}
