package org.voxkern.study;

import java.util.Locale;
import org.voxkern.study.report.Numbers;

/** The outcome in a few lines for a terminal. */
public final class Summary {
  private Summary() {}

  public static String of(Outcome outcome, RegistrationRequest request) {
    StringBuilder text = new StringBuilder();
    line(
        text,
        outcome.measure(),
        Numbers.short4(outcome.measureValue().before()),
        Numbers.short4(outcome.measureValue().after()),
        "");
    outcome
        .pointErrors()
        .ifPresent(
            errors ->
                line(
                    text,
                    "point error",
                    Numbers.fixed(errors.before().mean(), 3),
                    Numbers.fixed(errors.after().mean(), 3),
                    String.format(
                        Locale.ROOT,
                        " mm (mean of %d; median %.3f, 95 %% below %.3f)",
                        errors.after().count(),
                        errors.after().median(),
                        errors.after().p95())));
    outcome
        .overlap()
        .ifPresent(
            overlap ->
                line(
                    text,
                    "Dice",
                    Numbers.fixed(overlap.before().mean(), 3),
                    Numbers.fixed(overlap.after().mean(), 3),
                    " (mean of " + overlap.after().labels().size() + " labels)"));
    Outcome.Jacobian jacobian = outcome.jacobian();
    text.append(
        String.format(
            Locale.ROOT,
            "%-12s %s to %s, %s%n",
            "Jacobian",
            Numbers.fixed(jacobian.min(), 3),
            Numbers.fixed(jacobian.max(), 3),
            jacobian.nonpositiveFraction() > 0
                ? Numbers.fixed(100 * jacobian.nonpositiveFraction(), 4) + " % folded"
                : "no folding"));
    StringBuilder seconds = new StringBuilder();
    outcome
        .seconds()
        .forEach(
            (name, value) ->
                seconds
                    .append(seconds.length() == 0 ? "" : ", ")
                    .append(name)
                    .append(' ')
                    .append(Numbers.fixed(value, 2)));
    text.append(String.format(Locale.ROOT, "%-12s %s%n", "seconds", seconds));
    text.append(String.format(Locale.ROOT, "%-12s %s%n", "results", request.out()));
    return text.toString();
  }

  private static void line(
      StringBuilder text, String name, String before, String after, String more) {
    text.append(String.format(Locale.ROOT, "%-12s %s -> %s%s%n", name, before, after, more));
  }
}
