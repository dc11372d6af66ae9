package org.voxkern.bench.report;

import java.awt.Color;
import java.awt.Font;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.style.Styler;

/** Bars side by side: one group a category, one colour a series, as a PNG. */
public final class BarChart {
  private static final Color[] COLORS = {
    new Color(0x1f6fb4), new Color(0xec9a55), new Color(0x6b8e4e), new Color(0x9c4308)
  };

  private BarChart() {}

  /**
   * @param series the values of each, one a category; null where there is none
   */
  public static void write(
      Path png,
      String title,
      String unit,
      List<String> categories,
      Map<String, List<Double>> series,
      boolean logarithmic)
      throws IOException {
    int width = Math.max(700, 220 + 70 * categories.size() * series.size());
    CategoryChart chart =
        new CategoryChartBuilder().width(width).height(520).title(title).yAxisTitle(unit).build();
    var styler = chart.getStyler();
    styler.setSeriesColors(COLORS);
    styler.setChartBackgroundColor(Color.WHITE);
    styler.setPlotBorderVisible(false);
    styler.setPlotGridVerticalLinesVisible(false);
    styler.setLegendPosition(Styler.LegendPosition.OutsideS);
    styler.setLegendLayout(Styler.LegendLayout.Horizontal);
    styler.setLegendBorderColor(Color.WHITE);
    styler.setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
    styler.setXAxisLabelRotation(fit(categories, width) ? 0 : 30);
    styler.setLabelsVisible(true);
    styler.setDecimalPattern("0.##");
    styler.setYAxisLogarithmic(logarithmic);
    for (Map.Entry<String, List<Double>> entry : series.entrySet()) {
      // XChart takes numbers of one series only as a list without holes of its own kind.
      chart.addSeries(entry.getKey(), categories, new ArrayList<>(entry.getValue()));
    }
    BitmapEncoder.saveBitmap(chart, png.toString(), BitmapEncoder.BitmapFormat.PNG);
  }

  /** Whether the names have room side by side, at 8 pixels a letter. */
  private static boolean fit(List<String> categories, int width) {
    int longest = categories.stream().mapToInt(String::length).max().orElse(0);
    return 8 * longest * categories.size() < width;
  }
}
