#include "relayd/diagnosis/host/audit_lines.h"

#include <sys/stat.h>

#include <cctype>

#include "mailertable/programs/run_program.h"
#include "relayd/base/bytes.h"
#include "relayd/diagnosis/host/mta_log_lines.h"
#include "relayd/mail/record.h"
#include "relayd/settings/hub.h"

namespace tsmtp::diagnosis {
namespace {

constexpr int kTimedOut = 124;    // timeout(1)
constexpr int kNothingFound = 1;  // journalctl with --grep
// The same words may stand in others; and what the MTA's log says can be compared with whole records only.
constexpr const char* kMostFound = "--lines=200";
constexpr const char* kMostCompared = "--lines=5000";

bool is_whole_transaction(std::string_view id) {
  return id.size() == 2 * mail::kTransactionIdBytes &&
         id.find_first_not_of("0123456789abcdefABCDEF") == id.npos;
}

// Most lines of a large file are not, and need not be read.
bool may_be_meant(const control::TraceRequest& request, std::string_view line) {
  return !request.said.empty() || line.find(request.id) != line.npos ||
         line.find(base::ascii_lower(request.id)) != line.npos;
}

base::Result<void> read_journal(const AuditPlace& place, const control::TraceRequest& request,
                                const std::function<void(std::string_view)>& line) {
  struct stat state {};
  if (::stat(place.state_dir.c_str(), &state) != 0)
    return base::Error{place.state_dir + " cannot be looked at, and so nobody knows whose records count"};
  const auto ran = mailertable::run_program(journal_question(request, state.st_uid), "");
  if (!ran) return base::Error{ran.error().message};
  std::vector<std::string_view> lines;
  for (std::string_view rest = ran->output; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    lines.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  for (auto one = lines.rbegin(); one != lines.rend(); ++one)
    line(*one);
  if (ran->status == kTimedOut) return base::Error{"journalctl has not read all of the journal in time"};
  if (ran->status > kNothingFound || !ran->errors.empty())
    return base::Error{"journalctl: " + ran->errors.substr(0, ran->errors.find('\n'))};
  return {};
}

}  // namespace

std::string literally(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) out += '\\';
    out += c;
  }
  return out;
}

// An address is asked for in its quotes: that of another may end as it does.
std::vector<std::string> journal_question(const control::TraceRequest& request, uid_t writer) {
  std::vector<std::string> out{"timeout",
                               "20",
                               "journalctl",
                               "--quiet",
                               "--no-pager",
                               "--output=cat",
                               "--reverse",
                               "--identifier=tsmtp-audit",
                               "_UID=" + std::to_string(writer)};
  const std::string& id = request.id;
  const bool is_in_json_as_it_is = id.find_first_of("\"\\") == id.npos;
  if (is_whole_transaction(id)) {
    out.push_back("TSMTP_TRANSACTION=" + base::ascii_lower(id));
  } else if (request.said.empty() && is_in_json_as_it_is) {
    const bool is_address = id.find('@') != id.npos;
    out.insert(out.end(),
               {kMostFound, "--case-sensitive=no", "--grep", literally(is_address ? '"' + id + '"' : id)});
  } else {
    out.emplace_back(kMostCompared);
  }
  return out;
}

base::Result<void> for_each_record(const AuditPlace& place, const control::TraceRequest& request,
                                   const std::function<void(std::string_view)>& line) {
  if (place.target == settings::kJournald) return read_journal(place, request, line);
  if (place.target.empty()) return {};
  for (const std::string& file : {place.target + ".1", place.target})
    for_each_line(file, [&](std::string_view one) {
      if (may_be_meant(request, one)) line(one);
    });
  return {};
}

}  // namespace tsmtp::diagnosis
