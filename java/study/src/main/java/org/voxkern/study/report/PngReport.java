package org.voxkern.study.report;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.voxkern.registration.LevelReport;
import org.voxkern.study.Outcome;

/** The report as one picture, to look at or to put into a talk. */
public final class PngReport {
  private static final int MARGIN = 28;
  private static final int GAP = 10;
  private static final int WIDTH = 1720;
  private static final int CHART_HEIGHT = 320;
  static final Color GROUND = new Color(0x0d1116);
  private static final Color INK = new Color(0xe6ebf1);
  private static final Color SOFT = new Color(0x8b97a5);
  private static final Color LETTER = new Color(0xffd98a);
  private static final Font PLAIN = new Font(Font.SANS_SERIF, Font.PLAIN, 15);

  private record Column(String title, Function<SlicePictures, Picture> picture) {}

  private static final List<Column> COLUMNS =
      List.of(
          new Column("edges of moving on fixed, before", SlicePictures::edgesBefore),
          new Column("edges, after", SlicePictures::edgesAfter),
          new Column("checkerboard, before", SlicePictures::boardBefore),
          new Column("checkerboard, after", SlicePictures::boardAfter),
          new Column("deformed grid", SlicePictures::grid));

  private PngReport() {}

  /** The curve of the measure as a PNG, for the HTML report. */
  public static byte[] chart(Outcome outcome, int width, int height) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = graphics(image);
    paintChart(graphics, outcome, width, height, false);
    graphics.dispose();
    return Png.encode(picture(image));
  }

  public static void write(Path file, Report report, Outcome outcome) throws IOException {
    int cell = (WIDTH - 2 * MARGIN - GAP * (COLUMNS.size() - 1)) / COLUMNS.size();
    int widest = 1;
    int pixels = 0;
    for (SlicePictures slice : report.slices()) {
      widest = Math.max(widest, slice.plane().width());
      pixels += slice.plane().height();
    }
    double scale = (double) cell / widest;
    int top = MARGIN + 96;
    int picturesHeight = (int) Math.ceil(pixels * scale) + GAP * (report.slices().size() - 1);
    int height = top + 30 + picturesHeight + 34 + CHART_HEIGHT + MARGIN;
    BufferedImage image = new BufferedImage(WIDTH, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = graphics(image);
    graphics.setColor(GROUND);
    graphics.fillRect(0, 0, WIDTH, height);
    paintHeading(graphics, outcome);
    for (int column = 0; column < COLUMNS.size(); column++) {
      paintColumn(
          graphics, COLUMNS.get(column), report, MARGIN + column * (cell + GAP), top, cell, scale);
    }
    int bottom = top + 30 + picturesHeight + 34;
    Graphics2D chart = (Graphics2D) graphics.create(MARGIN, bottom, 1000, CHART_HEIGHT);
    paintChart(chart, outcome, 1000, CHART_HEIGHT, true);
    chart.dispose();
    paintNumbers(graphics, outcome, report, MARGIN + 1030, bottom);
    graphics.dispose();
    Files.write(file, Png.encode(picture(image)));
  }

  private static void paintHeading(Graphics2D graphics, Outcome outcome) {
    graphics.setColor(INK);
    graphics.setFont(PLAIN.deriveFont(Font.BOLD, 25f));
    String title =
        HtmlReport.fileName(outcome.moving().path())
            + "  \u2192  "
            + HtmlReport.fileName(outcome.fixed().path());
    graphics.drawString(title, MARGIN, MARGIN + 26);
    graphics.setColor(SOFT);
    graphics.setFont(PLAIN);
    graphics.drawString(Headline.method(outcome), MARGIN, MARGIN + 54);
  }

  private static void paintColumn(
      Graphics2D graphics, Column column, Report report, int x, int top, int cell, double scale) {
    graphics.setFont(PLAIN);
    graphics.setColor(SOFT);
    graphics.drawString(column.title(), x, top + 14);
    int y = top + 30;
    for (SlicePictures slice : report.slices()) {
      int width = (int) Math.round(slice.plane().width() * scale);
      int height = (int) Math.round(slice.plane().height() * scale);
      int left = x + (cell - width) / 2;
      graphics.drawImage(image(column.picture().apply(slice)), left, y, width, height, null);
      paintLetters(graphics, slice.plane().letters(), left, y, width, height);
      y += height + GAP;
    }
  }

  private static void paintLetters(
      Graphics2D graphics, String[] letters, int x, int y, int width, int height) {
    graphics.setFont(PLAIN.deriveFont(Font.BOLD, 14f));
    graphics.setColor(LETTER);
    graphics.drawString(letters[0], x + 5, y + height / 2 + 5);
    graphics.drawString(letters[1], x + width - 16, y + height / 2 + 5);
    graphics.drawString(letters[2], x + width / 2 - 5, y + 16);
    graphics.drawString(letters[3], x + width / 2 - 5, y + height - 6);
  }

  private static void paintNumbers(
      Graphics2D graphics, Outcome outcome, Report report, int x, int top) {
    int y = top + 24;
    for (Headline line : Headline.of(outcome)) {
      graphics.setFont(PLAIN);
      graphics.setColor(SOFT);
      graphics.drawString(line.name(), x, y);
      graphics.setColor(INK);
      graphics.setFont(PLAIN.deriveFont(Font.BOLD, 19f));
      graphics.drawString(line.value(), x + 250, y);
      graphics.setFont(PLAIN.deriveFont(14f));
      graphics.setColor(SOFT);
      graphics.drawString(line.note(), x + 250, y + 20);
      y += 52;
    }
    graphics.setFont(PLAIN.deriveFont(13f));
    graphics.drawString(
        "Grid of "
            + Numbers.trim(report.gridSpacingMm())
            + " mm"
            + (report.deformable() ? "; blue: volume shrinks, red: grows (full at 2\u00d7)" : ""),
        x,
        Math.min(y, top + CHART_HEIGHT - 10));
  }

  private static void paintChart(
      Graphics2D graphics, Outcome outcome, int width, int height, boolean dark) {
    List<LevelReport> levels = outcome.levels();
    boolean any =
        levels.stream().anyMatch(level -> level.values().stream().anyMatch(Double::isFinite));
    if (any) {
      MetricChart.of(levels, outcome.measure(), width, height, dark).paint(graphics, width, height);
    } else {
      graphics.setColor(dark ? GROUND : Color.WHITE);
      graphics.fillRect(0, 0, width, height);
    }
  }

  private static Graphics2D graphics(BufferedImage image) {
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    return graphics;
  }

  private static BufferedImage image(Picture picture) {
    BufferedImage image =
        new BufferedImage(picture.width, picture.height, BufferedImage.TYPE_INT_RGB);
    int[] pixels = ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
    System.arraycopy(picture.rgb, 0, pixels, 0, pixels.length);
    return image;
  }

  private static Picture picture(BufferedImage image) {
    Picture picture = new Picture(image.getWidth(), image.getHeight());
    int[] pixels = ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
    for (int i = 0; i < pixels.length; i++) {
      picture.rgb[i] = pixels[i] & 0xffffff;
    }
    return picture;
  }
}
