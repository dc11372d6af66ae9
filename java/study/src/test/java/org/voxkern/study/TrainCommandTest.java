package org.voxkern.study;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.graph.SafeTensors;
import org.voxkern.itk.ImageIo;

/** The train command, on a phantom. */
class TrainCommandTest {
  private static final String RECIPE =
      """
      {
        // The blobs of the phantom, but the head itself.
        "cases": [{"images": "image.nii.gz", "labels": "labels.nii.gz"}],
        "validation_cases": [{"images": ["moved.nii.gz"], "labels": "moved-labels.nii.gz"}],
        "test_cases": [{"images": "moved.nii.gz", "labels": "moved-labels.nii.gz"}],
        "classes": [[0, 2], [1, 3, 4, 5]],
        "spacing": [2, 2, 2],
        "network": {"features": [6, 8]},
        "patch": [24, 28, 20],
        "augmentation": {"flips": ["x", "z"], "scale": 0.1, "shift": 0.1},
        "learning_rate": {"kind": "constant", "initial": 0.02, "warm_up": 2},
        "clip": {"norm": 10},
        "steps": STEPS,
        "validate_every": 10,
        "checkpoint_every": 3,
        "overlap": 0,
        "seed": 5
      }
      """;

  @TempDir static Path folder;

  @BeforeAll
  static void writeImages() {
    try (Context context = Context.create()) {
      Phantom.write(
          Phantom.image(context, Phantom.grid(), 0, 0, 0),
          folder.resolve("image.nii.gz"),
          ElementType.I16);
      Phantom.write(
          Phantom.image(context, Phantom.grid(), 2, -1, 1),
          folder.resolve("moved.nii.gz"),
          ElementType.I16);
      ImageIo.write(
          Phantom.labels(context, Phantom.grid(), 0, 0, 0), folder.resolve("labels.nii.gz"));
      ImageIo.write(
          Phantom.labels(context, Phantom.grid(), 2, -1, 1), folder.resolve("moved-labels.nii.gz"));
    }
  }

