package dev.weft.jobs;

import dev.weft.jobs.doctor.Doctor;
import java.util.List;

/** Ends with the exit code of what was found. */
final class DoctorCommand extends ConfiguredCommand {
  DoctorCommand(Commands.Console console) {
    super(console);
  }

  @Override
  public Integer call() {
    try (Session session = open(List.of(), false)) {
      Doctor.Diagnosis diagnosis = Doctor.run(session, Commands.Version.version());
      diagnosis.lines().forEach(console().out()::println);
      console().result().accept(diagnosis.fields());
      return diagnosis.exitCode().code();
    }
  }
}
