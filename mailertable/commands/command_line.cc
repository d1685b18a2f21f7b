#include "mailertable/commands/command_line.h"

#include <fmt/format.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

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

FindingsFormat CheckOptions::findings_format() const {
  if (format == "json") return FindingsFormat::kJson;
  return format == "gcc" ? FindingsFormat::kGcc : FindingsFormat::kText;
}

void add_check_options(CLI::App& app, CheckOptions& options) {
  app.add_option("--mailer", options.mailers,
                 "A mailer that your sendmail.cf has beside sendmail's own; may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app.add_option("--cf", options.cf,
                 "Your sendmail.cf: its mailers, and its own mistakes with the table (" + options.usual_cf +
                     ", where there is one)")
      ->type_name("FILE");
  app.add_flag("--no-cf", options.no_cf, "Look at no sendmail.cf");
  app.add_option("--relayd", options.relayd, "Your relayd.toml, whose sites the table must agree with")
      ->type_name("FILE");
  app.add_flag("--strict", options.strict, "Take warnings for errors");
  app.add_option("--format", options.format, "text, gcc (one line a finding) or json (text)")
      ->check(CLI::IsMember({"text", "gcc", "json"}).description(""))
      ->type_name("FORMAT");
}

Outcome<void> learn(const CheckOptions& options, Job& job, base::Diagnostics& findings) {
  job.strict = options.strict;
  if (!options.cf.empty()) {
    auto cf = read_sendmail_cf(options.cf);
    if (!cf) return cf.error();
    job.knowledge.mailers = Mailers(cf->mailers);
    job.knowledge.mailers.file = cf->file;
    job.knowledge.cf = *std::move(cf);
    job.knowledge.is_cf_named = true;
  } else if (!options.no_cf && ::access(options.usual_cf.c_str(), R_OK) == 0) {
    // It may be older than what is being set up here, so what it lacks is no error.
    if (auto cf = read_sendmail_cf(options.usual_cf)) {
      for (const Mailer& mailer : cf->mailers)
        job.knowledge.mailers.add(mailer);
      job.knowledge.cf = *std::move(cf);
    }
  }
  for (const std::string& name : options.mailers)
    job.knowledge.mailers.add(name);
  if (options.relayd.empty()) return {};
  auto sites = read_sites(options.relayd, findings);
  if (!sites) return sites.error();
  job.knowledge.sites = *std::move(sites);
  return {};
}

std::optional<int> prepare(const CheckOptions& options, Job& job) {
  base::Diagnostics findings;
  const auto learnt = learn(options, job, findings);
  if (learnt) return std::nullopt;
  fmt::print(stderr, "{}", findings.to_string());
  return show_failure(learnt.error());
}

int show(const Report& report, FindingsFormat format, const std::string& consequence) {
  const bool is_json = format == FindingsFormat::kJson;
  fmt::print(is_json ? stdout : stderr, "{}", findings_text(report.findings, report.sources, format));
  if (report.failure) fmt::print(stderr, "mailertable: {}; {}\n", report.failure->message, consequence);
  if (is_json) return report.exit_status();
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

int show_failure(const Failure& failure) {
  fmt::print(stderr, "mailertable: {}\n", failure.message);
  return failure.exit_status;
}

}  // namespace tsmtp::mailertable
