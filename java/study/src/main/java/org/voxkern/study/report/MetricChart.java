package org.voxkern.study.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.util.ArrayList;
import java.util.List;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.voxkern.registration.LevelReport;

/** The similarity measure over the iterations, a line a pyramid level. */
final class MetricChart {
  private static final Color[] LINEAR = {
    new Color(0x9ec5e8), new Color(0x5b9bd5), new Color(0x1f6fb4), new Color(0x0b4a82)
  };
  private static final Color[] DEFORMABLE = {
    new Color(0xf6c69b), new Color(0xec9a55), new Color(0xd2691e), new Color(0x9c4308)
  };

  private MetricChart() {}

  /**
   * @param dark whether it stands on a dark ground
   */
  static XYChart of(List<LevelReport> levels, String measure, int width, int height, boolean dark) {
    XYChart chart =
        new XYChartBuilder()
            .width(width)
            .height(height)
            .xAxisTitle("iteration")
            .yAxisTitle(measure)
            .build();
    style(chart, dark);
    int start = 0;
    String stage = "";
    int inStage = 0;
    for (LevelReport level : levels) {
      inStage = level.stage().equals(stage) ? inStage + 1 : 0;
      stage = level.stage();
      List<Integer> x = new ArrayList<>();
      List<Double> y = new ArrayList<>();
      for (double value : level.values()) {
        start++;
        if (Double.isFinite(value)) {
          x.add(start);
          y.add(value);
        }
      }
      if (!x.isEmpty()) {
        String name = level.stage() + " " + level.level();
        while (chart.getSeriesMap().containsKey(name)) {
          name += "'";
        }
        XYSeries series = chart.addSeries(name, x, y);
        Color[] colors = stage.equals("deformable") ? DEFORMABLE : LINEAR;
        series.setLineColor(colors[Math.min(inStage, colors.length - 1)]);
        series.setLineStyle(new BasicStroke(2.4f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        series.setMarker(x.size() == 1 ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
        series.setMarkerColor(series.getLineColor());
      }
    }
    return chart;
  }

  private static void style(XYChart chart, boolean dark) {
    Color ink = new Color(dark ? 0xb3bdc8 : 0x55606b);
    Color ground = dark ? PngReport.GROUND : Color.WHITE;
    Font small = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
    var styler = chart.getStyler();
    styler.setChartBackgroundColor(ground);
    styler.setPlotBackgroundColor(ground);
    styler.setPlotBorderVisible(false);
    styler.setPlotGridLinesColor(new Color(dark ? 0x262e37 : 0xe4e8ec));
    styler.setPlotGridVerticalLinesVisible(false);
    styler.setAxisTickLabelsFont(small);
    styler.setAxisTickLabelsColor(ink);
    styler.setAxisTitleFont(small.deriveFont(Font.BOLD));
    styler.setChartFontColor(ink);
    styler.setLegendFont(small);
    styler.setLegendBorderColor(ground);
    styler.setLegendBackgroundColor(ground);
    styler.setAxisTickMarksColor(ink);
    styler.setLegendPosition(Styler.LegendPosition.OutsideE);
    styler.setChartPadding(8);
    styler.setAntiAlias(true);
  }
}
