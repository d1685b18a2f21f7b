// mailertable domains: says what the list of tunnel-only domains holds, and what is wrong with its lines.
#include <fmt/format.h>
#include <sysexits.h>

#include "mailertable/checks/domain_list.h"
#include "mailertable/commands/command_line.h"
#include "mailertable/commands/commands.h"
#include "mailertable/files/input.h"

namespace tsmtp::mailertable {

int run_domains(int argc, char** argv) {
  std::string file = "/etc/mail/tsmtp-domains";
  CLI::App app(
      "Says what the list of tunnel-only domains holds, and what is wrong with its lines. Writes nothing.",
      "mailertable domains");
  app.add_option("FILE", file,
                 "The list that FEATURE(`tsmtp') reads (/etc/mail/tsmtp-domains); - for standard input");
  if (const auto status = read_arguments(app, argc, argv)) return *status;
  const auto text = read_input(file);
  if (!text) return show_failure(text.error());

  base::Diagnostics findings;
  const DomainList list = read_domain_list(*text, display_name(file), findings);
  fmt::print(stderr, "{}", findings.to_string());
  for (const std::string& domain : list.domains)
    fmt::print("{} and all below it\n", domain);
  for (const std::string& literal : list.literals)
    fmt::print("{}\n", literal);
  if (!findings.has_errors()) return EX_OK;
  fmt::print(stderr,
             "mailertable: sendmail would take these lines without a word, and hold nothing for them\n");
  return EX_DATAERR;
}

}  // namespace tsmtp::mailertable
