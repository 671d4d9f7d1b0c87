package dev.weft.jobs;

import dev.weft.jobs.encode.ExportJob;
import dev.weft.jobs.encode.ImportJob;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** The commands that exchange vectors with other programs. */
final class EmbeddingCommands {
  private EmbeddingCommands() {}

  /** Adds them. */
  static void addTo(CommandLine root, Commands.Console console) {
    Commands.add(
        root,
        new ExportCommand(console),
        "export-embeddings",
        "Writes the newest vectors for other programs: Parquet, or NumPy matrices with their"
            + " names.",
        "export-embeddings --config conf/wardrobe.yaml --to exchange --format npy",
        "export-embeddings --config conf/fashioniq.yaml --to to-encode --format keys");
    Commands.add(
        root,
        new ImportCommand(console),
        "import-embeddings",
        "Publishes vectors that were made elsewhere as the output of encode.",
        "import-embeddings --config conf/fashioniq.yaml --from exchange --encoder my-clip-v3");
  }

  /** Out. */
  static final class ExportCommand extends SessionCommand {
    @Option(names = "--to", paramLabel = "URI", required = true, description = "A new folder.")
    private String to;

    @Option(
        names = "--format",
        paramLabel = "FORMAT",
        required = true,
        description = "parquet, npy, or keys: only the names of what wants a vector.")
    private ExportJob.Format format;

    ExportCommand(Commands.Console console) {
      super(console);
    }

    @Override
    Map<String, Object> run(Session session) {
      return ExportJob.run(session, to, format).fields();
    }
  }

  /** In. */
  static final class ImportCommand extends SessionCommand {
    @Option(
        names = "--from",
        paramLabel = "URI",
        required = true,
        description = "A folder as data-schemas/embeddings.md describes it.")
    private String from;

    @Option(
        names = "--encoder",
        paramLabel = "NAME",
        required = true,
        description = "What made the vectors; vectors of two names are never used together.")
    private String encoder;

    ImportCommand(Commands.Console console) {
      super(console);
    }

    @Override
    Map<String, Object> run(Session session) {
      return ImportJob.run(session, from, encoder).fields();
    }
  }
}
