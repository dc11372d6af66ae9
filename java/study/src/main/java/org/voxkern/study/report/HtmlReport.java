package org.voxkern.study.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.voxkern.study.Outcome;

/** The report as one HTML file that needs no other: pictures are inside it. */
public final class HtmlReport {
  private static final Pattern PLACE = Pattern.compile("\\{\\{(\\w+)}}");

  private HtmlReport() {}

  /**
   * Writes the file.
   *
   * @param chart the curve of the measure, drawn by {@link PngReport#chart}
   */
  public static void write(Path file, Report report, Outcome outcome, byte[] chart)
      throws IOException {
    String fixed = fileName(outcome.fixed().path());
    String moving = fileName(outcome.moving().path());
    Map<String, String> parts =
        Map.of(
            "title", Html.escape(moving + " to " + fixed),
            "heading", Html.escape(moving) + " &rarr; " + Html.escape(fixed),
            "subheading", Html.escape(Headline.method(outcome)),
            "cards", cards(outcome),
            "columns", columns(report),
            "views", views(report),
            "chart", "<img alt=\"measure by iteration\" src=\"" + inline(chart) + "\">",
            "tables", HtmlTables.sideBySide(outcome),
            "labels", outcome.overlap().map(HtmlTables::labels).orElse(""),
            "levels", HtmlTables.levels(outcome));
    Files.writeString(file, fill(template(), parts));
  }

  private static String cards(Outcome outcome) {
    StringBuilder html = new StringBuilder();
    for (Headline line : Headline.of(outcome)) {
      html.append("<div class=\"card\"><div class=\"name\">")
          .append(Html.escape(line.name()))
          .append("</div><div class=\"value\">")
          .append(Html.escape(line.value()))
          .append("</div><div class=\"note\">")
          .append(Html.escape(line.note()))
          .append("</div></div>\n");
    }
    return html.toString();
  }

  /** Columns as wide as their pictures are, so that all planes show one scale. */
  private static String columns(Report report) {
    return report.slices().stream()
        .map(slice -> "minmax(0, " + slice.plane().width() + "fr)")
        .collect(Collectors.joining(" "));
  }

  private static String views(Report report) {
    StringBuilder html = new StringBuilder();
    html.append("<div data-shows=\"edges\"><div class=\"rows\">");
    row(html, "before", report.slices(), SlicePictures::edgesBefore, false);
    row(html, "after", report.slices(), SlicePictures::edgesAfter, false);
    html.append(
        "</div><p class=\"legend\">Edges of the moving image over the fixed image.</p></div>");
    html.append("<div data-shows=\"board\" hidden><div class=\"rows\">");
    row(html, "before", report.slices(), SlicePictures::boardBefore, false);
    row(html, "after", report.slices(), SlicePictures::boardAfter, false);
    html.append("</div><p class=\"legend\">Fixed and moving image in turn.</p></div>");
    html.append("<div data-shows=\"blink\" hidden><div class=\"rows\">");
    row(html, "fixed", report.slices(), SlicePictures::fixed, false);
    row(html, "moving, before", report.slices(), SlicePictures::before, true);
    row(html, "moving, after", report.slices(), SlicePictures::after, true);
    html.append("</div></div>");
    html.append("<div data-shows=\"grid\" hidden><div class=\"rows\">");
    row(html, "deformed grid", report.slices(), SlicePictures::grid, false);
    html.append("</div><p class=\"legend\">").append(gridLegend(report)).append("</p></div>");
    return html.toString();
  }

  private static String gridLegend(Report report) {
    String lines =
        "Lines of a regular grid of "
            + Numbers.trim(report.gridSpacingMm())
            + " mm in the moving image, where the "
            + (report.deformable() ? "deformation (without the linear part)" : "mapping")
            + " brings them.";
    return report.deformable()
        ? lines
            + " Volume<span class=\"scale\"></span>halved to doubled by the deformation;"
            + " yellow where it folds."
        : lines;
  }

  private static void row(
      StringBuilder html,
      String name,
      List<SlicePictures> slices,
      Function<SlicePictures, Picture> picture,
      boolean blinks) {
    html.append("<div class=\"when\">").append(name).append("</div><div class=\"planes\">");
    for (SlicePictures slice : slices) {
      String[] letters = slice.plane().letters();
      html.append("<figure><img alt=\"")
          .append(slice.plane().name())
          .append(", ")
          .append(name)
          .append("\" src=\"")
          .append(inline(Png.encode(picture.apply(slice))));
      if (blinks) {
        html.append("\" data-blink=\"").append(slice.plane().name());
      }
      html.append("\"><span class=\"l\">")
          .append(letters[0])
          .append("</span><span class=\"r\">")
          .append(letters[1])
          .append("</span><span class=\"t\">")
          .append(letters[2])
          .append("</span><span class=\"b\">")
          .append(letters[3])
          .append("</span></figure>\n");
    }
    html.append("</div>");
  }

  static String inline(byte[] png) {
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(png);
  }

  static String fileName(String path) {
    Path name = Path.of(path).getFileName();
    return name == null ? path : name.toString();
  }

  private static String fill(String template, Map<String, String> parts) {
    StringBuilder html = new StringBuilder(1 << 20);
    Matcher place = PLACE.matcher(template);
    int from = 0;
    while (place.find()) {
      html.append(template, from, place.start()).append(parts.get(place.group(1)));
      from = place.end();
    }
    return html.append(template, from, template.length()).toString();
  }

  private static String template() {
    try (InputStream in = HtmlReport.class.getResourceAsStream("report.html")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