  private static Path recipe(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name + ".json"), text);
  }

  private static Path trained(Path out, int steps, Object... more) throws IOException {
    Path recipe = recipe("steps" + steps, RECIPE.replace("STEPS", "" + steps));
    List<Object> words = new ArrayList<>(List.of("train", recipe, "--out", out));
    words.addAll(List.of(more));
    CommandLineResult result = CommandLineResult.of(words.toArray());
    assertEquals(0, result.code(), result.err());
    assertTrue(result.out().startsWith(steps + " steps in "), result.out());
    return out;
  }

  /** The log's numbers, but for the times. */
  private static List<Map<String, Object>> log(Path out) throws IOException {
    List<Map<String, Object>> lines = new ArrayList<>();
    for (String line : Files.readAllLines(out.resolve("log.jsonl"))) {
      Map<String, Object> numbers = JsonMap.parse(line);
      numbers.remove("seconds");
      lines.add(numbers);
    }
    return lines;
  }

  @Test
  void trainsAndSaysHowWell() throws IOException {
    Path out = trained(folder.resolve("whole"), 60);
    Map<String, Object> result = JsonMap.read(out.resolve("result.json"));
    assertEquals(60, result.get("steps"));
    double score = ((Number) result.get("best_score")).doubleValue();
    assertTrue(score < 0.35, "score " + score);
    Map<?, ?> dice = (Map<?, ?>) result.get("dice");
    Map<?, ?> byClass =
        (Map<?, ?>) dice.get(folder.resolve("moved-labels.nii.gz").toAbsolutePath().toString());
    // The best weights are those that are written, and tested, on the finer grid of the labels.
    assertEquals(1 - score, ((Number) byClass.get("1")).doubleValue(), 0.05);
    assertEquals(66, log(out).size());
    try (var files = Files.list(out)) {
      List<String> names = files.map(file -> file.getFileName().toString()).sorted().toList();
      assertEquals(
          List.of(
              "checkpoint.safetensors",
              "log.jsonl",
              "recipe.json",
              "result.json",
              "weights.safetensors"),
          names);
    }
    CommandLineResult again =
        CommandLineResult.of("train", folder.resolve("steps60.json"), "--out", out);
    assertEquals(Main.BAD_INPUT, again.code());
    assertTrue(again.err().contains("a training is in that folder"), again.err());
  }

  @Test
  void goingOnEqualsNoStop() throws IOException {
    Path whole = trained(folder.resolve("six"), 6, "--quiet", "--threads", 1);
    Path parts = trained(folder.resolve("three"), 3, "--quiet", "--threads", 2);
    // As a run leaves it that was stopped after its last checkpoint.
    Files.writeString(
        parts.resolve("log.jsonl"),
        Files.readString(parts.resolve("log.jsonl")) + "{\"step\":4,\"loss\":9}\n{\"st");
    trained(parts, 6, "--resume", "--quiet", "--threads", 2);
    for (String name : List.of("weights.safetensors", "checkpoint.safetensors")) {
      assertArrayEquals(
          Files.readAllBytes(whole.resolve(name)), Files.readAllBytes(parts.resolve(name)), name);
    }
    assertEquals(log(whole), log(parts));
  }

  @Test
  void supervisesEveryResolution() throws IOException {
    String text =
        RECIPE.replace("STEPS", "3").replace("[6, 8]", "[4, 6, 8], \"deep_supervision\": true");
    Path plain = folder.resolve("plain-levels");
    Path weighted = folder.resolve("weighted-levels");
    CommandLineResult result =
        CommandLineResult.of(
            "train", recipe("supervised", text), "--out", plain, "--quiet", "--threads", 2);
    assertEquals(0, result.code(), result.err());
    // The weights that it has anyway.
    Path same =
        recipe(
            "weighted",
            text.replace(
                "\"steps\"",
                "\"loss\": {\"level_weights\": [" + 2.0 / 3 + ", " + 1.0 / 3 + "]}, \"steps\""));
    result = CommandLineResult.of("train", same, "--out", weighted, "--quiet", "--threads", 1);
    assertEquals(0, result.code(), result.err());
    assertEquals(log(plain), log(weighted));
    try (SafeTensors file = SafeTensors.open(plain.resolve("weights.safetensors"))) {
      for (String head : List.of("decoder.seg_layers.0.weight", "decoder.seg_layers.1.weight")) {
        assertTrue(file.entries().containsKey(head), file.entries().keySet().toString());
      }
    }
    refuses(
        text.replace("\"steps\"", "\"loss\": {\"level_weights\": [1]}, \"steps\""),
        "loss.level_weights: is [1], expected 2 numbers");
  }

  @Test
  void refusesBadRecipes() throws IOException {
    String good = RECIPE.replace("STEPS", "2");
    refuses(good.replace("\"seed\"", "\"sed\""), "sed: is unknown");
    refuses(good.replace("\"steps\": 2,", ""), "steps: is missing");
    refuses(good.replace("\"steps\": 2", "\"steps\": 0"), "steps: is 0, expected");
    refuses(good.replace("\"steps\": 2", "\"steps\": \"two\""), "steps: is 'two', expected");
    refuses(good.replace("24, 28, 20", "24, 28"), "patch: is [24, 28], expected 3");
    refuses(
        good.replace("\"seed\"", "\"precision\": \"f16\", \"seed\""),
        "precision: is 'f16', expected one of f32, bf16");
    refuses(
        good.replace("24, 28, 20", "24, 28, 21"), "21 voxels along an axis, expected a multiple");
    refuses(good.replace("[0, 2], [1, 3, 4, 5]", "[0, 2], [1, 2]"), "the label 2 twice");
    refuses(good.replace("[0, 2], [1, 3, 4, 5]", "[0, 2]"), "classes: has 1, expected 2");
    refuses(good.replace("[0, 2], [1, 3, 4, 5]", "[7], [8]"), "labels.nii.gz: no voxel has");
    refuses(good.replace("\"constant\"", "\"warm\""), "learning_rate.kind: is 'warm', expected");
    refuses(good.replace("\"initial\": 0.02", "\"initial\": -1"), "learning_rate: a learning rate");
    refuses(
        good.replace("\"norm\": 10", "\"norm\": 0"), "clip: a bound of the gradients' norm of 0");
    refuses(good.replace("\"x\", \"z\"", "\"x\", \"t\""), "augmentation.flips: has 't'");
    refuses(good.replace("\"scale\": 0.1", "\"scale\": 1"), "augmentation: a change of scale of 1");
    refuses(good.replace("\"image.nii.gz\"", "\"none.nii.gz\""), "none.nii.gz: no such file");
    refuses(good.replace("\"image.nii.gz\"", "3"), "cases[0].images: is 3, expected a text");
    refuses(
        good.replace("\"image.nii.gz\"", "[\"image.nii.gz\", \"moved.nii.gz\"]"), "2 and 1 images");
    refuses(good.replace("\"overlap\": 0", "\"overlap\": 1"), "overlap: is 1.0, expected");
    refuses(good.replace("[6, 8]", "[]"), "network.features: is [], expected");
    refuses(good.replace("\"seed\": 5", "\"seed\": 5, \"seed\": 6"), "Duplicate field 'seed'");
    refuses(good.substring(0, good.length() / 2), "Unexpected end-of-input");
    refuses("[1]", "no JSON object");
    CommandLineResult missing =
        CommandLineResult.of("train", folder.resolve("no.json"), "--out", folder.resolve("x"));
    assertEquals(Main.BAD_INPUT, missing.code());
    assertTrue(missing.err().contains("no.json: no such file"), missing.err());
    CommandLineResult nothing =
        CommandLineResult.of(
            "train", recipe("good", good), "--resume", "--out", folder.resolve("x"));
    assertEquals(Main.BAD_INPUT, nothing.code());
    assertTrue(nothing.err().contains("checkpoint.safetensors: no such file"), nothing.err());
  }

  private static void refuses(String text, String says) throws IOException {
    Path out = folder.resolve("out-" + System.nanoTime());
    CommandLineResult result =
        CommandLineResult.of("train", recipe("bad", text), "--out", out, "--quiet");
    assertEquals(Main.BAD_INPUT, result.code(), says + ": " + result.err());
    assertEquals(1, result.err().lines().count(), result.err());
    assertTrue(result.err().contains(says), says + " expected in: " + result.err());
    assertFalse(Files.exists(out), "output left behind");
  }
}
