package dev.lanewise.text.tokenizer.file;

import com.google.gson.JsonArray;
import dev.lanewise.text.json.ForeignJson;
import dev.lanewise.text.tokenizer.template.OffsetTrim;
import dev.lanewise.text.tokenizer.template.PostProcessor;
import dev.lanewise.text.tokenizer.template.Template;
import dev.lanewise.text.tokenizer.template.Template.Part;
import dev.lanewise.text.tokenizer.template.Truncation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes templates of the section {@code post_processor}, and reads the section {@code truncation}. */
final class Templates {
  private static final PostProcessor NONE = new PostProcessor(Template.NONE, null);
  private static final int LARGEST_ID = 1 << 24;
  private static final int MOST_PARTS = 1000;

  /** Each text is usually there once. */
  private static final int MOST_COPIES = 4;

  private Templates() {}

  static PostProcessor of(@Nullable Section section) throws IOException {
    if (section == null) {
      return NONE;
    }
    PostProcessor made =
        switch (section.type()) {
          case "TemplateProcessing" -> new PostProcessor(template(section), null);
          case "BertProcessing" -> new PostProcessor(bert(section), null);
          case "RobertaProcessing" -> roberta(section);
          case "ByteLevel" -> byteLevel(section);
          case "Sequence" -> sequence(section);
          default -> throw section.unknownType();
        };
    return section.finish(made);
  }

  private static PostProcessor sequence(Section section) throws IOException {
    Template template = Template.NONE;
    OffsetTrim trim = null;
    for (Section processor : section.sections("processors")) {
      PostProcessor made = of(processor);
      if (made.template() != Template.NONE && template != Template.NONE) {
        throw new IOException(section.named("processors") + " has two templates, must have 1");
      }
      template = made.template() == Template.NONE ? template : made.template();
      if (made.trim() != null && trim != null) {
        throw new IOException(section.named("processors") + " trims offsets twice, must do so once");
      }
      trim = made.trim() == null ? trim : made.trim();
    }
    return new PostProcessor(template, trim);
  }

  private static PostProcessor byteLevel(Section section) throws IOException {
    section.ignoring("use_regex");
    boolean addsPrefixSpace = section.truth("add_prefix_space", true);
    return new PostProcessor(Template.NONE, section.truth("trim_offsets", true) ? new OffsetTrim(addsPrefixSpace) : null);
  }

  private static Template bert(Section section) throws IOException {
    int separator = token(section, "sep");
    Part first = special(token(section, "cls"), 0);
    List<Part> single = List.of(first, new Part.Text(0, 0), special(separator, 0));
    return new Template(single, List.of(first, new Part.Text(0, 0), special(separator, 0), new Part.Text(1, 1), special(separator, 1)));
  }

  private static PostProcessor roberta(Section section) throws IOException {
    Part last = special(token(section, "sep"), 0);
    Part first = special(token(section, "cls"), 0);
    boolean addsPrefixSpace = section.truth("add_prefix_space", true);
    Template template =
        new Template(List.of(first, new Part.Text(0, 0), last), List.of(first, new Part.Text(0, 0), last, last, new Part.Text(1, 0), last));
    return new PostProcessor(template, section.truth("trim_offsets", true) ? new OffsetTrim(addsPrefixSpace) : null);
  }

  private static Part special(int id, int type) {
    return new Part.Special(List.of(id), type);
  }

  /** The id of a token that is given as ["[SEP]", 102]. */
  private static int token(Section section, String field) throws IOException {
    JsonArray pair = ForeignJson.array(section.get(field), section.named(field));
    if (pair.size() != 2) {
      throw section.wrong(field, "a token and its id");
    }
    ForeignJson.text(pair.get(0), section.named(field) + "[0]");
    return id(ForeignJson.whole(pair.get(1), section.named(field) + "[1]"), section, field);
  }

  private static int id(int id, Section section, String field) throws IOException {
    if (id < 0 || id > LARGEST_ID) {
      throw new IOException(section.named(field) + " has the id " + id + ", must be 0 to " + LARGEST_ID);
    }
    return id;
  }

