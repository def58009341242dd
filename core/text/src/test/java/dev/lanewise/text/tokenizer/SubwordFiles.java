package dev.lanewise.text.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

/** Small tokenizer files in the shapes of published ones. Their vocabularies are made of made-up texts by a seeded generator. */
final class SubwordFiles {
  static final String LLAMA_3 =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r"
          + "\\n"
          + "\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r"
          + "\\n"
          + "]*|\\s*[\\r"
          + "\\n"
          + "]+|\\s+(?!\\S)|\\s+";

  static final String QWEN = LLAMA_3.replace("{1,3}", "");

  static final String GPT_4O =
      "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
          + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
          + "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private SubwordFiles() {}

  /** GPT-2: byte-level pairs, written "a b". */
  static String gpt2(boolean prefixSpace, boolean trimsOffsets) {
    JsonObject file = file("<|endoftext|>");
    file.add("pre_tokenizer", byteLevel(prefixSpace, trimsOffsets, true));
    file.add("post_processor", byteLevel(prefixSpace, trimsOffsets, true));
    file.add("decoder", byteLevel(prefixSpace, trimsOffsets, true));
    file.add("model", SubwordVocabularies.byteBpe(true));
    return file.toString();
  }

  /** Llama 3, Qwen 2 and others: byte-level pairs, written ["a", "b"], after a split by a regular expression. */
  static String split(String regex, boolean composes, boolean takesWholeWords) {
    JsonObject file = file("<|endoftext|>", "<|im_start|>");
    file.add("normalizer", composes ? JsonParser.parseString("{\"type\":\"NFC\"}") : null);
    JsonObject split =
        JsonParser.parseString("{\"type\":\"Split\",\"pattern\":{},\"behavior\":\"Isolated\",\"invert\":false}").getAsJsonObject();
    split.getAsJsonObject("pattern").addProperty("Regex", regex);
    JsonArray both = new JsonArray();
    both.add(split);
    both.add(byteLevel(false, true, false));
    file.add("pre_tokenizer", sequence("pretokenizers", both));
    file.add("post_processor", byteLevel(true, false, true));
    file.add("decoder", byteLevel(true, true, true));
    JsonObject model = SubwordVocabularies.byteBpe(false);
    model.addProperty("ignore_merges", takesWholeWords);
    file.add("model", model);
    return file.toString();
  }

  /** Llama 2: pairs over the whole text with visible spaces, and pieces for the bytes of other characters. */
  static String llama2() {
    JsonObject file = file("<unk>", "<s>", "</s>");
    file.add(
        "normalizer",
        JsonParser.parseString(
            """
            {"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}
            """));
    file.add("post_processor", template("[{\"SpecialToken\":{\"id\":\"<s>\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}]"));
    file.add(
        "decoder",
        JsonParser.parseString(
            """
            {"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},
            {"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}
            """));
    file.add("model", SubwordVocabularies.fallbackBpe());
    return file.toString();
  }

  /** Gemma: as Llama 2, without a space in front. */
  static String gemma() {
    JsonObject file = file("<unk>", "<s>", "</s>");
    file.add("normalizer", JsonParser.parseString("{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"▁\"}"));
    file.add(
        "pre_tokenizer",
        JsonParser.parseString("{\"type\":\"Split\",\"pattern\":{\"String\":\" \"},\"behavior\":\"MergedWithPrevious\",\"invert\":false}"));
    file.add(
        "decoder",
        JsonParser.parseString(
            """
            {"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"}]}
            """));
    file.add("model", SubwordVocabularies.fallbackBpe());
    return file.toString();
  }

  /** XLM-R: pieces with scores, after SentencePiece's table of characters. */
  static String xlmRoberta(boolean fallsBackToBytes, String prependScheme, boolean splits) {
    JsonObject file = file("<s>", "<pad>", "</s>", "<unk>", "<mask>");
    JsonArray added = file.getAsJsonArray("added_tokens");
    added.get(4).getAsJsonObject().addProperty("lstrip", true);
    JsonArray normalizers = new JsonArray();
    JsonObject precompiled = new JsonObject();
    precompiled.addProperty("type", "Precompiled");
    precompiled.addProperty("precompiled_charsmap", CharsmapBuilder.of(SubwordVocabularies.replacements()));
    normalizers.add(precompiled);
    file.add("normalizer", sequence("normalizers", normalizers));
    JsonObject metaspace = new JsonObject();
    metaspace.addProperty("type", "Metaspace");
    metaspace.addProperty("replacement", "▁");
    metaspace.addProperty("prepend_scheme", prependScheme);
    metaspace.addProperty("split", splits);
    file.add("pre_tokenizer", metaspace);
    file.add("decoder", metaspace);
    file.add(
        "post_processor",
        template(
            """
            [{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}]
            """));
    JsonObject model = new JsonObject();
    model.addProperty("type", "Unigram");
    model.addProperty("unk_id", 3);
    JsonArray vocabulary = SubwordVocabularies.scored(fallsBackToBytes);
    model.add("vocab", vocabulary);
    model.addProperty("byte_fallback", fallsBackToBytes);
    file.add("model", model);
    file.getAsJsonArray("added_tokens").get(4).getAsJsonObject().addProperty("id", vocabulary.size());
    return file.toString();
  }

  private static JsonObject file(String... special) {
    JsonObject file = new JsonObject();
    file.addProperty("version", "1.0");
    JsonArray added = new JsonArray();
    for (int i = 0; i < special.length; i++) {
      JsonObject token =
          JsonParser.parseString("{\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":true}")
              .getAsJsonObject();
      token.addProperty("id", i);
      token.addProperty("content", special[i]);
      added.add(token);
    }
    file.add("added_tokens", added);
    return file;
  }

  private static JsonObject byteLevel(boolean prefixSpace, boolean trimsOffsets, boolean regex) {
    JsonObject byteLevel = new JsonObject();
    byteLevel.addProperty("type", "ByteLevel");
    byteLevel.addProperty("add_prefix_space", prefixSpace);
    byteLevel.addProperty("trim_offsets", trimsOffsets);
    byteLevel.addProperty("use_regex", regex);
    return byteLevel;
  }

  private static JsonObject sequence(String name, JsonArray parts) {
    JsonObject sequence = new JsonObject();
    sequence.addProperty("type", "Sequence");
    sequence.add(name, parts);
    return sequence;
  }

  private static JsonObject template(String single) {
    JsonObject template = new JsonObject();
    template.addProperty("type", "TemplateProcessing");
    template.add("single", JsonParser.parseString(single));
    template.add("pair", JsonParser.parseString(single.strip().replaceFirst("]$", ",{\"Sequence\":{\"id\":\"B\",\"type_id\":1}}]")));
    template.add(
        "special_tokens",
        JsonParser.parseString(
            single.contains("</s>")
                ? "{\"<s>\":{\"id\":\"<s>\",\"ids\":[0],\"tokens\":[\"<s>\"]},\"</s>\":{\"id\":\"</s>\",\"ids\":[2],\"tokens\":[\"</s>\"]}}"
                : "{\"<s>\":{\"id\":\"<s>\",\"ids\":[1],\"tokens\":[\"<s>\"]}}"));
    return template;
  }
}
