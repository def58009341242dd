package dev.lanewise.core.learn.optimise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("once")
class CheckpointTest {
  @TempDir private Path folder;

  private static List<Parameter> parameters(float first) {
    List<Parameter> parameters =
        List.of(
            Parameter.of("a", new float[] {first, -0f, Float.MIN_VALUE, 1e30f}, 2, 2),
            Parameter.of("b", new float[] {first}, 1),
            Parameter.of("frozen", new float[] {first, 2, 3}, 3));
    parameters.get(2).setFrozen(true);
    return parameters;
  }

  private static AdamW trained(float first) {
    AdamW optimiser = AdamW.of(parameters(first));
    for (int step = 0; step < 3; step++) {
      for (Parameter parameter : optimiser.parameters().subList(0, 2)) {
        Arrays.fill(parameter.gradient(), first + step);
      }
      optimiser.step(0.1);
    }
    return optimiser;
  }

  private static void assertSame(Optimiser actual, Optimiser expected) {
    assertThat(actual.steps()).isEqualTo(expected.steps());
    for (int i = 0; i < expected.parameters().size(); i++) {
      Views.assertSameBits(actual.parameters().get(i).values(), expected.parameters().get(i).values(), "parameter " + i);
    }
    assertThat(actual.state().keySet()).isEqualTo(expected.state().keySet());
    expected.state().forEach((name, array) -> Views.assertSameBits(actual.state().get(name), array, name));
  }

  @Test
  void everythingComesBack() throws IOException {
    Path path = folder.resolve("run");
    AdamW saved = trained(1);
    Map<String, Long> position = Map.of("epoch", 3L, "item", Long.MIN_VALUE);
    Checkpoint.save(path, saved, position);
    assertThat(Checkpoint.read(path)).isEqualTo(new Checkpoint(3, position));
    AdamW other = trained(5);
    assertThat(Checkpoint.load(path, other)).isEqualTo(new Checkpoint(3, position));
    assertSame(other, saved);
    AdamW fresh = AdamW.of(parameters(9));
    assertThat(Checkpoint.load(path, fresh).step()).isEqualTo(3);
    assertSame(fresh, saved);
    try (Safetensors file = Safetensors.open(path)) {
      Views.assertSameBits(file.under("parameter.").floats("a", 2, 2), saved.parameters().get(0).values(), "a");
    }
    byte[] bytes = Files.readAllBytes(path);
    Checkpoint.save(path, fresh, position);
    assertThat(Files.readAllBytes(path)).isEqualTo(bytes);
  }

  /** A parameter that is trained from the fourth step on, and one that no longer is. */
  @Test
  void frozenParametersMayChangeBetweenRuns() throws IOException {
    Path path = folder.resolve("run");
    AdamW saved = trained(1);
    Checkpoint.save(path, saved, Map.of());
    List<Parameter> others = parameters(7);
    others.get(2).setFrozen(false);
    others.get(0).setFrozen(true);
    AdamW other = AdamW.of(others);
    assertThat(Checkpoint.load(path, other).position()).isEmpty();
    assertThat(other.state().get("exp_avg.a")).isEqualTo(saved.state().get("exp_avg.a"));
    assertThat(other.state().get("exp_avg.frozen")).containsOnly(0);
    Sgd without = Sgd.of(parameters(4));
    Checkpoint.save(path, without, Map.of());
    Sgd loaded = Sgd.of(parameters(5));
    assertThat(Checkpoint.load(path, loaded).step()).isZero();
    assertSame(loaded, without);
  }

  /** Each file is refused with an IOException that names it, and nothing changes. */
  @Test
  void damagedFilesAreNotTaken() throws IOException {
    Path path = folder.resolve("run");
    Checkpoint.save(path, trained(1), Map.of("epoch", 3L));
    byte[] bytes = Files.readAllBytes(path);
    AdamW other = trained(5);
    AdamW expected = trained(5);
    for (int at = 0; at < bytes.length; at++) {
      byte[] damaged = bytes.clone();
      damaged[at] ^= (byte) (1 << (at % 8));
      assertRefused(path, damaged, other);
    }
    for (int length = 0; length < bytes.length; length += 13) {
      assertRefused(path, Arrays.copyOf(bytes, length), other);
    }
    assertSame(other, expected);
    Files.write(path, bytes);
    assertThat(Checkpoint.load(path, other).step()).isEqualTo(3);
    assertThatThrownBy(() -> Checkpoint.load(folder.resolve("absent"), other)).isInstanceOf(IOException.class);
  }

  /** Equal numbers under exchanged names have the same bytes in all, but belong to other parameters. */
  @Test
  void exchangedNamesAreNotTaken() throws IOException {
    Path path = folder.resolve("run");
    Sgd saved = Sgd.of(List.of(Parameter.of("a", new float[] {1, 2}, 2), Parameter.of("b", new float[] {3, 4}, 2)));
    Checkpoint.save(path, saved, Map.of());
    NamedTensors exchanged;
    Map<String, String> metadata;
    try (Safetensors file = Safetensors.open(path)) {
      metadata = file.metadata();
      exchanged =
          NamedTensors.builder()
              .add("parameter.a", file.floats("parameter.b"), 2)
              .add("parameter.b", file.floats("parameter.a"), 2)
              .build();
    }
    Safetensors.write(path, exchanged, metadata, Safetensors.Dtype.F32);
    assertThatThrownBy(() -> Checkpoint.load(path, saved)).isInstanceOf(IOException.class).hasMessageContaining("is damaged");
    assertThat(saved.parameters().getFirst().values()).containsExactly(1, 2);
  }

