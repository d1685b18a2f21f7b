#include "relayd/cli/trace_command.h"

#include <sysexits.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>

#include "relayd/base/bytes.h"
#include "relayd/control/recorded_mail.h"
#include "relayd/control/request.h"
#include "relayd/control/trace.h"
#include "relayd/diagnosis/host/audit_lines.h"
#include "relayd/diagnosis/host/mta_log_lines.h"
#include "relayd/net/control/request_client.h"

namespace tsmtp::cli {
namespace {

using Traces = std::vector<control::MailTrace>;

constexpr std::size_t kLongestId = 998;  // a line of a message, RFC 5322 section 2.1.1

bool is_trace_id(const std::string& id) {
  constexpr std::size_t kLeast = 4;
  return id.size() >= kLeast && id.size() <= kLongestId &&
         std::all_of(id.begin(), id.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

bool is_transaction(const std::string& id) {
  return id.size() <= 2 * mail::kTransactionIdBytes &&
         id.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
}

base::Result<Traces> ask_relayd(const settings::Config& config, const control::TraceRequest& request) {
  const auto received = net::ask(
      config.hub.control, control::request_line(control::Request::kTrace, control::argument_of(request)));
  if (!received) return received.error();
  const auto reply = control::parse_reply(*received);
  if (!reply) return reply.error();
  return control::parse_traces(*reply);
}

// relayd remembers the newest mails only, and none of before its start.
Traces look_in_record(const settings::Config& config, const control::TraceRequest& request) {
  Traces found;
  const auto read = diagnosis::for_each_record(
      {.target = config.hub.audit, .state_dir = config.hub.state_dir}, request, [&](std::string_view line) {
        const auto mail = control::recorded_mail(line);
        if (!mail || !control::is_meant(request, mail->summary)) return;
        found.push_back(control::trace_of(*mail, config.hub.name));
        found.back().there.trouble = "this is out of the audit record; ask relayctl trace there";
        if (found.size() > control::kMostTraces) found.erase(found.begin());
      });
  if (!read) std::cerr << "relayctl: note: the audit record: " << read.error().message << '\n';
  return found;
}

void show_log(const diagnosis::MtaLog& log) {
  if (log.lines().empty()) return;
  std::cout << "The MTA's log:\n";
  for (const std::string& line : log.lines())
    std::cout << "  " << base::escaped(line, diagnosis::MtaLog::kMostLineBytes) << '\n';
}

}  // namespace

void add_trace_options(CLI::App& command, TraceOptions& options) {
  command
      .add_option("ID", options.id,
                  "a transaction, as relayd's log and record have it, or the beginning of it; a Message-ID; "
                  "an address; or a "
                  "queue id of the MTA")
      ->required();
  command.add_option("--log", options.log, "the MTA's log; without it, where it usually is")
      ->type_name("FILE");
}

int run_trace(const settings::Config& config, const TraceOptions& options, bool as_json) {
  if (!is_trace_id(options.id)) {
    std::cerr
        << "relayctl: \"" << base::escaped(options.id, 80)
        << "\" is no ID: a transaction (four hexadecimal digits or more), a Message-ID or a queue id was "
           "expected\n";
    return EX_DATAERR;
  }
  control::TraceRequest request{.id = options.id};
  std::optional<diagnosis::MtaLog> log;
  // A transaction is in no log of an MTA; without one, a queue id may still stand in a reply.
  if (const auto read = diagnosis::read_mta_log(options.id, options.log)) {
    log = *read;
    for (std::string line : log->replies()) {
      std::replace(line.begin(), line.end(), '\t', ' ');
      request.said.push_back(std::move(line));
    }
  } else if (!is_transaction(options.id)) {
    std::cerr << "relayctl: note: " << read.error().message << "; only relayd is asked\n";
  }
  auto traces = ask_relayd(config, request);
  if (!traces) std::cerr << "relayctl: " << traces.error().message << '\n';
  Traces found = traces ? *traces : Traces();
  if (found.empty()) found = look_in_record(config, request);

  if (as_json) {
    std::cout << control::traces_json(found);
  } else {
    for (const control::MailTrace& trace : found)
      std::cout << control::trace_text(trace, std::chrono::system_clock::now());
    if (log) show_log(*log);
    if (found.empty())
      std::cout << "No mail of that ID went through relayd that it remembers"
                << (config.hub.audit.empty() ? "; hub.audit would keep a record of all" : "") << ".\n";
  }
  if (!found.empty()) return EX_OK;
  return traces ? EX_NOINPUT : EX_UNAVAILABLE;
}

}  // namespace tsmtp::cli
