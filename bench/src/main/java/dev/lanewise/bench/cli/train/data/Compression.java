package dev.lanewise.bench.cli.train.data;

import java.util.zip.Deflater;

/** What gzip needs for a text: the measure of a language model of bytes, which is a compressor, too. */
public final class Compression {
  /** Header and trailer of a gzip file without a name (RFC 1952). */
  private static final int FRAME = 18;

  private Compression() {}

  /** The size in bytes of the first {@code count} bytes as {@code gzip -9} writes them. */
  public static long gzip(byte[] bytes, int count) {
    Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION, true);
    try {
      deflater.setInput(bytes, 0, count);
      deflater.finish();
      byte[] block = new byte[1 << 16];
      long size = FRAME;
      while (!deflater.finished()) {
        size += deflater.deflate(block);
      }
      return size;
    } finally {
      deflater.end();
    }
  }

  /** Bits a byte that {@code gzip -9} needs for the held-out part after the rest: the size of the whole less the size of the rest. */
  public static double gzipBitsPerByte(Corpus corpus) {
    long after = gzip(corpus.bytes(), corpus.bytes().length) - gzip(corpus.bytes(), corpus.learned());
    return 8.0 * after / corpus.heldOut();
  }
}
