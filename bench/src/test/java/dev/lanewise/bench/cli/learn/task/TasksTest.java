package dev.lanewise.bench.cli.learn.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The answers of the tasks, found once more from the texts of their tokens. */
class TasksTest {
  private static final int COUNT = 200;

  private static List<String> texts(Task task, Examples examples, int sequence) {
    return IntStream.range(0, examples.length()).mapToObj(i -> task.token(examples.tokens()[sequence * examples.length() + i])).toList();
  }

  private static String answer(Task task, Examples examples, int sequence, int position) {
    int target = examples.targets()[sequence * examples.length() + position];
    return target == Task.NO_ANSWER ? "" : task.answer(target);
  }

  @Test
  void aLookupAsksForTheNumberOfItsLetter() {
    LookupTask task = new LookupTask(5, 7);
    Examples examples = task.draw(new SplittableRandom(1), COUNT, 20);
    Set<Integer> distances = new HashSet<>();
    for (int s = 0; s < COUNT; s++) {
      List<String> texts = texts(task, examples, s);
      assertThat(texts.getLast()).matches("[A-E]\\?");
      assertThat(texts.subList(0, 19)).allMatch(text -> text.matches("[A-E][1-7]|·"));
      String letter = texts.getLast().substring(0, 1);
      List<String> holders = texts.stream().filter(text -> text.matches(letter + "[1-7]")).toList();
      assertThat(holders).singleElement().isEqualTo(letter + answer(task, examples, s, 19));
      assertThat(texts.stream().filter(text -> text.matches("[A-E][1-7]")).count()).isEqualTo(5);
      int source = examples.sources()[s * 20 + 19][0];
      assertThat(texts.get(source)).isEqualTo(holders.getFirst());
      assertThat(examples.distance(s * 20 + 19)).isEqualTo(19 - source);
      distances.add(19 - source);
    }
    assertThat(distances).hasSize(19);
    assertThat(examples.questions()).isEqualTo(COUNT);
  }

  @Test
  void twoLookupsAskForBothNumbersInOrder() {
    TwoLookupsTask task = new TwoLookupsTask(4, 3);
    Examples examples = task.draw(new SplittableRandom(2), COUNT, 12);
    Set<String> questions = new HashSet<>();
    for (int s = 0; s < COUNT; s++) {
      List<String> texts = texts(task, examples, s);
      String question = texts.getLast();
      assertThat(question).matches("[A-D]{2}\\?").doesNotMatch("(.)\\1\\?");
      questions.add(question);
      String first = texts.stream().filter(text -> text.matches(question.charAt(0) + "[1-3]")).findFirst().orElseThrow();
      String second = texts.stream().filter(text -> text.matches(question.charAt(1) + "[1-3]")).findFirst().orElseThrow();
      assertThat(answer(task, examples, s, 11)).isEqualTo(first.substring(1) + second.substring(1));
      int[] sources = examples.sources()[s * 12 + 11];
      assertThat(texts.get(sources[0]) + texts.get(sources[1])).isEqualTo(first + second);
    }
    assertThat(questions).hasSize(12);
  }

  @Test
  void theLatestValueIsTheOneBeforeTheQuestion() {
    LatestValueTask task = new LatestValueTask(3, 4);
    Examples examples = task.draw(new SplittableRandom(3), COUNT, 30);
    for (int s = 0; s < COUNT; s++) {
      List<String> texts = texts(task, examples, s);
      Map<String, String> values = new HashMap<>();
      for (int i = 0; i < texts.size(); i++) {
        String name = texts.get(i).substring(0, 1);
        if (texts.get(i).endsWith("?")) {
          assertThat(answer(task, examples, s, i)).isEqualTo(values.get(name));
          int source = examples.sources()[s * 30 + i][0];
          assertThat(texts.get(source)).isEqualTo(name + values.get(name));
          assertThat(texts.subList(source + 1, i)).noneMatch(text -> text.matches(name + "[0-9]"));
        } else {
          values.put(name, texts.get(i).substring(1));
          assertThat(answer(task, examples, s, i)).isEmpty();
        }
      }
      assertThat(texts.getLast()).endsWith("?");
    }
  }

  @Test
  void aDuplicateHasATwin() {
    DuplicateTask task = new DuplicateTask(20);
    Examples examples = task.draw(new SplittableRandom(4), COUNT, 16);
    for (int s = 0; s < COUNT; s++) {
      List<String> texts = texts(task, examples, s);
      List<String> answers = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        String letter = texts.get(i);
        boolean twin = texts.stream().filter(letter::equals).count() == 2;
        answers.add(answer(task, examples, s, i));
        assertThat(answers.getLast()).isEqualTo(twin ? "yes" : "no");
        int[] sources = examples.sources()[s * 16 + i];
        assertThat(sources).hasSize(twin ? 1 : 0);
        assertThat(Arrays.stream(sources).mapToObj(texts::get)).allMatch(letter::equals);
        assertThat(sources).doesNotContain(i);
      }
      assertThat(answers.stream().filter("yes"::equals)).hasSize(8);
    }
  }

  @Test
  void theSameSeedGivesTheSameSequences() {
    for (Task task : List.of(new LookupTask(6, 6), new TwoLookupsTask(4, 4), new LatestValueTask(3, 5), new DuplicateTask(20))) {
      Examples first = task.draw(new SplittableRandom(7), 3, 16);
      assertThat(task.draw(new SplittableRandom(7), 3, 16).tokens()).isEqualTo(first.tokens());
      assertThat(task.draw(new SplittableRandom(8), 3, 16).tokens()).isNotEqualTo(first.tokens());
      assertThat(
              Arrays.stream(task.draw(new SplittableRandom(9), COUNT, 16).targets()).filter(target -> target != Task.NO_ANSWER).distinct())
          .as("every answer occurs")
          .hasSize(task.answers());
      assertThat(first.only(1).tokens()).isEqualTo(Arrays.copyOfRange(first.tokens(), 16, 32));
      assertThat(Arrays.stream(first.tokens())).allMatch(token -> token >= 0 && token < task.vocabulary());
      assertThat(Arrays.stream(first.targets())).allMatch(target -> target >= Task.NO_ANSWER && target < task.answers());
    }
  }
}
