#include "relayd/diagnosis/host/mta_log_lines.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "mailertable/programs/run_program.h"
#include "relayd/base/descriptor.h"
#include "relayd/diagnosis/host/audit_lines.h"

namespace tsmtp::diagnosis {
namespace {

constexpr off_t kMostBytes = 256L * 1024 * 1024;  // of a file

void each_line(std::string_view text, const std::function<void(std::string_view)>& line) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    line(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
}

// Its lines that name the id, or one of those queue ids, are few; systemd finds them.
base::Result<std::string> ask_journal(const std::string& words) {
  const auto ran = mailertable::run_program({"timeout", "10", "journalctl", "--no-pager", "--quiet",
                                             "--facility=mail", "--lines=1000", "--grep", words},
                                            "");
  if (!ran) return base::Error{ran.error().message};
  if (ran->status > 1 || !ran->errors.empty())
    return base::Error{"journalctl: " + ran->errors.substr(0, ran->errors.find('\n'))};
  return base::Result<std::string>(boost::system::in_place_value, ran->output);
}

base::Result<MtaLog> read_journal(const std::string& id) {
  MtaLog log(id);
  auto lines = ask_journal(literally(id));
  if (!lines) return lines.error();
  each_line(*lines, [&](std::string_view line) { log.look_for_queue_ids(line); });
  if (!log.queue_ids().empty()) {
    std::string words;
    for (const std::string& queue_id : log.queue_ids())
      words += (words.empty() ? "" : "|") + literally(queue_id);
    lines = ask_journal(words);
    if (!lines) return lines.error();
  }
  each_line(*lines, [&](std::string_view line) { log.read(line); });
  return log;
}

}  // namespace

bool for_each_line(const std::string& file, const std::function<void(std::string_view)>& line) {
  const base::Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  const off_t size = fd.is_open() ? ::lseek(fd.get(), 0, SEEK_END) : -1;
  if (size < 0) return false;
  const off_t begin = std::max<off_t>(size - kMostBytes, 0);
  if (::lseek(fd.get(), begin, SEEK_SET) < 0) return false;
  std::string rest;
  std::vector<char> piece(1024 * 1024);
  for (ssize_t got = 0; (got = ::read(fd.get(), piece.data(), piece.size())) > 0;) {
    rest.append(piece.data(), static_cast<std::size_t>(got));
    const std::size_t end = rest.rfind('\n');
    if (end == rest.npos) continue;
    each_line(std::string_view(rest).substr(0, end), line);
    rest.erase(0, end + 1);
  }
  return true;
}

base::Result<MtaLog> read_mta_log(const std::string& id, const std::string& file) {
  constexpr std::array kPlaces{"/var/log/mail.log", "/var/log/maillog", "/var/log/exim4/mainlog"};
  std::vector<std::string> places{kPlaces.begin(), kPlaces.end()};
  if (!file.empty()) places = {file};
  for (const std::string& place : places) {
    MtaLog log(id);
    if (!for_each_line(place, [&](std::string_view line) { log.look_for_queue_ids(line); })) continue;
    for_each_line(place, [&](std::string_view line) { log.read(line); });
    return log;
  }
  if (!file.empty()) return base::Error{file + " cannot be read"};
  return read_journal(id);
}

}  // namespace tsmtp::diagnosis
