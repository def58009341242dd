package dev.lanewise.bench.verify.files;

import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.optimise.AdamW;
import dev.lanewise.core.learn.optimise.Checkpoint;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.TextGenerator;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.TextPooling;
import dev.lanewise.text.tokenizer.Encoding;
import dev.lanewise.text.tokenizer.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** All readers. */
final class Subjects {
  private static final String TENSORS = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final String TOKENIZER = "tokenizer.json";
  private static final String CONFIG = "config.json";
  private static final String TEXT = "The law, abs [MASK] ab er 12 c-d. \u00e9\ufb01\ud83d\ude00 x" + " aaaa".repeat(30);
  private static final Set<Safetensors.Dtype> FLOATS =
      Set.of(Safetensors.Dtype.F32, Safetensors.Dtype.F16, Safetensors.Dtype.BF16, Safetensors.Dtype.F64);

  private Subjects() {}

  /**
   * Makes the files of all readers.
   *
   * @param folder where files are written to be read into memory
   */
  static List<Subject> all(Path folder) throws IOException {
    List<Subject> all = new ArrayList<>();
    all.add(
        new Subject(
            "safetensors", Map.of("x.safetensors", SeedTensors.file(folder, tensors())), List.of("x.safetensors"), Subjects::tensors));
    all.add(shards(folder));
    all.add(encoder(folder));
    Map<String, byte[]> onnx = Map.of("m.onnx", SeedOnnx.encoder(), CONFIG, encoderConfig(), TOKENIZER, json(SeedTokenizers.wordPiece()));
    all.add(new Subject("onnx", onnx, List.of("m.onnx"), made -> use(EncoderModel.load(made.resolve("m.onnx")))));
    all.add(new Subject("archive", Map.of("m.zip", zip(onnx)), List.of("m.zip"), made -> use(EncoderModel.load(made.resolve("m.zip")))));
    all.add(vocabulary());
    all.add(tokenizer("wordpiece", SeedTokenizers.wordPiece()));
    all.add(tokenizer("bpe", SeedTokenizers.bpe()));
    all.add(tokenizer("unigram", SeedTokenizers.unigram()));
    all.add(tokenizer("words", SeedTokenizers.words()));
    all.add(causal(folder));
    all.add(checkpoint(folder));
    all.add(SeedCaches.subject(folder));
    return all;
  }

  private static byte[] json(String text) {
    return SeedTensors.utf8(text);
  }

  private static Map<String, long[]> tensors() {
    return Map.of("x", new long[] {2, 3}, "y", new long[] {4}, "z", new long[0]);
  }

  private static Runnable tensors(Path folder) throws IOException {
    try (Safetensors file =
        Files.exists(folder.resolve("x.safetensors")) ? Safetensors.open(folder.resolve("x.safetensors")) : Safetensors.openAll(folder)) {
      for (String name : file.names()) {
        if (FLOATS.contains(file.dtype(name))) {
          file.floats(name);
        }
      }
    }
    return () -> {};
  }

