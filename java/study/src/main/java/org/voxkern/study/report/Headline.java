package org.voxkern.study.report;

import java.util.ArrayList;
import java.util.List;
import org.voxkern.study.Outcome;

/** A number that sums the run up, for the top of the report. */
record Headline(String name, String value, String note) {

  /** What registered, by which measure and on what, in a line. */
  static String method(Outcome outcome) {
    return outcome.transform()
        + " registration by "
        + outcome.measure()
        + " \u00b7 "
        + outcome.device()
        + " \u00b7 Voxkern "
        + outcome.version();
  }

  static List<Headline> of(Outcome outcome) {
    List<Headline> lines = new ArrayList<>();
    outcome
        .pointErrors()
        .ifPresent(
            errors ->
                lines.add(
                    new Headline(
                        "Error at " + errors.after().count() + " points, mean",
                        Numbers.fixed(errors.after().mean(), 2) + " mm",
                        "before "
                            + Numbers.fixed(errors.before().mean(), 2)
                            + " mm; median now "
                            + Numbers.fixed(errors.after().median(), 2)
                            + " mm")));
    outcome
        .overlap()
        .ifPresent(
            overlap ->
                lines.add(
                    new Headline(
                        "Dice of " + overlap.after().labels().size() + " labels, mean",
                        Numbers.fixed(overlap.after().mean(), 3),
                        "before " + Numbers.fixed(overlap.before().mean(), 3))));
    lines.add(
        new Headline(
            outcome.measure(),
            Numbers.short4(outcome.measureValue().after()),
            "before " + Numbers.short4(outcome.measureValue().before())));
    Outcome.Jacobian jacobian = outcome.jacobian();
    lines.add(
        new Headline(
            "Change of volume",
            jacobian.sdLog() == 0
                ? "\u00d7 " + Numbers.fixed(jacobian.min(), 3)
                : Numbers.fixed(jacobian.min(), 2) + " to " + Numbers.fixed(jacobian.max(), 2),
            jacobian.nonpositiveFraction() > 0
                ? Numbers.percent(jacobian.nonpositiveFraction(), 3) + " folded"
                : "no folding"));
    double registration =
        outcome.seconds().getOrDefault("linear", 0.0)
            + outcome.seconds().getOrDefault("deformable", 0.0);
    lines.add(
        new Headline(
            "Registration",
            Numbers.fixed(registration, 2) + " s",
            "reading " + Numbers.fixed(outcome.seconds().getOrDefault("read", 0.0), 2) + " s"));
    return lines;
  }
}
