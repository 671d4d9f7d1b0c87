package dev.weft.evaluate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A page in a real Chromium without a window, with a keyboard. It is spoken to by the <a
 * href="https://chromedevtools.github.io/devtools-protocol/">DevTools protocol</a>.
 */
final class HeadlessBrowser implements AutoCloseable {
  private static final JsonMapper JSON = new JsonMapper();
  private static final int SECONDS = 30;
  private static final Map<String, Integer> KEYS = Map.of("Tab", 9, "Enter", 13, "End", 35);

  private final Process process;
  private final BlockingQueue<String> received = new LinkedBlockingQueue<>();
  private final WebSocket socket;
  private final String session;
  private int sent;

  private HeadlessBrowser(Process process, Path profile) throws IOException, InterruptedException {
    this.process = process;
    socket =
        HttpClient.newHttpClient()
            .newWebSocketBuilder()
            .buildAsync(place(profile), new Listener())
            .join();
    session =
        call("Target.attachToTarget", Map.of("targetId", page(), "flatten", true))
            .get("sessionId")
            .asText();
    call("Page.bringToFront", Map.of()); // what is not in front is not drawn
    await("location.href !== 'about:blank' && document.readyState === 'complete'");
  }

  /** The page that the browser opened. */
  private String page() throws IOException, InterruptedException {
    for (JsonNode target : call("Target.getTargets", Map.of()).get("targetInfos")) {
      if (target.get("type").asText().equals("page")) {
        return target.get("targetId").asText();
      }
    }
    throw new IOException("the browser has no page");
  }

  /** The browser of this machine, if there is one. */
  static Optional<String> program() {
    return Stream.of("chromium", "chromium-browser", "google-chrome")
        .flatMap(
            name ->
                Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
                    .map(place -> Path.of(place, name)))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst();
  }

  /** Opens a page in a window of 1280 x 900. */
  static HeadlessBrowser open(Path folder, String address)
      throws IOException, InterruptedException {
    Path profile = Files.createTempDirectory(folder, "profile");
    Process process =
        new ProcessBuilder(
                program().orElseThrow(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--window-size=1280,900",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                address)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      return new HeadlessBrowser(process, profile);
    } catch (IOException | RuntimeException e) {
      process.destroyForcibly();
      throw e;
    }
  }

  /** Where it listens, which it writes into its profile. */
  private static URI place(Path profile) throws IOException, InterruptedException {
    Path file = profile.resolve("DevToolsActivePort");
    for (int i = 0; i < SECONDS * 10; i++) {
      List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of();
      if (lines.size() == 2) {
        return URI.create("ws://127.0.0.1:" + lines.get(0) + lines.get(1));
      }
      Thread.sleep(100);
    }
    throw new IOException("the browser does not say where it listens");
  }

  private final class Listener implements WebSocket.Listener {
    private final StringBuilder message = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
      message.append(data);
      if (last) {
        received.add(message.toString());
        message.setLength(0);
      }
      return WebSocket.Listener.super.onText(socket, data, last);
    }
  }

  private JsonNode call(String method, Map<String, ?> parameters)
      throws IOException, InterruptedException {
    int id = ++sent;
    Map<String, Object> message =
        session == null
            ? Map.of("id", id, "method", method, "params", parameters)
            : Map.of("id", id, "method", method, "params", parameters, "sessionId", session);
    socket.sendText(JSON.writeValueAsString(message), true).join();
    while (true) {
      String text = received.poll(SECONDS, TimeUnit.SECONDS);
      if (text == null) {
        throw new IOException("the browser does not answer " + message);
      }
      JsonNode answer = JSON.readTree(text);
      if (answer.path("id").asInt() == id) {
        if (answer.has("error")) {
          throw new IOException(message + ": " + answer.get("error"));
        }
        return answer.get("result");
      }
    }
  }

  /** Presses and lets go of a key, such as Tab. */
  void press(String key) throws IOException, InterruptedException {
    int code = KEYS.get(key);
    String text = key.equals("Enter") ? "\r" : "";
    for (String type : List.of("keyDown", "keyUp")) {
      call(
          "Input.dispatchKeyEvent",
          Map.of(
              "type", type,
              "key", key,
              "code", key,
              "windowsVirtualKeyCode", code,
              "text", type.equals("keyDown") ? text : ""));
    }
  }

  /** The value of an expression in the page. */
  JsonNode value(String expression) throws IOException, InterruptedException {
    return call("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true))
        .path("result")
        .path("value");
  }

  /** Waits until an expression is true. */
  void await(String expression) throws IOException, InterruptedException {
    for (int i = 0; i < SECONDS * 20; i++) {
      if (value(expression).asBoolean()) {
        return;
      }
      Thread.sleep(50);
    }
    throw new IOException("it never came: " + expression);
  }

  /** Waits until nothing scrolls or is drawn any more. */
  void settle() throws IOException, InterruptedException {
    String state = "";
    for (int same = 0; same < 5; ) {
      Thread.sleep(100);
      String now = value("scrollY + ' ' + document.body.scrollHeight").asText();
      same = now.equals(state) ? same + 1 : 0;
      state = now;
    }
  }

  @Override
  public void close() throws IOException {
    try {
      call("Browser.close", Map.of());
      process.waitFor(SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      socket.abort();
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }
}
