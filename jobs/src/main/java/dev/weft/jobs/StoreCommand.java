package dev.weft.jobs;

import dev.weft.store.Artefact;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/** A command on the artefacts under the configured root; needs no Spark. */
abstract class StoreCommand extends ConfiguredCommand {
  private final Configuration hadoop = new Configuration();

  StoreCommand(Commands.Console console) {
    super(console);
  }

  void say(String format, Object... arguments) {
    console().out().println(String.format(Locale.ROOT, format, arguments));
  }

  void result(String stage, Map<String, Object> figures) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("stage", stage);
    fields.put("status", StageResult.DONE);
    fields.putAll(figures);
    console().result().accept(fields);
  }

  private String root() {
    return bound(settings(List.of())).root();
  }

  Artefact artefact(String name) {
    return Artefact.open(hadoop, root(), name);
  }

  List<Artefact> artefacts() {
    return Artefact.all(hadoop, root());
  }
}
