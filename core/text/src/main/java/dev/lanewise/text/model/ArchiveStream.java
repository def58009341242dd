package dev.lanewise.text.model;

import dev.lanewise.text.json.ForeignJson;
import java.io.FilterInputStream;
import java.io.IOException;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** A file of an archive, which closes the archive with it and is refused if it is much longer than the archive. */
final class ArchiveStream extends FilterInputStream {
  private final ZipFile archive;
  private final String name;
  private final long most;
  private long left;

  ArchiveStream(ZipFile archive, ZipEntry entry, String name, long most) throws IOException {
    super(archive.getInputStream(entry));
    this.archive = archive;
    this.name = name;
    this.most = most;
    this.left = most;
  }

  @Override
  public int read() throws IOException {
    int read = readable(super::read);
    count(read < 0 ? 0 : 1);
    return read;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    int read = readable(() -> super.read(target, offset, length));
    count(Math.max(0, read));
    return read;
  }

  @Override
  public long skip(long count) throws IOException {
    long skipped = readable(() -> super.skip(count));
    count(skipped);
    return skipped;
  }

  /** Something that is read. */
  private interface Reading<T> {
    T read() throws IOException;
  }

  /** Names the file in what the JDK says about a damaged archive. */
  private <T> T readable(Reading<T> reading) throws IOException {
    try {
      return reading.read();
    } catch (IOException e) {
      throw new IOException(name + " is not readable: " + ForeignJson.shown(String.valueOf(e.getMessage())), e);
    }
  }

  private void count(long read) throws IOException {
    left -= read;
    if (left < 0) {
      throw new IOException(name + " has more than " + most + " bytes, too many for an archive of this size");
    }
  }

  @Override
  public void close() throws IOException {
    archive.close();
  }
}
