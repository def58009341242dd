package dev.lanewise.spark.attention;

import static org.assertj.core.api.Assertions.assertThat;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import com.twitter.chill.EmptyScalaKryoInstantiator;
import dev.lanewise.kernels.data.Heads;
import org.junit.jupiter.api.Test;

class ContextLayoutTest {
  /** With {@code spark.serializer} set to Kryo, it carries the results of tasks and the shards that are on disk. */
  @Test
  void kryoCarriesShapesAndShards() {
    KeyValueShard shard = KeyValueShard.of(3, Heads.zeros(1, 2, 4, 8), Heads.zeros(1, 2, 4, 6));
    ContextLayout.Described shape = new ContextLayout.Described(shard);
    assertThat(read(shape)).usingRecursiveComparison().isEqualTo(shape);
    assertThat(read(shard)).usingRecursiveComparison().isEqualTo(shard);
  }

  private static Object read(Object written) {
    Kryo kryo = new EmptyScalaKryoInstantiator().newKryo();
    kryo.setRegistrationRequired(false);
    try (Output bytes = new Output(1024, -1)) {
      kryo.writeClassAndObject(bytes, written);
      return kryo.readClassAndObject(new Input(bytes.toBytes()));
    }
  }
}
