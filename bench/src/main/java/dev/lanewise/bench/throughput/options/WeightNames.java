package dev.lanewise.bench.throughput.options;

import dev.lanewise.kernels.data.WeightFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The formats of weights by their names on the command line. */
public final class WeightNames implements ITypeConverter<WeightFormat>, Iterable<String> {
  private static final Map<String, WeightFormat> NAMES = new LinkedHashMap<>();

  static {
    NAMES.put("f32", WeightFormat.F32);
    NAMES.put("f16", WeightFormat.F16);
    NAMES.put("bf16", WeightFormat.BF16);
    NAMES.put("q8", WeightFormat.INT8_BLOCK);
    NAMES.put("q8-row", WeightFormat.INT8);
    NAMES.put("q8-block", WeightFormat.INT8_BLOCK);
    NAMES.put("q4", WeightFormat.INT4);
    NAMES.put("q4-zero", WeightFormat.INT4_ZERO);
  }

  /** Creates the converter; picocli does. */
  public WeightNames() {}

  @Override
  public WeightFormat convert(String name) {
    WeightFormat format = NAMES.get(name);
    if (format == null) {
      throw new TypeConversionException("'" + name + "' is none of " + String.join(", ", NAMES.keySet()));
    }
    return format;
  }

  @Override
  public Iterator<String> iterator() {
    return NAMES.keySet().iterator();
  }
}
