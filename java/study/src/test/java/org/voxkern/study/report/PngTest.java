package org.voxkern.study.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PngTest {
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anotherReaderSeesTheSamePixels(boolean grey) throws IOException {
    Picture picture = new Picture(37, 23);
    for (int i = 0; i < picture.rgb.length; i++) {
      picture.rgb[i] = grey ? 0x010101 * (i * 7 & 255) : i * 2654435 & 0xffffff;
    }
    BufferedImage read = ImageIO.read(new ByteArrayInputStream(Png.encode(picture)));
    assertEquals(37, read.getWidth());
    assertEquals(23, read.getHeight());
    assertEquals(grey ? 1 : 3, read.getRaster().getNumBands());
    for (int i = 0; i < picture.rgb.length; i++) {
      // Raw samples: the colour model would apply a grey profile.
      int red = read.getRaster().getSample(i % 37, i / 37, 0);
      int blue = read.getRaster().getSample(i % 37, i / 37, grey ? 0 : 2);
      assertEquals(picture.rgb[i] >> 16 & 255, red);
      assertEquals(picture.rgb[i] & 255, blue);
    }
  }
}
