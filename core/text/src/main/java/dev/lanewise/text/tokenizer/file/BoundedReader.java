package dev.lanewise.text.tokenizer.file;

import java.io.FilterReader;
import java.io.IOException;
import java.io.Reader;

/** Refuses to read more than a number of characters. The number can be lowered for a while. */
final class BoundedReader extends FilterReader {
  private final String what;
  private long left;
  private long budget = Long.MAX_VALUE;

  BoundedReader(Reader in, long most, String what) {
    super(in);
    this.left = most;
    this.what = what;
  }

  /** Allows this many characters until the next call. */
  void budget(long characters) {
    budget = characters;
  }

  @Override
  public int read() throws IOException {
    char[] one = new char[1];
    return read(one, 0, 1) < 0 ? -1 : one[0];
  }

  @Override
  public int read(char[] target, int offset, int length) throws IOException {
    int read = super.read(target, offset, length);
    if (read > 0) {
      left -= read;
      budget -= read;
      if (left < 0 || budget < 0) {
        throw new IOException(what + " is too large" + (left < 0 ? "" : " outside its vocabulary"));
      }
    }
    return read;
  }
}
