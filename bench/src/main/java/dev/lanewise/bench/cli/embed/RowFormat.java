package dev.lanewise.bench.cli.embed;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Formats of a matrix of floats. The header has the same length for any number of rows, so it can be overwritten. */
enum RowFormat {
  /** NumPy's format, version 1.0 (numpy.lib.format). */
  NPY("\\(([0-9]+), ") {
    @Override
    byte[] header(long rows, int width) {
      String text = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + rows + ", " + width + "), }";
      byte[] bytes = blank();
      ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      header.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII)).put((byte) 1).put((byte) 0);
      header.putShort((short) (HEADER_BYTES - header.position() - Short.BYTES)).put(text.getBytes(StandardCharsets.US_ASCII));
      header.put(HEADER_BYTES - 1, (byte) '\n');
      return bytes;
    }
  },

  /** Hugging Face's format, with one tensor named embeddings. */
  SAFETENSORS("\\[([0-9]+),") {
    @Override
    byte[] header(long rows, int width) {
      long end = rows * width * Float.BYTES;
      String text = "{\"embeddings\":{\"dtype\":\"F32\",\"shape\":[" + rows + "," + width + "],\"data_offsets\":[0," + end + "]}}";
      byte[] bytes = blank();
      ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      header.putLong(HEADER_BYTES - Long.BYTES).put(text.getBytes(StandardCharsets.US_ASCII));
      return bytes;
    }
  };

  /** The size of the header; both formats allow spaces after its text. */
  static final int HEADER_BYTES = 128;

  private final Pattern rows;

  RowFormat(String rows) {
    this.rows = Pattern.compile(rows);
  }

  /** The format that belongs to a file's name; empty if there is none. */
  static Optional<RowFormat> ofName(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    return Arrays.stream(values()).filter(format -> name.endsWith("." + format.name().toLowerCase(Locale.ROOT))).findFirst();
  }

  abstract byte[] header(long rows, int width);

  private static byte[] blank() {
    byte[] header = new byte[HEADER_BYTES];
    Arrays.fill(header, (byte) ' ');
    return header;
  }

  /** The number of rows in a header; negative if it has none. */
  long rows(byte[] header) {
    Matcher found = rows.matcher(new String(header, StandardCharsets.ISO_8859_1));
    return found.find() && found.group(1).length() < 15 ? Long.parseLong(found.group(1)) : -1;
  }
}
