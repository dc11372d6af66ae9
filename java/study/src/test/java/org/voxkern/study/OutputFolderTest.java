package org.voxkern.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputFolderTest {
  @TempDir Path folder;

  @Test
  void publishesAllAtOnce() throws IOException {
    Path out = folder.resolve("a/b");
    try (OutputFolder output = OutputFolder.open(out)) {
      Files.writeString(output.staged("one.txt"), "1");
      Files.writeString(output.staged("two.txt"), "2");
      assertFalse(Files.exists(out.resolve("one.txt")));
      output.publish();
    }
    assertEquals("1", Files.readString(out.resolve("one.txt")));
    assertEquals("2", Files.readString(out.resolve("two.txt")));
    assertEquals(2, out.toFile().list().length);
  }

  @Test
  void removesWhatWasNotPublished() throws IOException {
    Path out = folder.resolve("a/b");
    try (OutputFolder output = OutputFolder.open(out)) {
      Files.createDirectory(output.staged("inner"));
      Files.writeString(output.staged("inner").resolve("one.txt"), "1");
    }
    assertFalse(Files.exists(folder.resolve("a")), "folders made for the run stay");
  }

  @Test
  void keepsAFolderThatWasThere() throws IOException {
    Path out = Files.createDirectory(folder.resolve("mine"));
    Files.writeString(out.resolve("notes.txt"), "mine");
    try (OutputFolder output = OutputFolder.open(out)) {
      Files.writeString(output.staged("one.txt"), "1");
    }
    assertEquals(1, out.toFile().list().length);
  }

  @Test
  void publishesNothingAfterClosing() throws IOException {
    OutputFolder output = OutputFolder.open(folder.resolve("late"));
    Files.writeString(output.staged("one.txt"), "1");
    output.close();
    assertThrows(IllegalStateException.class, output::publish);
    assertFalse(Files.exists(folder.resolve("late")));
  }

  @Test
  void refusesAFile() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "x");
    assertThrows(BadInputException.class, () -> OutputFolder.open(file));
    assertThrows(BadInputException.class, () -> OutputFolder.open(file.resolve("below")));
    assertTrue(Files.isRegularFile(file));
  }
}
