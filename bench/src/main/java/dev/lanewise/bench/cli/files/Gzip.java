package dev.lanewise.bench.cli.files;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** Reads what gzip has compressed, one file or several one after another; what is damaged is an exception that names the file. */
final class Gzip extends FilterInputStream {
  private static final byte[] SIGNATURE = {0x1f, (byte) 0x8b};
  private static final int BUFFER = 1 << 16;

  private final String name;

  private Gzip(InputStream in, String name) {
    super(in);
    this.name = name;
  }

  /** Whether a file is compressed, by its first bytes. */
  static boolean begins(byte[] beginning) {
    return Content.startsWith(beginning, SIGNATURE);
  }

  static InputStream open(InputStream compressed, String name) throws IOException {
    try {
      return new Gzip(new GZIPInputStream(compressed, BUFFER), name);
    } catch (EOFException | ZipException e) {
      throw damaged(name, e);
    }
  }

  private static IOException damaged(String name, IOException e) {
    return new IOException(name + " is a damaged gzip file: " + (e instanceof EOFException ? "its end is missing" : e.getMessage()), e);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int from, int length) throws IOException {
    try {
      return in.read(bytes, from, length);
    } catch (EOFException | ZipException e) {
      throw damaged(name, e);
    }
  }
}
