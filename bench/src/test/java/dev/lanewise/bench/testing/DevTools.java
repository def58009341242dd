package dev.lanewise.bench.testing;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The DevTools protocol: calls and answers as JSON over a WebSocket, to the browser's first page. */
final class DevTools implements WebSocket.Listener {
  private static final int PATIENCE_SECONDS = 60;

  private final Map<Integer, CompletableFuture<JsonObject>> waiting = new ConcurrentHashMap<>();
  private final List<String> complaints = new CopyOnWriteArrayList<>();
  private final AtomicInteger calls = new AtomicInteger();
  private final StringBuilder received = new StringBuilder();
  private @Nullable WebSocket socket;
  private @Nullable String session;

  private DevTools() {}

  static DevTools connect(HttpClient client, URI address) throws IOException {
    DevTools devTools = new DevTools();
    devTools.socket = result(client.newWebSocketBuilder().buildAsync(address, devTools), "connecting");
    JsonObject target = new JsonObject();
    target.addProperty("flatten", true);
    target.add("targetId", devTools.firstPage());
    devTools.session = devTools.call("Target.attachToTarget", target).get("sessionId").getAsString();
    for (String domain : List.of("Page", "Runtime", "Log", "Network")) {
      devTools.call(domain + ".enable", new JsonObject());
    }
    return devTools;
  }

  private JsonElement firstPage() throws IOException {
    return call("Target.getTargets", new JsonObject()).getAsJsonArray("targetInfos").asList().stream()
        .map(target -> target.getAsJsonObject())
        .filter(target -> "page".equals(target.get("type").getAsString()))
        .findFirst()
        .orElseThrow(() -> new IOException("the browser has no page"))
        .get("targetId");
  }

  /** The answer to a call. */
  JsonObject call(String method, JsonObject params) throws IOException {
    int id = calls.incrementAndGet();
    JsonObject message = new JsonObject();
    message.addProperty("id", id);
    message.addProperty("method", method);
    message.add("params", params);
    if (session != null) {
      message.addProperty("sessionId", session);
    }
    CompletableFuture<JsonObject> answer = new CompletableFuture<>();
    waiting.put(id, answer);
    result(socket().sendText(message.toString(), true), method);
    JsonObject answered = result(answer, method);
    if (answered.has("error")) {
      throw new IOException(method + ": " + answered.get("error"));
    }
    return answered.getAsJsonObject("result");
  }

  void closeBrowser() throws IOException {
    session = null;
    call("Browser.close", new JsonObject());
  }

  /** What has been complained about since the last time. */
  List<String> complaints() {
    List<String> all = List.copyOf(complaints);
    complaints.removeAll(all);
    return all;
  }

  private WebSocket socket() {
    if (socket == null) {
      throw new IllegalStateException("not connected");
    }
    return socket;
  }

  private static <T> T result(CompletableFuture<T> future, String what) throws IOException {
    try {
      return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(what, e);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException(what, e);
    }
  }

  @Override
  public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
    received.append(part);
    if (last) {
      JsonObject message = JsonParser.parseString(received.toString()).getAsJsonObject();
      received.setLength(0);
      if (message.has("id")) {
        waiting.remove(message.get("id").getAsInt()).complete(message);
      } else {
        hear(message.get("method").getAsString(), message.getAsJsonObject("params"));
      }
    }
    from.request(1);
    return null;
  }

  private void hear(String method, JsonObject params) {
    switch (method) {
      case "Runtime.exceptionThrown", "Log.entryAdded", "Page.javascriptDialogOpening" -> complaints.add(params.toString());
      case "Network.requestWillBeSent" -> {
        String url = params.getAsJsonObject("request").get("url").getAsString();
        if (!url.startsWith("file:")) {
          complaints.add(url);
        }
      }
      default -> {}
    }
  }

  @Override
  public void onError(WebSocket from, Throwable error) {
    waiting.values().forEach(answer -> answer.completeExceptionally(error));
  }

  @Override
  public @Nullable CompletionStage<?> onClose(WebSocket from, int status, String reason) {
    waiting.values().forEach(answer -> answer.completeExceptionally(new IOException("the browser has hung up: " + reason)));
    return null;
  }
}
