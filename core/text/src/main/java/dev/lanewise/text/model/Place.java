package dev.lanewise.text.model;

import dev.lanewise.core.foreign.RegularFile;
import dev.lanewise.text.json.ForeignFile;
import dev.lanewise.text.json.ForeignJson;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/** A place that holds files by name: a folder, an archive, or the class path. */
sealed interface Place {
  /** Opens a file; null if there is none of this name. */
  @Nullable InputStream open(String file) throws IOException;

  /** Size and checksum of a file; null if there is none of this name. */
  default Checksums.@Nullable Sum sum(String file) throws IOException {
    try (InputStream in = open(file)) {
      return Checksums.Sum.of(in);
    }
  }

  /**
   * Folders in the file system, searched in this order.
   *
   * @param folders at least one
   */
  record Folders(List<Path> folders) implements Place {
    @Override
    public @Nullable InputStream open(String file) throws IOException {
      Path path = path(file);
      return path == null ? null : ForeignFile.open(path);
    }

    /** The path of a file; null if there is none of this name. */
    @Nullable Path path(String file) {
      return folders.stream().map(folder -> folder.resolve(file)).filter(Files::isRegularFile).findFirst().orElse(null);
    }

    @Override
    public String toString() {
      return folders.getFirst().toString();
    }
  }

  /**
   * A folder in a zip file. The zip file is open only while one of its files is read.
   *
   * @param folder the folder's name with a slash at its end; empty for the root
   */
  record Archive(Path zip, String folder) implements Place {
    /** Limit for the bytes of a file, as a multiple of the archive: weights shrink little, and a file of zeros shrinks 1000 times. */
    private static final long MOST_GROWTH = 20;

    private static final long MOST_OF_SMALL = 1 << 20;

    @Override
    public @Nullable InputStream open(String file) throws IOException {
      ZipFile archive = openZip(zip);
      ZipEntry entry = archive.getEntry(folder + file);
      if (entry == null) {
        archive.close();
        return null;
      }
      try {
        return new ArchiveStream(archive, entry, zip + ": " + folder + file, MOST_GROWTH * Files.size(zip) + MOST_OF_SMALL);
      } catch (IOException e) {
        archive.close();
        throw new IOException(zip + ": " + folder + file + " is not readable: " + ForeignJson.shown(String.valueOf(e.getMessage())), e);
      }
    }

    @Override
    public Checksums.@Nullable Sum sum(String file) throws IOException {
      try (ZipFile archive = openZip(zip)) {
        ZipEntry entry = archive.getEntry(folder + file);
        return entry == null ? null : Checksums.Sum.of(entry);
      }
    }

    /** The names of all files of a zip file that end so. */
    static List<String> names(Path zip, String end) throws IOException {
      List<String> names = new ArrayList<>();
      try (ZipFile archive = openZip(zip)) {
        archive.stream().map(ZipEntry::getName).filter(name -> name.endsWith(end)).forEach(names::add);
      }
      return names;
    }

    private static ZipFile openZip(Path zip) throws IOException {
      if (Files.exists(zip)) {
        RegularFile.check(zip);
      }
      try {
        return new ZipFile(zip.toFile());
      } catch (NoSuchFileException e) {
        throw new IOException(zip + " does not exist", e);
      } catch (IOException | UnsupportedOperationException e) {
        throw new IOException(zip + " is no readable archive: " + ForeignJson.shown(String.valueOf(e.getMessage())), e);
      }
    }

    @Override
    public String toString() {
      return zip.toString();
    }
  }

  /** The roots of the class path, first as the calling thread sees it, then as this library does. */
  record ClassPath() implements Place {
    @Override
    public @Nullable InputStream open(String file) {
      return find(loader -> loader.getResourceAsStream(file));
    }

    @Override
    public Checksums.@Nullable Sum sum(String file) throws IOException {
      URL found = find(loader -> loader.getResource(file));
      if (found != null && found.openConnection() instanceof JarURLConnection jar) {
        jar.setUseCaches(false); // a shared archive must not be closed
        try (JarFile archive = jar.getJarFile()) {
          return Checksums.Sum.of(archive.getEntry(jar.getEntryName()));
        }
      }
      return Place.super.sum(file);
    }

    private static <T> @Nullable T find(Function<ClassLoader, @Nullable T> search) {
      ClassLoader context = Thread.currentThread().getContextClassLoader();
      T found = context == null ? null : search.apply(context);
      return found == null ? search.apply(Objects.requireNonNull(ClassPath.class.getClassLoader())) : found;
    }

    @Override
    public String toString() {
      return "the class path";
    }
  }
}
