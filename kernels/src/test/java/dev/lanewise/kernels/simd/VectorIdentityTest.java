package dev.lanewise.kernels.simd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeModel;
import java.lang.classfile.FieldModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Vectors, masks and shuffles are values: a JVM may copy them, and their identity means nothing. A method that computes with vectors
 * therefore takes no lock, puts nothing into a collection and compares no references, except for those of a field that is no vector. Fields
 * hold no vectors, except for constant masks and shuffles.
 */
@Tag("once")
class VectorIdentityTest {
  private static final String API = "jdk/incubator/vector/";

  /** The descriptor of a value, or of an array of them. */
  private static final Pattern VALUE = Pattern.compile("\\[*L" + API + "(\\w*Vector|VectorMask|VectorShuffle);");

  private final List<String> wrong = new ArrayList<>();

  @Test
  void nothingDependsOnTheIdentityOfAVector() throws Exception {
    int vectorMethods = 0;
    for (ClassModel type : classes()) {
      for (FieldModel field : type.fields()) {
        String descriptor = field.fieldType().stringValue();
        boolean isConstant = field.flags().has(AccessFlag.STATIC) && field.flags().has(AccessFlag.FINAL) && !descriptor.endsWith("Vector;");
        if (VALUE.matcher(descriptor).matches() && !isConstant) {
          wrong.add(type.thisClass().asInternalName() + "." + field.fieldName() + " holds a vector");
        }
      }
      for (MethodModel method : type.methods()) {
        List<Instruction> code = instructions(method);
        if (code.stream().anyMatch(VectorIdentityTest::callsTheVectorApi)) {
          vectorMethods++;
          for (int i = 1; i < code.size(); i++) {
            if (needsIdentity(code.get(i - 1), code.get(i))) {
              wrong.add(type.thisClass().asInternalName() + "." + method.methodName() + ": " + code.get(i));
            }
          }
        }
      }
    }
    assertThat(vectorMethods).isGreaterThan(100);
    assertThat(wrong).isEmpty();
  }

  private static List<Instruction> instructions(MethodModel method) {
    return method.code().stream()
        .flatMap(CodeModel::elementStream)
        .filter(Instruction.class::isInstance)
        .map(Instruction.class::cast)
        .toList();
  }

  private static boolean callsTheVectorApi(Instruction instruction) {
    return instruction instanceof InvokeInstruction call && call.owner().asInternalName().startsWith(API);
  }

  private static boolean needsIdentity(Instruction before, Instruction instruction) {
    return switch (instruction) {
      case MonitorInstruction _ -> true;
      case BranchInstruction branch ->
          (branch.opcode() == Opcode.IF_ACMPEQ || branch.opcode() == Opcode.IF_ACMPNE)
              && !(before instanceof FieldInstruction field && !VALUE.matcher(field.type().stringValue()).matches());
      case InvokeInstruction call ->
          call.name().equalsString("identityHashCode") || call.owner().asInternalName().matches("java/util/\\w*(Map|Set|List|Deque)");
      default -> false;
    };
  }

  private static List<ClassModel> classes() throws Exception {
    Path simd =
        Path.of(VectorKernels.class.getProtectionDomain().getCodeSource().getLocation().toURI()).resolve("dev/lanewise/kernels/simd");
    try (Stream<Path> files = Files.walk(simd)) {
      List<ClassModel> classes = new ArrayList<>();
      for (Path file : files.filter(path -> path.toString().endsWith(".class")).toList()) {
        classes.add(parse(file));
      }
      return classes;
    }
  }

  private static ClassModel parse(Path file) throws IOException {
    return ClassFile.of().parse(file);
  }
}
