package dev.lanewise.core.weights;

import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.weights.Safetensors.Dtype;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.data.WeightFormat;
import dev.lanewise.kernels.runtime.Checks;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A weight of a projection as tensors; {@link NamedTensors#linear} documents names, shapes and the order of the codes. */
record StoredWeight(NamedTensors tensors, String name, int inputs, int outputs) {
  private static final String SCALE = ".scale";
  private static final String ZERO = ".zero";

  StoredWeight {
    Objects.requireNonNull(name, "name");
    Checks.atLeast("inputs", inputs, 1);
    Checks.atLeast("outputs", outputs, 1);
  }

  /** Whether a tensor holds codes of a weight. */
  static boolean isCodes(NamedTensors tensors, String name) {
    Set<String> names = tensors.names();
    return names.contains(name) && names.contains(name + SCALE) && FloatFormats.BYTES.contains(tensors.dtype(name));
  }

  /** Whether a tensor holds the scales or zero points of codes. */
  static boolean belongsToCodes(NamedTensors tensors, String name) {
    return (name.endsWith(SCALE) && isCodes(tensors, name.substring(0, name.length() - SCALE.length())))
        || (name.endsWith(ZERO) && isCodes(tensors, name.substring(0, name.length() - ZERO.length())));
  }

  /** The name of the weight whose scales or zero points a tensor holds. */
  static String weight(String name) {
    return name.substring(0, name.lastIndexOf('.'));
  }

  /** The shape of the tensor of codes of an outputs × inputs weight. */
  static long[] shapeOfCodes(NamedTensors tensors, String name, long[] shape) {
    return tensors.dtype(name) == Dtype.U8 ? new long[] {shape[0], (shape[1] + 1) / 2} : shape;
  }

  Linear linear(float @Nullable [] bias, WeightFormat format) {
    Objects.requireNonNull(format, "format");
    Dtype dtype = tensors.dtype(name);
    if (!FloatFormats.BYTES.contains(dtype)) {
      TensorCheck.one(tensors, name, new long[] {outputs, inputs});
      return Linear.of((output, target) -> tensors.read(name, (long) output * inputs, target, 0, inputs), bias, inputs, outputs, format);
    }
    WeightFormat stored = format(dtype);
    if (format.isInteger() && format != stored) {
      throw new IllegalArgumentException(
          "tensor " + TensorText.quoted(name) + " in " + tensors + " holds codes of " + stored + ", but " + format + " is asked for");
    }
    return codes(bias, stored);
  }

  /** The format of stored codes. */
  private WeightFormat format(Dtype dtype) {
    if (dtype == Dtype.U8) {
      return tensors.names().contains(name + ZERO) ? WeightFormat.INT4_ZERO : WeightFormat.INT4;
    }
    return tensors.shape(name + SCALE).length == 1 ? WeightFormat.INT8 : WeightFormat.INT8_BLOCK;
  }

  private Linear codes(float @Nullable [] bias, WeightFormat format) {
    boolean pairs = format.bits() == 4;
    int width = pairs ? Math.ceilDiv(inputs, 2) : inputs;
    int blocks = format.scales(inputs);
    TensorCheck.one(tensors, name, new long[] {outputs, width});
    byte[] codes = tensors.bytes(name);
    float[] scales = format == WeightFormat.INT8 ? tensors.floats(name + SCALE, outputs) : tensors.floats(name + SCALE, outputs, blocks);
    byte[] zeros = new byte[0];
    if (format.hasZeroPoints()) {
      TensorCheck.one(tensors, name + ZERO, new long[] {outputs, blocks});
      zeros = tensors.bytes(name + ZERO);
    }
    check(scales, zeros, blocks);
    byte[] zeroPoints = zeros;
    PackedMatrix.Codes rows =
        (output, target) -> {
          for (int input = 0; input < inputs; input++) {
            byte stored = codes[output * width + (pairs ? input / 2 : input)];
            target.codes()[input] = pairs ? (byte) (((stored >> (input % 2 * 4)) & 15) - format.bias()) : stored;
          }
          System.arraycopy(scales, output * blocks, target.scales(), 0, blocks);
          System.arraycopy(zeroPoints, output * target.zeros().length, target.zeros(), 0, target.zeros().length);
        };
    return Linear.ofCodes(rows, bias, inputs, outputs, format);
  }

  private void check(float[] scales, byte[] zeros, int blocks) {
    for (int i = 0; i < scales.length; i++) {
      if (!Float.isFinite(scales[i])) {
        throw wrong(SCALE, i, blocks, scales[i] + ", must be finite");
      }
    }
    for (int i = 0; i < zeros.length; i++) {
      if (zeros[i] < 0 || zeros[i] > 15) {
        throw wrong(ZERO, i, blocks, (zeros[i] & 0xff) + ", must be in 0..15");
      }
    }
  }

  private IllegalArgumentException wrong(String suffix, int index, int blocks, String what) {
    String place = "[" + index / blocks + "][" + index % blocks + "]";
    return new IllegalArgumentException("tensor " + TensorText.quoted(name + suffix) + place + " in " + tensors + " is " + what);
  }

  /** The tensors of a packed weight by their names. */
  static Map<String, MemoryTensors.Tensor> tensors(String name, PackedMatrix weight) {
    Map<String, MemoryTensors.Tensor> tensors = new LinkedHashMap<>();
    WeightFormat format = weight.format();
    int inputs = weight.inputs();
    int outputs = weight.outputs();
    if (!format.isInteger()) {
      tensors.put(name, new MemoryTensors.Tensor(Dtype.F32, new long[] {outputs, inputs}, floats(weight), null));
      return tensors;
    }
    boolean pairs = format.bits() == 4;
    int width = pairs ? Math.ceilDiv(inputs, 2) : inputs;
    int blocks = format.scales(inputs);
    tensors.put(name, MemoryTensors.Tensor.ofBytes(pairs ? Dtype.U8 : Dtype.I8, () -> codes(weight, width, pairs), outputs, width));
    float[] scales = new float[outputs * blocks];
    byte[] zeros = new byte[outputs * blocks];
    PackedMatrix.CodeRow row = PackedMatrix.CodeRow.of(format, inputs);
    for (int output = 0; output < outputs; output++) {
      weight.codes(output, row);
      System.arraycopy(row.scales(), 0, scales, output * blocks, blocks);
      System.arraycopy(row.zeros(), 0, zeros, output * blocks, row.zeros().length);
    }
    long[] shape = format == WeightFormat.INT8 ? new long[] {outputs} : new long[] {outputs, blocks};
    tensors.put(name + SCALE, MemoryTensors.Tensor.of(scales, shape));
    if (format.hasZeroPoints()) {
      tensors.put(name + ZERO, MemoryTensors.Tensor.ofBytes(Dtype.U8, zeros::clone, shape));
    }
    return tensors;
  }

  private static byte[] codes(PackedMatrix weight, int width, boolean pairs) {
    byte[] codes = new byte[Math.multiplyExact(weight.outputs(), width)];
    PackedMatrix.CodeRow row = PackedMatrix.CodeRow.of(weight.format(), weight.inputs());
    for (int output = 0; output < weight.outputs(); output++) {
      weight.codes(output, row);
      for (int input = 0; input < weight.inputs(); input++) {
        int code = row.codes()[input] + (pairs ? weight.format().bias() : 0);
        int at = output * width + (pairs ? input / 2 : input);
        codes[at] |= (byte) (pairs ? code << (input % 2 * 4) : code);
      }
    }
    return codes;
  }

  /** The elements of a weight of floats, row by row. */
  private static MemoryTensors.Floats floats(PackedMatrix weight) {
    int inputs = weight.inputs();
    return (first, target, offset, length) -> {
      float[] row = new float[inputs];
      int done = 0;
      while (done < length) {
        int output = (int) ((first + done) / inputs);
        int from = (int) ((first + done) % inputs);
        int count = Math.min(inputs - from, length - done);
        weight.row(output, row, 0);
        System.arraycopy(row, from, target, offset + done, count);
        done += count;
      }
    };
  }
}
