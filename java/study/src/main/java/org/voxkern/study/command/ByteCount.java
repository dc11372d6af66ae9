package org.voxkern.study.command;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** An amount of memory: 600M, 1.5G, 4096K or bytes, in powers of 1024. */
final class ByteCount implements ITypeConverter<Long> {
  private static final Pattern FORM = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([KMGT]?)I?B?");
  private static final int BITS = 10;

  @Override
  public Long convert(String text) {
    Matcher matcher = FORM.matcher(text.strip().toUpperCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new TypeConversionException("'" + text + "' is no amount such as 600M or 1.5G");
    }
    int power = matcher.group(2).isEmpty() ? 0 : 1 + "KMGT".indexOf(matcher.group(2));
    double bytes = Double.parseDouble(matcher.group(1)) * (1L << (BITS * power));
    if (bytes < 1 || bytes > Long.MAX_VALUE / 2.0) {
      throw new TypeConversionException("'" + text + "' is no amount of memory of any use");
    }
    return (long) bytes;
  }
}
