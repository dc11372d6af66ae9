package org.voxkern.study.report;

import java.util.Map;
import org.voxkern.Geometry;
import org.voxkern.registration.LevelReport;
import org.voxkern.study.Outcome;

/** The tables of the HTML report. */
final class HtmlTables {
  private HtmlTables() {}

  static String sideBySide(Outcome outcome) {
    return box("Quality", quality(outcome))
        + box("Transform", transform(outcome))
        + box("Images", images(outcome))
        + box("Run", run(outcome));
  }

  private static String box(String title, String table) {
    return "<div class=\"white\"><h3>" + title + "</h3>" + table + "</div>\n";
  }

  private static String quality(Outcome outcome) {
    StringBuilder html = new StringBuilder("<table><tr><th></th><th class=\"n\">before</th>");
    html.append("<th class=\"n\">after</th></tr>");
    change(
        html,
        outcome.measure(),
        Numbers.short4(outcome.measureValue().before()),
        Numbers.short4(outcome.measureValue().after()));
    outcome
        .pointErrors()
        .ifPresent(
            errors -> {
              Outcome.PointErrors before = errors.before();
              Outcome.PointErrors after = errors.after();
              change(html, "Point error, mean (mm)", mm(before.mean()), mm(after.mean()));
              change(html, "median", mm(before.median()), mm(after.median()));
              change(html, "95th percentile", mm(before.p95()), mm(after.p95()));
            });
    outcome
        .overlap()
        .ifPresent(
            overlap ->
                change(
                    html,
                    "Dice, mean",
                    Numbers.fixed(overlap.before().mean(), 3),
                    Numbers.fixed(overlap.after().mean(), 3)));
    Outcome.Jacobian jacobian = outcome.jacobian();
    change(html, "Jacobian, smallest", "", Numbers.fixed(jacobian.min(), 3));
    change(html, "Jacobian, largest", "", Numbers.fixed(jacobian.max(), 3));
    change(html, "Jacobian, SD of the logarithm", "", Numbers.fixed(jacobian.sdLog(), 4));
    change(
        html, "Folded part of the voxels", "", Numbers.percent(jacobian.nonpositiveFraction(), 4));
    return html.append("</table>").toString();
  }

  private static String mm(double value) {
    return Numbers.fixed(value, 3);
  }

  private static void change(StringBuilder html, String name, String before, String after) {
    html.append("<tr><td>")
        .append(Html.escape(name))
        .append("</td><td class=\"n\">")
        .append(before)
        .append("</td><td class=\"n\">")
        .append(after)
        .append("</td></tr>");
  }

  private static String transform(Outcome outcome) {
    StringBuilder html = new StringBuilder("<table>");
    double[] m = outcome.linear();
    for (int row = 0; row < 3; row++) {
      html.append("<tr>");
      for (int column = 0; column < 4; column++) {
        html.append("<td class=\"n\">")
            .append(Numbers.fixed(m[4 * row + column], column == 3 ? 3 : 6))
            .append("</td>");
      }
      html.append("</tr>");
    }
    return html.append("</table><p class=\"sub\" style=\"margin:8px 0 0\">Linear part, [A | t], ")
        .append("fixed to moving points, mm LPS.</p>")
        .toString();
  }

  private static String images(Outcome outcome) {
    return "<table><tr><th></th><th>fixed</th><th>moving</th></tr>"
        + pair("File", outcome.fixed().path(), outcome.moving().path())
        + pair("Size", size(outcome.fixed().geometry()), size(outcome.moving().geometry()))
        + pair(
            "Spacing (mm)",
            numbers(outcome.fixed().geometry().spacing(), 3),
            numbers(outcome.moving().geometry().spacing(), 3))
        + pair(
            "Origin (mm LPS)",
            numbers(outcome.fixed().geometry().origin(), 2),
            numbers(outcome.moving().geometry().origin(), 2))
        + pair(
            "Axes run to",
            letters(outcome.fixed().geometry()),
            letters(outcome.moving().geometry()))
        + pair("Type", outcome.fixed().type(), outcome.moving().type())
        + "</table>";
  }