  /** The checksum is part of the format: files of an earlier release are read as long as its definition stays. */
  @Test
  void theChecksumIsTheSumOverNamesWithTheirContents() {
    float[] large = Views.randomArray(20_000, 1, 3);
    NamedTensors tensors = NamedTensors.builder().add("small", new float[] {1, -0f}, 2).add("large", large, 2, 10_000).build();
    long sum = crc("small", new float[] {1, -0f}) + crc("large", large) + crc("step=7", new float[0]);
    assertThat(Checksum.of(tensors, Map.of("step", "7", "checksum", "12"))).isEqualTo(Long.toHexString(sum));
  }

  private static long crc(String text, float[] values) {
    byte[] name = text.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(name.length + values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).put(name);
    for (float value : values) {
      bytes.putFloat(value);
    }
    CRC32C crc = new CRC32C();
    crc.update(bytes.array());
    return crc.getValue();
  }

  private static void assertRefused(Path path, byte[] content, Optimiser optimiser) throws IOException {
    Files.write(path, content);
    Throwable thrown = catchThrowable(() -> Checkpoint.load(path, optimiser));
    // A name that is damaged is the name of another parameter or optimiser.
    assertThat(thrown).isInstanceOfAny(IOException.class, IllegalArgumentException.class).hasMessageContaining(path.toString());
  }

  @Test
  void otherRunsAreNotTaken() throws IOException {
    Path path = folder.resolve("run");
    Checkpoint.save(path, trained(1), Map.of());
    Sgd sgd = Sgd.builder(parameters(5)).momentum(0.9).build();
    assertThatThrownBy(() -> Checkpoint.load(path, sgd))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("optimiser is Sgd")
        .hasMessageContaining("has AdamW");
    AdamW shape = AdamW.of(List.of(Parameter.of("a", new float[4], 4), parameters(1).get(1), parameters(1).get(2)));
    assertThatThrownBy(() -> Checkpoint.load(path, shape))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("parameter.a")
        .hasMessageContaining("[2, 2]")
        .hasMessageContaining("[4]");
    AdamW fewer = AdamW.of(parameters(1).subList(0, 2));
    assertThatThrownBy(() -> Checkpoint.load(path, fewer)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("frozen");
    assertThat(shape.parameters().get(0).values()).containsOnly(0);
    Path weights = folder.resolve("weights");
    try (Safetensors file = Safetensors.open(path)) {
      Safetensors.write(weights, file);
    }
    assertThatThrownBy(() -> Checkpoint.read(weights)).isInstanceOf(IOException.class).hasMessageContaining("no checkpoint");
    Safetensors.write(
        weights, NamedTensors.builder().build(), Map.of("format", "a\nforged line" + "x".repeat(5000)), Safetensors.Dtype.F32);
    assertThatThrownBy(() -> Checkpoint.read(weights))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("a\\u000aforged line")
        .satisfies(e -> assertThat(e.getMessage().length()).isLessThan(weights.toString().length() + 300));
  }

  @Test
  void whatAKilledProcessLeftIsDeleted() throws IOException {
    Path path = folder.resolve("run");
    Path aside = Files.createDirectory(folder.resolve("run.aside"));
    Files.write(aside.resolve(".half.tmp"), new byte[10]);
    Files.write(aside.resolve("new"), new byte[10]);
    Checkpoint.save(path, trained(1), Map.of());
    assertThat(Checkpoint.read(path).step()).isEqualTo(3);
    assertThat(aside).doesNotExist();
  }

  @Test
  void aFileInPlaceOfTheFolderIsTheError() throws IOException {
    Path path = folder.resolve("run");
    Path aside = Files.createFile(folder.resolve("run.aside"));
    AdamW optimiser = trained(1);
    assertThatThrownBy(() -> Checkpoint.save(path, optimiser, Map.of()))
        .isInstanceOf(FileAlreadyExistsException.class)
        .hasMessageContaining(aside.toString());
    assertThat(aside).isEmptyFile();
    assertThat(path).doesNotExist();
  }

  @Test
  void anInterruptedThreadSaves() throws IOException {
    Path path = folder.resolve("run");
    Thread.currentThread().interrupt();
    Checkpoint.save(path, trained(1), Map.of());
    assertThat(Thread.interrupted()).isTrue();
    assertThat(Checkpoint.read(path).step()).isEqualTo(3);
  }

  /** Interrupts at any time: the checkpoint is complete, and the status is set. */
  @Test
  void anInterruptWhileSavingDoesNotStopIt() throws Exception {
    Path path = folder.resolve("run");
    AdamW optimiser = trained(1);
    Thread saving = Thread.currentThread();
    for (int round = 0; round < 30; round++) {
      long nanos = round * 100_000L;
      Thread interrupting =
          Thread.ofPlatform()
              .start(
                  () -> {
                    long start = System.nanoTime();
                    while (System.nanoTime() - start < nanos) {
                      Thread.onSpinWait();
                    }
                    saving.interrupt();
                  });
      Checkpoint.save(path, optimiser, Map.of("round", (long) round));
      boolean before = Thread.interrupted();
      joined(interrupting);
      assertThat(Thread.interrupted() || before).isTrue();
      assertThat(Checkpoint.read(path).position()).containsEntry("round", (long) round);
    }
  }

  private static void joined(Thread thread) {
    while (thread.isAlive()) {
      Thread.onSpinWait();
    }
  }

  @Test
  void wrongArguments() {
    AdamW optimiser = trained(1);
    assertThatThrownBy(() -> new Checkpoint(-1, Map.of())).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("step is -1");
    assertThatThrownBy(() -> Checkpoint.save(Path.of("/"), optimiser, Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("names no file");
  }
}