  private static Subject shards(Path folder) throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("a.safetensors", SeedTensors.file(folder, Map.of("x", new long[] {2})));
    files.put("b.safetensors", SeedTensors.file(folder, Map.of("y", new long[] {3})));
    files.put(INDEX, json("{\"metadata\":{\"total_size\":20},\"weight_map\":{\"x\":\"a.safetensors\",\"y\":\"b.safetensors\"}}"));
    return new Subject("shards", files, List.of(INDEX, INDEX, "a.safetensors"), Subjects::tensors);
  }

  private static byte[] encoderConfig() {
    return json(
        """
        {"model_type":"bert","architectures":["BertForSequenceClassification"],"hidden_act":"gelu","layer_norm_eps":1e-12,"hidden_size":8,
        "intermediate_size":12,"num_hidden_layers":1,"num_attention_heads":2,"max_position_embeddings":24,"type_vocab_size":2,"vocab_size":24,
        "position_embedding_type":"absolute","pad_token_id":0,"id2label":{"0":"no","1":"yes"},"torch_dtype":"float32"}
        """);
  }

  private static Subject encoder(Path folder) throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put(CONFIG, encoderConfig());
    files.put(TENSORS, SeedTensors.file(folder, SeedTensors.encoder()));
    files.put(TOKENIZER, json(SeedTokenizers.wordPiece()));
    files.put(
        "modules.json",
        json(
            """
            [{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},
            {"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"},
            {"idx":2,"name":"2","path":"2_Normalize","type":"sentence_transformers.models.Normalize"}]
            """));
    files.put(
        "1_Pooling/config.json",
        json("{\"word_embedding_dimension\":8,\"pooling_mode_cls_token\":false,\"pooling_mode_mean_tokens\":true}"));
    files.put("sentence_bert_config.json", json("{\"max_seq_length\":20,\"do_lower_case\":false}"));
    files.put(
        "config_sentence_transformers.json", json("{\"prompts\":{\"query\":\"a: \",\"passage\":\"\"},\"default_prompt_name\":\"query\"}"));
    files.put("tokenizer_config.json", json("{\"model_max_length\":20,\"do_lower_case\":true,\"tokenizer_class\":\"BertTokenizer\"}"));
    return new Subject("encoder", files, List.copyOf(files.keySet()), made -> use(EncoderModel.load(made)));
  }

  private static Runnable use(EncoderModel model) {
    return () -> {
      TextEncoder encoder = model.pooling().isPresent() ? TextEncoder.of(model) : TextEncoder.of(model, TextPooling.MEAN);
      encoder.embed(List.of(TEXT, "", "ab"));
    };
  }

  private static byte[] zip(Map<String, byte[]> files) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        zip.putNextEntry(new ZipEntry(file.getKey()));
        zip.write(file.getValue());
      }
    }
    return bytes.toByteArray();
  }

  private static Subject vocabulary() {
    Map<String, byte[]> files =
        Map.of(
            "vocab.txt",
            json(String.join("\n", SeedTokenizers.pieces())),
            "tokenizer_config.json",
            json("{\"do_lower_case\":true,\"strip_accents\":null,\"tokenize_chinese_chars\":true,\"do_basic_tokenize\":true}"));
    return new Subject("vocabulary", files, List.copyOf(files.keySet()), made -> use(Tokenizer.read(made.resolve("vocab.txt"))));
  }

  private static Subject tokenizer(String name, String json) {
    return new Subject(name, Map.of(TOKENIZER, json(json)), List.of(TOKENIZER), made -> use(Tokenizer.read(made.resolve(TOKENIZER))));
  }

  private static Runnable use(Tokenizer tokenizer) {
    return () -> {
      Encoding encoding = tokenizer.withoutTruncation().encode(TEXT);
      tokenizer.decode(encoding.ids());
      tokenizer.withSpecialTokensInText(false).encode("ab");
    };
  }

  private static Subject causal(Path folder) throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put(
        CONFIG,
        json(
            """
            {"model_type":"llama","vocab_size":24,"hidden_size":8,"intermediate_size":12,"num_hidden_layers":1,"num_attention_heads":2,
            "num_key_value_heads":2,"max_position_embeddings":64,"rms_norm_eps":1e-5,"rope_theta":10000,"hidden_act":"silu",
            "rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,
            "original_max_position_embeddings":32},"tie_word_embeddings":true,"bos_token_id":2,"eos_token_id":[3],"torch_dtype":"float32"}
            """));
    files.put(TENSORS, SeedTensors.file(folder, SeedTensors.causal()));
    files.put("generation_config.json", json("{\"eos_token_id\":3,\"temperature\":0.5}"));
    files.put(TOKENIZER, json(SeedTokenizers.wordPiece()));
    return new Subject(
        "causal",
        files,
        List.copyOf(files.keySet()),
        made -> {
          TextGenerator generator = TextGenerator.load(made).withMaxTokens(3);
          return () -> generator.generate("the law ab");
        });
  }

  private static AdamW optimiser() {
    return AdamW.of(List.of(Parameter.of("w", SeedTensors.elements(2, 3), 2, 3), Parameter.of("b", SeedTensors.elements(3), 3)));
  }

  private static Subject checkpoint(Path folder) throws IOException {
    AdamW optimiser = optimiser();
    optimiser.step(0.1);
    Files.createDirectories(folder);
    Path file = folder.resolve("checkpoint.safetensors");
    Checkpoint.save(file, optimiser, Map.of("batch", 7L));
    return new Subject(
        "checkpoint",
        Map.of("checkpoint.safetensors", Files.readAllBytes(file)),
        List.of("checkpoint.safetensors"),
        made -> {
          Checkpoint.load(made.resolve("checkpoint.safetensors"), optimiser());
          return () -> {};
        });
  }
}
