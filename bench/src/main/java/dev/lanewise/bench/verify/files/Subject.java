package dev.lanewise.bench.verify.files;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A reader with valid files.
 *
 * @param name the name of the reader on the command line
 * @param files the contents of the files in its folder, by their names
 * @param changed the names of the files that are damaged
 */
record Subject(String name, Map<String, byte[]> files, List<String> changed, Reading reading) {
  /** Reads the files of a folder. */
  @FunctionalInterface
  interface Reading {
    /** Returns a way to use what was read, which may refuse texts but no longer the files. */
    Runnable read(Path folder) throws IOException;
  }
}