  private static String pair(String name, String fixed, String moving) {
    return "<tr><td>"
        + name
        + "</td><td>"
        + Html.escape(fixed)
        + "</td><td>"
        + Html.escape(moving)
        + "</td></tr>";
  }

  private static String size(Geometry geometry) {
    return geometry.size(0) + " \u00d7 " + geometry.size(1) + " \u00d7 " + geometry.size(2);
  }

  private static String numbers(double[] values, int decimals) {
    StringBuilder text = new StringBuilder();
    for (double value : values) {
      text.append(text.length() == 0 ? "" : ", ").append(Numbers.fixed(value, decimals));
    }
    return text.toString();
  }

  private static String letters(Geometry geometry) {
    return Orientation.letters(geometry)
        + (Orientation.obliqueDegrees(geometry) > 0.5
            ? ", oblique by " + Numbers.fixed(Orientation.obliqueDegrees(geometry), 1) + "\u00b0"
            : "");
  }

  private static String run(Outcome outcome) {
    StringBuilder html = new StringBuilder("<table>");
    outcome
        .seconds()
        .forEach((name, value) -> item(html, "Seconds, " + name, Numbers.fixed(value, 3)));
    item(html, "Peak memory (MB)", Numbers.fixed(outcome.peakMemoryMb(), 0));
    item(html, "Device", outcome.device());
    item(html, "Seed", String.valueOf(outcome.seed()));
    outcome.parameters().forEach((name, value) -> item(html, name, value));
    return html.append("</table>").toString();
  }

  private static void item(StringBuilder html, String name, String value) {
    html.append("<tr><td>")
        .append(Html.escape(name))
        .append("</td><td>")
        .append(Html.escape(value))
        .append("</td></tr>");
  }

  static String labels(Outcome.Change<Outcome.Overlap> overlap) {
    StringBuilder html =
        new StringBuilder("<h2>Labels</h2><section class=\"white\"><details")
            .append(overlap.after().labels().size() <= 12 ? " open" : "")
            .append("><summary>Dice of each label</summary><table><tr><th>label</th>")
            .append("<th class=\"n\">before</th><th class=\"n\">after</th><th></th></tr>");
    for (Map.Entry<Integer, Double> after : overlap.after().labels().entrySet()) {
      double value = after.getValue();
      html.append("<tr><td>")
          .append(after.getKey())
          .append("</td><td class=\"n\">")
          .append(
              Numbers.fixed(overlap.before().labels().getOrDefault(after.getKey(), Double.NaN), 3))
          .append("</td><td class=\"n\">")
          .append(Numbers.fixed(value, 3))
          .append("</td><td style=\"width:45%\"><span class=\"bar\" style=\"width:")
          .append(Numbers.fixed(100 * (Double.isFinite(value) ? value : 0), 1))
          .append("%\"></span></td></tr>");
    }
    return html.append("</table></details></section>").toString();
  }

  static String levels(Outcome outcome) {
    StringBuilder html =
        new StringBuilder("<table><tr><th>stage</th><th class=\"n\">level</th><th>shrunk by</th>")
            .append("<th class=\"n\">iterations</th><th class=\"n\">first</th>")
            .append("<th class=\"n\">last</th><th>ended by</th><th class=\"n\">seconds</th></tr>");
    for (LevelReport level : outcome.levels()) {
      int count = level.values().size();
      html.append("<tr><td>")
          .append(Html.escape(level.stage()))
          .append("</td><td class=\"n\">")
          .append(level.level())
          .append("</td><td>")
          .append(
              level.shrinkFactors().toString().replaceAll("[\\[\\]]", "").replace(",", " \u00d7"))
          .append("</td><td class=\"n\">")
          .append(count)
          .append("</td><td class=\"n\">")
          .append(count == 0 ? "" : Numbers.short4(level.values().get(0)))
          .append("</td><td class=\"n\">")
          .append(count == 0 ? "" : Numbers.short4(level.values().get(count - 1)))
          .append("</td><td>")
          .append(Html.escape(level.stopReason()))
          .append("</td><td class=\"n\">")
          .append(Numbers.fixed(level.seconds(), 3))
          .append("</td></tr>");
    }
    return html.append("</table>").toString();
  }
}