  private static Template template(Section section) throws IOException {
    Map<String, List<Integer>> specials = new HashMap<>();
    Section tokens = section.section("special_tokens");
    for (String name : tokens.fields()) {
      Section token = tokens.section(name);
      token.ignoring("id", "tokens");
      List<Integer> ids = new ArrayList<>();
      JsonArray array = ForeignJson.array(token.get("ids"), token.named("ids"));
      for (int i = 0; i < array.size(); i++) {
        ids.add(id(ForeignJson.whole(array.get(i), token.named("ids")), token, "ids"));
      }
      if (ids.size() > MOST_PARTS) {
        throw new IOException(token.named("ids") + " has " + ids.size() + " elements, must have at most " + MOST_PARTS);
      }
      specials.put(name, token.finish(List.copyOf(ids)));
    }
    List<Part> single = parts(section, "single", specials);
    List<Part> pair = section.has("pair") ? parts(section, "pair", specials) : List.of();
    if (!has(single, 0) || has(single, 1)) {
      throw new IOException(section.named("single") + " must have the sequence A, and no other");
    }
    checkLength(section, "single", single);
    checkLength(section, "pair", pair);
    return new Template(single, has(pair, 0) && has(pair, 1) ? pair : null);
  }

  /** Limits the tokens and the copies of a text that a template makes. */
  private static void checkLength(Section section, String field, List<Part> parts) throws IOException {
    for (int sequence = 0; sequence < 2; sequence++) {
      int number = sequence;
      if (parts.stream().filter(part -> part instanceof Part.Text text && text.sequence() == number).count() > MOST_COPIES) {
        throw new IOException(section.named(field) + " has a sequence more than " + MOST_COPIES + " times");
      }
    }
    int specials = parts.stream().mapToInt(part -> part instanceof Part.Special special ? special.ids().size() : 0).sum();
    if (specials > MOST_PARTS) {
      throw new IOException(section.named(field) + " has " + specials + " special tokens, must have at most " + MOST_PARTS);
    }
  }

  private static boolean has(List<Part> parts, int sequence) {
    return parts.stream().anyMatch(part -> part instanceof Part.Text text && text.sequence() == sequence);
  }

  private static List<Part> parts(Section section, String field, Map<String, List<Integer>> specials) throws IOException {
    List<Part> parts = new ArrayList<>();
    for (Section element : section.sections(field)) {
      Section part = element.section(element.onlyField());
      String id = part.text("id");
      int type = part.whole("type_id", 0, LARGEST_ID, 0);
      switch (element.onlyField()) {
        case "SpecialToken" -> {
          List<Integer> ids = specials.get(id);
          if (ids == null) {
            throw part.wrong("id", "one of special_tokens");
          }
          parts.add(new Part.Special(ids, type));
        }
        case "Sequence" -> {
          if (!id.equals("A") && !id.equals("B")) {
            throw part.wrong("id", "A or B");
          }
          parts.add(new Part.Text(id.equals("A") ? 0 : 1, type));
        }
        default -> throw new IOException(element.named(element.onlyField()) + " is not known");
      }
      part.finish();
    }
    if (parts.size() > MOST_PARTS) {
      throw new IOException(section.named(field) + " has " + parts.size() + " parts, must have at most " + MOST_PARTS);
    }
    return List.copyOf(parts);
  }

  static @Nullable Truncation truncation(@Nullable Section section) throws IOException {
    if (section == null) {
      return null;
    }
    section.ignoring("stride");
    int maxTokens = section.whole("max_length", 0, Integer.MAX_VALUE);
    String direction = section.has("direction") ? section.text("direction") : "Right";
    if (!direction.equals("Left") && !direction.equals("Right")) {
      throw section.wrong("direction", "Left or Right");
    }
    Truncation.Which which =
        switch (section.text("strategy")) {
          case "LongestFirst" -> Truncation.Which.LONGEST;
          case "OnlyFirst" -> Truncation.Which.FIRST;
          case "OnlySecond" -> Truncation.Which.SECOND;
          default -> throw section.wrong("strategy", "LongestFirst, OnlyFirst or OnlySecond");
        };
    return section.finish(new Truncation(maxTokens, which, direction.equals("Left")));
  }
}
