#include "relayd/diagnosis/mta_log.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace tsmtp::diagnosis {
namespace {

constexpr std::size_t kMostQueueIds = 20;  // of one Message-ID: a list makes several mails of one

bool is_of_id(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-';
}

bool is_queue_id(std::string_view word) {
  constexpr std::size_t kLeast = 6;
  return word.size() >= kLeast && std::all_of(word.begin(), word.end(), is_of_id);
}

// "Nov 30 07:03:04 host sm-mta[123]: " and "… postfix/smtp[12]: " end so.
std::string_view behind_program(std::string_view line) {
  const std::size_t end = line.find("]: ");
  return end == line.npos ? std::string_view() : line.substr(end + 3);
}

bool says_a_reply(std::string_view line) {
  constexpr std::array<std::string_view, 5> kSigns{"stat=", "status=", " => ", " == ", " ** "};
  return std::any_of(kSigns.begin(), kSigns.end(),
                     [&](std::string_view sign) { return line.find(sign) != line.npos; });
}

}  // namespace

// Exim's own log has no program's name, but a date, a time and the id.
std::string_view queue_id_of(std::string_view line) {
  const std::string_view text = behind_program(line);
  if (const std::size_t colon = text.find(": "); colon != text.npos && is_queue_id(text.substr(0, colon)))
    return text.substr(0, colon);
  constexpr std::size_t kDateAndTime = 20;  // "2026-11-30 07:03:04 "
  if (line.size() <= kDateAndTime || line[4] != '-') return {};
  const std::string_view word = line.substr(kDateAndTime, line.find(' ', kDateAndTime) - kDateAndTime);
  return is_queue_id(word) && word.find('-') != word.npos ? word : std::string_view();
}

MtaLog::MtaLog(std::string id) : id_(std::move(id)) {
  if (id_.find('@') == id_.npos) queue_ids_.push_back(id_);
}

void MtaLog::look_for_queue_ids(std::string_view line) {
  const std::string_view queue_id = queue_id_of(line);
  const bool is_found = !queue_id.empty() && id_.find('@') != id_.npos && line.find(id_) != line.npos;
  const bool is_new = std::find(queue_ids_.begin(), queue_ids_.end(), queue_id) == queue_ids_.end();
  if (is_found && is_new && queue_ids_.size() < kMostQueueIds) queue_ids_.emplace_back(queue_id);
}

void MtaLog::read(std::string_view line) {
  if (!belongs(line)) return;
  if (lines_.size() == kMostLines) lines_.erase(lines_.begin());
  lines_.emplace_back(line.substr(0, kMostLineBytes));
}

bool MtaLog::belongs(std::string_view line) const {
  const std::string_view queue_id = queue_id_of(line);
  return !queue_id.empty() && std::find(queue_ids_.begin(), queue_ids_.end(), queue_id) != queue_ids_.end();
}

std::vector<std::string> MtaLog::replies() const {
  std::vector<std::string> out;
  std::copy_if(lines_.rbegin(), lines_.rend(), std::back_inserter(out), says_a_reply);
  return out;
}

}  // namespace tsmtp::diagnosis
