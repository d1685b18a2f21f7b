#include "mailertable/command_line.h"

#include <fmt/format.h>
#include <sysexits.h>

#include <algorithm>
#include <cstdio>

namespace tsmtp::mailertable {
namespace {

std::string count_of(std::ptrdiff_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::ptrdiff_t count_severity(const Report& report, base::Severity severity) {
  const auto& all = report.findings.all();
  return std::count_if(all.begin(), all.end(), [&](const auto& one) { return one.severity == severity; });
}

}  // namespace

std::optional<int> read_arguments(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EX_OK : EX_USAGE;
  }
}

void add_mailer_option(CLI::App& app, std::vector<std::string>& names) {
  app.add_option("--mailer", names,
                 "A mailer that your sendmail.cf has beside sendmail's own; may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
}

Mailers mailers_with(const std::vector<std::string>& names) {
  Mailers mailers;
  for (const std::string& name : names)
    mailers.add(name);
  return mailers;
}

int show(const Report& report, const std::string& consequence) {
  fmt::print(stderr, "{}", report.findings.to_string());
  if (report.failure) fmt::print(stderr, "mailertable: {}; {}\n", report.failure->message, consequence);
  const auto errors = count_severity(report, base::Severity::kError);
  const auto warnings = count_severity(report, base::Severity::kWarning);
  if (errors > 0) {
    const std::string also = warnings > 0 ? ", " + count_of(warnings, "warning") : "";
    fmt::print(stderr, "mailertable: {}{}; {}\n", count_of(errors, "error"), also, consequence);
  } else if (warnings > 0 && !report.failure) {
    fmt::print(stderr, "mailertable: {}; {}\n", count_of(warnings, "warning"), consequence);
  }
  return report.exit_status();
}

}  // namespace tsmtp::mailertable
