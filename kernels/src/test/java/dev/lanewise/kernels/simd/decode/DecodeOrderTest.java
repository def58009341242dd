package dev.lanewise.kernels.simd.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.testing.AttentionCase;
import dev.lanewise.kernels.testing.AttentionShape;
import dev.lanewise.kernels.testing.AttentionShape.Storage;
import dev.lanewise.kernels.testing.AttentionVariant;
import dev.lanewise.kernels.testing.HeadsLayout;
import dev.lanewise.kernels.testing.RowOrderModel;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A decoded row over keys in f32 has the bits of {@link RowOrderModel}, for any number of rows beside it and any number of threads. */
class DecodeOrderTest {
  /** Queries, keys, heads, key/value heads, width, width of a value: around chains, steps and spans. */
  private static final int[][] SIZES = {
    {1, 1, 1, 1, 1, 1},
    {2, 15, 2, 1, 5, 16},
    {3, 17, 3, 3, 16, 5},
    {16, 63, 2, 1, 31, 32},
    {1, 64, 1, 1, 64, 64},
    {4, 65, 2, 2, 80, 31},
    {5, 319, 4, 2, 32, 80},
    {1, 321, 1, 1, 128, 128},
    {7, 640, 2, 1, 16, 16},
    {1, 641, 3, 1, 64, 33},
    {2, 1280, 2, 1, 5, 7},
    {3, 1281, 1, 1, 31, 16},
    {16, 2000, 2, 1, 32, 32},
    {2, 2560, 1, 1, 16, 5},
    {1, 2561, 2, 1, 33, 16},
    {1, 2000, 6, 2, 128, 1}
  };

  static Stream<AttentionCase> cases() {
    List<AttentionShape> shapes = new ArrayList<>();
    for (int[] size : SIZES) {
      int[] queries = {size[0], size[0]};
      int[] keys = {size[1], Math.max(1, size[1] / 2)};
      HeadsLayout layout = HeadsLayout.values()[shapes.size() % HeadsLayout.values().length];
      shapes.add(
          new AttentionShape(
              Storage.CACHED, queries, keys, size[2], size[3], size[4], size[5], layout, KeyValueFormat.F32, 20261130 + shapes.size()));
    }
    return AttentionShape.cases(shapes, AttentionVariant.all().stream().filter(AttentionVariant::decodes).toList());
  }

  @BeforeEach
  void decodingIsPartOfTheSimdPath() {
    assumeThat(Kernels.selected().path()).isNotEqualTo("scalar");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void bitsAreThoseOfTheModel(AttentionCase call) {
    RowOrderModel model = new RowOrderModel(call);
    float[][] alone = call.run(Kernels.selected(), 1, AttentionCase.Order.FIRST_TO_LAST);
    float[][] cut = call.run(Kernels.selected(), 5, AttentionCase.Order.PARALLEL);
    int row = 0;
    for (int b = 0; b < call.batch(); b++) {
      for (int head = 0; head < call.heads(); head++) {
        for (int i = 0; i < call.queries(b); i++, row++) {
          String what = "batch entry " + b + ", head " + head + ", query " + i + " of " + call;
          assertThat(alone[row]).as(what).isEqualTo(model.row(b, head, i));
          assertThat(cut[row]).as(what + " on five threads").isEqualTo(alone[row]);
        }
      }
    }
  }
}
