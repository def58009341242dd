package dev.lanewise.bench.testing;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A browser without a window, driven as a person would: by its mouse and its keys. All waiting ends. */
public final class Chromium implements AutoCloseable {
  private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome");
  private static final List<String> FLAGS =
      List.of(
          "--headless",
          "--no-sandbox",
          "--disable-gpu",
          "--disable-quic",
          "--no-first-run",
          "--disable-background-networking",
          "--disable-component-update",
          "--disable-sync",
          "--remote-debugging-port=0");
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  private final Process process;
  private final Thread killer = new Thread(this::kill);
  private final Path profile;
  private @Nullable DevTools devTools;

  private Chromium(Path program, Path profile) throws IOException {
    this.profile = profile;
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(FLAGS);
    command.add("--user-data-dir=" + profile);
    command.add("about:blank");
    process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(profile.resolve("log").toFile()).start();
    Runtime.getRuntime().addShutdownHook(killer);
  }

  /** The first of the usual names on the path. */
  public static Optional<Path> installed() {
    return NAMES.stream()
        .flatMap(name -> Stream.of(System.getenv("PATH").split(File.pathSeparator)).map(folder -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** Starts a browser whose files go to a folder of its own. */
  public static Chromium start(Path program, Path profile) throws IOException {
    Chromium chromium = new Chromium(program, profile);
    try {
      chromium.devTools = DevTools.connect(HttpClient.newHttpClient(), chromium.address());
      return chromium;
    } catch (IOException | RuntimeException | Error e) {
      chromium.close();
      throw e;
    }
  }

  /** The browser writes its port and a path into a file as soon as it listens. */
  private URI address() throws IOException {
    Path file = profile.resolve("DevToolsActivePort");
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (process.isAlive() && System.nanoTime() < end) {
      List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of();
      if (lines.size() >= 2) {
        return URI.create("ws://127.0.0.1:" + lines.get(0) + lines.get(1));
      }
      pause();
    }
    throw new IOException("no browser to talk to; it says: " + Files.readString(profile.resolve("log")));
  }

  /** Opens a page in a window of this size, and waits until its scripts have run. */
  public void open(Path page, int width, int height) throws IOException {
    devTools()
        .call(
            "Emulation.setDeviceMetricsOverride",
            number(number(new JsonObject(), "width", width), "height", height, "deviceScaleFactor", 1));
    JsonObject address = new JsonObject();
    address.addProperty("url", page.toUri().toString());
    devTools().call("Page.navigate", address);
    await("document.readyState === 'complete' && location.protocol === 'file:'");
  }

  /** What the page did that it must not, since the last time: errors, refused scripts, and everything it wanted from elsewhere. */
  public List<String> complaints() {
    return devTools().complaints();
  }

  /** Runs a script in the page. */
  public JsonElement evaluate(String script) throws IOException {
    JsonObject params = new JsonObject();
    params.addProperty("expression", script);
    params.addProperty("returnByValue", true);
    JsonObject answer = devTools().call("Runtime.evaluate", params);
    if (answer.has("exceptionDetails")) {
      throw new IOException(script + ": " + answer.get("exceptionDetails"));
    }
    return answer.getAsJsonObject("result").get("value");
  }

  public String text(String selector) throws IOException {
    return evaluate("document.querySelector(" + quoted(selector) + ").textContent").getAsString();
  }

  /** Lays the page out for paper; the length of the PDF. */
  public int print() throws IOException {
    return devTools().call("Page.printToPDF", new JsonObject()).get("data").getAsString().length();
  }

  private void await(String condition) throws IOException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!evaluate(condition).getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new IOException("never: " + condition);
      }
      pause();
    }
  }

  /** Puts the mouse on a place of an element, in shares of its width and height, after scrolling it there. */
  public void point(String selector, double across, double down) throws IOException {
    mouse("mouseMoved", selector, across, down, 0);
  }

  public void click(String selector) throws IOException {
    mouse("mouseMoved", selector, 0.5, 0.5, 0);
    mouse("mousePressed", selector, 0.5, 0.5, 1);
    mouse("mouseReleased", selector, 0.5, 0.5, 1);
  }

  private void mouse(String type, String selector, double across, double down, int clicks) throws IOException {
    String script =
        """
        (() => {
          const element = document.querySelector(%s);
          element.scrollIntoView({ block: "center", behavior: "instant" });
          const box = element.getBoundingClientRect();
          return { x: box.left + box.width * %s, y: box.top + box.height * %s };
        })()
        """
            .formatted(quoted(selector), across, down);
    JsonObject event = evaluate(script).getAsJsonObject();
    event.addProperty("type", type);
    event.addProperty("button", clicks == 0 ? "none" : "left");
    number(event, "clickCount", clicks);
    devTools().call("Input.dispatchMouseEvent", event);
  }

  /** Presses a key such as {@code ArrowUp}. */
  public void press(String key, int code) throws IOException {
    for (String type : List.of("keyDown", "keyUp")) {
      JsonObject event = number(new JsonObject(), "windowsVirtualKeyCode", code);
      event.addProperty("type", type);
      event.addProperty("key", key);
      event.addProperty("code", key);
      // Buttons are pressed by the character, not by the key.
      if ("Enter".equals(key) && "keyDown".equals(type)) {
        event.addProperty("text", "\r");
      }
      devTools().call("Input.dispatchKeyEvent", event);
    }
  }

  private static JsonObject number(JsonObject object, String name, int value) {
    object.addProperty(name, value);
    return object;
  }

  private static JsonObject number(JsonObject object, String name, int value, String otherName, int otherValue) {
    object.addProperty("mobile", false);
    return number(number(object, name, value), otherName, otherValue);
  }

  private static String quoted(String text) {
    return "\"" + text.replace("\"", "\\\"") + "\"";
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(50);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  private DevTools devTools() {
    if (devTools == null) {
      throw new IllegalStateException("not connected");
    }
    return devTools;
  }

  private void kill() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  @Override
  public void close() {
    List<ProcessHandle> all = Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
    try {
      if (devTools != null) {
        devTools.closeBrowser();
        process.waitFor(10, TimeUnit.SECONDS);
      }
    } catch (IOException e) {
      // It is killed below then.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      kill();
      all.forEach(ProcessHandle::destroyForcibly);
      all.forEach(handle -> handle.onExit().orTimeout(10, TimeUnit.SECONDS).exceptionally(late -> handle).join());
      Runtime.getRuntime().removeShutdownHook(killer);
    }
  }
}
